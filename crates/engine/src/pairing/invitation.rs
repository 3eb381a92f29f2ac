//! Invitations: a code that a phone scans, and gets its own password for.
//!
//! The code is shown on a screen, so it may end up on a photo of the screen: it is good once, for a quarter of an hour,
//! and never the password itself.

use std::{collections::HashMap, net::IpAddr};

use safelight_core::{DeviceId, PersonId, Timestamp};
use sha2::{Digest, Sha256};

use crate::{
    access::{AccessError, LONGEST_NAME, readable_secret, same},
    command::NewDevice,
    error::EngineError,
    people::Asker,
    start::{Engine, blocking, to_the_end},
};

/// How long a code is good.
const LIFE: jiff::SignedDuration = jiff::SignedDuration::from_mins(15);
/// In whose name wrong codes are counted, whatever user's they were said to be: they are no wrong passwords of that user's.
const NOBODY: &str = "\u{0}invitation";

/// How an invited device is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invitation {
    /// The code was not used yet.
    Open {
        /// Four groups of five characters, 100 bits.
        code: String,
        /// For how many more minutes it is good, at least 1.
        minutes: u64,
    },
    /// The code was used: somebody has the password, and the device was not here with it yet.
    Accepted,
    /// The device was here with its new password.
    Connected,
}

/// A device whose code is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// Its number.
    pub id: i64,
    /// The owner's name for it.
    pub name: String,
    /// Whether it was here before it was invited: whoever gets its password now locks out whoever has it.
    pub was_here: bool,
}

/// At most one for each device.
#[derive(Default)]
pub(super) struct Invitations(HashMap<DeviceId, Entry>);

struct Entry {
    /// Whose the device is.
    person: PersonId,
    user: String,
    name: String,
    /// Whether the device was here before.
    was_here: bool,
    code: String,
    until: Timestamp,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Accepted,
    Connected,
}

impl Entry {
    fn is_open(&self, now: Timestamp) -> bool {
        self.stage == Stage::Open && now < self.until
    }
}

impl Invitations {
    /// The device that this code was made for. The code is used up.
    fn accept(&mut self, user: Option<&str>, code: &str, now: Timestamp) -> Option<DeviceId> {
        let sent = Sha256::digest(code);
        let (id, entry) = self.0.iter_mut().find(|(_, entry)| {
            entry.is_open(now)
                && user.is_none_or(|user| user == entry.user)
                && same(&Sha256::digest(&entry.code), &sent)
        })?;
        entry.stage = Stage::Accepted;
        Some(*id)
    }

    /// As [`Self::accept`], on a person's word instead of the code. Whether there was an open invitation of theirs.
    fn accept_for(&mut self, asker: Asker, id: DeviceId, now: Timestamp) -> bool {
        let entry = self.0.get_mut(&id);
        let open = entry.filter(|entry| entry.is_open(now) && asker.may_see(entry.person));
        open.map(|entry| entry.stage = Stage::Accepted).is_some()
    }

    fn set(&mut self, id: DeviceId, stage: Stage) {
        if let Some(entry) = self.0.get_mut(&id) {
            entry.stage = stage;
        }
    }
}

impl Engine {
    /// Makes a code by which a device gets a new password, in place of one that was made before. The password that the
    /// device has is good until the code is used.
    ///
    /// # Errors
    ///
    /// [`EngineError::NotFound`] if the asker has no such device, or if it was revoked; the catalogue cannot be read.
    pub fn invite(&self, asker: Asker, id: i64) -> Result<(), EngineError> {
        let row = self.device_of(asker, DeviceId(id))?;
        if row.revoked_at.is_some() {
            return Err(EngineError::NotFound(format!(
                "There is no device number {id} that may add photos"
            )));
        }
        let until = self
            .0
            .clock
            .now()
            .checked_add(LIFE)
            .map_err(|error| EngineError::Bug(error.to_string()))?;
        let entry = Entry {
            person: row.person,
            user: row.user,
            name: row.name,
            was_here: row.last_seen_at.is_some(),
            code: readable_secret(self.0.entropy.as_ref(), 4),
            until,
            stage: Stage::Open,
        };
        self.0.pairing.lock().invitations.0.insert(row.id, entry);
        Ok(())
    }

    /// Ends the invitation of a device that may not come any more.
    pub(crate) fn withdraw_invitation(&self, id: DeviceId) {
        self.0.pairing.lock().invitations.0.remove(&id);
    }

    /// Ends the invitations of somebody's devices.
    pub(crate) fn withdraw_invitations_of(&self, person: PersonId) {
        let mut waiting = self.0.pairing.lock();
        waiting
            .invitations
            .0
            .retain(|_, entry| entry.person != person);
    }

    /// How the invitation of a device of the asker's is doing; none if there is none, or if its time is over.
    #[must_use]
    pub fn invitation(&self, asker: Asker, id: i64) -> Option<Invitation> {
        let now = self.0.clock.now();
        let waiting = self.0.pairing.lock();
        let entry = waiting.invitations.0.get(&DeviceId(id))?;
        if !asker.may_see(entry.person) {
            return None;
        }
        match entry.stage {
            Stage::Open if !entry.is_open(now) => None,
            Stage::Open => {
                let seconds = u64::try_from(entry.until.duration_since(now).as_secs());
                Some(Invitation::Open {
                    code: entry.code.clone(),
                    minutes: seconds.unwrap_or_default().div_ceil(60).max(1),
                })
            }
            Stage::Accepted => Some(Invitation::Accepted),
            Stage::Connected => Some(Invitation::Connected),
        }
    }

