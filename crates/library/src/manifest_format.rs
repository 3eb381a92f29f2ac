//! The text of a manifest: what `sha256sum` writes, with comments that it skips and that carry what the catalogue knows.

use safelight_core::{CaptureTime, ContentHash, LibraryPath, MediaKind, TimeSource, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    asset::Asset,
    stored::{precision_from_word, precision_word},
};

/// A photo's comment: one line of JSON after `# `, before the photo's own line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Facts {
    fn of(asset: &Asset) -> Self {
        Self {
            size: asset.size,
            modified: asset.modified,
            kind: asset.kind.as_str().to_owned(),
            name: asset.original_name.clone(),
            added: asset.added_at,
            captured: asset.captured.map(|taken| Captured {
                local: taken.local,
                offset: taken.offset.map(jiff::tz::Offset::seconds),
                source: taken.source.as_str().to_owned(),
                precision: precision_word(taken.precision).to_owned(),
            }),
        }
    }

    /// What it is. A word of a newer version counts as [`MediaKind::Other`].
    pub(crate) fn kind(&self) -> MediaKind {
        MediaKind::from_word(&self.kind).unwrap_or(MediaKind::Other)
    }

    /// When it was taken, if the words are known to this version.
    pub(crate) fn captured(&self) -> Option<CaptureTime> {
        let captured = self.captured.as_ref()?;
        Some(CaptureTime {
            local: captured.local,
            offset: match captured.offset {
                Some(seconds) => Some(jiff::tz::Offset::from_seconds(seconds).ok()?),
                None => None,
            },
            source: TimeSource::from_word(&captured.source)?,
            precision: precision_from_word(&captured.precision)?,
        })
    }
}

/// One photo of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
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
pub(crate) fn add(text: &mut String, asset: &Asset) -> serde_json::Result<()> {
    let line = Line {
        hash: asset.hash,
        path: asset.path.clone(),
        facts: Some(Facts::of(asset)),
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
        add(&mut text, &asset).unwrap();
        let (lines, bad) = read(&text);
        assert_eq!(bad, 0);
        assert_eq!(lines.len(), 1);
        assert_eq!((&lines[0].path, lines[0].hash), (&asset.path, asset.hash));
        let facts = lines[0].facts.as_ref().unwrap();
        assert_eq!(*facts, Facts::of(&asset));
        assert_eq!(
            (facts.kind(), facts.captured()),
            (asset.kind, asset.captured)
        );
    }

    #[test]
    fn a_torn_or_foreign_line_costs_only_itself() {
        let asset = photo("2024/05/a.jpg", "a.jpg");
        let mut text = String::from("070707070707  torn\n\n# a remark\n");
        add(&mut text, &asset).unwrap();
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
        add(&mut text, &photo("2024/05/a.jpg", "first.jpg")).unwrap();
        add(&mut text, &photo("2024/05/a.jpg", "second.jpg")).unwrap();
        let (lines, _) = read(&text);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].facts.as_ref().unwrap().name, "second.jpg");
    }
}
