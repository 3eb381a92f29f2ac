//! Pictures of photos, for looking at: thumbnails, placeholders and previews, kept in a file of their own beside the
//! catalogue, by the photo's hash.
//!
//! They can all be made again. So the file is not flushed with each change, is begun anew when it cannot be read, and
//! is never asked before a photo is taken in. One file rather than many: a million of some 12 KB each are slow and large
//! as files.
//!
//! | what | module |
//! |---|---|
//! | the file: opened, and begun anew when it is damaged | `file` |
//! | thumbnails and placeholders; why there are none | `thumbnails` |
//! | previews, of which a bounded amount is kept | `previews` |
//! | which photos still have to be drawn | `due` |

mod due;
mod file;
mod previews;
mod thumbnails;

pub use due::Undrawn;
pub use file::PicturesError;
pub(crate) use file::{PICTURES, Pictures};
pub use thumbnails::{PictureState, Thumbnail};
