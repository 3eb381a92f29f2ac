#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_media::pictures::fuzzing::wire;

fuzz_target!(|data: &[u8]| wire(data));
