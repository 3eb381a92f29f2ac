//! A file's facts in the catalogue's words.

use safelight_core::{Details, Position};
use safelight_media::Facts;

/// What the catalogue keeps of a file's facts, besides its kind and its capture time.
pub(crate) fn details(facts: &Facts) -> Details {
    Details {
        reader: safelight_media::READER,
        mime: facts.format.mime().to_owned(),
        width: facts.size.map(|size| size.width),
        height: facts.size.map(|size| size.height),
        rotation: facts.orientation.degrees(),
        duration: facts.duration,
        position: position(facts),
        make: facts.make.clone(),
        model: facts.model.clone(),
        content_id: facts.content_id.clone(),
        burst_id: facts.burst_id.clone(),
        motion_video: facts.motion_video,
    }
}

/// Where a file says that it was taken.
pub(crate) fn position(facts: &Facts) -> Option<Position> {
    let place = facts.place?;
    Position::new(place.latitude, place.longitude)
}
