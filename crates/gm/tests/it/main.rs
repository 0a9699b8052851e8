//! SM2 and SM4 from outside: against other implementations, and against cases of which each has one fault.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod differential;
mod encryption;
mod openssl;
mod oracle;
mod rng;
mod vectors;