    /// Devices of the asker's whose invitation is open, in the order of their numbers.
    #[must_use]
    pub fn invited(&self, asker: Asker) -> Vec<Invited> {
        let now = self.0.clock.now();
        let waiting = self.0.pairing.lock();
        let open = waiting.invitations.0.iter();
        let mut invited: Vec<Invited> = open
            .filter(|(_, entry)| entry.is_open(now) && asker.may_see(entry.person))
            .map(|(id, entry)| Invited {
                id: id.0,
                name: entry.name.clone(),
                was_here: entry.was_here,
            })
            .collect();
        invited.sort_unstable_by_key(|device| device.id);
        invited
    }

    /// Whether a code is good, without using it up.
    #[must_use]
    pub fn is_invitation(&self, code: &str) -> bool {
        let now = self.0.clock.now();
        let sent = Sha256::digest(code);
        let waiting = self.0.pairing.lock();
        let mut entries = waiting.invitations.0.values();
        entries.any(|entry| entry.is_open(now) && same(&Sha256::digest(&entry.code), &sent))
    }

    /// Uses a code up: the device gets a new password and a new token, which are told only here. With `user`, the code
    /// must be that user's.
    ///
    /// # Errors
    ///
    /// [`AccessError::Wrong`] for a code that is not good (any more), [`AccessError::SlowDown`] for one after too many of them;
    /// the catalogue cannot be written, and then the code stays good.
    pub async fn accept_invitation(
        &self,
        user: Option<&str>,
        code: &str,
        from: IpAddr,
    ) -> Result<NewDevice, AccessError> {
        if user.is_some_and(|user| user.len() > LONGEST_NAME) {
            return Err(AccessError::Wrong);
        }
        let pace = &self.0.access.pace;
        let now = self.0.clock.now();
        let accepted = self.0.pairing.lock().invitations.accept(user, code, now);
        let Some(id) = accepted else {
            pace.check(from, NOBODY, now)?;
            pace.note_wrong(from, NOBODY, now);
            return Err(AccessError::Wrong);
        };
        // Whoever else tried: 100 bits are not guessed in a quarter of an hour.
        Ok(self.renew_accepted(id).await?)
    }

    /// As [`Self::accept_invitation`], on the word of somebody who is signed in instead of the code: nothing is guessed
    /// here, so nobody's wrong codes slow it down.
    ///
    /// # Errors
    ///
    /// [`EngineError::NotFound`] if no device of the asker's has an open invitation under this number; the catalogue cannot
    /// be written, and then the invitation stays open.
    pub async fn accept_for(&self, asker: Asker, id: i64) -> Result<NewDevice, EngineError> {
        let (id, now) = (DeviceId(id), self.0.clock.now());
        let accepted = self.0.pairing.lock().invitations.accept_for(asker, id, now);
        if !accepted {
            return Err(EngineError::NotFound(
                "This phone\u{2019}s code was used already, or its time is over. Choose another name, or show a new code"
                    .to_owned(),
            ));
        }
        self.renew_accepted(id).await
    }

    /// Gives a device whose invitation was just accepted its new password, or opens the invitation again.
    async fn renew_accepted(&self, id: DeviceId) -> Result<NewDevice, EngineError> {
        let engine = self.clone();
        to_the_end(async move {
            let renewed = engine.renew_in_turn(id).await;
            if renewed.is_err() {
                engine.0.pairing.lock().invitations.set(id, Stage::Open);
            }
            engine.0.board.note_pairing_step();
            renewed
        })
        .await
    }

    /// Notes that somebody was given a new device's password, so that its page waits for the device itself.
    pub(super) fn note_accepted(&self, device: &NewDevice, person: PersonId) {
        let entry = Entry {
            person,
            user: device.user.clone(),
            name: device.name.clone(),
            was_here: false,
            code: String::new(),
            until: Timestamp::UNIX_EPOCH,
            stage: Stage::Accepted,
        };
        let id = DeviceId(device.id);
        self.0.pairing.lock().invitations.0.insert(id, entry);
        self.0.board.note_pairing_step();
    }

    async fn renew_in_turn(&self, id: DeviceId) -> Result<NewDevice, EngineError> {
        let _turn = self.0.access.turn().await?;
        let engine = self.clone();
        blocking(move || engine.renew_device(id)).await
    }

    /// A device was let in by its password or token: if that was what its page waits for, the page is told.
    pub(crate) fn note_seen(&self, id: DeviceId) {
        let is_news = {
            let mut waiting = self.0.pairing.lock();
            let entry = waiting.invitations.0.get_mut(&id);
            let accepted = entry.filter(|entry| entry.stage == Stage::Accepted);
            accepted
                .map(|entry| entry.stage = Stage::Connected)
                .is_some()
        };
        if is_news {
            self.0.board.note_pairing_step();
        }
    }
}
