//! PNG (third edition): its size in `IHDR`, EXIF in `eXIf`, XMP in `iTXt`, and both in the texts that ImageMagick wrote
//! before there was `eXIf`, compressed (`zTXt`) or not (`tEXt`).

use std::io::Cursor;

use miniz_oxide::inflate;

use crate::{
    exif,
    facts::Size,
    found::Found,
    reader::{Reader, Span},
    sniff, xmp,
};

/// The names of ImageMagick's texts with EXIF, and of the one with XMP.
const RAW_PROFILES: [&[u8]; 2] = [b"Raw profile type exif", b"Raw profile type APP1"];
const RAW_XMP: &[u8] = b"Raw profile type xmp";
/// The name of the text with XMP.
const XMP: &[u8] = b"XML:com.adobe.xmp";
/// What stands before XMP in a profile that was taken from a JPEG.
const XMP_OF_JPEG: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// The most chunks that are looked at; large pictures have thousands of `IDAT`.
const MAX_CHUNKS: usize = 1024;
/// The most texts with metadata that are read: a few bytes of each may become many.
const MAX_TEXTS: usize = 8;
/// The most bytes that a compressed text may become.
const MAX_INFLATED: usize = 1 << 20;

/// Reads the file.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let mut rest = reader.whole().after(8);
    let mut texts = 0;
    for _ in 0..MAX_CHUNKS {
        let Some([l0, l1, l2, l3, kind @ ..]) = reader.array::<8>(rest.start) else {
            break;
        };
        let length = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        let Some(content) = rest.part(8, length) else {
            break;
        };
        match &kind {
            b"IHDR" => Found::fill(&mut found.stored, || size(reader, content)),
            b"eXIf" => {
                if let Some(tiff) = sniff::find_tiff(reader, content) {
                    exif::read(reader, tiff, found);
                }
            }
            b"tEXt" | b"zTXt" | b"iTXt" if texts < MAX_TEXTS => {
                texts += usize::from(read_text(reader, kind, content, found));
            }
            b"IEND" => break,
            _ => {}
        }
        // Length, name, content, checksum.
        rest = rest.after(12 + length);
    }
    if found.stored.is_none() {
        found.damaged("the picture is missing");
    }
}

fn size(reader: &mut Reader<'_>, header: Span) -> Option<Size> {
    let [w0, w1, w2, w3, h0, h1, h2, h3] = reader.array(header.start)?;
    Size::new(
        u32::from_be_bytes([w0, w1, w2, w3]),
        u32::from_be_bytes([h0, h1, h2, h3]),
    )
}

/// Reads a text if its name is one of those with metadata; answers whether it is.
fn read_text(reader: &mut Reader<'_>, kind: [u8; 4], chunk: Span, found: &mut Found) -> bool {
    let head = reader.prefix(chunk, 80);
    let name = head.split(|&byte| byte == 0).next().unwrap_or_default();
    let is_exif = RAW_PROFILES.contains(&name);
    if !is_exif && name != RAW_XMP && name != XMP {
        return false;
    }
    let Some(text) = text(reader, kind, chunk.after(name.len() as u64 + 1)) else {
        return true;
    };
    if name == XMP {
        xmp::read_bytes(&text, found);
        return true;
    }
    let profile = profile(&text);
    if let Some(packet) = profile.strip_prefix(XMP_OF_JPEG) {
        xmp::read_bytes(packet, found);
    } else if is_exif {
        let mut profile = Cursor::new(profile);
        let mut reader = Reader::new(&mut profile);
        let whole = reader.whole();
        if let Some(tiff) = sniff::find_tiff(&mut reader, whole) {
            exif::read(&mut reader, tiff, found);
        }
    } else {
        xmp::read_bytes(&profile, found);
    }
    true
}

/// A chunk's text, inflated if need be, from what stands behind its name.
fn text(reader: &mut Reader<'_>, kind: [u8; 4], content: Span) -> Option<Vec<u8>> {
    let bytes = reader.prefix(content, Reader::MAX_PIECE);
    let (is_compressed, text) = match (&kind, bytes.as_slice()) {
        // Method 0 is the only one.
        (b"zTXt", [0, text @ ..]) => (true, text),
        (b"tEXt", text) => (false, text),
        // A flag, the method, the language and the translated name, each with a zero at its end.
        (b"iTXt", [flag @ (0 | 1), 0, text @ ..]) => {
            (*flag == 1, text.splitn(3, |&byte| byte == 0).nth(2)?)
        }
        _ => return None,
    };
    if is_compressed {
        // What was inflated before the limit, or before the damage, is worth reading.
        Some(
            inflate::decompress_to_vec_zlib_with_limit(text, MAX_INFLATED)
                .unwrap_or_else(|failed| failed.output),
        )
    } else {
        Some(text.to_vec())
    }
}

/// A profile: a newline, a word, the length in decimal, and its bytes in hexadecimal digits.
fn profile(text: &[u8]) -> Vec<u8> {
    let digits = text
        .splitn(4, |&byte| byte == b'\n')
        .nth(3)
        .unwrap_or_default();
    let digits: Vec<u8> = digits
        .iter()
        .filter_map(|&digit| char::from(digit).to_digit(16)?.try_into().ok())
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}
