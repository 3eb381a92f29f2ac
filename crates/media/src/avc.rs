//! What a stream of H.264 says (ITU-T H.264 sections 7.3 and annex D): the size, and the recording time that AVCHD
//! camcorders put among the supplemental information.

use jiff::tz::Offset;
use safelight_core::TimeSource;

use crate::{claim::Claim, date_text, facts::Size};

const SUPPLEMENTAL: u8 = 6;
const SEQUENCE_PARAMETERS: u8 = 7;
/// What stands before AVCHD's table in the supplemental information.
const MODIFIED_DV_PACK: &[u8; 20] =
    b"\x17\xEE\x8C\x60\xF8\x4D\x11\xD9\x8C\xD6\x08\x00\x20\x0C\x9A\x66MDPM";
/// The table's entries with the zone, century, year and month, and with the day and the time.
const YEAR_AND_MONTH: u8 = 0x18;
const DAY_AND_TIME: u8 = 0x19;

/// The most units with information that are looked at; the first key frame has a handful.
const MAX_UNITS: usize = 128;

/// What was found in a stream.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    pub(crate) size: Option<Size>,
    pub(crate) claim: Option<Claim>,
}

/// Reads the beginning of a stream: units that begin with 0, 0, 1.
pub(crate) fn read(stream: &[u8]) -> Stream {
    let mut found = Stream::default();
    let mut rest = stream;
    let mut looked_at = 0;
    while looked_at < MAX_UNITS
        && let Some(at) = rest.windows(3).position(|window| window == [0, 0, 1])
    {
        rest = &rest[at + 3..];
        let Some((header, content)) = rest.split_first() else {
            break;
        };
        match header & 0x1F {
            SEQUENCE_PARAMETERS if found.size.is_none() => {
                looked_at += 1;
                found.size = size(&unescaped(&content[..content.len().min(256)]));
            }
            SUPPLEMENTAL if found.claim.is_none() => {
                looked_at += 1;
                found.claim = claim(&unescaped(&content[..content.len().min(1024)]));
            }
            _ => {}
        }
        if found.size.is_some() && found.claim.is_some() {
            break;
        }
    }
    found
}

/// Without the 3 that follows two zeros, which keeps the units' beginnings unique.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut zeros = 0;
    for &byte in bytes {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        plain.push(byte);
    }
    plain
}

/// The recording time: entries of a tag and four bytes, the numbers written as decimal digits in half bytes.
fn claim(supplemental: &[u8]) -> Option<Claim> {
    let at = supplemental
        .windows(MODIFIED_DV_PACK.len())
        .position(|window| window == MODIFIED_DV_PACK)?;
    let (&count, table) = supplemental
        .get(at + MODIFIED_DV_PACK.len()..)?
        .split_first()?;
    let entry = |wanted: u8| {
        table
            .chunks_exact(5)
            .take(usize::from(count))
            .find(|entry| entry[0] == wanted)
            .and_then(|entry| entry.get(1..)?.first_chunk::<4>().copied())
    };
    let [zone, century, year, month] = entry(YEAR_AND_MONTH)?;
    let [day, hour, minute, second] = entry(DAY_AND_TIME)?;
    let number = |digits: u8| {
        let (tens, ones) = (digits >> 4, digits & 15);
        (tens < 10 && ones < 10).then_some(u32::from(tens) * 10 + u32::from(ones))
    };
    let date = date_text::date(
        number(century)? * 100 + number(year)?,
        number(month)?,
        number(day)?,
    )?;
    let time = date_text::time(number(hour)?, number(minute)?, number(second)?, 0)?;
    // From the highest bit: unused, summer time, the sign, hours in four bits, half an hour. Makers disagree whether
    // summer time's hour is among the hours, and 15 hours are no zone.
    let offset = if zone & 0xC0 == 0 && zone & 0x1E <= 0x1C {
        let ahead = i32::from((zone >> 1) & 15) * 3600 + i32::from(zone & 1) * 1800;
        let ahead = if zone & 0x20 == 0 { ahead } else { -ahead };
        Offset::from_seconds(ahead).ok()
    } else {
        None
    };
    Some(Claim {
        source: TimeSource::MovieHeader,
        when: date_text::wall(date.to_datetime(time), offset),
    })
}

