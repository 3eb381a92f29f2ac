//! What a collection says of an item, with its time on the clock of the place.
//!
//! Google and Apple note instants. A collection's time is local in the house's zone first, and of a photo that was taken far
//! away that may be another day's.

use jiff::tz::TimeZone;
use safelight_core::{CaptureTime, Position, Remarks, TimeSource};
use safelight_media::{Place, offset_at};

use super::item::Item;

/// What the collection says of an item. `own` is where the photo itself says that it was taken. Its time is that of the place
/// where the photo or the collection knows one and all that is known leaves no doubt, else of the house's zone.
pub(super) fn said(item: &Item, own: Option<Position>) -> Remarks {
    let mut remarks = item.remarks.as_deref().cloned().unwrap_or_default();
    let places = [remarks.position, own];
    remarks.captured = remarks.captured.map(|taken| at(taken, places));
    remarks
}

fn at(taken: CaptureTime, places: [Option<Position>; 2]) -> CaptureTime {
    let there = || {
        let instant = taken.instant(&TimeZone::UTC)?;
        let mut offsets = places
            .into_iter()
            .flatten()
            .map(|position| offset_at(Place::new(position.latitude, position.longitude)?, instant));
        let offset = offsets.next()??;
        let is_certain = offsets.all(|other| other == Some(offset));
        is_certain
            .then(|| CaptureTime::from_instant(instant, &TimeZone::fixed(offset), taken.source))
    };
    match taken.source {
        TimeSource::Sidecar => there().unwrap_or(taken),
        _ => taken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_that_of_the_place_where_all_agree_about_it() {
        let place = |latitude, longitude| Position::new(latitude, longitude);
        let (new_york, tokyo, kyoto) = (place(40.7, -74.0), place(35.7, 139.7), place(35.0, 135.8));
        // Kehl and Strasbourg have one clock; between Haparanda and Tornio it is an hour.
        let (kehl, tornio, sea) = (place(48.57, 7.82), place(65.85, 24.15), place(48.0, -30.0));
        for (instant, places, expected) in [
            (
                "2020-01-01T02:30:00Z",
                [new_york, None],
                "2019-12-31T21:30:00 -05",
            ),
            (
                "2020-07-01T02:30:00Z",
                [None, new_york],
                "2020-06-30T22:30:00 -04",
            ),
            (
                "2020-01-31T20:00:00Z",
                [tokyo, kyoto],
                "2020-02-01T05:00:00 +09",
            ),
            (
                "2020-01-31T23:30:00Z",
                [kehl, None],
                "2020-02-01T00:30:00 +01",
            ),
            (
                "2020-01-31T20:00:00Z",
                [tokyo, new_york],
                "2020-01-31T20:00:00 +00",
            ),
            (
                "2020-01-31T20:00:00Z",
                [tokyo, sea],
                "2020-01-31T20:00:00 +00",
            ),
            (
                "2020-01-31T23:30:00Z",
                [tornio, None],
                "2020-01-31T23:30:00 +00",
            ),
            (
                "2020-01-31T20:00:00Z",
                [None, None],
                "2020-01-31T20:00:00 +00",
            ),
        ] {
            let instant = instant.parse().unwrap();
            let taken = CaptureTime::from_instant(instant, &TimeZone::UTC, TimeSource::Sidecar);
            let found = at(taken, places);
            let shown = format!("{} {}", found.local, found.offset.unwrap());
            assert_eq!(
                (shown.as_str(), found.source),
                (expected, TimeSource::Sidecar)
            );
        }
    }
}
