//! Who a device is, by password or token; and the secrets' arithmetic, for people's passwords ([`crate::sessions`]) too.
//!
//! Passwords are stored as Argon2id hashes; tokens and session cookies, which are random, as SHA-256. A device's
//! password is hashed once and then remembered (as a SHA-256, in memory), since WebDAV sends it with every request; and for
//! up to a minute the device is remembered with it (`recent`).

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use safelight_core::{DeviceId, Entropy};
use safelight_library::DeviceRow;
use sha2::{Digest, Sha256};

use crate::{
    error::EngineError,
    pace::Pace,
    start::{Engine, blocking},
};

mod password;
mod recent;
pub(crate) use password::{NOBODYS_HASH, Passwords};
use recent::{Proof, Recent, Seen};

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
    ToBeProved {
        row: Option<Box<DeviceRow>>,
        /// The credentials' version before the row was read.
        version: u64,
    },
}

/// What is remembered about callers while the program runs.
pub(crate) struct Access {
    /// Device passwords that were right: the user's stored hash, and the SHA-256 of what was sent.
    known: Mutex<HashMap<String, (String, [u8; 32])>>,
    recent: Recent,
    pub(crate) pace: Pace,
    pub(crate) passwords: Passwords,
    /// One computation of a hash at a time: whoever waits for it holds no thread.
    hashing: tokio::sync::Semaphore,
}

impl Access {
    pub(crate) fn new() -> Self {
        Self {
            known: Mutex::default(),
            recent: Recent::default(),
            pace: Pace::default(),
            passwords: Passwords::default(),
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
        if let Some(device) = self.seen_recently(Proof::password(user, &sent)) {
            return Ok(device);
        }
        let row = {
            let (engine, user) = (self.clone(), user.to_owned());
            blocking(move || engine.recognise(&user, &sent, from)).await?
        };
        let (row, version) = match row {
            Caller::Known(device) => return Ok(device),
            Caller::ToBeProved { row, version } => (row, version),
        };
        // Only now, so that a stranger's wrong tries in the name of a phone do not keep the phone out; and again in one's
        // turn, so that many tries at once are not all the first.
        access.pace.check(from, user, self.0.clock.now())?;
        let _turn = access.turn().await?;
        // A phone's first connections all come at once: one hash answers them all.
        if let Some(device) = self.seen_recently(Proof::password(user, &sent)) {
            return Ok(device);
        }
        let now = self.0.clock.now();
        access.pace.check(from, user, now)?;
        // A name that does not exist costs the same time as a wrong password, so that names cannot be probed.
        let stored = match &row {
            Some(row) => row.secret_hash.clone(),
            None => NOBODYS_HASH.to_owned(),
        };
        let (engine, password) = (self.clone(), password.to_owned());
        let right = blocking(move || engine.0.access.passwords.is(&stored, &password)).await;
        match row {
            Some(row) if right && row.revoked_at.is_none() => {
                access.remember(&row, sent);
                access.pace.note_right(from, user, now);
                let (engine, proof) = (self.clone(), Proof::password(user, &sent));
                let admitted =
                    blocking(move || engine.note_sign_of_life(&row, proof, version, from)).await;
                Ok(admitted?)
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
        let proof = Proof::token(token);
        if let Some(device) = self.seen_recently(proof) {
            return Ok(device);
        }
        let device = {
            let (engine, hash) = (self.clone(), hash_token(token));
            blocking(move || engine.recognise_token(&hash, proof, from)).await?
        };
        if let Some(device) = device {
            // Whoever else tried from the same address: 256 bits are not guessed.
            return Ok(device);
        }
        let (access, now) = (&self.0.access, self.0.clock.now());
        access.pace.check_unguessable(from, "", now)?;
        access.pace.note_wrong_unguessable(from, "", now);
        Err(AccessError::Wrong)
    }

    /// A device that needs no looking up.
    fn seen_recently(&self, proof: Proof) -> Option<Device> {
        let version = self.0.library.credentials_version();
        let found = self
            .0
            .access
            .recent
            .find(proof, version, self.0.clock.now());
        found.inspect(|device| self.note_seen(device.id))
    }

    /// Looks a device up, and lets it in if its password was right before.
    fn recognise(&self, user: &str, sent: &[u8; 32], from: IpAddr) -> Result<Caller, EngineError> {
        let version = self.0.library.credentials_version();
        let row = self.0.library.device_by_user(user)?;
        match row {
            Some(row) if row.revoked_at.is_none() && self.0.access.is_known(&row, sent) => {
                let proof = Proof::password(user, sent);
                let device = self.note_sign_of_life(&row, proof, version, from)?;
                Ok(Caller::Known(device))
            }
            row => Ok(Caller::ToBeProved {
                row: row.map(Box::new),
                version,
            }),
        }
    }

    /// The device of a token, if the token is good.
    fn recognise_token(
        &self,
        hash: &str,
        proof: Proof,
        from: IpAddr,
    ) -> Result<Option<Device>, EngineError> {
        let version = self.0.library.credentials_version();
        let row = self.0.library.device_by_token_hash(hash)?;
        let row = row.filter(|row| row.revoked_at.is_none());
        row.map(|row| self.note_sign_of_life(&row, proof, version, from))
            .transpose()
    }

    /// Notes that a device was here, and remembers it for a while. `version` is the credentials' before `row` was read.
    fn note_sign_of_life(
        &self,
        row: &DeviceRow,
        proof: Proof,
        version: u64,
        from: IpAddr,
    ) -> Result<Device, EngineError> {
        let at = self.0.clock.now();
        let until = self.0.library.touch_device(row, &from.to_string())?;
        self.note_seen(row.id);
        let device = Device {
            id: row.id,
            name: row.name.clone(),
            user: row.user.clone(),
        };
        let seen = Seen {
            device: device.clone(),
            version,
            at,
            until,
        };
        self.0.access.recent.remember(proof, seen);
        Ok(device)
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
        self.0
            .access
            .passwords
            .hash(password, &salt)
            .map_err(|error| EngineError::Bug(format!("Argon2: {error}")))
    }
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
