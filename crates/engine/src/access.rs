//! Who a device is, by password or token; and the secrets' arithmetic, for people's passwords ([`crate::sessions`]) too.
//!
//! Passwords are stored as Argon2id hashes; tokens and session cookies, which are random, as SHA-256. A device's
//! password is hashed once and then remembered (as a SHA-256, in memory), since WebDAV sends it with every request.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use safelight_core::{DeviceId, Entropy};
use safelight_library::DeviceRow;
use sha2::{Digest, Sha256};

use crate::{
    error::EngineError,
    pace::Pace,
    start::{Engine, blocking},
};

/// The longest user name that is looked at, in bytes; ours are far shorter.
pub(crate) const LONGEST_NAME: usize = 64;

/// A device that proved who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its number.
    pub id: DeviceId,
    /// The owner's name for it.
    pub name: String,
    /// What it signs in as.
    pub user: String,
}

/// Why somebody is not let in.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The name, password or token is wrong, or was taken back.
    #[error("The name or the password is wrong, or was taken back")]
    Wrong,
    /// Too many wrong tries, from this address or with this name.
    #[error("Too many wrong tries; the next one is possible in {} s", .retry_after.as_secs())]
    SlowDown {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Who it is could not be looked up.
    #[error(transparent)]
    Unavailable(#[from] EngineError),
}

/// Who sent a device's name and a password.
enum Caller {
    /// A device whose password was right before.
    Known(Device),
    /// Whoever has that name, if anybody: the password is still to be looked at.
    ToBeProved(Option<DeviceRow>),
}

/// What is remembered about callers while the program runs.
pub(crate) struct Access {
    /// Device passwords that were right: the user's stored hash, and the SHA-256 of what was sent.
    known: Mutex<HashMap<String, (String, [u8; 32])>>,
    pub(crate) pace: Pace,
    /// Each Argon2 computation takes 19 MiB: one at a time bounds what a flood of tries can take.
    hashing: tokio::sync::Semaphore,
}

impl Access {
    pub(crate) fn new() -> Self {
        Self {
            known: Mutex::default(),
            pace: Pace::default(),
            hashing: tokio::sync::Semaphore::new(1),
        }
    }

    /// Waits for one's turn to compute a password's hash.
    pub(crate) async fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, EngineError> {
        self.hashing
            .acquire()
            .await
            .map_err(|_| EngineError::Bug("the hashing gate is closed".into()))
    }

    fn is_known(&self, row: &DeviceRow, sent: &[u8; 32]) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(&row.user)
            .is_some_and(|(stored, right)| *stored == row.secret_hash && same(right, sent))
    }

    fn remember(&self, row: &DeviceRow, sent: [u8; 32]) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(row.user.clone(), (row.secret_hash.clone(), sent));
    }
}

impl Engine {
    /// Which device this is, by its user name and password.
    ///
    /// # Errors
    ///
    /// [`AccessError::Wrong`], [`AccessError::SlowDown`], or the catalogue cannot be read.
    pub async fn device_by_password(
        &self,
        user: &str,
        password: &str,
        from: IpAddr,
    ) -> Result<Device, AccessError> {
        if user.len() > LONGEST_NAME {
            return Err(AccessError::Wrong);
        }
        let access = &self.0.access;
        let sent: [u8; 32] = Sha256::digest(password.as_bytes()).into();
        let row = {
            let (engine, user) = (self.clone(), user.to_owned());
            // With every request of every phone: one hand-over to a thread that may block, not two.
            blocking(move || engine.recognise(&user, &sent, from)).await?
        };
        let row = match row {
            Caller::Known(device) => return Ok(device),
            Caller::ToBeProved(row) => row,
        };
        // Only now, so that a stranger's wrong tries in the name of a phone do not keep the phone out; and again in one's
        // turn, so that many tries at once are not all the first.
        access.pace.check(from, user, self.0.clock.now())?;
        let _turn = access.turn().await?;
        let now = self.0.clock.now();
        access.pace.check(from, user, now)?;
        // A name that does not exist costs the same time as a wrong password, so that names cannot be probed.
        let stored = match &row {
            Some(row) => row.secret_hash.clone(),
            None => NOBODYS_HASH.to_owned(),
        };
        let password = password.to_owned();
        let right = blocking(move || password_is(&stored, &password)).await;
        match row {
            Some(row) if right && row.revoked_at.is_none() => {
                access.remember(&row, sent);
                access.pace.note_right(from, user, now);
                self.admit(row, from).await
            }
            _ => {
                access.pace.note_wrong(from, user, now);
                Err(AccessError::Wrong)
            }
        }
    }

