//! PKCS#12 files (RFC 7292): one key and its certificates.

use crate::asn1::{self, AlgorithmIdentifier, Fields};
use crate::foreign::{self, ForeignKey};
use crate::pbe::{self, Hash, Password};
use crate::{CERTIFICATE_BYTES_MAX, CHAIN_CERTIFICATES_MAX, Error, certificate, pkcs8};
use der::asn1::ObjectIdentifier;
use der::{Tag, TagNumber};
use gm::{Signer as _, SigningKey};
use zeroize::Zeroizing;

/// Most bags in one file; real ones have below ten.
const BAGS_MAX: usize = 256;
/// Deepest nesting of SafeContents bags.
const BAG_DEPTH_MAX: usize = 4;

/// What a PKCS#12 file held.
pub(crate) struct Contents<K> {
    pub(crate) key: K,
    /// In path order, the key's certificate first; empty when the file has none for this key.
    pub(crate) certificates: Vec<Vec<u8>>,
}

/// Reads the SM2 key of a PFX, checking its MAC if it has one.
pub(crate) fn read(bytes: &[u8], password: &str) -> Result<Contents<SigningKey>, Error> {
    read_bags(bytes, password)?.choose(pkcs8::private_key_info, |key| key.public_key().to_sec1().to_vec())
}

/// As [`read`], for a key of another suite.
pub(crate) fn read_foreign(bytes: &[u8], password: &str) -> Result<Contents<ForeignKey>, Error> {
    read_bags(bytes, password)?.choose(foreign::private_key_info, ForeignKey::public_bits)
}

/// Whether the bytes are a PFX and no private key by itself: its version is 3, and a SEQUENCE follows it.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let look = || {
        let der = asn1::to_der(bytes)?;
        let mut fields = Fields::of(&der)?;
        fields.number()
    };
    bytes.first() == Some(&0x30) && look().is_ok_and(|version| version == 3)
}

/// ```text
/// PFX ::= SEQUENCE { version INTEGER {v3(3)}, authSafe ContentInfo, macData MacData OPTIONAL }
/// AuthenticatedSafe ::= SEQUENCE OF ContentInfo
/// ```
/// (RFC 7292 §4)
fn read_bags(bytes: &[u8], password: &str) -> Result<Bags, Error> {
    let der = asn1::to_der(bytes)?;
    let mut fields = Fields::of(&der)?;
    if fields.number()? != 3 {
        return Err(Error::Malformed("it is no PKCS#12 file of version 3"));
    }
    let mut password = Password::new(password);
    let content = data_content(&mut fields.sequence()?)?;
    if !fields.is_empty() {
        check_mac(&mut fields.sequence()?, &mut password, content)?;
    }
    let mut bags = Bags::default();
    let safe = asn1::to_der(content)?;
    let mut parts = Fields::of(&safe)?;
    while !parts.is_empty() {
        let contents = safe_contents(&mut parts.sequence()?, &mut password)?;
        bags.read(&mut Fields::of(&contents)?, &mut password, 0)?;
    }
    Ok(bags)
}

/// `ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, content [0] EXPLICIT ANY }` holding plain data.
fn data_content<'a>(info: &mut Fields<'a>) -> Result<&'a [u8], Error> {
    let content_type = info.oid()?;
    if !is_data(content_type) {
        return Err(Error::Unsupported {
            what: "protection of a PKCS#12 file by a public key",
            oid: Some(content_type.to_string()),
        });
    }
    let content = info
        .explicit(0)?
        .ok_or(Error::Malformed("a content is missing"))?;
    Fields::inside(content)?.octets()
}

/// id-data of PKCS#7, and its double in GB/T 35275.
fn is_data(oid: ObjectIdentifier) -> bool {
    matches!(
        oid.to_string().as_str(),
        "1.2.840.113549.1.7.1" | "1.2.156.10197.6.1.4.2.1"
    )
}

fn is_encrypted_data(oid: ObjectIdentifier) -> bool {
    matches!(
        oid.to_string().as_str(),
        "1.2.840.113549.1.7.6" | "1.2.156.10197.6.1.4.2.5"
    )
}

