//! Who asks, and what each may: the owner sees and manages everything; a member of the household sees and manages what
//! is the member's own, and never another's.

use safelight_core::{AssetId, DeviceId, PersonId};
use safelight_library::{DeviceRow, Whose};

use crate::{
    activity::ProgressSink,
    command::{Answer, Command},
    error::EngineError,
    model::DestinationStatus,
    start::Engine,
};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// The owner: in the page, or at the command line, which only who may read the data folder can use.
    Owner,
    /// A member of the household, in the page.
    Member(PersonId),
}

impl Asker {
    pub(crate) fn of(person: PersonId) -> Self {
        if person == PersonId::OWNER {
            Self::Owner
        } else {
            Self::Member(person)
        }
    }

    /// Their number.
    #[must_use]
    pub const fn person(self) -> PersonId {
        match self {
            Self::Owner => PersonId::OWNER,
            Self::Member(person) => person,
        }
    }

    /// Whether everything is theirs to see and to manage.
    #[must_use]
    pub fn is_owner(self) -> bool {
        self == Self::Owner
    }

    /// Whether a person's devices and photos are the asker's to see.
    pub(crate) fn may_see(self, person: PersonId) -> bool {
        self.is_owner() || self.person() == person
    }

    pub(crate) const fn whose(self) -> Whose {
        match self {
            Self::Owner => Whose::Everybody,
            Self::Member(person) => Whose::Member(person),
        }
    }
}

impl Engine {
    /// As [`Self::run`], for whoever asks. What a member may not do is refused, and what is another's does not exist for
    /// them.
    ///
    /// # Errors
    ///
    /// [`EngineError::NotAllowed`]; as [`Self::run`].
    pub fn run_for(
        &self,
        asker: Asker,
        command: Command,
        progress: &dyn ProgressSink,
    ) -> Result<Answer, EngineError> {
        let Asker::Member(person) = asker else {
            return self.run(command, progress);
        };
        let command = match command {
            Command::Status => return Ok(Answer::Status(self.status_of(asker)?)),
            Command::DeviceAdd {
                name, acknowledge, ..
            } => Command::DeviceAdd {
                name,
                person: Some(self.person(person)?.name),
                acknowledge,
            },
            Command::DeviceRevoke { id } => {
                self.device_of(asker, DeviceId(id))?;
                Command::DeviceRevoke { id }
            }
            Command::DeviceSet {
                device,
                acknowledge,
                tell_silence,
            } => {
                let row = self.named_device(&device)?;
                self.device_of(asker, row.id)?;
                Command::DeviceSet {
                    device,
                    acknowledge,
                    tell_silence,
                }
            }
            Command::Restore {
                to,
                destination,
                snapshot,
                paths,
            } => {
                self.check_members_restore(person, &to, &paths)?;
                Command::Restore {
                    to,
                    destination,
                    snapshot,
                    paths,
                }
            }
            command @ (Command::Correct { .. }
            | Command::CorrectionUndo { .. }
            | Command::Corrections) => return self.put_right(asker, command),
            _ => return Err(EngineError::NotAllowed),
        };
        self.run(command, progress)
    }

    /// The library folder that a member's photos lie in; none for the owner, whose is the whole library.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn folder_of(&self, asker: Asker) -> Result<Option<String>, EngineError> {
        match asker {
            Asker::Owner => Ok(None),
            Asker::Member(person) => Ok(Some(self.person(person)?.folder)),
        }
    }

    /// The copies that the asker may bring photos back from. A member hears their names and dates, and not where they are.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn restorable(&self, asker: Asker) -> Result<Vec<DestinationStatus>, EngineError> {
        let mut destinations = self.status()?.destinations;
        if !asker.is_owner() {
            for destination in &mut destinations {
                destination.url.clear();
            }
        }
        Ok(destinations)
    }

    /// A device that the asker may see and manage.
    ///
    /// # Errors
    ///
    /// There is none of this number, or it is another's; the catalogue cannot be read.
    pub(crate) fn device_of(&self, asker: Asker, id: DeviceId) -> Result<DeviceRow, EngineError> {
        self.library()
            .device(id)?
            .filter(|row| asker.may_see(row.person))
            .ok_or_else(|| EngineError::NotFound(format!("There is no device number {id}")))
    }

    /// Whether the asker may see a photo.
    pub(crate) fn may_see(&self, asker: Asker, asset: AssetId) -> Result<bool, EngineError> {
        match asker {
            Asker::Owner => Ok(true),
            Asker::Member(person) => Ok(self.library().holds(person, asset)?),
        }
    }

    /// A member brings back what is the member's own: what lies in the member's folder, and single photos elsewhere that
    /// the member has too. Only into a folder without anything in it, so that nothing of the computer's is changed.
    fn check_members_restore(
        &self,
        person: PersonId,
        to: &std::path::Path,
        paths: &[String],
    ) -> Result<(), EngineError> {
        let folder = self.person(person)?.folder;
        if paths.is_empty() {
            return Err(EngineError::Invalid(format!(
                "Name the photos or folders to bring back; yours are in {folder}"
            )));
        }
        for path in paths {
            let path = path.trim_matches('/');
            let below = path
                .strip_prefix(&folder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if below {
                continue;
            }
            let photo = match safelight_core::LibraryPath::parse(path) {
                Ok(path) => self.library().asset_by_path(&path)?,
                Err(_) => None,
            };
            let theirs = match photo {
                Some(photo) => self.library().holds(person, photo.id)?,
                None => false,
            };
            if !theirs {
                return Err(EngineError::NotFound(format!(
                    "You have no photo or folder {path:?}"
                )));
            }
        }
        match std::fs::read_dir(to) {
            Ok(mut entries) => match entries.next() {
                None => Ok(()),
                Some(_) => Err(EngineError::Invalid(format!(
                    "There is something in the folder {} already; choose one that is empty, or new",
                    to.display()
                ))),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(EngineError::File {
                attempt: "Looking into",
                path: to.display().to_string(),
                source,
            }),
        }
    }
}
