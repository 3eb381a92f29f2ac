//! Finding the entries of an archive that has no list, from its beginning on.
//!
//! Programs that do not know an entry's size before they pack it, as services that pack while they send, write it
//! behind the entry (APPNOTE 6.3.10, section 4.3.9). That place is found by its signature, and known by the distance
//! that it states: the number of bytes since the entry's header.

use std::io;

use memchr::memmem;
use rawzip::ReaderAt;

use super::{
    Archive, damaged,
    header::{self, Header},
    listing::{Damage, Entry, Listing, Method, Packed, Trouble, label},
};

/// What stands behind an entry whose size was not known before.
const DESCRIPTOR: &[u8] = b"PK\x07\x08";
/// With sizes of four bytes, and with sizes of eight.
const DESCRIPTOR_LEN: [usize; 2] = [16, 24];
/// What every part of an archive begins with.
const MARK: &[u8] = b"PK";
/// How much of the archive is searched at once, in bytes.
const PIECE: usize = 256 << 10;

/// Reads the entries one after the other, as far as they can be found.
pub(super) fn read<R: ReaderAt>(archive: &Archive<R>) -> io::Result<Listing> {
    let mut listing = Listing {
        damage: Some(Damage::NoDirectory),
        ..Listing::default()
    };
    let mut at = 0;
    while let Some(header) = header::read(&archive.bytes, at)? {
        if listing.entries.len() + listing.troubles.len() >= archive.limits.entries {
            listing.damage = Some(Damage::TooManyEntries(archive.limits.entries));
            break;
        }
        let name = &header.name[..header.name.len().min(archive.limits.name)];
        let is_folder = header.name.ends_with(b"/");
        let name = label(name).into_boxed_str();
        let Some(found) = Found::behind(archive, &header)? else {
            listing.troubles.push((name, Trouble::CutOff));
            break;
        };
        match packed(&header, at, &found, archive.limits.name) {
            _ if is_folder => {}
            Ok(packed) => listing.entries.push(Entry { name, packed }),
            Err(trouble) => listing.troubles.push((name, trouble)),
        }
        at = found.end;
    }
    if at == 0 && listing.troubles.is_empty() {
        return Err(damaged("it is no zip archive"));
    }
    Ok(listing)
}

fn packed(header: &Header, at: u64, found: &Found, longest: usize) -> Result<Packed, Trouble> {
    if header.name.len() > longest {
        return Err(Trouble::NameTooLong);
    }
    if header.is_encrypted {
        return Err(Trouble::Encrypted);
    }
    Ok(Packed {
        offset: at,
        packed_len: found.packed_len,
        len: found.len,
        crc: found.crc,
        name_crc: rawzip::crc32(&header.name),
        method: Method::of(header.method).ok_or(Trouble::Method(header.method))?,
    })
}

/// An entry's sizes, and where it ends.
struct Found {
    packed_len: u64,
    len: u64,
    crc: u32,
    end: u64,
}

impl Found {
    /// `None` if the archive ends before the entry does.
    fn behind<R: ReaderAt>(archive: &Archive<R>, header: &Header) -> io::Result<Option<Self>> {
        if header.sizes_follow {
            return Self::by_descriptor(archive, header);
        }
        let end = header.end.checked_add(header.packed_len);
        Ok(end.filter(|end| *end <= archive.len).map(|end| Self {
            packed_len: header.packed_len,
            len: header.len,
            crc: header.crc,
            end,
        }))
    }

    fn by_descriptor<R: ReaderAt>(
        archive: &Archive<R>,
        header: &Header,
    ) -> io::Result<Option<Self>> {
        let finder = memmem::Finder::new(DESCRIPTOR);
        let mut piece = vec![0; PIECE];
        let mut at = header.end;
        loop {
            let there = usize::try_from(archive.len.saturating_sub(at)).unwrap_or(PIECE);
            let len = there.min(PIECE);
            if !header::fill(&archive.bytes, at, &mut piece[..len])? {
                return Ok(None);
            }
            for place in finder.find_iter(&piece[..len]) {
                let place = at + place as u64;
                if let Some(found) = Self::at(archive, header, place)? {
                    return Ok(Some(found));
                }
            }
            if len < PIECE {
                return Ok(None);
            }
            // A signature may lie across two pieces.
            at += (PIECE - DESCRIPTOR.len() + 1) as u64;
        }
    }

    /// What the descriptor at `place` says, if it is this entry's.
    fn at<R: ReaderAt>(
        archive: &Archive<R>,
        header: &Header,
        place: u64,
    ) -> io::Result<Option<Self>> {
        let packed_len = place - header.end;
        let mut bytes = [0; DESCRIPTOR_LEN[1] + MARK.len()];
        let there = usize::try_from(archive.len.saturating_sub(place))
            .map_or(bytes.len(), |there| there.min(bytes.len()));
        if !header::fill(&archive.bytes, place, &mut bytes[..there])? {
            return Ok(None);
        }
        for len in DESCRIPTOR_LEN.into_iter().filter(|len| *len <= there) {
            let (said, len_there) = if len == DESCRIPTOR_LEN[0] {
                (
                    u64::from(header::u32_at(&bytes, 8)),
                    u64::from(header::u32_at(&bytes, 12)),
                )
            } else {
                (header::u64_of(&bytes[8..]), header::u64_of(&bytes[16..]))
            };
            let is_followed = there == len || bytes[len..].starts_with(MARK);
            if said == packed_len && is_followed {
                return Ok(Some(Self {
                    packed_len,
                    len: len_there,
                    crc: header::u32_at(&bytes, 4),
                    end: place + len as u64,
                }));
            }
        }
        Ok(None)
    }
}
