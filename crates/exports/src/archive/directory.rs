//! The archive's own list of its entries.

use std::io;

use rawzip::{ErrorKind, ReaderAt, ZipFileHeaderRecord, ZipLocator};

use super::{
    Archive,
    listing::{Damage, Entry, Listing, Method, Packed, Trouble, label},
};

/// Reads the list; `None` if there is none, or if it is not legible to its end.
pub(super) fn read<R: ReaderAt>(archive: &Archive<R>) -> io::Result<Option<Listing>> {
    let mut buffer = vec![0; rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let located = ZipLocator::new().locate_in_reader(&archive.bytes, &mut buffer, archive.len);
    let zip = match located {
        Ok(zip) => zip,
        Err((_, error)) => return illegible(error),
    };
    let said = zip.entries_hint();
    let mut listing = Listing::default();
    let mut records = zip.entries(&mut buffer);
    let mut listed = 0;
    loop {
        let record = match records.next_entry() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(error) => return illegible(error),
        };
        if listing.entries.len() + listing.troubles.len() >= archive.limits.entries {
            listing.damage = Some(Damage::TooManyEntries(archive.limits.entries));
            return Ok(Some(listing));
        }
        listed += 1;
        if record.is_dir() {
            continue;
        }
        let name = record.file_path().as_bytes();
        let name = label(&name[..name.len().min(archive.limits.name)]).into_boxed_str();
        match packed(&record, archive.limits.name) {
            Ok(packed) => listing.entries.push(Entry { name, packed }),
            Err(trouble) => listing.troubles.push((name, trouble)),
        }
    }
    // Old programs count up to 65,535 and begin again.
    if listed < said && listed % 0x1_0000 != said % 0x1_0000 {
        listing.damage = Some(Damage::FewerEntries { said, listed });
    }
    Ok(Some(listing))
}

/// What cannot be read at all is an error; what is merely no list, is not.
fn illegible(error: rawzip::Error) -> io::Result<Option<Listing>> {
    match error.into_kind() {
        ErrorKind::IO(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(None),
    }
}

fn packed(record: &ZipFileHeaderRecord<'_>, longest_name: usize) -> Result<Packed, Trouble> {
    let number = record.compression_method().as_u16();
    if record.file_path().len() > longest_name {
        Err(Trouble::NameTooLong)
    } else if record.flags().is_encrypted() {
        Err(Trouble::Encrypted)
    } else if record.mode().is_symlink() {
        Err(Trouble::Link)
    } else {
        Ok(Packed {
            offset: record.local_header_offset(),
            packed_len: record.compressed_size_hint(),
            len: record.uncompressed_size_hint(),
            crc: record.crc32(),
            name_crc: rawzip::crc32(record.file_path().as_bytes()),
            method: Method::of(number).ok_or(Trouble::Method(number))?,
        })
    }
}
