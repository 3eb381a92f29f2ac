#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_media_fuzz::describe_segment;

fuzz_target!(|data: &[u8]| describe_segment(b"Exif\0\0", data));
