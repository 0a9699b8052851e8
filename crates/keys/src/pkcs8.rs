//! Private keys from other programs: PKCS#8 (RFC 5208, 5958), plain or encrypted, and bare EC keys (RFC
//! 5915), as OpenSSL and GmSSL write them, PEM or DER.

use crate::Error;
use crate::asn1::{self, AlgorithmIdentifier, Fields};
use crate::pbe::{self, Password};
use der::Tag;
use der::asn1::ObjectIdentifier;
use gm::{Signer as _, SigningKey};
use zeroize::Zeroizing;

/// The SM2 curve, and SM2 itself (GB/T 33560-2017 annex A).
const SM2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.301");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// Reads the one private key in `bytes`, PEM or DER.
pub(crate) fn read(bytes: &[u8], password: Option<&str>) -> Result<SigningKey, Error> {
    let ber = asn1::dearmour(bytes, |label| label.ends_with("PRIVATE KEY"))?;
    let der = asn1::to_der(&ber)?;
    // The first field tells the three structures apart: an INTEGER (PKCS#8 and RFC 5915) or the SEQUENCE of
    // EncryptedPrivateKeyInfo.
    if Fields::of(&der)?.peek() == Some(Tag::Sequence) {
        let mut password = Password::new(password.ok_or(Error::PasswordNeeded)?);
        let plain = decrypt(&der, &mut password)?;
        return private_key_info(&plain);
    }
    private_key_info(&der)
}

/// ```text
/// EncryptedPrivateKeyInfo ::= SEQUENCE { encryptionAlgorithm AlgorithmIdentifier, encryptedData OCTET STRING }
/// ```
/// (RFC 5958 §3). The plaintext is checked to be a SEQUENCE that fills it, so that a wrong password is told
/// as one.
pub(crate) fn decrypt(der: &[u8], password: &mut Password) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut fields = Fields::of(der)?;
    let algorithm = AlgorithmIdentifier::read(&mut fields)?;
    let plain = pbe::decrypt(&algorithm, password, fields.octets()?)?;
    let plain = asn1::to_der(&plain).map_err(|_| Error::WrongPassword)?;
    Fields::of(&plain).map_err(|_| Error::WrongPassword)?;
    Ok(plain)
}

/// ```text
/// PrivateKeyInfo ::= SEQUENCE {
///     version INTEGER, privateKeyAlgorithm AlgorithmIdentifier, privateKey OCTET STRING,
///     attributes [0] IMPLICIT SET OF Attribute OPTIONAL, publicKey [1] IMPLICIT BIT STRING OPTIONAL }
/// ```
/// (RFC 5958 §2), or an ECPrivateKey in its place.
pub(crate) fn private_key_info(der: &[u8]) -> Result<SigningKey, Error> {
    let mut fields = Fields::of(der)?;
    fields.number()?;
    if fields.peek() == Some(Tag::OctetString) {
        return ec_private_key(der, None);
    }
    let algorithm = AlgorithmIdentifier::read(&mut fields)?;
    let curve = match algorithm.oid {
        EC_PUBLIC_KEY => algorithm.parameters.map(curve_of).transpose()?,
        // Some toolkits name the algorithm by the curve.
        SM2 => Some(SM2),
        other => return Err(Error::NotSm2(other.to_string())),
    };
    let inner = fields.octets()?;
    // GM/T 0009 also knows the private key as a bare INTEGER.
    if inner.first() == Some(&0x02) {
        refuse_other_curve(curve)?;
        return scalar(Fields::inside(inner)?.tagged(Tag::Integer)?);
    }
    ec_private_key(&asn1::to_der(inner)?, curve)
}

/// ```text
/// ECPrivateKey ::= SEQUENCE {
///     version INTEGER { ecPrivkeyVer1(1) }, privateKey OCTET STRING,
///     parameters [0] EXPLICIT ECParameters OPTIONAL, publicKey [1] EXPLICIT BIT STRING OPTIONAL }
/// ```
/// (RFC 5915 §3)
fn ec_private_key(der: &[u8], curve: Option<ObjectIdentifier>) -> Result<SigningKey, Error> {
    let mut fields = Fields::of(der)?;
    fields.number()?;
    let secret = fields.octets()?;
    let own_curve = match fields.explicit(0)? {
        Some(parameters) => Some(curve_of(Fields::inside(parameters)?.any()?)?),
        None => None,
    };
    refuse_other_curve(curve)?;
    refuse_other_curve(own_curve)?;
    if curve.or(own_curve).is_none() {
        return Err(Error::Malformed("the key names no curve"));
    }
    let key = scalar(secret)?;
    if let Some(public) = fields.explicit(1)? {
        // The first content byte of a BIT STRING counts its unused bits.
        let point = Fields::inside(public)?.tagged(Tag::BitString)?;
        let stated = point
            .strip_prefix(&[0])
            .and_then(|sec1| gm::PublicKey::from_sec1(sec1).ok());
        if stated.as_ref() != Some(key.public_key()) {
            return Err(Error::HalvesDiffer);
        }
    }
    Ok(key)
}

pub(crate) fn curve_of(parameters: der::asn1::AnyRef<'_>) -> Result<ObjectIdentifier, Error> {
    match parameters.header().tag() {
        Tag::ObjectIdentifier => parameters
            .decode_as()
            .map_err(|_| Error::Malformed("the curve's name is broken")),
        Tag::Sequence => Err(Error::Unsupported {
            what: "curve parameters written out; convert the key with `-param_enc named_curve`",
            oid: None,
        }),
        _ => Err(Error::Malformed("the key names no curve")),
    }
}

fn refuse_other_curve(curve: Option<ObjectIdentifier>) -> Result<(), Error> {
    match curve {
        Some(other) if other != SM2 => Err(Error::NotSm2(other.to_string())),
        _ => Ok(()),
    }
}

/// The key from its big-endian number, which may carry leading zeros or lack them.
fn scalar(digits: &[u8]) -> Result<SigningKey, Error> {
    const OUT_OF_RANGE: Error = Error::Malformed("the private key is not a number of the SM2 group");
    let zeros = digits.iter().take_while(|byte| **byte == 0).count();
    let significant = &digits[zeros..];
    let mut bytes = Zeroizing::new([0; 32]);
    let start = bytes.len().checked_sub(significant.len()).ok_or(OUT_OF_RANGE)?;
    bytes[start..].copy_from_slice(significant);
    SigningKey::from_bytes(&bytes).map_err(|_| OUT_OF_RANGE)
}
