//! Devices that proved a moment ago who they are. A phone sends its password with every request, many a second while it
//! uploads: most of them then need neither the catalogue nor a thread that may block.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use safelight_core::Timestamp;
use sha2::{Digest, Sha256};

use super::Device;

/// What a device sent to prove who it is, as a hash.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Proof([u8; 32]);

impl Proof {
    /// A user name and the SHA-256 of a password.
    pub(super) fn password(user: &str, sent: &[u8; 32]) -> Self {
        Self::of(b"password", &[sent.as_slice(), user.as_bytes()])
    }

    /// A bearer token.
    pub(super) fn token(token: &str) -> Self {
        Self::of(b"token", &[token.as_bytes()])
    }

    fn of(kind: &[u8], parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new_with_prefix(kind);
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }
}

/// A device that was looked up in the catalogue.
pub(super) struct Seen {
    pub(super) device: Device,
    /// [`safelight_library::Library::credentials_version`], read before the device was.
    pub(super) version: u64,
    pub(super) at: Timestamp,
    /// When the catalogue must note its next sign of life.
    pub(super) until: Timestamp,
}

impl Seen {
    fn is_good(&self, version: u64, now: Timestamp) -> bool {
        self.version == version && self.at <= now && now < self.until
    }
}

#[derive(Default)]
pub(super) struct Recent(Mutex<HashMap<Proof, Seen>>);

impl Recent {
    /// The device, if all that was known of it a moment ago must still be true.
    pub(super) fn find(&self, proof: Proof, version: u64, now: Timestamp) -> Option<Device> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = seen.get(&proof).filter(|seen| seen.is_good(version, now));
        found.map(|seen| seen.device.clone())
    }

    pub(super) fn remember(&self, proof: Proof, new: Seen) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, old| old.is_good(new.version, new.at));
        seen.insert(proof, new);
    }
}

#[cfg(test)]
mod tests {
    use safelight_core::DeviceId;

    use super::*;

    fn seen(version: u64, at: i64, until: i64) -> Seen {
        let time = |second| Timestamp::from_second(second).unwrap();
        Seen {
            device: Device {
                id: DeviceId(1),
                name: "phone".into(),
                user: "anna".into(),
            },
            version,
            at: time(at),
            until: time(until),
        }
    }

    #[test]
    fn a_device_is_remembered_until_its_next_sign_of_life_is_due_or_a_credential_changed() {
        let recent = Recent::default();
        let proof = Proof::token("abc");
        recent.remember(proof, seen(7, 100, 160));
        let found = |version, second| {
            let now = Timestamp::from_second(second).unwrap();
            recent.find(proof, version, now).is_some()
        };
        assert!(found(7, 100));
        assert!(found(7, 159));
        assert!(!found(7, 160), "its sign of life is due");
        assert!(!found(7, 99), "the clock was set back");
        assert!(!found(8, 120), "somebody's access was taken back");
    }

    #[test]
    fn what_is_of_no_use_any_more_is_not_kept() {
        let recent = Recent::default();
        recent.remember(Proof::token("old"), seen(7, 100, 160));
        recent.remember(Proof::token("revoked"), seen(7, 200, 260));
        recent.remember(Proof::token("new"), seen(8, 210, 270));
        assert_eq!(recent.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn every_part_of_a_proof_counts() {
        let (one, other) = ([1; 32], [2; 32]);
        let proof = Proof::password("anna", &one);
        assert!(proof == Proof::password("anna", &one));
        assert!(proof != Proof::password("anna", &other));
        assert!(proof != Proof::password("bert", &one));
        assert!(Proof::token("anna") != Proof::token("bert"));
    }
}
