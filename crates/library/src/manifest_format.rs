//! The text of a manifest: what `sha256sum` writes, with comments that it skips and that carry what the catalogue knows.

use safelight_core::{
    AlbumName, CaptureTime, ContentHash, Description, LibraryPath, MediaKind, Position, Remarks,
    TimeSource, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    asset::Asset,
    remarks::Said,
    stored::{precision_from_word, precision_word},
};

/// A photo's comment: one line of JSON after `# `, before the photo's own line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Bytes.
    pub(crate) size: u64,
    /// The file's modification time.
    pub(crate) modified: Timestamp,
    /// What it is.
    kind: String,
    /// The name that the first upload wished for.
    pub(crate) name: String,
    /// When it came.
    pub(crate) added: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    captured: Option<Captured>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    said: Option<Beside>,
}

/// What is said of the photo beside its bytes, and its own time where that is not all that is known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Beside {
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<Captured>,
    #[serde(skip_serializing_if = "Option::is_none")]
    own_modified: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sidecar: Option<Captured>,
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Captured>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    favourite: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    albums: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Captured {
    local: jiff::civil::DateTime,
    /// Seconds ahead of UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offset: Option<i32>,
    source: String,
    precision: String,
}

impl Captured {
    fn of(taken: CaptureTime) -> Self {
        Self {
            local: taken.local,
            offset: taken.offset.map(jiff::tz::Offset::seconds),
            source: taken.source.as_str().to_owned(),
            precision: precision_word(taken.precision).to_owned(),
        }
    }

    /// `None` if this version does not know one of the words.
    fn time(&self) -> Option<CaptureTime> {
        Some(CaptureTime {
            local: self.local,
            offset: match self.offset {
                Some(seconds) => Some(jiff::tz::Offset::from_seconds(seconds).ok()?),
                None => None,
            },
            source: TimeSource::from_word(&self.source)?,
            precision: precision_from_word(&self.precision)?,
        })
    }
}

impl Beside {
    fn of(said: &Said) -> Self {
        let Remarks {
            captured,
            position,
            description,
            favourite,
            ..
        } = &said.collection;
        Self {
            own: said.own.map(Captured::of),
            own_modified: said.own_modified,
            sidecar: captured.map(Captured::of),
            person: said.person.map(Captured::of),
            latitude: position.map(|at| at.latitude),
            longitude: position.map(|at| at.longitude),
            description: description.as_ref().map(|text| text.as_str().to_owned()),
            favourite: *favourite,
            albums: said
                .collection
                .albums
                .iter()
                .map(|album| album.as_str().to_owned())
                .collect(),
        }
    }

    /// Somebody may have written the line: every word goes through its type again.
    fn said(&self) -> Said {
        let time = |captured: &Option<Captured>| captured.as_ref().and_then(Captured::time);
        let is_person = |taken: &CaptureTime| taken.source == TimeSource::Person;
        let mut collection = Remarks {
            captured: time(&self.sidecar).filter(|taken| !is_person(taken)),
            position: self
                .latitude
                .zip(self.longitude)
                .and_then(|(latitude, longitude)| Position::new(latitude, longitude)),
            description: self.description.as_deref().and_then(Description::new),
            favourite: self.favourite,
            ..Remarks::default()
        };
        for album in self.albums.iter().filter_map(|name| AlbumName::new(name)) {
            collection.albums.add(album);
        }
        Said {
            own: time(&self.own),
            own_modified: self.own_modified,
            collection,
            person: time(&self.person).filter(is_person),
        }
    }
}

impl Facts {
    fn of(asset: &Asset, said: &Said) -> Self {
        Self {
            size: asset.size,
            modified: asset.modified,
            kind: asset.kind.as_str().to_owned(),
            name: asset.original_name.clone(),
            added: asset.added_at,
            captured: asset.captured.map(Captured::of),
            said: (!said.is_by_itself()).then(|| Beside::of(said)),
        }
    }

    /// What it is. A word of a newer version counts as [`MediaKind::Other`].
    pub(crate) fn kind(&self) -> MediaKind {
        MediaKind::from_word(&self.kind).unwrap_or(MediaKind::Other)
    }

    /// What is said of it, and its own time.
    pub(crate) fn said(&self) -> Said {
        match &self.said {
            Some(beside) => beside.said(),
            None => Said::by_itself(self.captured.as_ref().and_then(Captured::time)),
        }
    }
}

/// One photo of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) hash: ContentHash,
    pub(crate) path: LibraryPath,
    pub(crate) facts: Option<Facts>,
}

/// The first lines of a manifest.
pub(crate) fn head(manifest: &str) -> String {
    format!(
        "# Safelight manifest, format 1. To check these files, go to the library folder and run:\n# sha256sum -c {manifest}\n"
    )
}

/// Adds a photo's two lines.
pub(crate) fn add(text: &mut String, asset: &Asset, said: &Said) -> serde_json::Result<()> {
    let line = Line {
        hash: asset.hash,
        path: asset.path.clone(),
        facts: Some(Facts::of(asset, said)),
    };
    carry_over(text, &line)
}

/// Adds what [`read`] gave.
pub(crate) fn carry_over(text: &mut String, line: &Line) -> serde_json::Result<()> {
    if let Some(facts) = &line.facts {
        text.push_str("# ");
        text.push_str(&serde_json::to_string(facts)?);
        text.push('\n');
    }
    text.push_str(&line.hash.to_string());
    text.push_str("  ");
    text.push_str(line.path.as_str());
    text.push('\n');
    Ok(())
}

