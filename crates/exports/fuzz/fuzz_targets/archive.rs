#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_exports_fuzz::read_archive;

fuzz_target!(|bytes: &[u8]| read_archive(bytes));
