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
    /// Why there is no thumbnail.
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
        let mut label = match row.kind.as_str() {
            "photo" => "Photo",
            "video" => "Video",
            _ => "File",
        }
        .to_owned();
        if let Some(taken) = taken {
            label += &taken.strftime(" of %-d %B %Y, %H:%M").to_string();
        }
        for text in marks.iter().chain(&row.no_picture) {
            label += ", ";
            label += text;
        }
        let refused = row.no_picture.is_some() && row.is_final;
        Self {
            id: row.asset,
            label,
            day: taken.map(|taken| taken.date().to_string()),
            src: (!refused).then(|| thumbnail_address(row.asset, &row.hash)),
            marks,
            placeholder: row.placeholder.map(|bytes| BASE64_STANDARD.encode(bytes)),
            why: row.no_picture,
        }
    }
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
    fn durations_are_those_of_players() {
        for (seconds, text) in [(0, "0:00"), (754, "12:34"), (3723, "1:02:03")] {
            assert_eq!(duration(seconds), text);
        }
    }
}
