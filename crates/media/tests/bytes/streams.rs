//! MPEG-2 transport streams, as AVCHD camcorders write them.

use crate::{facts, shown};

/// Half a second in time stamps.
const HALF_A_SECOND: u64 = 45_000;

/// A packet of a stream at whose beginning a unit begins.
fn packet(stream: u16, payload: &[u8]) -> Vec<u8> {
    let [high, low] = stream.to_be_bytes();
    let mut bytes = [&[0x47, 0x40 | high, low, 0x10], payload].concat();
    bytes.resize(188, 0xFF);
    bytes
}

/// The tables: one program, whose map is stream 0x100, with sound in 0x102 and H.264 in 0x101.
fn tables() -> Vec<Vec<u8>> {
    let programs = b"\0\0\xB0\x0D\0\x01\xC1\0\0\0\x01\xE1\0CRC!";
    let map =
        b"\0\x02\xB0\x1B\0\x01\xC1\0\0\xE1\x01\xF0\0\x81\xE1\x02\xF0\x04ABCD\x1B\xE1\x01\xF0\0CRC!";
    vec![packet(0, programs), packet(0x100, map)]
}

/// A packet with pictures that are shown at a time.
fn pictures(stamp: u64, units: &[u8]) -> Vec<u8> {
    let byte = |shift: u32| (stamp >> shift) as u8;
    let stamp = [
        0x21 | byte(29) & 0x0E,
        byte(22),
        byte(14) | 1,
        byte(7),
        byte(0) << 1 | 1,
    ];
    packet(
        0x101,
        &[b"\0\0\x01\xE0\0\0\x80\x80\x05", &stamp[..], units].concat(),
    )
}

/// The parameters of 1920 by 1080, and the time in the supplemental information.
fn key_frame() -> Vec<u8> {
    let parameters = b"\0\0\x01\x67\x64\0\x28\xAC\xD9\x40\x78\x02\x27\xE5\xC0";
    let mut units = parameters.to_vec();
    units.extend(
        b"\0\0\x01\x06\x05\x22\x17\xEE\x8C\x60\xF8\x4D\x11\xD9\x8C\xD6\x08\0\x20\x0C\x9A\x66MDPM",
    );
    units.extend(b"\x02\x18\x02\x20\x12\x07\x19\x31\x23\x59\x58\x80");
    units
}

/// A whole file of three pictures, packet by packet.
pub(crate) fn packets() -> Vec<Vec<u8>> {
    [
        tables(),
        vec![
            pictures(7 * HALF_A_SECOND, &key_frame()),
            pictures(6 * HALF_A_SECOND, b""),
            pictures(9 * HALF_A_SECOND, b""),
            packet(0x102, b"\0\0\x01\xC0\0\0\x80\x80\x05\x2F\xFF\xFF\xFF\xFF"),
        ],
    ]
    .concat()
}

#[test]
fn a_camcorders_file_says_when_and_how_long() {
    let packets = packets();
    let timed: Vec<u8> = packets
        .iter()
        .flat_map(|packet| [&[0; 4], &packet[..]].concat())
        .collect();
    for bytes in [packets.concat(), timed] {
        let found = facts(&bytes);
        assert_eq!(found.format, safelight_media::Format::MpegTs);
        assert_eq!(
            shown(found.captured),
            "2012-07-31T23:59:58 +01 movie-header"
        );
        assert_eq!(found.duration.unwrap().as_millis(), 1500);
        let size = found.size.unwrap();
        assert_eq!((size.width, size.height), (1920, 1080));
    }
}

#[test]
fn a_stream_without_tables_is_named_so() {
    let bytes = [
        pictures(0, &key_frame()),
        pictures(1, b""),
        pictures(2, b""),
    ]
    .concat();
    let found = facts(&bytes);
    assert_eq!(found.captured, None);
    assert!(matches!(
        found.problems[..],
        [safelight_media::Problem::Damaged { .. }]
    ));
}
