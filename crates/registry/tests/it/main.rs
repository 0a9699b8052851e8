//! The rules as their users meet them: every state with every command, every refusal by its R-number, and
//! invariants under random commands.
#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod applying;
mod granting;
mod life;
mod making;
mod people;
mod random;
mod samples;
mod table;
mod using;
mod world;
