//! Bringing in what exists: folders, camera cards and other services' exports become photos of the library; the originals
//! are never touched.
//!
//! | what | module |
//! |---|---|
//! | what a collection offers | [`item`] |

pub mod item;
