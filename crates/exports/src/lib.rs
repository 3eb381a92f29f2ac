//! What other photo services export: their archives, sidecars and lists, and which photo each of them belongs to.
//!
//! Everything here reads what strangers may have made. It opens no file by a name that it read, unpacks nothing to the
//! disk, and never lets what it reads decide how much memory it takes.

pub mod archive;
pub mod label;
pub mod parts;
pub mod takeout;
