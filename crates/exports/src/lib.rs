//! What other photo services export: their archives, sidecars and lists, and which photo each of them belongs to.
//!
//! Everything here reads what strangers may have made. It opens no file by a name that it read, unpacks nothing to the
//! disk, and never lets what it reads decide how much memory it takes.
//!
//! | what | module |
//! |---|---|
//! | zip archives, read in place | [`archive`] |
//! | Google Takeout | [`takeout`] |
//! | Apple's copy of iCloud Photos | [`icloud`] |
//! | the parts that an export was cut into | [`parts`] |
//! | names inside a collection | [`label`] |

pub mod archive;
pub mod icloud;
pub mod label;
pub mod parts;
pub mod takeout;