/// ```text
/// MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }
/// DigestInfo ::= SEQUENCE { digestAlgorithm AlgorithmIdentifier, digest OCTET STRING }
/// ```
fn check_mac(mac_data: &mut Fields<'_>, password: &mut Password, content: &[u8]) -> Result<(), Error> {
    let mut info = mac_data.sequence()?;
    let algorithm = AlgorithmIdentifier::read(&mut info)?;
    let mac = info.octets()?;
    let salt = mac_data.octets()?;
    let iterations = if mac_data.is_empty() {
        1
    } else {
        mac_data.number()?
    };
    let hash = Hash::from_oid(algorithm.oid).ok_or_else(|| Error::Unsupported {
        what: "MAC",
        oid: Some(algorithm.oid.to_string()),
    })?;
    let holds =
        |password: &mut Password| pbe::pkcs12_mac_holds(hash, password, salt, iterations, content, mac);
    if holds(password)? || (password.without_final_zero_if_empty() && holds(password)?) {
        Ok(())
    } else {
        Err(Error::WrongPassword)
    }
}

/// The SafeContents of one part of the AuthenticatedSafe.
///
/// ```text
/// EncryptedData ::= SEQUENCE { version INTEGER, encryptedContentInfo SEQUENCE {
///     contentType OBJECT IDENTIFIER, contentEncryptionAlgorithm AlgorithmIdentifier,
///     encryptedContent [0] IMPLICIT OCTET STRING OPTIONAL } }
/// ```
fn safe_contents(info: &mut Fields<'_>, password: &mut Password) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut ahead = info.clone();
    if !is_encrypted_data(ahead.oid()?) {
        return asn1::to_der(data_content(info)?);
    }
    let content = ahead
        .explicit(0)?
        .ok_or(Error::Malformed("a content is missing"))?;
    let mut encrypted_data = Fields::inside(content)?.sequence()?;
    encrypted_data.number()?;
    let mut encrypted = encrypted_data.sequence()?;
    encrypted.oid()?;
    let algorithm = AlgorithmIdentifier::read(&mut encrypted)?;
    let tag = |constructed| Tag::ContextSpecific {
        constructed,
        number: TagNumber(0),
    };
    let plain = match encrypted.peek() {
        Some(next) if next == tag(false) => pbe::decrypt(&algorithm, password, encrypted.tagged(next)?)?,
        // BER may deliver an implicitly tagged OCTET STRING in segments.
        Some(next) if next == tag(true) => pbe::decrypt(
            &algorithm,
            password,
            &asn1::join_segments(encrypted.tagged(next)?)?,
        )?,
        _ => return Err(Error::Malformed("an encrypted content is missing")),
    };
    let der = asn1::to_der(&plain).map_err(|_| Error::WrongPassword)?;
    Fields::of(&der).map_err(|_| Error::WrongPassword)?;
    Ok(der)
}

/// What ties a key to its certificate.
type LocalId = Option<Vec<u8>>;

/// The keys and certificates met so far, each with its localKeyId.
#[derive(Default)]
struct Bags {
    seen: usize,
    /// Each a PrivateKeyInfo.
    keys: Vec<(Zeroizing<Vec<u8>>, LocalId)>,
    certificates: Vec<(Vec<u8>, LocalId)>,
}

