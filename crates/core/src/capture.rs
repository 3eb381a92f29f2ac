//! When a photo was taken, and who says so.

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{Offset, TimeZone},
};

/// When a photo was taken: the wall clock's time at the place where it was taken.
///
/// The wall clock decides the folder, so that a photo of New Year's Eve in Sydney lies in December.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaptureTime {
    /// The wall clock's date and time.
    pub local: DateTime,
    /// How far the wall clock was ahead of UTC, if that is known.
    pub offset: Option<Offset>,
    /// Who says so.
    pub source: TimeSource,
    /// How exactly it is known.
    pub precision: Precision,
}

/// How exactly a capture time is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// To the second, or better.
    Second,
    /// Only the day; the time of day is noon by convention.
    Day,
}

/// Who says when a photo was taken, the most trustworthy first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TimeSource {
    /// A person who put it right.
    Person,
    /// `com.apple.quicktime.creationdate` of a video: local time with its offset.
    QuickTimeCreationDate,
    /// EXIF `DateTimeOriginal`.
    ExifOriginal,
    /// EXIF `DateTimeDigitized` (which EXIF tools call CreateDate).
    ExifDigitized,
    /// XMP `exif:DateTimeOriginal` or `photoshop:DateCreated`.
    Xmp,
    /// A video's movie header: UTC by its specification.
    MovieHeader,
    /// A file beside the photo in the collection that it came from, such as Google Takeout's JSON.
    Sidecar,
    /// EXIF `DateTime` of the first image directory: when the file was last changed. Low confidence.
    ExifModified,
    /// The file's name.
    FileName,
    /// The uploading program's word for the creation time.
    Client,
    /// The modification time that the uploading program sent, or that the file had.
    FileModified,
}

/// How far a capture time is to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// It may be something else: when the file was changed, sent or received.
    Low,
    /// A program says it of the photo, or the zone is not known for certain.
    Medium,
    /// The camera noted it when it took the photo, or a person knows it.
    High,
}

impl Confidence {
    /// The word used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl TimeSource {
    const ALL: [Self; 11] = [
        Self::Person,
        Self::QuickTimeCreationDate,
        Self::ExifOriginal,
        Self::ExifDigitized,
        Self::Xmp,
        Self::MovieHeader,
        Self::Sidecar,
        Self::ExifModified,
        Self::FileName,
        Self::Client,
        Self::FileModified,
    ];

    /// The word used in the catalogue, in manifests and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::QuickTimeCreationDate => "quicktime-creationdate",
            Self::ExifOriginal => "exif-original",
            Self::ExifDigitized => "exif-digitized",
            Self::Xmp => "xmp",
            Self::MovieHeader => "movie-header",
            Self::Sidecar => "sidecar",
            Self::ExifModified => "exif-modified",
            Self::FileName => "file-name",
            Self::Client => "client",
            Self::FileModified => "file-modified",
        }
    }

    /// Reads [`Self::as_str`]'s word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == word)
    }
}

impl CaptureTime {
    /// The instant meant. Without a known offset the wall clock is read in `zone`.
    ///
    /// `None` for the few minutes at the ends of the calendar that no instant can express.
    #[must_use]
    pub fn instant(&self, zone: &TimeZone) -> Option<Timestamp> {
        match self.offset {
            Some(offset) => offset.to_timestamp(self.local).ok(),
            None => zone.to_timestamp(self.local).ok(),
        }
    }

    /// How far it is to be believed.
    #[must_use]
    pub const fn confidence(&self) -> Confidence {
        match (self.source, self.precision) {
            (TimeSource::Person, _) => Confidence::High,
            (
                TimeSource::QuickTimeCreationDate
                | TimeSource::ExifOriginal
                | TimeSource::ExifDigitized,
                Precision::Second,
            ) => Confidence::High,
            (
                TimeSource::Xmp
                | TimeSource::MovieHeader
                | TimeSource::Sidecar
                | TimeSource::FileName
                | TimeSource::Client,
                Precision::Second,
            ) => Confidence::Medium,
            (TimeSource::ExifModified | TimeSource::FileModified, _) | (_, Precision::Day) => {
                Confidence::Low
            }
        }
    }

    /// The capture time that an instant is in `zone`, with the zone's offset at that instant.
    #[must_use]
    pub fn from_instant(instant: Timestamp, zone: &TimeZone, source: TimeSource) -> Self {
        let offset = zone.to_offset(instant);
        Self {
            local: offset.to_datetime(instant),
            offset: Some(offset),
            source,
            precision: Precision::Second,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn an_offset_makes_the_instant_certain() {
        let taken = CaptureTime {
            local: date(2024, 1, 1).at(0, 30, 0, 0),
            offset: Some(Offset::constant(11)),
            source: TimeSource::ExifOriginal,
            precision: Precision::Second,
        };
        assert_eq!(
            taken.instant(&TimeZone::UTC).unwrap().to_string(),
            "2023-12-31T13:30:00Z"
        );
    }

    #[test]
    fn without_an_offset_the_zone_decides() {
        let taken = CaptureTime {
            local: date(2024, 7, 1).at(12, 0, 0, 0),
            offset: None,
            source: TimeSource::FileName,
            precision: Precision::Second,
        };
        let zone = TimeZone::fixed(Offset::constant(2));
        assert_eq!(
            taken.instant(&zone).unwrap().to_string(),
            "2024-07-01T10:00:00Z"
        );
    }

    #[test]
    fn a_day_is_less_than_a_time() {
        let mut taken = CaptureTime {
            local: date(2024, 7, 1).at(12, 0, 0, 0),
            offset: None,
            source: TimeSource::ExifOriginal,
            precision: Precision::Second,
        };
        assert_eq!(taken.confidence(), Confidence::High);
        taken.source = TimeSource::FileName;
        assert_eq!(taken.confidence(), Confidence::Medium);
        taken.precision = Precision::Day;
        assert_eq!(taken.confidence(), Confidence::Low);
    }

    #[test]
    fn every_source_has_its_own_word() {
        for source in TimeSource::ALL {
            assert_eq!(TimeSource::from_word(source.as_str()), Some(source));
        }
    }
}
