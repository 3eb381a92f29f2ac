#![no_main]

use libfuzzer_sys::fuzz_target;
use safelight_media_fuzz::describe_named;

// Every packet begins as one must, whatever is in it.
fuzz_target!(|data: &[u8]| {
    let mut bytes = data.to_vec();
    for packet in bytes.chunks_mut(188) {
        packet[0] = 0x47;
    }
    describe_named(&bytes, "");
});
