//! The archives that an export was cut into: what is in them, and the bytes of their entries.

use std::{fs, io, path::Path, sync::Arc};

use safelight_core::Timestamp;
use safelight_exports::archive::{Archive, Content, FileReader, Listing};

use super::{folder::modified, item::Part};

/// An archive on the disk.
pub(super) type OnDisk = Archive<Arc<FileReader>>;

/// A part with its list. The entries' numbers in `part` are their places in the list.
pub(super) struct Listed {
    pub(super) archive: OnDisk,
    pub(super) part: Arc<Part>,
    pub(super) listing: Listing,
}

/// Reads a part's list.
pub(super) fn list(path: &Path) -> io::Result<Listed> {
    let modified = modified(&fs::metadata(path)?).unwrap_or(Timestamp::UNIX_EPOCH);
    let archive = Archive::open(path)?;
    let listing = archive.list()?;
    let entries = listing.entries.iter().map(|entry| entry.packed).collect();
    Ok(Listed {
        archive,
        part: Arc::new(Part {
            path: path.to_owned(),
            modified,
            entries,
        }),
        listing,
    })
}

/// One thread's way to entries' bytes: the archive that it opened last stays open.
#[derive(Debug, Default)]
pub(super) struct Entries {
    open: Option<(Arc<Part>, OnDisk)>,
}

impl Entries {
    /// An entry's bytes, from its beginning.
    pub(super) fn open(
        &mut self,
        part: &Arc<Part>,
        number: u32,
    ) -> io::Result<Content<Arc<FileReader>>> {
        let packed = usize::try_from(number)
            .ok()
            .and_then(|number| part.entries.get(number).copied());
        let packed = packed.ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, "the archive has no such entry")
        })?;
        if let Some((open, archive)) = &self.open
            && Arc::ptr_eq(open, part)
        {
            return archive.read(packed);
        }
        let archive = Archive::open(&part.path)?;
        let content = archive.read(packed)?;
        self.open = Some((Arc::clone(part), archive));
        Ok(content)
    }
}

/// Whether an entry's archive was changed since it was listed.
pub(super) fn has_changed(part: &Part) -> io::Result<bool> {
    Ok(modified(&fs::metadata(&part.path)?) != Some(part.modified))
}
