//! The binary as people use it: what they type, what they read, how it ends.

#![expect(clippy::unwrap_used, reason = "a test may stop at once, in its helpers too")]

mod audit;
mod backup;
mod ca;
mod documented;
mod engine;
mod impression;
mod key;
mod pdf;
mod render;
mod sample;
mod serve;
mod show;
mod support;
mod tsa;
