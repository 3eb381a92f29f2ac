//! The commands, a file each.

mod backup;
mod destinations;
mod devices;
mod kit;
mod rebuild;
mod restore;
mod verify;

use crate::{
    activity::ProgressSink,
    command::{Answer, Command, FileFailure},
    error::EngineError,
    start::Engine,
};

pub(crate) use destinations::UNFINISHED;
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
            Command::DeviceAdd { name } => Answer::Device(self.add_device(&name)?),
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
