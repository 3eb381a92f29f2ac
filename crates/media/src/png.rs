//! Where a PNG keeps its metadata: the chunks `eXIf` and `iTXt` (PNG, third edition, sections 5.3 and 11.3), and the
//! text chunk that ImageMagick wrote before there was `eXIf`.

use std::io::Cursor;

use crate::{
    claim::Claim,
    exif,
    reader::{Reader, Span},
    sniff, xmp,
};

/// The names of ImageMagick's texts with EXIF.
const RAW_PROFILES: [&[u8]; 2] = [b"Raw profile type exif\0", b"Raw profile type APP1\0"];

const XMP: &[u8] = b"XML:com.adobe.xmp\0";
/// The most chunks that are looked at; large pictures have thousands of `IDAT`.
const MAX_CHUNKS: usize = 1024;

/// What the file claims.
pub(crate) fn claims(reader: &mut Reader<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    let mut rest = reader.whole().after(8);
    for _ in 0..MAX_CHUNKS {
        let Some([l0, l1, l2, l3, kind @ ..]) = reader.array::<8>(rest.start) else {
            break;
        };
        let length = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        let Some(content) = rest.part(8, length) else {
            break;
        };
        match &kind {
            b"eXIf" => {
                if let Some(tiff) = sniff::find_tiff(reader, content) {
                    claims.extend(exif::claims(reader, tiff));
                }
            }
            // Compressed text begins with another byte than this text's name ends with; it is not read.
            b"iTXt" if reader.prefix(content, XMP.len() as u64) == XMP => {
                claims.extend(xmp::claim(reader, content.after(XMP.len() as u64)));
            }
            b"tEXt" => claims.extend(claims_of_text(reader, content)),
            b"IEND" => break,
            _ => {}
        }
        // Length, name, content, checksum.
        rest = rest.after(12 + length);
    }
    claims
}

/// What a text chunk claims: after its name, a newline, a word, the length in decimal, and EXIF in hexadecimal digits.
fn claims_of_text(reader: &mut Reader<'_>, text: Span) -> Vec<Claim> {
    let name = reader.prefix(text, 22);
    if !RAW_PROFILES.contains(&name.as_slice()) {
        return Vec::new();
    }
    let Some(text) = reader.bytes(text.after(22)) else {
        return Vec::new();
    };
    let digits = text
        .splitn(4, |&byte| byte == b'\n')
        .nth(3)
        .unwrap_or_default();
    let digits: Vec<u32> = digits
        .iter()
        .filter_map(|&digit| char::from(digit).to_digit(16))
        .collect();
    let bytes: Option<Vec<u8>> = digits
        .chunks_exact(2)
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).ok())
        .collect();
    let mut profile = Cursor::new(bytes.unwrap_or_default());
    let mut reader = Reader::new(&mut profile);
    let whole = reader.whole();
    sniff::find_tiff(&mut reader, whole)
        .map(|tiff| exif::claims(&mut reader, tiff))
        .unwrap_or_default()
}
