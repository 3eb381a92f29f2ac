//! The phones and programs that may add photos. What their secrets mean is the engine's business: here they are
//! opaque texts.

use std::sync::atomic::Ordering;

use jiff::SignedDuration;
use rusqlite::{Connection, OptionalExtension, Row, params};
use safelight_core::{DeviceId, PersonId, Timestamp};

use crate::{
    error::{CatalogueError, RowError},
    open::{Core, Library},
    stored::{count, micros, time, time_or_none, word},
    tree_change,
};

/// How long a device's last sign of life may be out of date.
const TOUCH_EVERY: SignedDuration = SignedDuration::from_mins(1);

/// A device to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewDevice<'a> {
    /// What the owner calls it.
    pub name: &'a str,
    /// The user name that it signs in with. Unique.
    pub user: &'a str,
    /// The hash of its password.
    pub secret_hash: &'a str,
    /// The hash of its token. Unique.
    pub token_hash: &'a str,
    /// Whose it is.
    pub person: PersonId,
}

/// What a device's 2xx means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acknowledge {
    /// The photo is at home for good (promise 1).
    Home,
    /// The photo is safe by the owner's rule, hence offsite.
    Offsite,
}

impl Acknowledge {
    /// The word used in the catalogue and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Offsite => "offsite",
        }
    }

    /// Reads [`Self::as_str`]'s word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Home, Self::Offsite]
            .into_iter()
            .find(|meaning| meaning.as_str() == word)
    }
}

/// A device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its number.
    pub id: DeviceId,
    /// What the owner calls it.
    pub name: String,
    /// The user name that it signs in with.
    pub user: String,
    /// The hash of its password.
    pub secret_hash: String,
    /// The hash of its token.
    pub token_hash: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// Since when it may not sign in any more.
    pub revoked_at: Option<Timestamp>,
    /// When it was last seen, to the minute.
    pub last_seen_at: Option<Timestamp>,
    /// From where.
    pub last_seen_from: Option<String>,
    /// How many different photos it has brought.
    pub photos: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them are not safe yet.
    pub not_yet_safe: u64,
    /// When its newest photo arrived.
    pub last_arrival_at: Option<Timestamp>,
    /// Whose it is.
    pub person: PersonId,
    /// What its 2xx means.
    pub acknowledge: Acknowledge,
    /// Whether its silence is a problem.
    pub tell_silence: bool,
}

const COLUMNS: &str = "id, name, user, secret_hash, token_hash, created_at, revoked_at, last_seen_at, last_seen_from, photos, bytes, \
    not_yet_safe, last_arrival_at, person, acknowledge, tell_silence";

fn device(row: &Row<'_>) -> rusqlite::Result<DeviceRow> {
    Ok(DeviceRow {
        id: DeviceId(row.get(0)?),
        name: row.get(1)?,
        user: row.get(2)?,
        secret_hash: row.get(3)?,
        token_hash: row.get(4)?,
        created_at: time(row, 5)?,
        revoked_at: time_or_none(row, 6)?,
        last_seen_at: time_or_none(row, 7)?,
        last_seen_from: row.get(8)?,
        photos: count(row, 9)?,
        bytes: count(row, 10)?,
        not_yet_safe: count(row, 11)?,
        last_arrival_at: time_or_none(row, 12)?,
        person: PersonId(row.get(13)?),
        acknowledge: word(row, 14, Acknowledge::from_word)?,
        tell_silence: row.get(15)?,
    })
}

fn one_where(
    connection: &Connection,
    condition: &str,
    value: impl rusqlite::ToSql,
) -> rusqlite::Result<Option<DeviceRow>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM device WHERE {condition} = ?1"
        ))?
        .query_row([value], device)
        .optional()
}

/// What a device's 2xx means; none if it may not add anything: it is not known, or was revoked.
pub(crate) fn meaning(
    connection: &Connection,
    device: DeviceId,
) -> rusqlite::Result<Option<Acknowledge>> {
    connection
        .prepare_cached("SELECT acknowledge FROM device WHERE id = ?1 AND revoked_at IS NULL")?
        .query_row([device.0], |row| word(row, 0, Acknowledge::from_word))
        .optional()
}

/// Whether a unique column refused the row.
pub(crate) fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}

impl Core {
    /// To be called after a device's password or token stopped being good, before anybody is told so.
    pub(crate) fn credentials_changed(&self) {
        self.credentials.fetch_add(1, Ordering::SeqCst);
    }
}

impl Library {
    /// Changes whenever a device's password or token stops being good. Whoever wants to remember a device reads this, then
    /// the device, and forgets it when this has changed.
    #[must_use]
    pub fn credentials_version(&self) -> u64 {
        self.core().credentials.load(Ordering::SeqCst)
    }

    /// Adds a device, with an empty tree.
    ///
    /// # Errors
    ///
    /// The user name (or the token's hash) is taken; the catalogue's.
    pub fn add_device(&self, new: NewDevice<'_>) -> Result<DeviceRow, RowError> {
        let now = self.core().clock.now();
        self.core().catalogue.write("add a device", |change| {
            let added = change.execute(
                "INSERT INTO device (name, user, secret_hash, token_hash, created_at, person) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![new.name, new.user, new.secret_hash, new.token_hash, micros(now), new.person.0],
            );
            match added {
                Err(error) if is_taken(&error) => return Err(RowError::NameTaken(new.user.to_owned())),
                other => other?,
            };
            let id = DeviceId(change.last_insert_rowid());
            tree_change::make_root(change, id, now)?;
            one_where(change, "id", id.0)?.ok_or(RowError::NoDevice(id))
        })
    }

