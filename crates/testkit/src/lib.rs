//! Test PKI, fixed clock, seeded randomness, document builders.
