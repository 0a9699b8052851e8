//! The request for a time-stamp token (RFC 3161 §2.4.1, GM/T 0033-2014 §7).

use const_oid::ObjectIdentifier;

use crate::asn1::{self, write};
use crate::timestamp::read_integer;
use crate::{DigestAlgorithm, Error, FailureInfo, HashAlgorithm, MessageImprint};

/// The largest request that is read.
pub const TIMESTAMP_REQUEST_BYTES_MAX: usize = 64 * 1024;

/// A request.
///
/// ```text
/// TimeStampReq ::= SEQUENCE {
///     version        INTEGER { v1(1) },
///     messageImprint MessageImprint,
///     reqPolicy      OBJECT IDENTIFIER OPTIONAL,
///     nonce          INTEGER OPTIONAL,
///     certReq        BOOLEAN DEFAULT FALSE,
///     extensions     [0] IMPLICIT Extensions OPTIONAL }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimestampRequest {
    der: Vec<u8>,
    version: u32,
    imprint: MessageImprint,
    policy: Option<ObjectIdentifier>,
    nonce: Option<Vec<u8>>,
    cert_req: bool,
    has_extensions: bool,
}

impl TimestampRequest {
    /// Asks for a token over `stamped`, by its SM3 value.
    ///
    /// A `nonce` that nobody could foresee shows that the answer is fresh. `cert_req` asks for the certificate
    /// of the authority to be put into the token.
    pub fn new(stamped: &[u8], nonce: Option<u64>, cert_req: bool) -> Self {
        let digest = HashAlgorithm::Sm3.digest(stamped);
        Self::of_digest(HashAlgorithm::Sm3, digest, nonce, cert_req)
    }

    /// As [`new`](Self::new), for a digest by any algorithm.
    pub fn of_digest(hash: HashAlgorithm, digest: Vec<u8>, nonce: Option<u64>, cert_req: bool) -> Self {
        let imprint = MessageImprint {
            algorithm: hash.oid(),
            has_parameters: false,
            digest,
        };
        let nonce = nonce.map(|nonce| write::unsigned(nonce)[2..].to_vec());
        let der = write::sequence(&[
            &write::unsigned(1),
            &imprint.to_der(),
            &nonce
                .as_ref()
                .map(|nonce| write::tlv(asn1::INTEGER, nonce))
                .unwrap_or_default(),
            &if cert_req {
                write::boolean(true)
            } else {
                Vec::new()
            },
        ]);
        Self {
            der,
            version: 1,
            imprint,
            policy: None,
            nonce,
            cert_req,
            has_extensions: false,
        }
    }

    /// Reads a request. Whether it can be granted is the question of [`refusal`](Self::refusal).
    ///
    /// # Errors
    /// When it is broken: the answer is [`FailureInfo::BadDataFormat`].
    pub fn read(der: &[u8]) -> Result<Self, Error> {
        let what = "time-stamp request";
        if der.len() > TIMESTAMP_REQUEST_BYTES_MAX {
            return Err(Error::TooLarge {
                what: "time-stamp request (bytes)",
                found: der.len(),
                max: TIMESTAMP_REQUEST_BYTES_MAX,
            });
        }
        let mut fields = asn1::read_single(der, asn1::SEQUENCE, what)?.children();
        let version = fields
            .next("version of the request")?
            .unsigned("version of the request")?;
        let imprint = MessageImprint::read(fields.next("messageImprint")?)?;
        let policy = match fields.optional(asn1::OBJECT_IDENTIFIER, "reqPolicy")? {
            Some(element) => Some(element.oid("reqPolicy")?),
            None => None,
        };
        let nonce = match fields.optional(asn1::INTEGER, "nonce")? {
            Some(element) => Some(read_integer(element, "nonce")?),
            None => None,
        };
        let cert_req = match fields.optional(asn1::BOOLEAN, "certReq")? {
            Some(element) => element.boolean("certReq")?,
            None => false,
        };
        let has_extensions = fields
            .optional(asn1::constructed(0), "extensions of the request")?
            .is_some();
        fields.end(what)?;
        Ok(Self {
            der: der.to_vec(),
            version,
            imprint,
            policy,
            nonce,
            cert_req,
            has_extensions,
        })
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The digest to stamp.
    pub fn imprint(&self) -> &MessageImprint {
        &self.imprint
    }

    /// The policy asked for.
    pub fn policy(&self) -> Option<ObjectIdentifier> {
        self.policy
    }

    /// The octets of the nonce, as received.
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// Whether the authority's certificate is wanted in the token.
    pub fn cert_req(&self) -> bool {
        self.cert_req
    }

    /// Why an authority that works under `policy` must refuse this request, if it must.
    ///
    /// Only SM3 is stamped. Any extension is refused, critical or not, because none is known here (GM/T 0033-2014
    /// §7).
    pub fn refusal(&self, policy: &ObjectIdentifier) -> Option<FailureInfo> {
        if self.version != 1 {
            Some(FailureInfo::BadRequest)
        } else if DigestAlgorithm::of(self.imprint.algorithm) != DigestAlgorithm::Sm3
            || self.imprint.has_parameters
        {
            Some(FailureInfo::BadAlg)
        } else if self.imprint.digest.len() != SM3_BYTES {
            Some(FailureInfo::BadDataFormat)
        } else if self.policy.is_some_and(|wanted| wanted != *policy) {
            Some(FailureInfo::UnacceptedPolicy)
        } else if self.has_extensions {
            Some(FailureInfo::UnacceptedExtension)
        } else {
            None
        }
    }
}

const SM3_BYTES: usize = 32;