impl Bags {
    /// ```text
    /// SafeContents ::= SEQUENCE OF SafeBag
    /// SafeBag ::= SEQUENCE { bagId OBJECT IDENTIFIER, bagValue [0] EXPLICIT ANY,
    ///     bagAttributes SET OF PKCS12Attribute OPTIONAL }
    /// ```
    /// (RFC 7292 §4.2); CRL and secret bags are passed over.
    fn read(&mut self, bags: &mut Fields<'_>, password: &mut Password, depth: usize) -> Result<(), Error> {
        if depth == BAG_DEPTH_MAX {
            return Err(Error::Malformed("its bags are nested too deeply"));
        }
        while !bags.is_empty() {
            self.seen += 1;
            if self.seen > BAGS_MAX {
                return Err(Error::Malformed("it holds too many bags"));
            }
            let mut bag = bags.sequence()?;
            let id = bag.oid()?.to_string();
            let value = bag.explicit(0)?.ok_or(Error::Malformed("a bag is empty"))?;
            let local_id = local_key_id(&bag)?;
            match id.as_str() {
                "1.2.840.113549.1.12.10.1.1" => self.keys.push((Zeroizing::new(value.to_vec()), local_id)),
                "1.2.840.113549.1.12.10.1.2" => self.keys.push((pkcs8::decrypt(value, password)?, local_id)),
                "1.2.840.113549.1.12.10.1.3" => self.certificate(value, local_id)?,
                "1.2.840.113549.1.12.10.1.6" => self.read(&mut Fields::of(value)?, password, depth + 1)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// `CertBag ::= SEQUENCE { certId OBJECT IDENTIFIER, certValue [0] EXPLICIT ANY }`
    fn certificate(&mut self, value: &[u8], local_id: Option<Vec<u8>>) -> Result<(), Error> {
        const X509: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.22.1");
        let mut fields = Fields::of(value)?;
        if fields.oid()? == X509 {
            let value = fields
                .explicit(0)?
                .ok_or(Error::Malformed("a certificate is missing"))?;
            let der = Fields::inside(value)?.octets()?;
            if der.len() > CERTIFICATE_BYTES_MAX {
                return Err(Error::BadChain);
            }
            self.certificates.push((der.to_vec(), local_id));
        }
        Ok(())
    }

    /// The one key that `parse` takes, and its certificate: the one that carries its `public` key; of several (a
    /// renewed one beside the old), the one with its localKeyId.
    fn choose<K>(
        mut self,
        parse: impl Fn(&[u8]) -> Result<K, Error>,
        public: impl Fn(&K) -> Vec<u8>,
    ) -> Result<Contents<K>, Error> {
        let mut keys = Vec::new();
        // The first key of another kind, for the message if there is no other.
        let mut other_key = None;
        for (info, local_id) in &self.keys {
            match parse(info) {
                Ok(key) => keys.push((key, local_id.clone())),
                Err(other @ (Error::NotSm2(_) | Error::Unsupported { .. })) => {
                    other_key = other_key.or(Some(other));
                }
                Err(error) => return Err(error),
            }
        }
        let (key, local_id) = match keys.len() {
            0 => return Err(other_key.unwrap_or(Error::NoKey)),
            1 => keys.remove(0),
            several => return Err(Error::SeveralKeys(several)),
        };
        let public = public(&key);
        let is_leaf = |der: &[u8]| certificate::subject(der).is_ok_and(|subject| subject.holds_bits(&public));
        let leaves: Vec<usize> = (0..self.certificates.len())
            .filter(|index| is_leaf(&self.certificates[*index].0))
            .collect();
        let named = leaves
            .iter()
            .find(|index| local_id.is_some() && self.certificates[**index].1 == local_id);
        let Some(&leaf) = named.or(leaves.first()) else {
            return Ok(Contents {
                key,
                certificates: Vec::new(),
            });
        };
        let leaf = self.certificates.remove(leaf).0;
        let others: Vec<Vec<u8>> = self.certificates.into_iter().map(|(der, _)| der).collect();
        let mut certificates = certificate::in_path_order(leaf, others);
        certificates.retain(|der| certificate::subject(der).is_ok());
        certificates.truncate(CHAIN_CERTIFICATES_MAX);
        Ok(Contents { key, certificates })
    }
}

/// The localKeyId among a bag's attributes (RFC 2985 §5.5.2), if there.
///
/// ```text
/// PKCS12Attribute ::= SEQUENCE { attrId OBJECT IDENTIFIER, attrValues SET OF ANY }
/// ```
fn local_key_id(rest_of_bag: &Fields<'_>) -> Result<Option<Vec<u8>>, Error> {
    const LOCAL_KEY_ID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.21");
    let mut rest = rest_of_bag.clone();
    if rest.peek() != Some(Tag::Set) {
        return Ok(None);
    }
    let mut attributes = Fields::inside(rest.tagged(Tag::Set)?)?;
    while !attributes.is_empty() {
        let mut attribute = attributes.sequence()?;
        if attribute.oid()? == LOCAL_KEY_ID {
            let mut values = Fields::inside(attribute.tagged(Tag::Set)?)?;
            return Ok(Some(values.octets()?.to_vec()));
        }
    }
    Ok(None)
}
