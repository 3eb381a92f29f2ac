//! How far wall clocks were ahead of UTC, where no tag says so: by the GPS's clock, and by the place.

use safelight_media::{Facts, OffsetSource};

use crate::{
    build::{Exif, exif_segment, ftyp, jpeg, mvhd, node, since_1904, user_text, xmp_segment},
    facts, facts_named, shown,
};

const TAKEN: &str = "2024:05:31 23:59:58";
const BERLIN: (f64, f64) = (52.52, 13.405);
const KATHMANDU: (f64, f64) = (27.7172, 85.324);
const SYDNEY: (f64, f64) = (-33.8688, 151.2093);

fn photo(exif: &Exif<'_>) -> Facts {
    facts(&jpeg(&[exif_segment(exif)]))
}

fn at(place: (f64, f64), taken: &str) -> String {
    let photo = photo(&Exif {
        place: Some(place),
        ..Exif::taken(taken)
    });
    let by = photo.offset_source.map_or("nobody", OffsetSource::as_str);
    format!("{} {by}", shown(photo.captured))
}

#[test]
fn the_place_knows_the_offset_that_nobody_states() {
    for (place, taken, expected) in [
        (
            BERLIN,
            TAKEN,
            "2024-05-31T23:59:58 +02 exif-original position",
        ),
        (
            BERLIN,
            "2024:12:31 23:59:58",
            "2024-12-31T23:59:58 +01 exif-original position",
        ),
        (
            KATHMANDU,
            TAKEN,
            "2024-05-31T23:59:58 +05:45 exif-original position",
        ),
        // Summer is in January there.
        (
            SYDNEY,
            TAKEN,
            "2024-05-31T23:59:58 +10 exif-original position",
        ),
        (
            SYDNEY,
            "2024:01:31 10:00:00",
            "2024-01-31T10:00:00 +11 exif-original position",
        ),
        // Rules change: Turkey had winter time until 2016.
        (
            (41.0082, 28.9784),
            "2015:01:31 10:00:00",
            "2015-01-31T10:00:00 +02 exif-original position",
        ),
        (
            (41.0082, 28.9784),
            "2018:01:31 10:00:00",
            "2018-01-31T10:00:00 +03 exif-original position",
        ),
        // East of the date line, and just west of it.
        (
            (-13.8333, -171.75),
            TAKEN,
            "2024-05-31T23:59:58 +13 exif-original position",
        ),
        (
            (-16.85, 179.97),
            TAKEN,
            "2024-05-31T23:59:58 +12 exif-original position",
        ),
        (
            (-16.85, -179.97),
            TAKEN,
            "2024-05-31T23:59:58 +12 exif-original position",
        ),
    ] {
        assert_eq!(at(place, taken), expected, "{place:?}");
    }
}

#[test]
fn where_there_is_a_doubt_nothing_is_said() {
    for (place, taken, why) in [
        (BERLIN, "2024:10:27 02:30:00", "the hour that comes twice"),
        (BERLIN, "2024:03:31 02:30:00", "the hour that does not come"),
        ((36.3, -7.9), TAKEN, "far from the coast"),
        ((42.05, -8.64), TAKEN, "the border of Spain and Portugal"),
        ((43.8256, 87.6168), TAKEN, "two zones side by side"),
        ((0.0, -30.0), TAKEN, "the ocean"),
        ((90.0, 0.0), TAKEN, "the north pole"),
        ((-90.0, 180.0), TAKEN, "the south pole"),
        ((90.0, -180.0), TAKEN, "a corner"),
    ] {
        let photo = photo(&Exif {
            place: Some(place),
            ..Exif::taken(taken)
        });
        assert!(photo.place.is_some(), "{why}");
        assert_eq!(photo.captured.unwrap().offset, None, "{why}");
        assert_eq!(photo.offset_source, None, "{why}");
    }
    // An hour before and after, the two countries' clocks still differ, but inland there is no doubt.
    assert!(at((42.05, -7.9), TAKEN).contains("+02"));
    assert!(at((41.7, -8.1), TAKEN).contains("+01"));
}

#[test]
fn a_stated_offset_is_never_doubted_and_the_gps_is_asked_before_the_map() {
    let stated = photo(&Exif {
        place: Some(BERLIN),
        offset_original: Some("-08:00"),
        gps: Some(("2024:05:31", [21, 59, 43])),
        ..Exif::taken(TAKEN)
    });
    assert_eq!(
        shown(stated.captured),
        "2024-05-31T23:59:58 -08 exif-original"
    );
    assert_eq!(stated.offset_source, Some(OffsetSource::Stated));
    // The camera's clock was still at home, six hours behind.
    let gps = photo(&Exif {
        place: Some(BERLIN),
        gps: Some(("2024:06:01", [3, 59, 43])),
        ..Exif::taken(TAKEN)
    });
    assert_eq!(shown(gps.captured), "2024-05-31T23:59:58 -04 exif-original");
    assert_eq!(gps.offset_source, Some(OffsetSource::GpsTime));
}

#[test]
fn only_times_of_the_place_get_its_offset() {
    let modified = photo(&Exif {
        place: Some(BERLIN),
        modified: Some(TAKEN),
        ..Exif::default()
    });
    assert_eq!(
        shown(modified.captured),
        "2024-05-31T23:59:58 ? exif-modified"
    );
    let place = exif_segment(&Exif {
        place: Some(SYDNEY),
        ..Exif::default()
    });
    let xmp = xmp_segment("<x exif:DateTimeOriginal='2014-07-20T02:14:33'/>");
    assert_eq!(
        shown(facts(&jpeg(&[place.clone(), xmp])).captured),
        "2014-07-20T02:14:33 +10 xmp"
    );
    let day = xmp_segment("<x photoshop:DateCreated='2014-07-20'/>");
    assert_eq!(facts(&jpeg(&[place.clone(), day])).offset_source, None);
    // A name in UTC becomes the wall clock's time of the place, a name in local time stays what it is.
    let named = |name| shown(facts_named(&jpeg(std::slice::from_ref(&place)), name).captured);
    assert_eq!(
        named("PXL_20240531_223000123.jpg"),
        "2024-06-01T08:30:00.123 +10 file-name"
    );
    assert_eq!(
        named("IMG_20240531_223000.jpg"),
        "2024-05-31T22:30:00 ? file-name"
    );
}

#[test]
fn a_video_in_utc_gets_the_wall_clock_of_its_place() {
    let movie = |place: &str| {
        let text = user_text(b"\xA9xyz", place);
        let header = mvhd(since_1904("2024-06-30T23:30:00Z"));
        let moov = [header, node(b"udta", &text)].concat();
        facts(&[ftyp(b"mp42"), node(b"moov", &moov)].concat())
    };
    let sydney = movie("-33.8688+151.2093/");
    assert_eq!(
        shown(sydney.captured),
        "2024-07-01T09:30:00 +10 movie-header"
    );
    assert_eq!(sydney.offset_source, Some(OffsetSource::Position));
    let ocean = movie("-33.8688-030.0000/");
    assert_eq!(
        shown(ocean.captured),
        "2024-07-01T01:30:00 +02 movie-header"
    );
    assert_eq!(ocean.offset_source, Some(OffsetSource::Assumed));
}
