//! Telling a file's format from its bytes. The name is never asked: HEIC bytes named `.JPG` are common.

use crate::{
    format::Format,
    reader::{Reader, Span},
    tiff::{self, Tiff},
};

/// How many bytes decide, except for TIFF.
const HEAD: u64 = 600;

/// What the file is.
pub(crate) fn sniff(reader: &mut Reader<'_>) -> Format {
    let whole = reader.whole();
    let head = reader.prefix(whole, HEAD);
    match head.as_slice() {
        [0xFF, 0xD8, 0xFF, ..] => Format::Jpeg,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Format::Png,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Format::Gif,
        [b'R', b'I', b'F', b'F', _, _, _, _, form @ ..] => riff(form),
        [0xFF, 0x0A, ..] => Format::Jxl,
        [
            0,
            0,
            0,
            12,
            b'J',
            b'X',
            b'L',
            b' ',
            b'\r',
            b'\n',
            0x87,
            b'\n',
            ..,
        ] => Format::Jxl,
        [0x1A, 0x45, 0xDF, 0xA3, rest @ ..] => ebml(&rest[..rest.len().min(64)]),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => iso(&head),
        // QuickTime before its version of 2001 had no `ftyp`.
        [_, _, _, _, kind @ ..]
            if [b"moov", b"mdat", b"wide", b"pnot", b"skip", b"free"]
                .iter()
                .any(|old| kind.starts_with(*old)) =>
        {
            Format::Mov
        }
        [b'I', b'I', ..] | [b'M', b'M', ..] => tiff(reader),
        head if head.starts_with(b"FUJIFILMCCD-RAW ") => Format::Raf,
        head if is_transport_stream(head) => Format::MpegTs,
        _ => Format::Other,
    }
}

fn riff(form: &[u8]) -> Format {
    match form.get(..4) {
        Some(b"WEBP") => Format::WebP,
        Some(b"AVI ") => Format::Avi,
        _ => Format::Other,
    }
}

/// The document type stands in the header's first few bytes; its exact place matters to nobody.
fn ebml(header: &[u8]) -> Format {
    let says = |word: &[u8]| header.windows(word.len()).any(|window| window == word);
    if says(b"webm") {
        Format::WebM
    } else if says(b"matroska") {
        Format::Mkv
    } else {
        Format::Other
    }
}

/// Of the ISO base media file format by the brands of its `ftyp` (ISO/IEC 14496-12 section 4.3).
fn iso(head: &[u8]) -> Format {
    let size = head
        .first_chunk()
        .map_or(0, |size| u32::from_be_bytes(*size));
    let size = usize::try_from(size).unwrap_or(usize::MAX).min(head.len());
    let major = head.get(8..12).unwrap_or_default();
    let compatible: Vec<&[u8]> = head
        .get(16..size)
        .unwrap_or_default()
        .chunks_exact(4)
        .collect();
    let any = |brands: &[&[u8; 4]]| {
        let known = |brand: &&[u8]| brands.iter().any(|wanted| *brand == wanted.as_slice());
        known(&major) || compatible.iter().any(known)
    };
    if major == b"crx " {
        Format::Cr3
    } else if [&b"M4A "[..], b"M4B ", b"M4P ", b"F4A ", b"F4B "].contains(&major) {
        Format::Other
    } else if any(&[b"avif", b"avis"]) {
        Format::Avif
    } else if any(&[
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs",
    ]) {
        Format::Heic
    } else if any(&[b"mif1", b"msf1", b"mif2"]) {
        Format::Heif
    } else if major.starts_with(b"3g") {
        Format::ThreeGp
    } else if major.starts_with(b"M4V") {
        Format::M4v
    } else if any(&[b"qt  "]) {
        Format::Mov
    } else {
        Format::Mp4
    }
}

/// A packet begins with 0x47 every 188 bytes, or every 192 in the form with time stamps before each packet.
fn is_transport_stream(head: &[u8]) -> bool {
    let synced = |first: usize, step: usize| {
        (0..3).all(|packet| head.get(first + packet * step) == Some(&0x47))
    };
    synced(0, 188) || synced(4, 192)
}

/// TIFF and the raw formats based on it.
fn tiff(reader: &mut Reader<'_>) -> Format {
    let whole = reader.whole();
    let Some(tiff) = Tiff::open(reader, whole) else {
        return Format::Other;
    };
    match tiff.flavour {
        tiff::Flavour::Big => return Format::Tiff,
        tiff::Flavour::Olympus => return Format::Orf,
        tiff::Flavour::Panasonic => return Format::Rw2,
        tiff::Flavour::Ordinary => {}
    }
    if reader.array(8) == Some(*b"CR") {
        return Format::Cr2;
    }
    let directory = tiff.directory(reader, tiff.first);
    if directory.find(tiff::DNG_VERSION).is_some() {
        return Format::Dng;
    }
    // Raw files have their sensor's data in a subdirectory; a TIFF that a maker's program exported has not.
    let has_raw = directory.find(tiff::SUB_IFDS).is_some();
    let make = directory
        .find(tiff::MAKE)
        .and_then(|make| tiff.text(reader, make))
        .unwrap_or_default();
    match make.get(..4).map(str::to_ascii_uppercase).as_deref() {
        Some("NIKO") if has_raw => Format::Nef,
        Some("SONY") if has_raw => Format::Arw,
        _ => Format::Tiff,
    }
}

