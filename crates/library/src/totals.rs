//! The numbers of the first page. They are tallies, kept in the transactions that change them: asking costs nothing.

use rusqlite::OptionalExtension;
use safelight_core::{AssetId, Timestamp};

use crate::{
    error::CatalogueError,
    open::Library,
    stored::{count, time},
};

/// How many photos there are, and how well they are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// All photos, videos and other files.
    pub photos: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many home copies were read again and matched.
    pub home_verified: u64,
    /// How many are safe under the owner's rule.
    pub safe: u64,
    /// How many are not.
    pub not_yet_safe: u64,
    /// The one that has been waiting for the longest time, and when it came.
    pub oldest_not_safe: Option<(AssetId, Timestamp)>,
}

impl Library {
    /// The tallies.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn totals(&self) -> Result<Totals, CatalogueError> {
        self.core().catalogue.read("read the totals", |connection| {
            // One transaction, so that the numbers belong together.
            let view = connection.unchecked_transaction()?;
            let oldest_not_safe = view
                .prepare_cached(
                    "SELECT id, added_at FROM asset WHERE safe = 0 ORDER BY id LIMIT 1",
                )?
                .query_row([], |row| Ok((AssetId(row.get(0)?), time(row, 1)?)))
                .optional()?;
            let totals = view
                .prepare_cached("SELECT photos, bytes, home_verified, safe FROM tally")?
                .query_row([], |row| {
                    let (photos, safe) = (count(row, 0)?, count(row, 3)?);
                    Ok(Totals {
                        photos,
                        bytes: count(row, 1)?,
                        home_verified: count(row, 2)?,
                        safe,
                        not_yet_safe: photos.saturating_sub(safe),
                        oldest_not_safe,
                    })
                })?;
            Ok(totals)
        })
    }
}