    /// Which device this is, by its bearer token.
    ///
    /// # Errors
    ///
    /// [`AccessError::Wrong`], [`AccessError::SlowDown`], or the catalogue cannot be read.
    pub async fn device_by_token(&self, token: &str, from: IpAddr) -> Result<Device, AccessError> {
        let access = &self.0.access;
        let now = self.0.clock.now();
        let row = {
            let (library, hash) = (self.0.library.clone(), hash_token(token));
            blocking(move || library.device_by_token_hash(&hash))
                .await
                .map_err(EngineError::from)?
        };
        match row {
            // Whoever else tried from the same address: 256 bits are not guessed.
            Some(row) if row.revoked_at.is_none() => self.admit(row, from).await,
            _ => {
                access.pace.check_unguessable(from, "", now)?;
                access.pace.note_wrong_unguessable(from, "", now);
                Err(AccessError::Wrong)
            }
        }
    }

    /// Looks a device up, and lets it in if its password was right before.
    fn recognise(&self, user: &str, sent: &[u8; 32], from: IpAddr) -> Result<Caller, EngineError> {
        let row = self.0.library.device_by_user(user)?;
        match row {
            Some(row) if row.revoked_at.is_none() && self.0.access.is_known(&row, sent) => {
                Ok(Caller::Known(self.note_sign_of_life(&row, from)?))
            }
            row => Ok(Caller::ToBeProved(row)),
        }
    }

    async fn admit(&self, row: DeviceRow, from: IpAddr) -> Result<Device, AccessError> {
        let engine = self.clone();
        Ok(blocking(move || engine.note_sign_of_life(&row, from)).await?)
    }

    fn note_sign_of_life(&self, row: &DeviceRow, from: IpAddr) -> Result<Device, EngineError> {
        self.0.library.touch_device(row, &from.to_string())?;
        self.note_seen(row.id);
        Ok(Device {
            id: row.id,
            name: row.name.clone(),
            user: row.user.clone(),
        })
    }

    /// The code that a first set-up from another machine has to type; it is printed in the terminal.
    #[must_use]
    pub fn setup_code(&self) -> &str {
        &self.0.setup_code
    }

    /// Makes the token by which a command line on the same machine speaks to this server. Once a run.
    pub fn make_control_token(&self) -> &str {
        self.0
            .control_token
            .get_or_init(|| random_token(self.0.entropy.as_ref()))
    }

    /// Whether this is the token of [`Self::make_control_token`].
    #[must_use]
    pub fn is_control_token(&self, token: &str) -> bool {
        self.0
            .control_token
            .get()
            .is_some_and(|right| same(&Sha256::digest(right), &Sha256::digest(token)))
    }

    pub(crate) fn hash_password(&self, password: &str) -> Result<String, EngineError> {
        let mut salt = [0; 16];
        self.0.entropy.fill(&mut salt);
        Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map(|hash| hash.to_string())
            .map_err(|error| EngineError::Bug(format!("Argon2: {error}")))
    }
}

/// Argon2id of a password that nobody has.
pub(crate) const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FmZWxpZ2h0LW5vYm9keQ$PdCq9NDQHDFpPBHVQAxGF6mpyy7Rp5NVwFGbAnMUHkw";

pub(crate) fn password_is(stored: &str, sent: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(sent.as_bytes(), &hash)
            .is_ok()
    })
}

/// Compares without telling by its duration where the difference is.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// The form in which tokens and cookies are stored.
pub(crate) fn hash_token(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// 256 random bits, as 64 hexadecimal digits.
pub(crate) fn random_token(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    hex::encode(bytes)
}

/// A secret that can be typed from a piece of paper: groups of five characters, 24 bits and more each, without
/// characters that look alike.
pub(crate) fn readable_secret(entropy: &dyn Entropy, groups: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = vec![0; groups * 5];
    entropy.fill(&mut bytes);
    let letters: Vec<char> = bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect();
    letters
        .chunks(5)
        .map(|group| group.iter().collect::<String>())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_has_costs_a_real_hash() {
        assert!(PasswordHash::new(NOBODYS_HASH).is_ok());
        assert!(!password_is(NOBODYS_HASH, ""));
    }
}
