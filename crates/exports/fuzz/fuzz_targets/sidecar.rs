#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_exports::takeout::Json;

fuzz_target!(|bytes: &[u8]| {
    if let Some(Json::Sidecar(sidecar)) = Json::read(bytes) {
        assert!(sidecar.title.len() <= 1024);
    }
});
