//! What is found out about a file, in the words that the rest of the program uses.

use std::{fmt, time::Duration};

use safelight_core::{CaptureTime, MediaKind};

use crate::{Format, OffsetSource};

/// What was found out about a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// What the file is, as far as filing needs to know.
    pub kind: MediaKind,
    /// What the file's bytes are, whatever its name says.
    pub format: Format,
    /// When it was taken, in the words of the most trustworthy source that has a believable one.
    pub captured: Option<CaptureTime>,
    /// From what it follows how far `captured`'s wall clock was ahead of UTC; `None` where that is unknown.
    pub offset_source: Option<OffsetSource>,
    /// The picture's size as it is to be shown. Of a raw file: of the sensor's picture.
    pub size: Option<Size>,
    /// How the stored picture becomes the shown one.
    pub orientation: Orientation,
    /// Where it was taken.
    pub place: Option<Place>,
    /// The camera's manufacturer, as it calls itself.
    pub make: Option<String>,
    /// The camera's model.
    pub model: Option<String>,
    /// How long a video or an animation lasts.
    pub duration: Option<Duration>,
    /// Apple's identifier that the parts of a Live Photo have in common.
    pub content_id: Option<String>,
    /// Apple's identifier that the pictures of a burst have in common.
    pub burst_id: Option<String>,
    /// Where the video of a Motion Photo begins, in bytes from the beginning of the file. A video does begin there.
    pub motion_video: Option<u64>,
    /// The largest JPEG within a raw file.
    pub preview: Option<Preview>,
    /// What is not as it should be. None of it keeps a file from being stored.
    pub problems: Vec<Problem>,
}

/// A picture's size in pixels, neither side of which is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// From left to right.
    pub width: u32,
    /// From top to bottom.
    pub height: u32,
}

impl Size {
    /// `None` if a side has no pixels.
    pub(crate) fn new(width: impl TryInto<u32>, height: impl TryInto<u32>) -> Option<Self> {
        let (width, height) = (width.try_into().ok()?, height.try_into().ok()?);
        (width > 0 && height > 0).then_some(Self { width, height })
    }
}

/// How a stored picture becomes the shown one: mirrored first, if at all, then turned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orientation {
    /// Whether left and right are exchanged before it is turned.
    pub mirrored: bool,
    turns: u8,
}

impl Orientation {
    /// EXIF's `Orientation` (Exif 3.0 section 4.6.5.1.6); `None` for what is not one of its eight.
    pub(crate) const fn from_exif(value: u64) -> Option<Self> {
        let (mirrored, turns) = match value {
            1 => (false, 0),
            2 => (true, 0),
            3 => (false, 2),
            4 => (true, 2),
            5 => (true, 3),
            6 => (false, 1),
            7 => (true, 1),
            8 => (false, 3),
            _ => return None,
        };
        Some(Self { mirrored, turns })
    }

    /// The number by which EXIF calls it: 1 to 8.
    pub(crate) const fn to_exif(self) -> u8 {
        match (self.mirrored, self.turns) {
            (false, 0) => 1,
            (true, 0) => 2,
            (false, 2) => 3,
            (true, 2) => 4,
            (true, 3) => 5,
            (false, 1) => 6,
            (true, _) => 7,
            (false, _) => 8,
        }
    }

    /// Turned clockwise by so many quarters, after what was done before.
    pub(crate) const fn turned(self, quarters: u8) -> Self {
        Self {
            mirrored: self.mirrored,
            turns: (self.turns + quarters % 4) % 4,
        }
    }

    /// Left and right exchanged, after what was done before.
    pub(crate) const fn then_mirrored(self) -> Self {
        Self {
            mirrored: !self.mirrored,
            turns: (4 - self.turns) % 4,
        }
    }

    /// How far it is turned, clockwise, in degrees: 0, 90, 180 or 270.
    #[must_use]
    pub const fn degrees(self) -> u16 {
        self.turns as u16 * 90
    }

