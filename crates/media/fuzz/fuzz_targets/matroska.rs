#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_media_fuzz::describe_file;

fuzz_target!(|data: &[u8]| describe_file(b"\x1A\x45\xDF\xA3\x8B\x42\x82\x88matroska", data));