/// The size that a sequence's parameters state (section 7.3.2.1.1), after the crop.
fn size(parameters: &[u8]) -> Option<Size> {
    let mut bits = Bits {
        bytes: parameters,
        read: 0,
    };
    let profile = bits.take(8)?;
    bits.take(16)?; // Constraints and the level.
    bits.exp_golomb()?; // The parameters' number.
    let mut chroma = 1;
    let mut separate_planes = 0;
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128) {
        chroma = bits.exp_golomb()?;
        if chroma == 3 {
            separate_planes = bits.take(1)?;
        }
        bits.exp_golomb()?; // Depths of luma and chroma.
        bits.exp_golomb()?;
        bits.take(1)?;
        if bits.take(1)? == 1 {
            // Scaling matrices are not read; no camcorder writes any.
            return None;
        }
    }
    bits.exp_golomb()?; // The width of frame numbers.
    match bits.exp_golomb()? {
        0 => {
            bits.exp_golomb()?;
        }
        1 => {
            bits.take(1)?;
            bits.exp_golomb()?;
            bits.exp_golomb()?;
            for _ in 0..bits.exp_golomb()?.min(255) {
                bits.exp_golomb()?;
            }
        }
        _ => {}
    }
    bits.exp_golomb()?; // Reference frames.
    bits.take(1)?;
    let across = bits.exp_golomb()?.checked_add(1)?.checked_mul(16)?;
    let down = bits.exp_golomb()?.checked_add(1)?;
    let frames_only = bits.take(1)?;
    if frames_only == 0 {
        bits.take(1)?;
    }
    let lines = down.checked_mul(16)?.checked_mul(2 - frames_only)?;
    bits.take(1)?;
    let (mut cut_across, mut cut_down) = (0, 0);
    if bits.take(1)? == 1 {
        // Chroma that is stored at half the width or height is cut in steps of two.
        let has_planes = separate_planes == 0 && chroma != 0;
        let step_across = if has_planes && chroma < 3 { 2 } else { 1 };
        let step_down = if has_planes && chroma == 1 { 2 } else { 1 };
        let mut both = || bits.exp_golomb()?.checked_add(bits.exp_golomb()?);
        cut_across = both()?.checked_mul(step_across)?;
        cut_down = both()?
            .checked_mul(step_down)?
            .checked_mul(2 - frames_only)?;
    }
    Size::new(
        across.checked_sub(cut_across)?,
        lines.checked_sub(cut_down)?,
    )
}

/// Bits, the highest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    read: usize,
}

impl Bits<'_> {
    /// A number of up to 31 bits.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut number = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.read / 8)?;
            number = number << 1 | u32::from(byte >> (7 - self.read % 8) & 1);
            self.read += 1;
        }
        Some(number)
    }

    /// A number as long as the zeros before it say (section 9.1).
    fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
            if zeros > 30 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.take(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::When;

    #[test]
    fn full_hd_is_cropped_to_its_lines() {
        // High profile, 120 by 34 blocks of fields, two lines of fields cut off at the bottom.
        let bits = concat!(
            "01100100",
            "0000000000101000",
            "1",
            "010",
            "1",
            "1",
            "0",
            "0",
            "1",
            "1",
            "1",
            "010",
            "0",
            "0000001111000",
            "00000100010",
            "0",
            "1",
            "1",
            "1",
            "1",
            "1",
            "1",
            "011",
            "1"
        );
        let bytes: Vec<u8> = bits
            .as_bytes()
            .chunks(8)
            .map(|bits| {
                bits.iter()
                    .enumerate()
                    .fold(0, |byte, (place, bit)| byte | (bit - b'0') << (7 - place))
            })
            .collect();
        let Size { width, height } = size(&bytes).unwrap();
        assert_eq!((width, height), (1920, 1080));
    }

    #[test]
    fn the_recording_time_stands_in_decimal_digits() {
        let mut stream = b"\0\0\x01\x06\x05\x22".to_vec();
        stream.extend(MODIFIED_DV_PACK);
        stream.extend(b"\x02\x18\x04\x20\x12\x07\x19\x31\x23\x59\x58\x80");
        let claim = read(&stream).claim.unwrap();
        let When::Wall { local, offset, .. } = claim.when else {
            panic!("{claim:?}")
        };
        assert_eq!(local.to_string(), "2012-07-31T23:59:58");
        assert_eq!(offset, Some(Offset::constant(2)));
    }

    #[test]
    fn what_is_no_number_is_no_time() {
        let mut stream = b"\0\0\x01\x06\x05\x22".to_vec();
        stream.extend(MODIFIED_DV_PACK);
        stream.extend(b"\x02\x18\xFF\x20\x1A\x07\x19\x31\x23\x59\x58\x80");
        assert!(read(&stream).claim.is_none());
        assert!(read(b"\0\0\x01\x07\x64").size.is_none());
        assert!(read(b"\0\0\x01").size.is_none());
    }
}
