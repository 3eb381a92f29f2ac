//! The repository format, version 2, as restic's `doc/design.rst` describes it: bytes to values and back. No I/O.

pub(crate) mod crypto;
pub(crate) mod entries;
pub(crate) mod file;
pub(crate) mod id;
pub(crate) mod index;
pub(crate) mod lock;
pub(crate) mod name;
pub(crate) mod pack;
pub(crate) mod snapshot;
pub(crate) mod tree;
