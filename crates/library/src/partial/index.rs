//! What is known of one upload in pieces, as a text file beside its bytes: what it is, then a line for each piece.
//!
//! Only ever appended to, and never flushed: each line has the SHA-256 of the bytes that it speaks of, so that after a
//! restart whatever did not reach the disk is found out by reading.

use safelight_core::{ContentHash, DeviceId, DevicePath, Timestamp};
use serde::{Deserialize, Serialize};

use super::PartialId;

/// What is said of an upload when it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// How many bytes the whole will have, if the client has said it.
    pub total: Option<u64>,
    /// Where it belongs in the device's tree, if that is known already.
    pub path: Option<DevicePath>,
    /// The file's modification time, as the client has it.
    pub modified: Option<Timestamp>,
}

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head {
    /// Which catalogue's device: numbers begin anew in a new one.
    catalogue: String,
    device: i64,
    name: String,
    begun: i64,
    total: Option<u64>,
    path: Option<String>,
    modified: Option<i64>,
}

/// Where a piece's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the body, after those of the line before that says so.
    Body,
    /// In a file of its own, the so-manieth of this upload.
    Own(u64),
}

/// A piece that is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) place: Place,
    pub(super) length: u64,
    /// Of the piece, or of the whole body up to the piece's end.
    pub(super) hash: ContentHash,
    pub(super) at: Timestamp,
}

pub(super) struct Index {
    pub(super) id: PartialId,
    pub(super) about: About,
    pub(super) begun: Timestamp,
    pub(super) lines: Vec<Line>,
}

/// The first line, with its end.
pub(super) fn head(
    catalogue: &str,
    id: &PartialId,
    about: &About,
    begun: Timestamp,
) -> Result<String, serde_json::Error> {
    let head = Head {
        catalogue: catalogue.to_owned(),
        device: id.device.0,
        name: id.name.clone(),
        begun: begun.as_microsecond(),
        total: about.total,
        path: about.path.as_ref().map(|path| path.as_str().to_owned()),
        modified: about.modified.map(Timestamp::as_microsecond),
    };
    Ok(format!("{}\n", serde_json::to_string(&head)?))
}

/// A piece's line, with its end.
pub(super) fn line(line: &Line) -> String {
    let place = match line.place {
        Place::Body => "body".to_owned(),
        Place::Own(serial) => serial.to_string(),
    };
    let Line {
        number,
        length,
        hash,
        at,
        ..
    } = line;
    format!("{number} {place} {length} {hash} {}\n", at.as_microsecond())
}

/// Reads an index as far as it is whole: a power cut may leave half a line, or zeros. `None` if not even the first line
/// can be read, or is of another catalogue.
pub(super) fn parse(catalogue: &str, text: &[u8]) -> Option<Index> {
    let mut lines = text
        .split_inclusive(|byte| *byte == b'\n')
        .map_while(|line| std::str::from_utf8(line).ok()?.strip_suffix('\n'));
    let head: Head = serde_json::from_str(lines.next()?).ok()?;
    if head.catalogue != catalogue {
        return None;
    }
    Some(Index {
        id: PartialId {
            device: DeviceId(head.device),
            name: head.name,
        },
        about: About {
            total: head.total,
            path: match head.path {
                Some(path) => Some(DevicePath::parse(&path).ok()?),
                None => None,
            },
            modified: head
                .modified
                .and_then(|at| Timestamp::from_microsecond(at).ok()),
        },
        begun: Timestamp::from_microsecond(head.begun).ok()?,
        lines: lines.map_while(parse_line).collect(),
    })
}

fn parse_line(text: &str) -> Option<Line> {
    let mut words = text.split(' ');
    let line = Line {
        number: words.next()?.parse().ok()?,
        place: match words.next()? {
            "body" => Place::Body,
            serial => Place::Own(serial.parse().ok()?),
        },
        length: words.next()?.parse().ok()?,
        hash: words.next()?.parse().ok()?,
        at: Timestamp::from_microsecond(words.next()?.parse().ok()?).ok()?,
    };
    words.next().is_none().then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_as_far_as_it_is_whole() {
        let id = PartialId {
            device: DeviceId(3),
            name: "a\nb \"c\"".to_owned(),
        };
        let at = Timestamp::from_microsecond(1_700_000_000_000_001).unwrap();
        let about = About {
            total: Some(12),
            path: DevicePath::parse("DCIM/a b.jpg").ok(),
            modified: Some(at),
        };
        let piece = |number, place| Line {
            number,
            place,
            length: 6,
            hash: ContentHash::from_bytes([7; 32]),
            at,
        };
        let lines = [piece(1, Place::Body), piece(9, Place::Own(4))];
        let mut text = head("c", &id, &about, at).unwrap();
        let first = text.len();
        for each in &lines {
            text.push_str(&line(each));
        }
        for cut in 0..=text.len() {
            let found = parse("c", &text.as_bytes()[..cut]);
            assert_eq!(found.is_some(), cut >= first, "{cut}");
            if let Some(found) = found {
                assert_eq!((&found.id, &found.about), (&id, &about));
                assert_eq!(found.lines, lines[..found.lines.len()]);
            }
        }
        assert_eq!(parse("c", text.as_bytes()).unwrap().lines.len(), 2);
        assert!(parse("d", text.as_bytes()).is_none());
        text.push_str("\0\0\0\0\n1 body 6 77 1\n");
        assert_eq!(parse("c", text.as_bytes()).unwrap().lines.len(), 2);
    }
}
