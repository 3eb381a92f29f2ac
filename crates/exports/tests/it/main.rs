//! Exports as services make them, and archives that nobody should make.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod archive;
mod corpus;
mod hostile;
mod naming;
