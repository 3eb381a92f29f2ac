#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_exports::parts::missing;

fuzz_target!(|names: &str| {
    for missing in missing(names.lines()) {
        assert!(!missing.numbers.is_empty());
    }
});
