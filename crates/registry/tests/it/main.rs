//! The rules as their users meet them: every state with every command, every refusal by its R-number, and
//! invariants under random commands.
