#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_media_fuzz::describe_file;

/// An ORF whose only directory points to EXIF's, whose only value is the maker's note: the rest of the file.
const BEGINNING: &[u8] = b"IIRO\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x1A\0\0\0\0\0\0\0\x01\0\x7C\x92\x07\0\0\0\x01\0\x2C\0\0\0\0\0\0\0";

fuzz_target!(|data: &[u8]| describe_file(BEGINNING, data));
