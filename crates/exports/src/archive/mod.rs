//! Zip archives from strangers, read in place: nothing is unpacked, and a name in them is a label, never a path.
//!
//! The list comes from the archive's own directory (APPNOTE 6.3.10, section 4.3). Where that is missing or damaged, as
//! in a download that broke off, the entries are found one after the other from the beginning of the file. An entry
//! that cannot be read, or had better not be, costs only itself and is told with its reason.
//!
//! | what | module |
//! |---|---|
//! | what is believed of an archive, and no more | [`limits`] |
//! | the list, and what keeps an entry from being read | [`listing`] |
//! | the archive's own directory | `directory` |
//! | finding entries without it | `salvage` |
//! | the header before an entry's bytes | `header` |
//! | an entry's bytes, unpacked and checked as they are read | [`content`] |

pub mod content;
mod directory;
mod header;
pub mod limits;
pub mod listing;
mod salvage;

use std::{fs::File, io, path::Path, sync::Arc};

pub use content::Content;
pub use limits::Limits;
pub use listing::{Damage, Entry, Listing, Method, Packed, Trouble};
pub use rawzip::{FileReader, ReaderAt};

/// A zip archive. It is read at any place by several at once.
#[derive(Debug)]
pub struct Archive<R> {
    bytes: R,
    len: u64,
    limits: Limits,
}

impl Archive<Arc<FileReader>> {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// It cannot be opened. What is in it is not looked at yet.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        Ok(Self::new(
            Arc::new(FileReader::from(file)),
            len,
            Limits::default(),
        ))
    }
}

impl<R: ReaderAt + Clone> Archive<R> {
    /// An archive of `len` bytes.
    pub const fn new(bytes: R, len: u64, limits: Limits) -> Self {
        Self { bytes, len, limits }
    }

    /// All entries that can be read, and what is wrong with the others and with the archive.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or it is no zip archive.
    pub fn list(&self) -> io::Result<Listing> {
        let mut listing = match directory::read(self)? {
            Some(listing) => listing,
            None => salvage::read(self)?,
        };
        self.limits.apply(self.len, &mut listing);
        Ok(listing)
    }

    /// The bytes of an entry of [`Self::list`], unpacked as they are read.
    ///
    /// Reading to the end proves their length and their CRC-32: a reader that got `Ok(0)` has had all of them.
    ///
    /// # Errors
    ///
    /// The archive cannot be read there, or has something else there than its list says.
    pub fn read(&self, entry: Packed) -> io::Result<Content<R>> {
        let header = header::read(&self.bytes, entry.offset)?
            .filter(|header| Method::of(header.method) == Some(entry.method))
            .filter(|header| rawzip::crc32(&header.name) == entry.name_crc)
            .ok_or_else(|| {
                damaged("the archive's list and the entry itself say different things")
            })?;
        Ok(Content::new(self.bytes.clone(), header.end, entry))
    }
}

/// An error about bytes that are there, but are not what they should be.
fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
