//! Photos that a person chooses to do something with: by whose they are, the camera, and the time that counts. A group is
//! chosen as a whole.

use jiff::civil::DateTime;
use rusqlite::params;
use safelight_core::AssetId;

use crate::{
    arrivals::Whose,
    asset::{self, Asset},
    error::CatalogueError,
    groups,
    open::Library,
    remarks::{self, Said},
    stored::{ASSET, asset, at_most},
};

/// Which photos are chosen.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// Whose.
    pub whose: Whose,
    /// Those of this camera only: its model, as it calls itself.
    pub camera: Option<String>,
    /// Those that were taken then or later, by the clock of their place.
    pub from: Option<DateTime>,
    /// Those that were taken before.
    pub before: Option<DateTime>,
}

impl Library {
    /// Up to `limit` photos that stand for themselves or for a group, in the order in which they were taken. Photos whose
    /// time nobody knows are not among them.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn chosen(&self, chosen: &Chosen, limit: usize) -> Result<Vec<Asset>, CatalogueError> {
        let held = match chosen.whose {
            Whose::Everybody => "?5 = 0",
            Whose::Member(_) => {
                "EXISTS (SELECT 1 FROM holding h WHERE h.asset = a.id AND h.person = ?5)"
            }
            Whose::Device(_) => {
                "EXISTS (SELECT 1 FROM holding h WHERE h.asset = a.id AND h.device = ?5)"
            }
        };
        let text = |time: Option<DateTime>| time.map(|time| time.to_string());
        self.core()
            .catalogue
            .read("choose photos", |connection| {
                let mut query = connection.prepare_cached(&format!(
                    "SELECT {ASSET} FROM asset a
                     WHERE a.part_of IS NULL AND a.aside = 0 AND a.captured_local >= coalesce(?1, '')
                       AND (?2 IS NULL OR a.captured_local < ?2) AND (?3 IS NULL OR a.model = ?3) AND {held}
                     ORDER BY a.captured_local, a.id LIMIT ?4"
                ))?;
                let rows = query.query_map(
                    params![
                        text(chosen.from),
                        text(chosen.before),
                        chosen.camera,
                        at_most(limit),
                        chosen.whose.number()
                    ],
                    asset,
                )?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// The models of the cameras that took somebody's photos, as they call themselves, with how many each took.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn cameras(&self, whose: Whose) -> Result<Vec<(String, u64)>, CatalogueError> {
        let held = match whose {
            Whose::Everybody => "?1 = 0",
            Whose::Member(_) => "id IN (SELECT asset FROM holding WHERE person = ?1)",
            Whose::Device(_) => "id IN (SELECT asset FROM holding WHERE device = ?1)",
        };
        self.core()
            .catalogue
            .read("list the cameras", |connection| {
                let mut query = connection.prepare_cached(&format!(
                    "SELECT model, count(*) FROM asset WHERE model IS NOT NULL AND {held} GROUP BY model ORDER BY model"
                ))?;
                let rows = query.query_map([whose.number()], |row| {
                    Ok((row.get(0)?, crate::stored::count(row, 1)?))
                })?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// Photos with the groups that they belong to, each with what is said of it. Every photo is there once; those that do
    /// not exist are not.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn said_with_groups(
        &self,
        photos: &[AssetId],
    ) -> Result<Vec<(Asset, Said)>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up photos with their groups", |connection| {
                let mut seen = std::collections::HashSet::new();
                let mut found = Vec::with_capacity(photos.len());
                for id in photos {
                    let Some(photo) = asset::by_id(connection, *id)? else {
                        continue;
                    };
                    for photo in groups::of(connection, &photo)? {
                        if seen.insert(photo.id) {
                            let said = remarks::of(connection, &photo)?;
                            found.push((photo, said));
                        }
                    }
                }
                Ok(found)
            })
    }
}