    /// All devices, also revoked ones, in the order in which they were added.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn devices(&self) -> Result<Vec<DeviceRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("list the devices", |connection| {
                let mut query = connection
                    .prepare_cached(&format!("SELECT {COLUMNS} FROM device ORDER BY id"))?;
                let rows = query.query_map([], device)?;
                Ok(rows.collect::<rusqlite::Result<_>>()?)
            })
    }

    /// A device by its number.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn device(&self, id: DeviceId) -> Result<Option<DeviceRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up a device", |connection| {
                Ok(one_where(connection, "id", id.0)?)
            })
    }

    /// A device by the user name that it signs in with, also a revoked one.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn device_by_user(&self, user: &str) -> Result<Option<DeviceRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up a device", |connection| {
                Ok(one_where(connection, "user", user)?)
            })
    }

    /// A device by its token's hash, also a revoked one.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn device_by_token_hash(
        &self,
        token_hash: &str,
    ) -> Result<Option<DeviceRow>, CatalogueError> {
        self.core()
            .catalogue
            .read("look up a device", |connection| {
                Ok(one_where(connection, "token_hash", token_hash)?)
            })
    }

    /// Notes that a device may not sign in any more. Its photos and its tree stay.
    ///
    /// # Errors
    ///
    /// There is no such device; the catalogue's.
    pub fn revoke_device(&self, id: DeviceId) -> Result<(), RowError> {
        let now = micros(self.core().clock.now());
        self.core().catalogue.write("revoke a device", |change| {
            let revoked = change.execute(
                "UPDATE device SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1",
                params![id.0, now],
            )?;
            if revoked == 0 {
                return Err(RowError::NoDevice(id));
            }
            Ok(())
        })?;
        self.core().credentials_changed();
        Ok(())
    }

    /// Sets what a device's 2xx means.
    ///
    /// # Errors
    ///
    /// There is no such device; the catalogue's.
    pub fn set_acknowledge(&self, id: DeviceId, meaning: Acknowledge) -> Result<(), RowError> {
        self.core().catalogue.write("set up a device", |change| {
            let set = change.execute(
                "UPDATE device SET acknowledge = ?2 WHERE id = ?1",
                params![id.0, meaning.as_str()],
            )?;
            if set == 0 {
                return Err(RowError::NoDevice(id));
            }
            Ok(())
        })
    }

    /// Sets whether a device's silence is a problem.
    ///
    /// # Errors
    ///
    /// There is no such device; the catalogue's.
    pub fn set_tell_silence(&self, id: DeviceId, tell: bool) -> Result<(), RowError> {
        self.core().catalogue.write("set up a device", |change| {
            let set = change.execute(
                "UPDATE device SET tell_silence = ?2 WHERE id = ?1",
                params![id.0, tell],
            )?;
            if set == 0 {
                return Err(RowError::NoDevice(id));
            }
            Ok(())
        })
    }

    /// Of the photos that a device brought, the one that has been here the longest without being safe: when it came.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn oldest_not_safe_of(&self, id: DeviceId) -> Result<Option<Timestamp>, CatalogueError> {
        self.core()
            .catalogue
            .read("look for the oldest photo", |connection| {
                Ok(connection
                    .prepare_cached(
                        "SELECT a.added_at FROM holding h JOIN asset a ON a.id = h.asset
                         WHERE h.device = ?1 AND h.waiting = 1 AND h.device <> 0 ORDER BY h.asset LIMIT 1",
                    )?
                    .query_row([id.0], |row| time(row, 0))
                    .optional()?)
            })
    }

    /// Gives a device a new password and a new token, in place of those that it had.
    ///
    /// # Errors
    ///
    /// There is no such device, or it was revoked; the token's hash is taken; the catalogue's.
    pub fn renew_device(
        &self,
        id: DeviceId,
        secret_hash: &str,
        token_hash: &str,
    ) -> Result<DeviceRow, RowError> {
        let renewed = self
            .core()
            .catalogue
            .write("give a device a new password", |change| {
                let renewed = change.execute(
                    "UPDATE device SET secret_hash = ?2, token_hash = ?3 WHERE id = ?1 AND revoked_at IS NULL",
                    params![id.0, secret_hash, token_hash],
                )?;
                if renewed == 0 {
                    return Err(RowError::NoDevice(id));
                }
                one_where(change, "id", id.0)?.ok_or(RowError::NoDevice(id))
            })?;
        self.core().credentials_changed();
        Ok(renewed)
    }

    /// Notes a device's sign of life, at most once a minute. `device` is as it was just read. Returns when the next one is
    /// to be noted.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn touch_device(
        &self,
        device: &DeviceRow,
        from: &str,
    ) -> Result<Timestamp, CatalogueError> {
        let now = self.core().clock.now();
        let due = |noted: Timestamp| noted.checked_add(TOUCH_EVERY).unwrap_or(Timestamp::MAX);
        if let Some(noted) = device.last_seen_at
            && noted <= now
            && now < due(noted)
        {
            return Ok(due(noted));
        }
        self.core()
            .catalogue
            .write("note a sign of life", |change| {
                change.execute(
                    "UPDATE device SET last_seen_at = ?2, last_seen_from = ?3 WHERE id = ?1",
                    params![device.id.0, micros(now), from],
                )?;
                Ok::<_, CatalogueError>(())
            })?;
        Ok(due(now))
    }
}
