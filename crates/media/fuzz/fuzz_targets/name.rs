#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_media_fuzz::describe_named;

fuzz_target!(|name: &str| describe_named(b"", name));
