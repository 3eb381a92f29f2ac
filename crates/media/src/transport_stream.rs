//! MPEG-2 transport streams (ISO/IEC 13818-1 section 2.4), which AVCHD camcorders write: packets of several streams. The
//! first ones say which stream has the pictures; how long it lasts is the last time stamp less the first.

use std::time::Duration;

use crate::{
    avc,
    found::Found,
    reader::{Reader, Span},
};

/// How much of the beginning and of the end is looked at, in bytes.
const PART: u64 = 512 << 10;
/// How much of the pictures' stream is looked at, in bytes: a camcorder repeats its information with every key frame.
const MAX_STREAM: usize = 256 << 10;
/// H.264 among the types of streams.
const AVC: u8 = 0x1B;
/// Time stamps count to 2^33, 90,000 a second.
const STAMPS: u64 = 1 << 33;
const STAMPS_PER_SECOND: u64 = 90_000;

/// Reads the file.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let whole = reader.whole();
    // Packets of 192 bytes have four bytes with a time of arrival before each.
    let (size, skipped) = if reader.array(0) == Some([0x47]) && reader.array(188) == Some([0x47]) {
        (188, 0)
    } else {
        (192, 4)
    };
    let start = reader.prefix(whole, PART);
    let packets = || {
        start
            .chunks_exact(size)
            .filter_map(|bytes| Packet::of(bytes.get(skipped..)?))
    };
    let Some(pictures) = pictures(packets()) else {
        return found.damaged("the part that describes it is missing");
    };
    let mut stream = Vec::new();
    for packet in packets().filter(|packet| packet.stream == pictures) {
        stream.extend(packet.payload);
        if stream.len() > MAX_STREAM {
            break;
        }
    }
    let avc::Stream {
        size: stored,
        claim,
    } = avc::read(&stream);
    found.stored = stored;
    found.claims.extend(claim);

    let stamps = |packets: &mut dyn Iterator<Item = Packet<'_>>| {
        packets
            .filter(|packet| packet.stream == pictures)
            .filter_map(|packet| packet.time_stamp())
            .collect::<Vec<u64>>()
    };
    let first = stamps(&mut packets()).into_iter().min();
    let size_in_file = size as u64;
    let end = whole.len / size_in_file * size_in_file;
    let from = end.saturating_sub(PART) / size_in_file * size_in_file;
    let tail = reader.prefix(
        Span {
            start: from,
            len: end - from,
        },
        PART + size_in_file,
    );
    let mut last_packets = tail
        .chunks_exact(size)
        .filter_map(|bytes| Packet::of(bytes.get(skipped..)?));
    let last = stamps(&mut last_packets).into_iter().max();
    if let (Some(first), Some(last)) = (first, last) {
        let lasted = (last + STAMPS - first) % STAMPS;
        let milliseconds = lasted * 1000 / STAMPS_PER_SECOND;
        if milliseconds > 0 {
            found.duration = Some(Duration::from_millis(milliseconds));
        }
    }
}

/// The number of the stream with H.264 pictures, by the tables of programs and of the first program's streams.
fn pictures<'a>(packets: impl Iterator<Item = Packet<'a>>) -> Option<u16> {
    let mut map = None;
    for packet in packets.filter(|packet| packet.begins_unit) {
        if packet.stream == 0 {
            // Five bytes after the table's head; then the programs: a number and the stream of its map.
            let table = packet.table(0x00)?;
            map = table
                .get(5..)?
                .chunks_exact(4)
                .find(|program| program[..2] != [0, 0])
                .map(|program| number_of_13_bits(program[2], program[3]));
        } else if Some(packet.stream) == map {
            let table = packet.table(0x02)?;
            let described = usize::from(number_of_13_bits(*table.get(7)?, *table.get(8)?) & 0xFFF);
            let mut rest = table.get(9 + described..)?;
            while let [kind, high, low, more_high, more_low, after @ ..] = rest {
                if *kind == AVC {
                    return Some(number_of_13_bits(*high, *low));
                }
                let more = usize::from(number_of_13_bits(*more_high, *more_low) & 0xFFF);
                rest = after.get(more..)?;
            }
            return None;
        }
    }
    None
}

fn number_of_13_bits(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high & 0x1F, low])
}

/// A packet of 188 bytes.
struct Packet<'a> {
    stream: u16,
    begins_unit: bool,
    payload: &'a [u8],
}

impl<'a> Packet<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let [0x47, high, low, control, rest @ ..] = bytes else {
            return None;
        };
        let mut payload = rest.get(..184)?;
        if control & 0x20 != 0 {
            // An adaptation field's length, and the field.
            payload = payload.get(1 + usize::from(*payload.first()?)..)?;
        }
        if control & 0x10 == 0 {
            payload = &[];
        }
        Some(Self {
            stream: number_of_13_bits(*high, *low),
            begins_unit: high & 0x40 != 0,
            payload,
        })
    }

    /// A table with a number that begins in this packet, after its length and without its checksum.
    fn table(&self, number: u8) -> Option<&'a [u8]> {
        let skipped = usize::from(*self.payload.first()?);
        let [kind, high, low, table @ ..] = self.payload.get(1 + skipped..)? else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high & 0x0F, *low]));
        let table = table.get(..length.min(table.len()).checked_sub(4)?)?;
        (*kind == number).then_some(table)
    }

    /// The presentation's time, if a unit with one begins here (section 2.4.3.7).
    fn time_stamp(&self) -> Option<u64> {
        let [0, 0, 1, _, _, _, _, flags, _, p0, p1, p2, p3, p4, ..] = *self.payload else {
            return None;
        };
        if !self.begins_unit || flags & 0x80 == 0 {
            return None;
        }
        let bits = |byte: u8, shift: u32| u64::from(byte) << shift;
        Some(
            bits(p0 >> 1 & 7, 30)
                | bits(p1, 22)
                | bits(p2 >> 1, 15)
                | bits(p3, 7)
                | bits(p4 >> 1, 0),
        )
    }
}
