//! Files that are made to be read in much memory.

use std::io::Cursor;

use miniz_oxide::deflate::compress_to_vec_zlib;

use crate::{LIMIT, describing};

/// More than is read of one file.
const MUCH: usize = 5 << 20;

/// A unit, again and again.
fn filled(beginning: &[u8], unit: &[u8]) -> Vec<u8> {
    let repeated = unit.repeat(MUCH / unit.len());
    [beginning, &repeated].concat()
}

fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len() + 8).unwrap();
    [&size.to_be_bytes()[..], name, content].concat()
}

/// A picture with compressed texts, each of which becomes a hundred thousand times what it is.
fn bombs(kind: &[u8; 4], head: &[u8], text: &[u8]) -> Vec<u8> {
    let content = [head, &compress_to_vec_zlib(text, 9)].concat();
    let mut chunk = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    chunk.extend([&kind[..], &content, &[0; 4]].concat());
    [b"\x89PNG\r\n\x1A\n".to_vec(), chunk.repeat(16)].concat()
}

/// A TIFF with one value of `kind` that is as large as the file.
fn one_value(tag: u16, kind: u16, unit: &[u8]) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0\x01\0".to_vec();
    bytes.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
    bytes.extend(
        [u32::try_from(MUCH).unwrap(), 26]
            .map(u32::to_le_bytes)
            .concat(),
    );
    bytes.extend([0; 4]);
    filled(&bytes, unit)
}

#[test]
fn files_that_promise_much_are_read_in_little_memory() {
    let huge = vec![0xFF; 64 << 20];
    let digits = [&b"\nexif\n9\n"[..], &vec![b'4'; 64 << 20]].concat();
    let xmp = b"<x exif:DateTimeOriginal='2014-01-20T02:14:33' GCamera:MotionPhoto='1'><rdf:li Item:Semantic='MotionPhoto' Item:Length='1'/>";
    let segment = [
        &b"\xFF\xE1"[..],
        &u16::try_from(2 + 29 + xmp.len()).unwrap().to_be_bytes(),
        b"http://ns.adobe.com/xap/1.0/\0",
        xmp,
    ]
    .concat();
    let infe = boxed(b"infe", b"\x02\0\0\0\0\x02\0\0Exif\0");
    let items = filled(b"\0\0\0\0\xFF\xFF", &infe);
    let places = filled(
        b"\0\0\0\0\x44\0\xFF\xFF",
        b"\0\x02\0\0\xFF\xFF\0\0\0\0\xFF\xFF\xFF\xFF",
    );
    let heif = [boxed(b"iinf", &items), boxed(b"iloc", &places)].concat();
    let keys = [
        boxed(
            b"keys",
            &filled(&[0; 8], &boxed(b"mdta", b"com.apple.quicktime.make")),
        ),
        boxed(
            b"ilst",
            &filled(&[], &boxed(b"\0\0\0\x01", &boxed(b"data", &[b'x'; 200]))),
        ),
    ]
    .concat();
    let movie =
        |inside: &[u8]| [boxed(b"ftyp", b"qt  \0\0\0\0qt  "), boxed(b"moov", inside)].concat();
    let files = [
        (
            "compressed XMP",
            bombs(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0", &huge),
        ),
        (
            "a compressed profile",
            bombs(b"zTXt", b"Raw profile type exif\0\0", &digits),
        ),
        ("XMP in a value", one_value(0x02BC, 1, b"\xFF")),
        ("XMP that promises", one_value(0x02BC, 1, xmp)),
        (
            "offsets of directories",
            one_value(0x014A, 4, &26_u32.to_le_bytes()),
        ),
        ("segments", filled(b"\xFF\xD8", &segment)),
        (
            "items",
            [
                boxed(b"ftyp", b"heic\0\0\0\0heic"),
                boxed(b"meta", &[&[0; 4], heif.as_slice()].concat()),
            ]
            .concat(),
        ),
        ("keys", movie(&boxed(b"meta", &keys))),
        (
            "tracks",
            movie(&filled(&[], &boxed(b"trak", &boxed(b"mdia", &[])))),
        ),
        (
            "user data",
            movie(&boxed(
                b"udta",
                &filled(&[], &boxed(b"\xA9mak", &[b'x'; 500])),
            )),
        ),
        (
            "frames",
            filled(
                b"GIF89a\x01\0\x01\0\0\0\0",
                b",\0\0\0\0\x01\0\x01\0\0\x02\x01\0\0",
            ),
        ),
        (
            "packets",
            filled(&[], &[&[0x47, 0x40, 0, 0x10][..], &[0xFF; 184]].concat()),
        ),
        (
            "elements",
            filled(
                b"\x1A\x45\xDF\xA3\x87\x42\x82\x84webm\x18\x53\x80\x67\xFF",
                b"\x15\x49\xA9\x66\x83\x44\x89\x80",
            ),
        ),
    ];
    for (what, bytes) in files {
        let (_, most) = describing(&mut Cursor::new(bytes));
        println!("{most} bytes at most, for {what}");
        assert!(most <= LIMIT, "{what} took {most} bytes");
    }
}
