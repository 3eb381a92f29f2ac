//! Whether a file has its end. For the one case in which an app is known to leave the last byte out, and nothing in the
//! protocol says so: then the file's own structure is the only witness. And for photos that were broken off long ago.

use std::io::{self, Read, Seek, SeekFrom};

use crate::{
    format::Format,
    reader::{Reader, Span},
    sniff,
};

/// The most boxes of a file that are followed; a video in fragments has a few for each second.
const MAX_BOXES: usize = 1 << 20;
/// What is read at a time in search of a video behind a photo.
const PIECE: usize = 256 * 1024;
/// How much of a JPEG's end is looked at, in bytes, and how many marks in it tell that it is a picture's data, which have
/// twice as many in a tail of that length.
const TAIL: u64 = 4096;
const ENOUGH_MARKS: usize = 8;
/// The end of every PNG (third edition, section 11.2.5).
const PNG_END: &[u8; 12] = b"\0\0\0\0IEND\xAE\x42\x60\x82";
/// The end of what Samsung's cameras put behind a photo.
const SAMSUNG_END: &[u8; 4] = b"SEFT";

/// What a file's structure says about its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wholeness {
    /// It is there.
    Whole,
    /// It is missing.
    Cut,
    /// The format, or this file, does not tell.
    Unknown,
}

/// Looks whether a file has its end. Reads a few bytes for most files, and a JPEG with something behind the picture from
/// beginning to end. The file's position is arbitrary before and after. What cannot be read tells nothing.
pub fn wholeness(file: &mut (impl Read + Seek)) -> Wholeness {
    let format = sniff::sniff(&mut Reader::new(file));
    let judged = match format {
        Format::Jpeg => jpeg(file),
        Format::Heic
        | Format::Heif
        | Format::Avif
        | Format::Cr3
        | Format::Mp4
        | Format::Mov
        | Format::M4v
        | Format::ThreeGp => boxes(file, 0),
        Format::Png => ends_with(file, PNG_END),
        Format::WebP | Format::Avi => riff(file),
        _ => Ok(Wholeness::Unknown),
    };
    judged.unwrap_or(Wholeness::Unknown)
}

/// `Cut` if only the very last byte of `end` is missing.
fn ends_with(file: &mut (impl Read + Seek), end: &[u8]) -> io::Result<Wholeness> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut last = vec![0; end.len().min(usize::try_from(length).unwrap_or(end.len()))];
    file.seek(SeekFrom::Start(length - last.len() as u64))?;
    file.read_exact(&mut last)?;
    Ok(if last.ends_with(end) {
        Wholeness::Whole
    } else if last.ends_with(&end[..end.len() - 1]) {
        Wholeness::Cut
    } else {
        Wholeness::Unknown
    })
}

/// A picture ends with the marker EOI (ISO/IEC 10918-1, annex B); behind it may be what a camera adds.
fn jpeg(file: &mut (impl Read + Seek)) -> io::Result<Wholeness> {
    for end in [&b"\xFF\xD9"[..], SAMSUNG_END] {
        let judged = ends_with(file, end)?;
        if judged != Wholeness::Unknown {
            return Ok(judged);
        }
    }
    match video_behind_picture(file)? {
        Some(start) => boxes(file, start),
        None => Ok(Wholeness::Unknown),
    }
}

/// Whether a JPEG surely ends before its picture does. `picture` is what begins with the picture's data.
///
/// Only the file's last bytes are read, so this answers for a file that was broken off, and not for every damage. Within
/// the data of a picture the byte 0xFF is followed by a zero, the number of a restart, or the beginning of another scan
/// (ISO/IEC 10918-1, sections B.1.1.5 and B.2.1); what cameras put behind a picture hardly ever looks like that.
pub(crate) fn jpeg_is_cut(reader: &mut Reader<'_>, picture: Span) -> bool {
    if picture.len < 2 {
        return true;
    }
    let tail = picture.after(picture.len.saturating_sub(TAIL));
    let bytes = reader.prefix(tail, TAIL);
    let marks: Vec<u8> = bytes
        .windows(2)
        .filter(|pair| pair[0] == 0xFF)
        .map(|pair| pair[1])
        .collect();
    let is_scan = reader.array(picture.start) == Some([0xFF, 0xDA]);
    if !is_scan || bytes.is_empty() || marks.contains(&0xD9) {
        return false;
    }
    let is_data = || {
        let mut marks = marks.iter();
        marks.all(|mark| matches!(mark, 0x00 | 0xC4 | 0xD0..=0xD7 | 0xDA | 0xDD))
    };
    tail == picture || (marks.len() >= ENOUGH_MARKS && is_data())
}

/// Where a motion photo's video begins: right behind the picture's end.
fn video_behind_picture(file: &mut (impl Read + Seek)) -> io::Result<Option<u64>> {
    const SEAM: usize = 10;
    let is_seam = |bytes: &[u8]| bytes.starts_with(b"\xFF\xD9") && bytes.ends_with(b"ftyp");
    file.seek(SeekFrom::Start(0))?;
    // What was read last, with enough of what came before for a seam across the border.
    let (mut seen, mut window, mut piece) = (0, Vec::new(), vec![0; PIECE]);
    loop {
        let read = match file.read(&mut piece) {
            Ok(0) => return Ok(None),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        window.extend_from_slice(&piece[..read]);
        if let Some(at) = window.windows(SEAM).position(is_seam) {
            return Ok(Some(seen + at as u64 + 2));
        }
        let done = window.len().saturating_sub(SEAM - 1);
        window.drain(..done);
        seen += done as u64;
    }
}

/// The boxes from `start` on add up to the file (ISO/IEC 14496-12, section 4.2).
fn boxes(file: &mut (impl Read + Seek), start: u64) -> io::Result<Wholeness> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut at = start;
    for _ in 0..MAX_BOXES {
        if at == length {
            return Ok(Wholeness::Whole);
        }
        if length.saturating_sub(at) < 8 {
            return Ok(Wholeness::Cut);
        }
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        file.read_exact(&mut head)?;
        let [a, b, c, d, ..] = head;
        let size = match u32::from_be_bytes([a, b, c, d]) {
            // To the end of the file, wherever that is.
            0 => return Ok(Wholeness::Unknown),
            1 if length - at < 16 => return Ok(Wholeness::Cut),
            1 => {
                let mut large = [0; 8];
                file.read_exact(&mut large)?;
                u64::from_be_bytes(large)
            }
            size => u64::from(size),
        };
        if size < 8 {
            // No box: something else follows that has no length.
            return Ok(Wholeness::Unknown);
        }
        at = at.saturating_add(size);
        if at > length {
            return Ok(Wholeness::Cut);
        }
    }
    Ok(Wholeness::Unknown)
}

/// The first list says how long it is.
fn riff(file: &mut (impl Read + Seek)) -> io::Result<Wholeness> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(4))?;
    let mut size = [0; 4];
    file.read_exact(&mut size)?;
    let end = 8 + u64::from(u32::from_le_bytes(size));
    Ok(if length < end {
        Wholeness::Cut
    } else {
        Wholeness::Whole
    })
}
