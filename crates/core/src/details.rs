//! What a file says of itself besides what it is and when it was taken: for the page to show, and to find what belongs
//! together.

use std::time::Duration;

/// What was read from a file. `media` reads it, the catalogue keeps it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// The version of the reader whose words these are. Positive; a higher one may know more.
    pub reader: u32,
    /// The media type that its bytes have, whatever its name says.
    pub mime: String,
    /// The picture's width in pixels, as it is to be shown.
    pub width: Option<u32>,
    /// The picture's height in pixels, as it is to be shown.
    pub height: Option<u32>,
    /// How far the stored picture is turned to be shown, clockwise, in degrees: 0, 90, 180 or 270.
    pub rotation: u16,
    /// How long a video or an animation lasts. Kept to the millisecond.
    pub duration: Option<Duration>,
    /// Where it was taken.
    pub position: Option<Position>,
    /// The camera's manufacturer, as it calls itself.
    pub make: Option<String>,
    /// The camera's model.
    pub model: Option<String>,
    /// Apple's identifier that the parts of a Live Photo have in common.
    pub content_id: Option<String>,
    /// Apple's identifier that the pictures of a burst have in common.
    pub burst_id: Option<String>,
    /// Where the video of a Motion Photo begins, in bytes from the beginning of the file.
    pub motion_video: Option<u64>,
}

/// A position on Earth (WGS 84), in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// North is positive: -90 to 90.
    pub latitude: f64,
    /// East is positive: -180 to 180.
    pub longitude: f64,
}

impl Position {
    /// `None` for what is no position: out of range, not a number, or 0/0, which programs write when they know of none.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_position_is_none() {
        assert!(Position::new(0.0, 0.0).is_none());
        assert!(Position::new(f64::NAN, 1.0).is_none());
        assert!(Position::new(90.1, 0.0).is_none());
        assert!(Position::new(-90.0, 180.0).is_some());
    }
}
