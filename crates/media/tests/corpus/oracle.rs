//! What exiftool 12.57 says about a file, in our words.
//!
//! Where exiftool's versions or its words differ from ours in form only, that is put right here: HEIF's turns are counted
//! against the clock, sizes are those of the picture as it is stored, an unknown time is `0000:00:00`.

use jiff::civil::DateTime;
use serde_json::Value;

/// A file's entry of the oracle.
#[derive(Clone, Copy)]
pub(crate) struct Oracle<'a>(pub(crate) &'a Value);

impl<'a> Oracle<'a> {
    pub(crate) fn name(self) -> &'a str {
        self.text(&["SourceFile"]).unwrap_or_default()
    }

    fn text(self, tags: &[&str]) -> Option<&'a str> {
        tags.iter()
            .filter_map(|tag| self.0.get(tag)?.as_str())
            .find(|text| !text.trim().is_empty())
    }

    fn number(self, tags: &[&str]) -> Option<f64> {
        tags.iter().find_map(|tag| self.0.get(tag)?.as_f64())
    }

    /// An XMP sidecar describes a photo beside it, and is none.
    pub(crate) fn is_sidecar(self) -> bool {
        self.text(&["File:FileType"]) == Some("XMP")
    }

    fn is_movie(self) -> bool {
        let mime = self.text(&["File:MIMEType"]).unwrap_or_default();
        mime.starts_with("video/") || mime.starts_with("audio/")
    }

    fn is_heif(self) -> bool {
        matches!(
            self.text(&["File:FileType"]),
            Some("HEIC" | "HEIF" | "AVIF" | "HIF")
        )
    }

    fn date_text(self) -> Option<&'a str> {
        let tags: &[&str] = if self.is_movie() {
            &[
                "ExifIFD:DateTimeOriginal", // exiftool takes AVIF sequences for MP4
                "Keys:CreationDate",
                "UserData:DateTimeOriginal",
                "QuickTime:CreateDate",
                "Matroska:DateTimeOriginal",
            ]
        } else {
            &[
                "ExifIFD:DateTimeOriginal",
                "IFD0:DateTimeOriginal",
                "ExifIFD:CreateDate",
                "XMP-exif:DateTimeOriginal",
                "XMP-photoshop:DateCreated",
            ]
        };
        tags.iter()
            .filter_map(|tag| self.text(&[tag]))
            // What is no date by our rules is not compared.
            .find(|date| wall_clock(date).is_some_and(|local| local.year() >= 1990))
    }

    /// The wall clock's time; UTC for a movie's header.
    pub(crate) fn date(self) -> Option<DateTime> {
        wall_clock(self.date_text()?)
    }

    /// `+01:00`, as a tag of its own or at the end of the date.
    pub(crate) fn offset(self) -> Option<&'a str> {
        let is_offset = |text: &&str| text.len() == 6 && text.starts_with(['+', '-']);
        let at_the_end = || self.date_text()?.get(19..);
        self.text(&["ExifIFD:OffsetTimeOriginal"])
            .filter(is_offset)
            .or_else(|| at_the_end().filter(is_offset))
    }

    /// Degrees clockwise.
    pub(crate) fn rotation(self) -> f64 {
        if self.is_movie() {
            self.number(&["Composite:Rotation"]).unwrap_or(0.0)
        } else if self.is_heif() {
            let against = self.number(&["QuickTime:Rotation"]).unwrap_or(0.0);
            (360.0 - against) % 360.0
        } else {
            let degrees = |value: f64| match value {
                3.0 | 4.0 => 180.0,
                6.0 | 7.0 => 90.0,
                5.0 | 8.0 => 270.0,
                _ => 0.0,
            };
            self.number(&["IFD0:Orientation"]).map_or(0.0, degrees)
        }
    }

    /// Width and height as shown.
    pub(crate) fn size(self) -> Option<(f64, f64)> {
        let (width, height) = self.text(&["Composite:ImageSize"])?.split_once(' ')?;
        let (width, height) = (width.parse().ok()?, height.parse().ok()?);
        Some(if self.rotation() % 180.0 == 0.0 {
            (width, height)
        } else {
            (height, width)
        })
    }

    /// In seconds; 0 is unknown.
    pub(crate) fn duration(self) -> Option<f64> {
        let clock = || {
            let text = self.text(&["Matroska:Duration"])?;
            text.split(':')
                .map(|part| part.parse::<f64>().ok())
                .try_fold(0.0, |sum, part| Some(sum * 60.0 + part?))
        };
        self.number(&["QuickTime:Duration", "GIF:Duration", "RIFF:Duration"])
            .or_else(clock)
            .filter(|seconds| *seconds > 0.0)
    }

    /// Latitude and longitude in degrees; 0/0 is none.
    pub(crate) fn place(self) -> Option<(f64, f64)> {
        let place = (
            self.number(&["Composite:GPSLatitude", "XMP-exif:GPSLatitude"])?,
            self.number(&["Composite:GPSLongitude", "XMP-exif:GPSLongitude"])?,
        );
        (place != (0.0, 0.0)).then_some(place)
    }

    pub(crate) fn make(self) -> Option<&'a str> {
        self.text(&["IFD0:Make", "Keys:Make", "UserData:Make", "XMP-tiff:Make"])
            .map(str::trim)
    }

    pub(crate) fn model(self) -> Option<&'a str> {
        self.text(&[
            "IFD0:Model",
            "Keys:Model",
            "UserData:Model",
            "XMP-tiff:Model",
        ])
        .map(str::trim)
    }

    /// MediaGroupUUID until version 13, ContentIdentifier since.
    pub(crate) fn content_id(self) -> Option<&'a str> {
        self.text(&[
            "Apple:MediaGroupUUID",
            "Apple:ContentIdentifier",
            "Keys:ContentIdentifier",
        ])
    }
}

fn wall_clock(date: &str) -> Option<DateTime> {
    let (day, time) = date.get(..19)?.split_once(' ')?;
    format!("{}T{time}", day.replace(':', "-")).parse().ok()
}
