//! Who brought which photo, and when.

use rusqlite::{Row, params};
use safelight_core::{AssetId, DeviceId, PersonId, Timestamp};

use crate::{
    asset::Asset,
    error::CatalogueError,
    intake::Outcome,
    open::Library,
    stored::{ASSET, ASSET_COLUMNS, asset, at_most, time, word},
};

/// An arrival's number: the later, the higher. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArrivalId(pub i64);

/// Whose photos or arrivals are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All that there are.
    Everybody,
    /// A member's, not the owner's.
    Member(PersonId),
    /// A device's.
    Device(DeviceId),
}

impl Whose {
    /// The number in the condition that a listing makes of it.
    pub(crate) const fn number(self) -> i64 {
        match self {
            Self::Everybody => 0,
            Self::Member(person) => person.0,
            Self::Device(device) => device.0,
        }
    }
}

/// One time that somebody brought a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Its number.
    pub id: ArrivalId,
    /// The photo, as it is known now.
    pub asset: Asset,
    /// Who brought it, by number and name. `None` for files that were found in the library folder, or came through the
    /// page.
    pub device: Option<(DeviceId, String)>,
    /// Whose it is.
    pub person: PersonId,
    /// Under which name.
    pub device_path: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Whether it was new.
    pub outcome: Outcome,
    /// Whether the photo is safe now.
    pub safe: bool,
}

const FROM: &str = "r.id, r.device, d.name, r.device_path, r.at, r.outcome, r.person
    FROM arrival r JOIN asset a ON a.id = r.asset LEFT JOIN device d ON d.id = r.device";

const OF_DEVICE: &str = "r.device = ?3 AND r.device IS NOT NULL";

fn arrival(row: &Row<'_>) -> rusqlite::Result<Arrival> {
    const C: usize = ASSET_COLUMNS;
    let asset = asset(row)?;
    let device: Option<i64> = row.get(C + 1)?;
    let name: Option<String> = row.get(C + 2)?;
    Ok(Arrival {
        id: ArrivalId(row.get(C)?),
        safe: asset.safe,
        asset,
        device: device.map(DeviceId).zip(name),
        person: PersonId(row.get(C + 6)?),
        device_path: row.get(C + 3)?,
        at: time(row, C + 4)?,
        outcome: word(row, C + 5, Outcome::from_word)?,
    })
}

impl Library {
    /// The latest arrivals of somebody, newest first: up to `limit` before one that is known already.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn recent(
        &self,
        whose: Whose,
        before: Option<ArrivalId>,
        limit: usize,
    ) -> Result<Vec<Arrival>, CatalogueError> {
        // The words that the partial indexes have.
        let condition = match whose {
            Whose::Everybody => "?3 = 0",
            Whose::Member(_) => "r.person = ?3 AND r.person <> 1",
            Whose::Device(_) => OF_DEVICE,
        };
        self.arrivals_where(condition, whose.number(), before, limit)
    }

    /// The photos of a device that are safe now, which it may forget, each by its latest arrival, newest first: up to
    /// `limit` before one that is known already.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn safe_of(
        &self,
        device: DeviceId,
        before: Option<ArrivalId>,
        limit: usize,
    ) -> Result<Vec<Arrival>, CatalogueError> {
        let condition = format!(
            "{OF_DEVICE} AND a.safe = 1 AND NOT EXISTS (
               SELECT 1 FROM arrival later WHERE later.asset = r.asset AND later.device = r.device AND later.id > r.id)"
        );
        self.arrivals_where(&condition, device.0, before, limit)
    }

    /// What a condition on `?3` names.
    fn arrivals_where(
        &self,
        condition: &str,
        of: i64,
        before: Option<ArrivalId>,
        limit: usize,
    ) -> Result<Vec<Arrival>, CatalogueError> {
        let before = before.map_or(i64::MAX, |id| id.0);
        self.core()
            .catalogue
            .read("list the latest arrivals", |connection| {
                let mut query = connection.prepare_cached(&format!(
                    "SELECT {ASSET}, {FROM} WHERE r.id < ?1 AND {condition} ORDER BY r.id DESC LIMIT ?2"
                ))?;
                let rows = query.query_map(params![before, at_most(limit), of], arrival)?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// All arrivals of one photo, oldest first.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn arrivals_of(&self, id: AssetId) -> Result<Vec<Arrival>, CatalogueError> {
        self.core()
            .catalogue
            .read("list a photo's arrivals", |connection| {
                let mut query = connection.prepare_cached(&format!(
                    "SELECT {ASSET}, {FROM} WHERE r.asset = ?1 ORDER BY r.id"
                ))?;
                let rows = query.query_map([id.0], arrival)?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }
}
