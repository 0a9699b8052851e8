//! Certificates, trust lists, paths, revocation lists and timestamp tokens with SM2; ends in
//! [`VerifiedPath`].
//!
//! Reading is tolerant and names what it tolerated ([`Deviation`]); judging is strict and gives every fact on its
//! own ([`PathFault`], [`Revocation`]); writing is DER. Nothing here reads a clock: the time of interest is an
//! argument of every question.

pub mod asn1;
pub mod oid;

mod build;
mod bundle;
mod certificate;
mod cms;
mod cms_verify;
mod cms_write;
mod crl;
mod csr;
mod error;
mod ess;
mod extension;
mod foreign;
mod hash;
mod name;
mod ocsp;
mod path;
mod path_fault;
mod path_rules;
mod pem;
mod revocation;
mod signed_file;
mod signer_info;
mod time;
mod timestamp;
mod timestamp_request;
mod timestamp_response;
mod timestamp_verify;
mod trust;

pub use build::{CertificateTemplate, CrlTemplate, Issuer, RevokedCertificate, issue, issue_crl};
pub use bundle::read_certificates;
pub use certificate::{Algorithm, CERTIFICATE_BYTES_MAX, Certificate, Deviation, KeyFault};
pub use cms::{
    CmsDeviation, SIGNED_DATA_BYTES_MAX, SIGNED_DATA_CERTIFICATES_MAX, SIGNED_DATA_CRLS_MAX,
    SIGNED_DATA_SIGNERS_MAX, SignedData, SignedDataArc,
};
pub use cms_verify::{
    ContentHasher, ContentToSign, DigestAlgorithm, Fact, SignatureFact, SignerFacts, SignerFault,
    verify_any_signer, verify_signer,
};
pub use cms_write::{
    MessageKey, SignDigest, SignedDataShape, SignedMessage, sign_cades, sign_data, write_signed_data,
};
pub use crl::{CRL_BYTES_MAX, CRL_ENTRIES_MAX, Crl, CrlEntry};
pub use csr::{CERTIFICATE_REQUEST_BYTES_MAX, CertificateRequest};
pub use error::Error;
pub use ess::{EssCertId, EssHash};
pub use extension::{BasicConstraints, Extension, KeyUsage};
pub use foreign::{ForeignAlgorithm, ForeignHash, ForeignKey, foreign_key, is_signed_by_foreign};
pub use hash::{HashAlgorithm, Hasher};
pub use name::{Attribute, Name, attribute_name};
pub use ocsp::{OCSP_ANSWERS_MAX, OCSP_BYTES_MAX, OCSP_CERTIFICATES_MAX, OcspResponse};
pub use path::{
    PATH_CERTIFICATES_MAX, PATH_SIGNATURES_MAX, PathQuery, PathReport, Purpose, VerifiedPath, validate,
};
pub use path_fault::PathFault;
pub use pem::{PemBlock, is_pem, read_pem, write_pem};
pub use revocation::{Revocation, UnknownWhy, revocation, revocation_by};
pub use signed_file::{FileBinding, FileSigner, verify_any_signed_file, verify_signed_file};
pub use signer_info::{ATTRIBUTES_MAX, CmsAttribute, SignedAttributes, SignerIdentifier, SignerInfo};
pub use time::{TimeDeviation, ZONE_WHEN_MISSING_HOURS, read_time};
pub use timestamp::{MessageImprint, TIMESTAMP_INTEGER_BYTES_MAX, TimestampToken, TsaName, TstInfo};
pub use timestamp_request::{TIMESTAMP_REQUEST_BYTES_MAX, TimestampRequest};
pub use timestamp_response::{
    FailureInfo, PkiStatus, TIMESTAMP_RESPONSE_BYTES_MAX, TimestampResponse, answer_request, issue_token,
    reject,
};
pub use timestamp_verify::{
    ImprintFact, TimestampDeviation, TimestampFault, TimestampReport, VerifiedTimestamp, verify_token,
    verify_token_over,
};
pub use trust::{PathCache, TrustStore};

pub use const_oid::ObjectIdentifier;
