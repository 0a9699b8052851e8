//! The key store as its callers see it: keys made here and by OpenSSL, PINs right and wrong, hostile files.

#![expect(clippy::unwrap_used, reason = "helpers of tests end like tests do")]

mod der;
mod foreign;
mod hostile;
mod import;
mod openssl;
mod store;
mod support;
