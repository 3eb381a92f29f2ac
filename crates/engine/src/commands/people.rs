//! The household: who may look at the page, and where their photos lie.

use safelight_core::{FileName, LibraryPath, PersonId};
use safelight_library::PersonRow;

use super::devices::checked_name;
use crate::{
    access::readable_secret, command::NewPassword, error::EngineError, model::PersonStatus,
    start::Engine,
};

impl Engine {
    pub(crate) fn person(&self, id: PersonId) -> Result<PersonRow, EngineError> {
        self.library()
            .person(id)?
            .ok_or_else(|| EngineError::NotFound(format!("There is no person number {id}")))
    }

    /// Somebody who has access, by name.
    pub(super) fn named_person(&self, name: &str) -> Result<PersonRow, EngineError> {
        self.library()
            .person_by_name(name.trim())?
            .filter(|person| person.removed_at.is_none())
            .ok_or_else(|| {
                EngineError::NotFound(format!(
                    "There is nobody called {name:?}; `safelight person list` names everybody"
                ))
            })
    }

    /// Everybody, the owner first.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn people(&self) -> Result<Vec<PersonStatus>, EngineError> {
        let devices = self.library().devices()?;
        let of = |person: &PersonRow| {
            devices
                .iter()
                .filter(|device| device.person == person.id && device.revoked_at.is_none())
                .count() as u64
        };
        Ok(self
            .library()
            .people()?
            .into_iter()
            .map(|person| PersonStatus {
                id: person.id.0,
                devices: of(&person),
                owner: person.id == PersonId::OWNER,
                access: person.removed_at.is_none(),
                name: person.name,
                folder: person.folder,
                photos: person.photos,
                bytes: person.bytes,
                not_yet_safe: person.not_yet_safe,
            })
            .collect())
    }

    pub(super) fn add_person(
        &self,
        name: &str,
        folder: Option<&str>,
    ) -> Result<NewPassword, EngineError> {
        let name = checked_name(name, "person")?;
        let folder = self.checked_folder(folder.unwrap_or(&name))?;
        let password = readable_secret(self.0.entropy.as_ref(), 3);
        let hash = self.hash_password(&password)?;
        let row = self.library().add_person(&name, &folder, &hash)?;
        Ok(self.new_password(row, password))
    }

    /// A folder of the library that dated folders can lie below, and that is not the owner's own.
    fn checked_folder(&self, wish: &str) -> Result<String, EngineError> {
        let folder = FileName::from_wish(wish.trim().trim_start_matches('.'))
            .as_str()
            .to_owned();
        let template = self.folder_template()?.to_string();
        let first = template.split('/').next().unwrap_or_default();
        let dated = folder
            .chars()
            .all(|c| c.is_ascii_digit() || c == '-' || c == '_');
        if dated
            || key(&folder).is_none()
            || key(&folder) == key("unknown")
            || key(&folder) == key(first)
        {
            return Err(EngineError::Invalid(format!(
                "The folder {folder:?} is one that the owner's photos are filed in; choose another with a letter in its name"
            )));
        }
        Ok(folder)
    }

    pub(super) fn rename_person(&self, name: &str, to: &str) -> Result<(), EngineError> {
        let person = self.named_person(name)?;
        let to = checked_name(to, "person")?;
        Ok(self.library().rename_person(person.id, &to)?)
    }

    pub(super) fn reset_person(&self, name: &str) -> Result<NewPassword, EngineError> {
        let person = self.named_person(name)?;
        let password = readable_secret(self.0.entropy.as_ref(), 3);
        let hash = self.hash_password(&password)?;
        self.library().set_person_secret(person.id, &hash, None)?;
        Ok(self.new_password(person, password))
    }

    pub(super) fn remove_person(&self, name: &str) -> Result<(), EngineError> {
        let person = self.named_person(name)?;
        if person.id == PersonId::OWNER {
            return Err(EngineError::Invalid(
                "The owner cannot be removed; somebody has to look after the photos".into(),
            ));
        }
        self.library().remove_person(person.id)?;
        self.withdraw_invitations_of(person.id);
        self.0.waiting.look_again();
        Ok(())
    }

    fn new_password(&self, person: PersonRow, password: String) -> NewPassword {
        NewPassword {
            id: person.id.0,
            name: person.name,
            folder: person.folder,
            password,
            page_url: format!("{}/", self.address()),
        }
    }
}

/// What a folder's name has in common with every name that some file system would take for the same one.
pub(crate) fn key(folder: &str) -> Option<String> {
    LibraryPath::parse(folder)
        .map(|path| path.collision_key())
        .ok()
}
