//! Devices: who may add photos.

use safelight_core::{DeviceId, PersonId};
use safelight_library::{Acknowledge, DeviceRow, NewDevice as NewRow};

use crate::{
    access::{hash_token, random_token, readable_secret},
    command::{Meaning, NewDevice},
    error::EngineError,
    start::Engine,
};

/// Secrets that nobody knows yet, and what is stored of them.
struct Fresh {
    password: String,
    token: String,
    secret_hash: String,
    token_hash: String,
}

impl Engine {
    pub(crate) fn add_device(
        &self,
        name: &str,
        person: PersonId,
        acknowledge: Option<Meaning>,
    ) -> Result<NewDevice, EngineError> {
        let name = checked_name(name, "device")?;
        let fresh = self.fresh_credentials()?;
        let user = self.free_user_name(&name)?;
        let row = self.library().add_device(NewRow {
            name: &name,
            user: &user,
            secret_hash: &fresh.secret_hash,
            token_hash: &fresh.token_hash,
            person,
        })?;
        if let Some(meaning) = acknowledge {
            self.library().set_acknowledge(row.id, meaning.into())?;
        }
        self.credentials(row, fresh)
    }

    /// Gives a device a new password and a new token; those that it had are worth nothing from then on.
    pub(crate) fn renew_device(&self, id: DeviceId) -> Result<NewDevice, EngineError> {
        let fresh = self.fresh_credentials()?;
        let row = self
            .library()
            .renew_device(id, &fresh.secret_hash, &fresh.token_hash)?;
        self.credentials(row, fresh)
    }

    fn fresh_credentials(&self) -> Result<Fresh, EngineError> {
        let entropy = self.0.entropy.as_ref();
        // 5 groups of 5 characters of 32: 125 bits.
        let password = readable_secret(entropy, 5);
        let token = random_token(entropy);
        Ok(Fresh {
            secret_hash: self.hash_password(&password)?,
            token_hash: hash_token(&token),
            password,
            token,
        })
    }

    fn credentials(&self, row: DeviceRow, fresh: Fresh) -> Result<NewDevice, EngineError> {
        let address = self.address();
        Ok(NewDevice {
            id: row.id.0,
            webdav_url: format!("{address}/dav/"),
            upload_url: format!("{address}/upload/"),
            fingerprint: self.fingerprint()?,
            name: row.name,
            user: row.user,
            password: fresh.password,
            token: fresh.token,
        })
    }

    /// A short name to type on a phone, made from the owner's name for the device.
    fn free_user_name(&self, name: &str) -> Result<String, EngineError> {
        let plain: String = name
            .to_lowercase()
            .chars()
            .filter_map(|c| match c {
                'a'..='z' | '0'..='9' => Some(c),
                ' ' | '-' | '_' | '.' => Some('-'),
                _ => None,
            })
            .take(24)
            .collect();
        let plain = plain.trim_matches('-');
        let base = if plain.is_empty() { "device" } else { plain };
        let mut user = base.to_owned();
        let mut number = 1;
        while self.library().device_by_user(&user)?.is_some() {
            number += 1;
            user = format!("{base}-{number}");
        }
        Ok(user)
    }

    pub(super) fn revoke_device(&self, id: i64) -> Result<(), EngineError> {
        if !self
            .library()
            .devices()?
            .iter()
            .any(|device| device.id.0 == id)
        {
            return Err(EngineError::NotFound(format!(
                "There is no device number {id}"
            )));
        }
        self.withdraw_invitation(DeviceId(id));
        self.library().revoke_device(DeviceId(id))?;
        self.0.waiting.look_again();
        Ok(())
    }

    pub(super) fn set_device(
        &self,
        device: &str,
        acknowledge: Option<Meaning>,
        tell_silence: Option<bool>,
    ) -> Result<(), EngineError> {
        let row = self.named_device(device)?;
        if let Some(meaning) = acknowledge {
            self.library().set_acknowledge(row.id, meaning.into())?;
            self.0.waiting.look_again();
        }
        if let Some(tell) = tell_silence {
            self.library().set_tell_silence(row.id, tell)?;
        }
        Ok(())
    }

    /// A device by what it signs in as, or by its name if it is the only one of that name.
    pub(crate) fn named_device(&self, device: &str) -> Result<DeviceRow, EngineError> {
        if let Some(row) = self.library().device_by_user(device)? {
            return Ok(row);
        }
        let mut rows = self.library().devices()?;
        rows.retain(|row| row.revoked_at.is_none() && row.name == device);
        match rows.pop() {
            None => Err(EngineError::NotFound(format!(
                "There is no device {device:?}; `safelight status` lists those that there are"
            ))),
            Some(row) if rows.is_empty() => Ok(row),
            Some(_) => Err(EngineError::Invalid(format!(
                "There is more than one device {device:?}; name it by its user name"
            ))),
        }
    }
}

impl From<Meaning> for Acknowledge {
    fn from(meaning: Meaning) -> Self {
        match meaning {
            Meaning::Home => Self::Home,
            Meaning::Offsite => Self::Offsite,
        }
    }
}

/// A name that a person chose for a device or destination.
pub(super) fn checked_name(name: &str, of: &str) -> Result<String, EngineError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control) {
        return Err(EngineError::Invalid(format!(
            "The {of}'s name must have 1 to 64 characters and no control characters"
        )));
    }
    Ok(name.to_owned())
}
