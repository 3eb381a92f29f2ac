//! What a file says of itself besides what it is and when it was taken: for the page to show, and to find what belongs
//! together.

use std::time::Duration;

use crate::Position;

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
