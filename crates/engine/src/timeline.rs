//! The timeline, for who asks: members see their own photos, the owner everybody's.

use std::time::Duration;

use jiff::civil::Date;
use safelight_core::{AssetId, MediaKind, PersonId, group::Role};
use safelight_library::{Day, Period, PictureState, Tile};

use crate::{error::EngineError, model::TileRow, people::Asker, start::Engine};

/// The longest slice.
pub const LONGEST_SLICE: usize = 500;

/// Whose timeline the asker sees.
const fn whose(asker: Asker) -> Option<PersonId> {
    match asker {
        Asker::Owner => None,
        Asker::Member(person) => Some(person),
    }
}

impl Engine {
    /// The years in which the asker has photos, the latest first.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn years(&self, asker: Asker) -> Result<Vec<i16>, EngineError> {
        Ok(self.library().years(whose(asker))?)
    }

    /// How many tiles each day of a period has that has any, the latest first.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn days(&self, asker: Asker, period: Period) -> Result<Vec<Day>, EngineError> {
        Ok(self.library().days(whose(asker), period)?)
    }

    /// How many tiles a period has.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn tile_count(&self, asker: Asker, period: Period) -> Result<u64, EngineError> {
        Ok(self.library().tile_count(whose(asker), period)?)
    }

    /// Up to `limit` tiles of a period, and at most [`LONGEST_SLICE`], the latest first: from the end of a day on, if one
    /// is named, and without the first `skipped` ones.
    ///
    /// # Errors
    ///
    /// The catalogue or the file of pictures cannot be read.
    pub fn tiles(
        &self,
        asker: Asker,
        period: Period,
        day: Option<Date>,
        skipped: u64,
        limit: usize,
    ) -> Result<Vec<TileRow>, EngineError> {
        let limit = limit.min(LONGEST_SLICE);
        let tiles = self
            .library()
            .tiles(whose(asker), period, day, skipped, limit)?;
        let hashes: Vec<_> = tiles.iter().map(|tile| tile.hash).collect();
        let pictures = self.library().picture_states(&hashes)?;
        Ok(tiles
            .into_iter()
            .zip(pictures)
            .map(|(tile, picture)| row(&tile, picture))
            .collect())
    }

    /// The photos beside one that the asker may see: the one taken next, and the one taken before.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn beside(
        &self,
        asker: Asker,
        photo: AssetId,
    ) -> Result<(Option<i64>, Option<i64>), EngineError> {
        let Some(photo) = self.library().asset(photo)? else {
            return Ok((None, None));
        };
        let (next, before) = self.library().beside(whose(asker), &photo)?;
        Ok((next.map(|id| id.0), before.map(|id| id.0)))
    }
}

fn row(tile: &Tile, picture: PictureState) -> TileRow {
    let has = |role| tile.parts.contains(&role);
    let mut row = TileRow {
        asset: tile.id.0,
        hash: tile.hash.to_string(),
        kind: tile.kind.as_str().to_owned(),
        is_live: tile.is_motion_photo || (tile.kind == MediaKind::Photo && has(Role::Motion)),
        is_raw: is_raw(tile.mime.as_deref()) || has(Role::Raw),
        is_burst: has(Role::Burst),
        taken: tile.taken.map(|taken| taken.to_string()),
        seconds: tile.duration.map(whole_seconds),
        file_name: tile.is_aside.then(|| tile.name.clone()),
        placeholder: None,
        no_picture: None,
        is_final: true,
    };
    match picture {
        PictureState::Drawn { placeholder } => row.placeholder = Some(placeholder),
        PictureState::Refused { reason } => row.no_picture = Some(reason),
        PictureState::Later { reason } => {
            row.no_picture = Some(reason);
            row.is_final = false;
        }
        PictureState::Undrawn => row.is_final = false,
    }
    row
}

/// To the nearest second, and never none: a video that lasts half a second is one.
fn whole_seconds(duration: Duration) -> u64 {
    let rounded = duration.saturating_add(Duration::from_millis(500));
    rounded.as_secs().max(1)
}

/// Whether a media type is that of a camera's raw pictures: no other picture's begins with `x-`.
fn is_raw(mime: Option<&str>) -> bool {
    mime.is_some_and(|mime| mime.starts_with("image/x-"))
}
