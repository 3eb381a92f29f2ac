//! One tile: what is seen of it, and what a screen reader says.

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::civil::DateTime;
use safelight_engine::model::TileRow;
use serde::Serialize;

use crate::ui::pictures::thumbnail_address;

/// A tile as the script gets it and as templates show it.
#[derive(Serialize)]
pub(super) struct Tile {
    /// The photo's number.
    pub(super) id: i64,
    /// What it is, for who does not see it.
    pub(super) label: String,
    /// The day that it was taken on, ISO 8601.
    pub(super) day: Option<String>,
    /// Where its thumbnail is; none if there can be none.
    pub(super) src: Option<String>,
    /// Marks to be seen on it: a video's duration, `Live`, `RAW`.
    pub(super) marks: Vec<String>,
    /// A ThumbHash in Base64, until the thumbnail is there.
    pub(super) placeholder: Option<String>,
    /// Why there is no thumbnail; of a file of which nobody expects one, its name.
    pub(super) why: Option<String>,
}

impl Tile {
    pub(super) fn of(row: TileRow) -> Self {
        let taken = row
            .taken
            .as_deref()
            .and_then(|taken| taken.parse::<DateTime>().ok());
        let mut marks = Vec::new();
        if let ("video", Some(seconds)) = (row.kind.as_str(), row.seconds) {
            marks.push(duration(seconds));
        }
        for (has, mark) in [
            (row.is_live, "Live"),
            (row.is_raw, "RAW"),
            (row.is_burst, "Burst"),
        ] {
            if has {
                marks.push(mark.to_owned());
            }
        }
        let mut label = match (row.kind.as_str(), &row.file_name) {
            ("photo", _) => "Photo".to_owned(),
            ("video", _) => "Video".to_owned(),
            (_, Some(name)) => name.clone(),
            (_, None) => "File".to_owned(),
        };
        if let Some(taken) = taken {
            label += &taken.strftime(" of %-d %B %Y, %H:%M").to_string();
        }
        // Of what is no picture nobody expects one: its name says what it is.
        let why = row.no_picture.filter(|_| row.file_name.is_none());
        let why = why.as_deref().map(briefly);
        for text in marks.iter().chain(&why) {
            label += ", ";
            label += text;
        }
        let refused = row.file_name.is_some() || (why.is_some() && row.is_final);
        Self {
            id: row.asset,
            label,
            day: taken.map(|taken| taken.date().to_string()),
            src: (!refused).then(|| thumbnail_address(row.asset, &row.hash)),
            marks,
            placeholder: row.placeholder.map(|bytes| BASE64_STANDARD.encode(bytes)),
            why: why.or(row.file_name),
        }
    }
}

/// Why there is no picture, as far as a tile has room for it: that there is none can be seen, and what a decoder says of it
/// in its own words stands on the photo's page.
fn briefly(why: &str) -> String {
    let reason = match why.split_once(": ") {
        Some((what, reason)) if what.starts_with("No picture ") => reason,
        _ => why,
    };
    let reason = reason.split(" (").next().unwrap_or(reason);
    let mut letters = reason.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}

/// `0:07`, `12:34`, `1:02:03`.
fn duration(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> TileRow {
        TileRow {
            asset: 7,
            hash: "ab".repeat(32),
            kind: "video".into(),
            taken: Some("2024-05-17T14:03:09".into()),
            seconds: Some(67),
            is_live: false,
            is_raw: false,
            is_burst: false,
            file_name: None,
            placeholder: Some(vec![1, 2, 3]),
            no_picture: None,
            is_final: true,
        }
    }

    #[test]
    fn a_tile_says_what_it_is() {
        let tile = Tile::of(row());
        assert_eq!(tile.label, "Video of 17 May 2024, 14:03, 1:07");
        assert_eq!(
            tile.src.as_deref(),
            Some("/photo/7/thumbnail?of=abababababababab")
        );
        assert_eq!(tile.placeholder.as_deref(), Some("AQID"));
        let undated = Tile::of(TileRow {
            kind: "photo".into(),
            taken: None,
            seconds: None,
            is_live: true,
            ..row()
        });
        assert_eq!(undated.label, "Photo, Live");
    }

    #[test]
    fn a_tile_without_a_picture_says_why() {
        let refused = TileRow {
            placeholder: None,
            no_picture: Some("It is cut off".into()),
            ..row()
        };
        let tile = Tile::of(refused.clone());
        assert_eq!(tile.src, None);
        assert!(
            tile.label.ends_with("1:07, It is cut off"),
            "{}",
            tile.label
        );
        // It may be there when it is asked for.
        let later = Tile::of(TileRow {
            is_final: false,
            ..refused
        });
        assert!(later.src.is_some());
    }

    #[test]
    fn a_tile_says_why_in_few_words() {
        for (why, brief) in [
            (
                "No picture can be made of the file: it is damaged or cut off (CRC error: expected 0x0)",
                "It is damaged or cut off",
            ),
            (
                "No picture was made of the file: decoding it takes too long",
                "Decoding it takes too long",
            ),
            ("Its file at home is missing", "Its file at home is missing"),
        ] {
            assert_eq!(briefly(why), brief);
        }
    }

    #[test]
    fn a_file_that_is_no_picture_is_called_by_its_name() {
        let tile = Tile::of(TileRow {
            kind: "other".into(),
            file_name: Some("invoice.pdf".into()),
            seconds: None,
            placeholder: None,
            no_picture: Some("It is neither a photo nor a video".into()),
            ..row()
        });
        assert_eq!(tile.src, None);
        assert_eq!(tile.why.as_deref(), Some("invoice.pdf"));
        assert_eq!(tile.label, "invoice.pdf of 17 May 2024, 14:03");
    }

    #[test]
    fn durations_are_those_of_players() {
        for (seconds, text) in [(0, "0:00"), (754, "12:34"), (3723, "1:02:03")] {
            assert_eq!(duration(seconds), text);
        }
    }
}
