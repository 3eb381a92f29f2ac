#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_media_fuzz::describe_file;

fuzz_target!(|data: &[u8]| describe_file(b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", data));