/// Reads a manifest: the photos' lines, and how many lines could not be understood. Other comments are skipped. A line
/// for a path that had one before stands in its place.
pub(crate) fn read(text: &str) -> (Vec<Line>, usize) {
    let (mut lines, mut bad): (Vec<Line>, usize) = (Vec::new(), 0);
    let mut seen = std::collections::HashMap::new();
    let mut facts = None;
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix('#') {
            if let Ok(read) = serde_json::from_str(comment) {
                facts = Some(read);
            }
            continue;
        }
        let Some((hash, path)) = photo_line(line) else {
            bad += usize::from(!line.is_empty());
            facts = None;
            continue;
        };
        let line = Line {
            hash,
            facts: facts.take(),
            path,
        };
        match seen.get(&line.path) {
            Some(index) => lines[*index] = line,
            None => {
                seen.insert(line.path.clone(), lines.len());
                lines.push(line);
            }
        }
    }
    (lines, bad)
}

/// `HASH  PATH`, or `HASH *PATH` as other programs write it.
fn photo_line(line: &str) -> Option<(ContentHash, LibraryPath)> {
    let (hash, rest) = line.split_at_checked(64)?;
    let path = rest
        .strip_prefix("  ")
        .or_else(|| rest.strip_prefix(" *"))?;
    Some((hash.parse().ok()?, LibraryPath::parse(path).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use safelight_core::{AssetId, Precision};

    fn photo(path: &str, name: &str) -> Asset {
        Asset {
            id: AssetId(1),
            hash: ContentHash::from_bytes([7; 32]),
            size: 12,
            kind: MediaKind::Video,
            path: LibraryPath::parse(path).unwrap(),
            original_name: name.to_owned(),
            captured: Some(CaptureTime {
                local: jiff::civil::date(2024, 5, 3).at(1, 2, 3, 0),
                offset: Some(jiff::tz::Offset::constant(2)),
                source: TimeSource::ExifOriginal,
                precision: Precision::Second,
            }),
            added_at: Timestamp::from_second(1_700_000_000).unwrap(),
            modified: Timestamp::from_second(1_600_000_000).unwrap(),
            safe: false,
            part_of: None,
            role: None,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let asset = photo("2024/05/a b.jpg", "odd \n\"name\\.jpg");
        let mut text = head(".safelight/manifests/2024/05.sha256");
        let mut said = Said {
            own: asset.captured,
            own_modified: Some(asset.modified),
            collection: Remarks {
                captured: asset.captured.map(|taken| CaptureTime {
                    source: TimeSource::Sidecar,
                    ..taken
                }),
                position: Position::new(-33.5, 151.25),
                description: Description::new("two\nlines \"# "),
                favourite: true,
                ..Remarks::default()
            },
            person: asset.captured.map(|taken| CaptureTime {
                source: TimeSource::Person,
                offset: None,
                ..taken
            }),
        };
        said.collection
            .albums
            .add(AlbumName::new("Sydney").unwrap());
        add(&mut text, &asset, &said).unwrap();
        let (lines, bad) = read(&text);
        assert_eq!(bad, 0);
        assert_eq!(lines.len(), 1);
        assert_eq!((&lines[0].path, lines[0].hash), (&asset.path, asset.hash));
        let facts = lines[0].facts.as_ref().unwrap();
        assert_eq!(*facts, Facts::of(&asset, &said));
        assert_eq!((facts.kind(), facts.said()), (asset.kind, said));
    }

    #[test]
    fn a_torn_or_foreign_line_costs_only_itself() {
        let asset = photo("2024/05/a.jpg", "a.jpg");
        let mut text = String::from("070707070707  torn\n\n# a remark\n");
        add(&mut text, &asset, &Said::by_itself(asset.captured)).unwrap();
        text.push_str(&format!("{} *2024/05/b.jpg\n", asset.hash));
        text.push_str("0707");
        let (lines, bad) = read(&text);
        assert_eq!(bad, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[0].facts.is_some() && lines[1].facts.is_none());
    }

    #[test]
    fn the_last_line_of_a_path_counts() {
        let mut text = String::new();
        for name in ["first.jpg", "second.jpg"] {
            let photo = photo("2024/05/a.jpg", name);
            add(&mut text, &photo, &Said::by_itself(photo.captured)).unwrap();
        }
        let (lines, _) = read(&text);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].facts.as_ref().unwrap().name, "second.jpg");
    }

    #[test]
    fn a_hostile_line_says_nothing_that_its_types_do_not_allow() {
        let mut text = String::from(
            "# {\"size\":1,\"modified\":\"2020-01-01T00:00:00Z\",\"kind\":\"photo\",\"name\":\"a\",\"added\":\"2020-01-01T00:00:00Z\",\
             \"said\":{\"latitude\":91,\"longitude\":0,\"description\":\"\\u0000\",\"albums\":[\"\\n\",\"a\\u202eb\"],\
             \"person\":{\"local\":\"2020-01-01T00:00:00\",\"source\":\"sidecar\",\"precision\":\"second\"},\
             \"sidecar\":{\"local\":\"2020-01-01T00:00:00\",\"source\":\"person\",\"precision\":\"second\"},\"new\":[]}}\n",
        );
        text.push_str(&format!("{}  a.jpg\n", ContentHash::from_bytes([7; 32])));
        let (lines, _) = read(&text);
        let mut allowed = Said::default();
        allowed.collection.albums.add(AlbumName::new("ab").unwrap());
        assert_eq!(lines[0].facts.as_ref().unwrap().said(), allowed);
    }
}
