//! XMP, of which a few properties are found by their names rather than by reading RDF.
//!
//! A property is an attribute (`exif:DateTimeOriginal="…"`) or an element (`<exif:DateTimeOriginal>…</…>`); the
//! prefixes are fixed in practice. That is enough for words of last resort, and for places of videos that are believed
//! only when a video was seen there.

use safelight_core::TimeSource;

use crate::{
    claim::Claim,
    date_text,
    facts::Place,
    found::Found,
    place,
    reader::{Reader, Span},
};

/// The properties that say when a photo was taken, the most trustworthy first.
const DATES: [&str; 2] = ["exif:DateTimeOriginal", "photoshop:DateCreated"];
/// Properties of a Motion Photo: Google's second form, and its first.
const MOTION_PHOTO: [&str; 2] = [":MotionPhoto", ":MicroVideo"];
/// Where the video begins, in bytes before the end of the file: of the first form, and of programs that mixed both.
const VIDEO_OFFSETS: [&str; 2] = [":MicroVideoOffset", ":MotionPhotoOffset"];
/// What stands before each item of the directory of files that are appended to a photo.
const ITEM: &str = "rdf:li";
/// The most items of that directory that are looked at.
const MAX_ITEMS: usize = 32;
/// How much of a packet is searched, in bytes. Packets of 64 KiB are the rule; edit histories make larger ones.
const MAX_PACKET: u64 = 512 << 10;
/// The longest value that is looked at, in characters.
const MAX_VALUE: usize = 64;

/// Reads the XMP packet in a span.
pub(crate) fn read(reader: &mut Reader<'_>, span: Span, found: &mut Found) {
    let packet = reader.prefix(span, MAX_PACKET);
    read_bytes(&packet, found);
}

/// Reads an XMP packet.
pub(crate) fn read_bytes(packet: &[u8], found: &mut Found) {
    let packet = String::from_utf8_lossy(packet);
    found.claims.extend(claim(&packet));
    Found::fill_text(&mut found.make, property(&packet, "tiff:Make"));
    Found::fill_text(&mut found.model, property(&packet, "tiff:Model"));
    Found::fill(&mut found.clues.place, || {
        let coordinate = |name| place::coordinate_of_xmp(property(&packet, name)?);
        Place::new(
            coordinate("exif:GPSLatitude")?,
            coordinate("exif:GPSLongitude")?,
        )
    });
    if MOTION_PHOTO
        .iter()
        .any(|name| property(&packet, name) == Some("1"))
    {
        let stated = |name| property(&packet, name)?.parse::<u64>().ok();
        found.motion.is_promised = true;
        found.motion.before_end.extend(appended_video(&packet));
        let stated = VIDEO_OFFSETS.into_iter().filter_map(stated);
        found.motion.before_end.extend(stated);
    }
}

/// What the packet says about the time.
fn claim(packet: &str) -> Option<Claim> {
    let when = DATES
        .iter()
        .find_map(|name| values(packet, name).find_map(date_text::parse))?;
    Some(Claim {
        source: TimeSource::Xmp,
        when,
    })
}

/// How far before the end of the file the video begins, by the directory of appended files: they follow each other in
/// its order, and the last ends where the file ends.
fn appended_video(packet: &str) -> Option<u64> {
    let mut items = packet
        .split(ITEM)
        .skip(1)
        .filter(|item| property(item, ":Semantic").is_some())
        .take(MAX_ITEMS)
        .skip_while(|item| property(item, ":Semantic") != Some("MotionPhoto"))
        .peekable();
    items.peek()?;
    items
        .map(|item| property(item, ":Length").map_or(Some(0), |length| length.parse::<u64>().ok()))
        .try_fold(0, |sum: u64, length| sum.checked_add(length?))
}

/// The first value of a property.
fn property<'a>(packet: &'a str, name: &str) -> Option<&'a str> {
    values(packet, name).next().map(str::trim)
}

/// The values that follow a property's name wherever it stands.
fn values<'a>(packet: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    packet
        .match_indices(name)
        .filter_map(move |(at, _)| value(&packet[at + name.len()..]))
}

