//! XMP's dates, found by their names rather than by reading RDF.
//!
//! A property is an attribute (`exif:DateTimeOriginal="…"`) or an element (`<exif:DateTimeOriginal>…</…>`); the
//! prefixes are fixed in practice. That is enough for a date of last resort.

use safelight_core::TimeSource;

use crate::{
    claim::Claim,
    date_text,
    reader::{Reader, Span},
};

/// The properties that say when a photo was taken, the most trustworthy first.
const PROPERTIES: [&str; 2] = ["exif:DateTimeOriginal", "photoshop:DateCreated"];
/// How much of a packet is searched, in bytes. Packets of 64 KiB are the rule; edit histories make larger ones.
const MAX_PACKET: u64 = 512 << 10;
/// The longest value that is looked at, in characters.
const MAX_VALUE: usize = 64;

/// What the XMP packet in a span claims.
pub(crate) fn claim(reader: &mut Reader<'_>, span: Span) -> Option<Claim> {
    let packet = reader.prefix(span, MAX_PACKET);
    let packet = String::from_utf8_lossy(&packet);
    let when = PROPERTIES.iter().find_map(|property| {
        packet.match_indices(property).find_map(|(at, _)| {
            let value = value(&packet[at + property.len()..])?;
            date_text::parse(value)
        })
    })?;
    Some(Claim {
        source: TimeSource::Xmp,
        when,
    })
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
    use std::io::Cursor;

    fn found(packet: &str) -> Option<String> {
        let mut file = Cursor::new(packet.as_bytes());
        let mut reader = Reader::new(&mut file);
        let whole = reader.whole();
        match claim(&mut reader, whole)?.when {
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
}
