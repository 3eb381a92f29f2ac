//! What photos say of themselves, kept in their rows.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};
use safelight_core::{AssetId, Details, Position};

use crate::{
    asset,
    error::CatalogueError,
    groups::{self, New},
    open::Library,
    stored::{at_most, count_or_none, signed},
};

/// The columns that [`details`] reads, of a table called `a`.
pub(crate) const DETAILS: &str = "a.described, a.mime, a.width, a.height, a.rotation, a.duration, a.latitude, \
    a.longitude, a.make, a.model, a.content_id, a.burst_id, a.motion_video";

/// A row that has the columns of [`DETAILS`] from `first` on; `None` if nobody has read the file for them.
pub(crate) fn details(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Details>> {
    let reader: u32 = row.get(first)?;
    if reader == 0 {
        return Ok(None);
    }
    let latitude: Option<f64> = row.get(first + 6)?;
    let longitude: Option<f64> = row.get(first + 7)?;
    Ok(Some(Details {
        reader,
        mime: row.get(first + 1)?,
        width: row.get(first + 2)?,
        height: row.get(first + 3)?,
        rotation: row.get(first + 4)?,
        duration: count_or_none(row, first + 5)?.map(Duration::from_millis),
        position: latitude
            .zip(longitude)
            .and_then(|(latitude, longitude)| Position::new(latitude, longitude)),
        make: row.get(first + 8)?,
        model: row.get(first + 9)?,
        content_id: row.get(first + 10)?,
        burst_id: row.get(first + 11)?,
        motion_video: count_or_none(row, first + 12)?,
    }))
}

/// A duration's column.
pub(crate) fn duration_column(details: &Details) -> Option<i64> {
    let milliseconds = details.duration?.as_millis();
    Some(i64::try_from(milliseconds).unwrap_or(i64::MAX))
}

/// Writes down what a photo says of itself.
pub(crate) fn keep(change: &Connection, asset: AssetId, details: &Details) -> rusqlite::Result<()> {
    change
        .prepare_cached(
            "UPDATE asset SET described = ?2, mime = ?3, width = ?4, height = ?5, rotation = ?6, duration = ?7,
               latitude = ?8, longitude = ?9, make = ?10, model = ?11, content_id = ?12, burst_id = ?13,
               motion_video = ?14 WHERE id = ?1",
        )?
        .execute(params![
            asset.0,
            details.reader,
            details.mime,
            details.width,
            details.height,
            details.rotation,
            duration_column(details),
            details.position.map(|position| position.latitude),
            details.position.map(|position| position.longitude),
            details.make,
            details.model,
            details.content_id,
            details.burst_id,
            details.motion_video.map(signed)
        ])?;
    Ok(())
}

/// As [`keep`], for a photo that nobody has read before.
pub(crate) fn keep_first(
    change: &Connection,
    asset: AssetId,
    details: &Details,
) -> rusqlite::Result<()> {
    let is_described = change
        .prepare_cached("SELECT 1 FROM asset WHERE id = ?1 AND described > 0")?
        .exists([asset.0])?;
    if !is_described {
        keep(change, asset, details)?;
    }
    Ok(())
}

impl Library {
    /// What a photo says of itself; `None` if there is no such photo, or nobody has read its file for that.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn details(&self, asset: AssetId) -> Result<Option<Details>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up what a photo says of itself", |connection| {
                let found = connection
                    .prepare_cached(&format!("SELECT {DETAILS} FROM asset a WHERE a.id = ?1"))?
                    .query_row([asset.0], |row| details(row, 0))
                    .optional()?;
                Ok(found.flatten())
            })
    }

    /// Writes down what photos say of themselves, in one transaction, and which groups they are by that. Photos that are not
    /// known are passed over.
    ///
    /// # Errors
    ///
    /// The catalogue's; then nothing was written.
    pub fn keep_details(&self, photos: &[(AssetId, Details)]) -> Result<(), CatalogueError> {
        let core = self.core();
        core.catalogue
            .write("write down what photos say of themselves", |change| {
                for (asset, details) in photos {
                    keep(change, *asset, details)?;
                    if let Some(photo) = asset::by_id(change, *asset)? {
                        let new = New::here(change, &photo)?;
                        groups::regroup(core, change, *asset, &new)?;
                    }
                }
                Ok(())
            })
    }

    /// Up to `limit` photos whose files nobody has read for their details, after one number, by number. Begin with
    /// `AssetId(0)`.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn not_described(
        &self,
        after: AssetId,
        limit: usize,
    ) -> Result<Vec<AssetId>, CatalogueError> {
        self.core()
            .catalogue
            .read("list photos that are not described", |connection| {
                let mut query = connection.prepare_cached(
                    "SELECT id FROM asset WHERE described = 0 AND id > ?1 ORDER BY id LIMIT ?2",
                )?;
                let rows = query.query_map(params![after.0, at_most(limit)], |row| {
                    Ok(AssetId(row.get(0)?))
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }
}
