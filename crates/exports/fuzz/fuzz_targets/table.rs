#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_exports::icloud::Table;

fuzz_target!(|bytes: &[u8]| {
    if let Some(Table::Details(rows)) = Table::read(bytes) {
        assert!(rows.iter().all(|row| !row.name.is_empty()));
    }
});