    /// The shown size of a picture that is stored with a size.
    #[must_use]
    pub const fn apply(self, stored: Size) -> Size {
        if self.turns.is_multiple_of(2) {
            stored
        } else {
            Size {
                width: stored.height,
                height: stored.width,
            }
        }
    }
}

/// A place on Earth (WGS 84), in degrees. Never 0/0, which is what programs write that know no place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// North is positive: -90 to 90.
    pub latitude: f64,
    /// East is positive: -180 to 180.
    pub longitude: f64,
}

impl Place {
    /// `None` for what is no place.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let exists = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        let unknown = latitude == 0.0 && longitude == 0.0;
        (exists && !unknown).then_some(Self {
            latitude,
            longitude,
        })
    }
}

/// A JPEG within a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Where it begins, in bytes from the beginning of the file.
    pub offset: u64,
    /// How many bytes it has.
    pub len: u64,
}

/// What is not as it should be with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It has no bytes.
    Empty,
    /// Reading failed, or it became shorter while it was read.
    Unreadable,
    /// Its metadata are so scattered that reading them was given up.
    TooScattered,
    /// It has the beginning of its format, but the part that describes the picture is missing or damaged.
    Damaged {
        /// What is missing.
        what: &'static str,
    },
    /// The extension names another format than the bytes are.
    OtherExtension {
        /// The extension, in lower case.
        extension: String,
        /// What the bytes are.
        format: Format,
    },
    /// It says that it holds a video, and there is none: a program that passed it on has taken it away.
    MotionVideoMissing,
    /// The time is one that cameras show whose clock was never set.
    ClockNeverSet,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("The file is empty"),
            Self::Unreadable => f.write_str("The file could not be read to its end"),
            Self::TooScattered => {
                f.write_str("The metadata are too scattered; they were read only in part")
            }
            Self::Damaged { what } => {
                write!(f, "The file is damaged or incomplete: {what}")
            }
            Self::OtherExtension { extension, format } => match format {
                Format::Other => write!(f, "It is called .{extension}, but is no such file"),
                format => write!(f, "It is called .{extension}, but is {}", format.mime()),
            },
            Self::MotionVideoMissing => {
                f.write_str("It is marked as a Motion Photo, but the video in it is gone")
            }
            Self::ClockNeverSet => {
                f.write_str("The capture time is what a camera says whose clock was never set")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirroring_after_turning_turns_the_other_way() {
        // A picture that lies on its left side, mirrored: EXIF's 6 and then left and right exchanged is EXIF's 5.
        let six = Orientation::from_exif(6).unwrap();
        assert_eq!(six.then_mirrored(), Orientation::from_exif(5).unwrap());
        for value in 1..=8 {
            let orientation = Orientation::from_exif(value).unwrap();
            assert_eq!(orientation.then_mirrored().then_mirrored(), orientation);
            assert_eq!(orientation.turned(3).turned(1), orientation);
            assert_eq!(u64::from(orientation.to_exif()), value);
        }
        assert_eq!(Orientation::from_exif(0), None);
        assert_eq!(Orientation::from_exif(9), None);
    }

    #[test]
    fn a_quarter_exchanges_the_sides() {
        let stored = Size {
            width: 40,
            height: 30,
        };
        for (value, shown) in [(1, (40, 30)), (3, (40, 30)), (5, (30, 40)), (8, (30, 40))] {
            let Size { width, height } = Orientation::from_exif(value).unwrap().apply(stored);
            assert_eq!((width, height), shown, "{value}");
        }
    }

    #[test]
    fn nowhere_is_no_place() {
        assert_eq!(Place::new(0.0, 0.0), None);
        assert_eq!(Place::new(90.5, 0.0), None);
        assert_eq!(Place::new(f64::NAN, 1.0), None);
        assert!(Place::new(0.0, 0.1).is_some());
        assert!(Place::new(-90.0, 180.0).is_some());
    }
}
