#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_exports_fuzz::judge_icloud;

fuzz_target!(|names: &str| judge_icloud(names));
