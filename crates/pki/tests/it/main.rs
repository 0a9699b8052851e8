//! Tests of the crate's surface, in one binary.

#![expect(clippy::unwrap_used, reason = "helpers of tests end like tests do")]

mod bundle;
mod certificate;
mod cms;
mod corpus;
mod corpus_sign;
mod csr;
mod fixture;
mod foreign;
mod hostile;
mod openssl_messages;
mod openssl_pki;
mod path;
mod revocation;
mod support;
mod timestamp;
