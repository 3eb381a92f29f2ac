//! The commands, a file each.

mod backup;
mod destinations;
mod devices;
mod import;
mod kit;
mod people;
mod rebuild;
mod restore;
mod verify;

use safelight_core::PersonId;

use crate::{
    activity::ProgressSink,
    command::{Answer, Command, FileFailure},
    error::EngineError,
    people::Asker,
    start::Engine,
};

pub(crate) use destinations::UNFINISHED;
pub(crate) use people::key as folder_key;
pub(crate) use safelight_library::problem_kind as problem;

impl Engine {
    /// Does what is asked for, on this thread.
    ///
    /// # Errors
    ///
    /// Why it could not be done at all. Photos that had a problem are in the answer.
    pub fn run(
        &self,
        command: Command,
        progress: &dyn ProgressSink,
    ) -> Result<Answer, EngineError> {
        let answer = match command {
            Command::Status => Answer::Status(self.status()?),
            Command::SetLibrary { path } => {
                self.set_library(&path)?;
                Answer::Done
            }
            Command::DeviceAdd {
                name,
                person,
                acknowledge,
            } => {
                let person = match person {
                    Some(person) => self.named_person(&person)?.id,
                    None => PersonId::OWNER,
                };
                Answer::Device(self.add_device(&name, person, acknowledge)?)
            }
            Command::DeviceSet {
                device,
                acknowledge,
                tell_silence,
            } => {
                self.set_device(&device, acknowledge, tell_silence)?;
                Answer::Done
            }
            Command::DeviceRemove { device } => {
                let row = self.named_device(&device)?;
                self.revoke_device(row.id.0)?;
                Answer::Done
            }
            Command::People => Answer::People {
                people: self.people()?,
            },
            Command::PersonAdd { name, folder } => {
                Answer::Person(self.add_person(&name, folder.as_deref())?)
            }
            Command::PersonRename { name, to } => {
                self.rename_person(&name, &to)?;
                Answer::Done
            }
            Command::PersonReset { name } => Answer::Person(self.reset_person(&name)?),
            Command::PersonRemove { name } => {
                self.remove_person(&name)?;
                Answer::Done
            }
            Command::DeviceRevoke { id } => {
                self.revoke_device(id)?;
                Answer::Done
            }
            Command::DestinationAdd {
                name,
                url,
                keys,
                password,
            } => Answer::Destination(self.add_destination(&name, &url, keys, password)?),
            Command::DestinationRemove { name } => {
                self.remove_destination(&name)?;
                Answer::Done
            }
            Command::Backup { destination } => self.back_up(destination.as_deref(), progress)?,
            Command::Verify { scope } => Answer::Verify(self.verify(scope, progress)?),
            Command::Rebuild => Answer::Rebuild(self.rebuild(progress)?),
            Command::Restore {
                to,
                destination,
                snapshot,
                paths,
            } => Answer::Restore(self.restore(
                &to,
                destination.as_deref(),
                snapshot.as_deref(),
                &paths,
                progress,
            )?),
            Command::Correct { .. } | Command::CorrectionUndo { .. } | Command::Corrections => {
                self.put_right(Asker::Owner, command)?
            }
            Command::Import {
                request,
                person,
                preview,
            } => Answer::Import(Box::new(self.bring_in(
                &request,
                person.as_deref(),
                preview,
                progress,
            )?)),
            Command::ImportStop => {
                self.stop_imports();
                Answer::Done
            }
            Command::Settings {
                silent_days,
                folders,
            } => Answer::Settings(self.settings(silent_days, folders.as_deref())?),
            Command::Kit { destination } => Answer::Kit {
                kits: self.kits(destination.as_deref())?,
            },
        };
        self.0.board.touch();
        Ok(answer)
    }
}

pub(crate) fn failure(path: impl Into<String>, message: impl Into<String>) -> FileFailure {
    FileFailure {
        path: path.into(),
        message: message.into(),
    }
}