/// Where the bytes of a span begin to look like a TIFF header, within its first 64 bytes.
///
/// Writers disagree about what stands before it (`Exif\0\0`, a length, both, neither).
pub(crate) fn find_tiff(reader: &mut Reader<'_>, span: Span) -> Option<Span> {
    let head = reader.prefix(span, 64);
    let at = head
        .windows(4)
        .position(|window| matches!(window, b"II*\0" | b"MM\0*"))?;
    Some(span.after(u64::try_from(at).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn sniffed(bytes: &[u8]) -> Format {
        sniff(&mut Reader::new(&mut Cursor::new(bytes)))
    }

    fn ftyp(brands: &[&[u8; 4]]) -> Vec<u8> {
        let (major, compatible) = brands.split_first().unwrap();
        let size = u32::try_from(16 + 4 * compatible.len()).unwrap();
        [
            &size.to_be_bytes()[..],
            b"ftyp",
            *major,
            &[0; 4],
            &compatible
                .iter()
                .copied()
                .flatten()
                .copied()
                .collect::<Vec<u8>>(),
        ]
        .concat()
    }

    #[test]
    fn the_bytes_decide() {
        for (bytes, format) in [
            (&b"\xFF\xD8\xFF\xE1"[..], Format::Jpeg),
            (b"\x89PNG\r\n\x1A\n", Format::Png),
            (b"GIF89a", Format::Gif),
            (b"RIFF\0\0\0\0WEBPVP8 ", Format::WebP),
            (b"RIFF\0\0\0\0AVI LIST", Format::Avi),
            (b"RIFF\0\0\0\0WAVEfmt ", Format::Other),
            (b"\xFF\x0A\0", Format::Jxl),
            (b"\0\0\0\x0CJXL \r\n\x87\n", Format::Jxl),
            (b"\x1A\x45\xDF\xA3\x93\x42\x82\x88matroska", Format::Mkv),
            (b"\x1A\x45\xDF\xA3\x8F\x42\x82\x84webm", Format::WebM),
            (b"\0\0\0\x08wide\0\0\0\0mdat", Format::Mov),
            (b"II*\0\x08\0\0\0\0\0", Format::Tiff),
            (b"IIRO\x08\0\0\0\0\0", Format::Orf),
            (b"IIU\0\x18\0\0\0\0\0", Format::Rw2),
            (b"II*\0\x10\0\0\0CR\x02\0", Format::Cr2),
            (b"FUJIFILMCCD-RAW 0201", Format::Raf),
            (b"<!DOCTYPE html>", Format::Other),
            (b"IIlegible", Format::Other),
            (b"MM", Format::Other),
            (b"", Format::Other),
        ] {
            assert_eq!(sniffed(bytes), format, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn brands_decide_within_the_iso_format() {
        for (brands, format) in [
            (&[b"heic", b"mif1"][..], Format::Heic),
            (&[b"mif1", b"heic"], Format::Heic),
            (&[b"mif1", b"miaf"], Format::Heif),
            (&[b"avis", b"avif", b"msf1", b"iso8"], Format::Avif),
            (&[b"crx ", b"isom"], Format::Cr3),
            (&[b"qt  "], Format::Mov),
            (&[b"mp42", b"isom"], Format::Mp4),
            (&[b"M4V ", b"mp42"], Format::M4v),
            (&[b"M4A ", b"mp42"], Format::Other),
            (&[b"3gp6", b"isom"], Format::ThreeGp),
            (&[b"isom"], Format::Mp4),
        ] {
            assert_eq!(
                sniffed(&ftyp(brands)),
                format,
                "{}",
                brands[0].escape_ascii()
            );
        }
    }

    #[test]
    fn transport_streams_repeat_their_sync_byte() {
        let mut packets = vec![0; 188 * 3];
        for packet in packets.chunks_mut(188) {
            packet[0] = 0x47;
        }
        assert_eq!(sniffed(&packets), Format::MpegTs);
        packets[376] = 0;
        assert_eq!(sniffed(&packets), Format::Other);
        let mut stamped = vec![0; 192 * 3];
        for packet in stamped.chunks_mut(192) {
            packet[4] = 0x47;
        }
        assert_eq!(sniffed(&stamped), Format::MpegTs);
    }
}
