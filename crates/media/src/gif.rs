//! GIF (GIF89a specification): its size, and how long its pictures are shown. It holds no capture time.

use std::time::Duration;

use crate::{
    facts::Size,
    found::Found,
    reader::{Reader, Span},
};

/// The most blocks that are looked at: pictures, and the parts of at most 255 bytes that their data come in.
const MAX_BLOCKS: usize = 65_536;

/// Reads the file.
pub(crate) fn read(reader: &mut Reader<'_>, found: &mut Found) {
    let Some([w0, w1, h0, h1, flags, ..]) = reader.array::<7>(6) else {
        return found.damaged("the picture is missing");
    };
    found.stored = Size::new(u16::from_le_bytes([w0, w1]), u16::from_le_bytes([h0, h1]));
    let blocks = reader.whole().after(13 + colours(flags));
    found.duration = shown_for(reader, blocks).filter(|duration| !duration.is_zero());
}

/// The sum of the pictures' delays; `None` if the file does not end as it should.
fn shown_for(reader: &mut Reader<'_>, mut rest: Span) -> Option<Duration> {
    let mut hundredths = 0;
    let mut left = MAX_BLOCKS;
    loop {
        match reader.array(rest.start)? {
            [0x3B] => return Some(Duration::from_millis(hundredths * 10)),
            [0x21] => {
                // An extension's kind; of a picture's control: its length, flags, the delay.
                if let Some([0xF9, 4, _, d0, d1]) = reader.array(rest.start + 1) {
                    hundredths += u64::from(u16::from_le_bytes([d0, d1]));
                }
                rest = rest.after(2);
            }
            [0x2C] => {
                // A picture's place and size, flags; then its colours and the size of its codes.
                let [flags] = reader.array(rest.start + 9)?;
                rest = rest.after(10 + colours(flags) + 1);
            }
            _ => return None,
        }
        loop {
            left = left.checked_sub(1)?;
            let [length] = reader.array(rest.start)?;
            rest = rest.after(1 + u64::from(length));
            if length == 0 {
                break;
            }
        }
    }
}

/// How many bytes a colour table has, by the flags that announce it.
fn colours(flags: u8) -> u64 {
    if flags & 0x80 == 0 {
        0
    } else {
        3 << ((flags & 7) + 1)
    }
}
