//! What the headers of movies (`mvhd`) and of their media (`mdhd`) begin with (ISO/IEC 14496-12 sections 8.2.2 and
//! 8.4.2): when they were made, how time is counted, how long they last.

use std::time::Duration;

use crate::reader::{Fields, Reader, Span};

/// A header's times.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    /// Seconds since 1904-01-01; 0 if nobody knows.
    pub(crate) created: u64,
    /// How many units a second has.
    scale: u32,
    /// In units; 0 if nobody knows.
    units: u64,
}

impl Timing {
    /// Reads a header.
    pub(crate) fn read(reader: &mut Reader<'_>, header: Span) -> Option<Self> {
        let mut fields = Fields::new(reader, header);
        let is_wide = fields.u32()? >> 24 > 0;
        let width = if is_wide { 8 } else { 4 };
        let created = fields.sized(width)?;
        fields.sized(width); // When it was changed.
        let scale = fields.u32().unwrap_or(0);
        // All ones: unknown.
        let unknown = if is_wide {
            u64::MAX
        } else {
            u64::from(u32::MAX)
        };
        let units = fields.sized(width).filter(|units| *units != unknown);
        Some(Self {
            created,
            scale,
            units: units.unwrap_or(0),
        })
    }

    /// How long it lasts, if that is known.
    pub(crate) fn duration(&self) -> Option<Duration> {
        self.lasting(self.units)
    }

    /// So many of its units; `None` if they are no time at all.
    pub(crate) fn lasting(&self, units: u64) -> Option<Duration> {
        let scale = u64::from(self.scale);
        let whole = units.checked_div(scale)?;
        let rest = (units % scale) * 1_000_000_000 / scale;
        let duration = Duration::new(whole, u32::try_from(rest).ok()?);
        (!duration.is_zero()).then_some(duration)
    }
}