/// The value that follows a property's name.
fn value(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    let (rest, end) = if let Some(rest) = rest.strip_prefix('>') {
        (rest, '<')
    } else {
        let rest = rest.strip_prefix('=')?.trim_start();
        let quote = rest
            .chars()
            .next()
            .filter(|quote| matches!(quote, '"' | '\''))?;
        (&rest[1..], quote)
    };
    // Not searched to the packet's end: a packet of nothing but names would be searched a thousand times.
    let (end, _) = rest
        .char_indices()
        .take(MAX_VALUE)
        .find(|(_, c)| *c == end)?;
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claim::When;

    fn found(packet: &str) -> Option<String> {
        match claim(packet)?.when {
            When::Wall { local, .. } => Some(local.to_string()),
            When::Instant(instant) => Some(instant.to_string()),
        }
    }

    #[test]
    fn finds_attributes_and_elements() {
        for packet in [
            "<rdf:Description exif:DateTimeOriginal=\"2014-01-20T02:14:33+01:00\"/>",
            "<rdf:Description exif:DateTimeOriginal = '2014-01-20T02:14:33'/>",
            "<exif:DateTimeOriginal>2014-01-20T02:14:33</exif:DateTimeOriginal>",
            "<x photoshop:DateCreated=\"2013-01-01\" exif:DateTimeOriginal=\"2014-01-20T02:14:33\">",
            "<photoshop:DateCreated>2014-01-20T02:14:33</photoshop:DateCreated>",
        ] {
            assert_eq!(
                found(packet).as_deref(),
                Some("2014-01-20T02:14:33"),
                "{packet}"
            );
        }
    }

    #[test]
    fn takes_nothing_for_a_date_that_is_none() {
        for packet in [
            "exif:DateTimeOriginal",
            "exif:DateTimeOriginal=",
            "exif:DateTimeOriginal=é",
            "exif:DateTimeOriginal=\"2014-01-20T02:14:33",
            "<exif:DateTimeOriginal>soon</exif:DateTimeOriginal>",
            "",
        ] {
            assert_eq!(found(packet), None, "{packet}");
        }
    }

    #[test]
    fn finds_places_and_cameras() {
        let mut found = Found::default();
        read_bytes(
            b"<x exif:GPSLatitude='52,30.5N' exif:GPSLongitude='13,22.8W' tiff:Make='Acme '/>",
            &mut found,
        );
        let place = found.clues.place.unwrap();
        assert!((place.latitude - 52.508_333).abs() < 1e-5);
        assert!((place.longitude + 13.38).abs() < 1e-5);
        assert_eq!(found.make.as_deref(), Some("Acme"));
    }

    fn before_end(packet: &str) -> (bool, Vec<u64>) {
        let mut found = Found::default();
        read_bytes(packet.as_bytes(), &mut found);
        (found.motion.is_promised, found.motion.before_end)
    }

    #[test]
    fn finds_appended_videos() {
        assert_eq!(
            before_end("<x GCamera:MicroVideo=\"1\" GCamera:MicroVideoOffset=\"4711\"/>"),
            (true, vec![4711])
        );
        // Items between the photo and the video, attributes in any order, and something behind the video.
        let directory = "<x Camera:MotionPhoto='1'><rdf:Seq>\
            <rdf:li rdf:parseType='Resource'><Container:Item Item:Semantic='Primary' Item:Length='0'/></rdf:li>\
            <rdf:li><Container:Item Item:Length='100' Item:Semantic='GainMap'/></rdf:li>\
            <rdf:li><Container:Item Item:Length='4000' Item:Semantic='MotionPhoto'/></rdf:li>\
            <rdf:li><Item:Semantic>Other</Item:Semantic><Item:Length>7</Item:Length></rdf:li>";
        assert_eq!(before_end(directory), (true, vec![4007]));
        assert_eq!(
            before_end("<x GCamera:MotionPhoto='0' GCamera:MicroVideoOffset='4711'/>"),
            (false, vec![])
        );
        assert_eq!(
            before_end(
                "<x GCamera:MotionPhoto='1'><rdf:li Item:Semantic='MotionPhoto' Item:Length='-1'/>"
            ),
            (true, vec![])
        );
    }
}
