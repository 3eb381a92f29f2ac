#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_media::pictures::fuzzing::choose;

fuzz_target!(|data: &[u8]| {
    choose(&[b"\0\0\0\x14ftypheic\0\0\0\0mif1", data].concat());
});
