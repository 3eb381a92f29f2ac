//! The Nextcloud app for Android: auto-upload of the camera's folder, by month, collision "rename", then "delete".
//!
//! Sources: `UploadFileOperation.java`, `AutoUploadWorker.kt`, `FileUploadWorker.kt`, `UploadResult.java` of
//! nextcloud/android, `UploadFileRemoteOperation.java` and `CreateFolderRemoteOperation.java` of its library; for large files
//! see [`super::pieces`].

use std::{collections::BTreeSet, io};

use crate::phone::{
    Line, Night, Pieces, Roll, Shot, address,
    pieces::{self, Sent},
};

/// Where auto-upload puts the camera's folder.
const FOLDER: &str = "InstantUpload/Camera";

/// An Android phone.
#[derive(Debug)]
pub struct Android {
    user: String,
    pieces: Pieces,
    /// Its pictures.
    pub roll: Roll,
    /// Pictures that auto-upload will not try again by itself, by name. Lives in the app's database: a kill leaves it, a
    /// wipe does not.
    given_up: BTreeSet<String>,
}

/// What an upload came to (`UploadResult.java`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Result {
    /// 200, 201, 204: the local action runs.
    Uploaded,
    /// 404, 503, a broken line: tried again by the next run.
    Again,
    /// 401: the whole run stops.
    Stop,
    /// Every other status: the picture is left out until a person taps "retry".
    GiveUp,
}

impl Android {
    /// A phone whose app signs in as `user`.
    #[must_use]
    pub fn new(user: &str, pieces: Pieces, roll: Roll) -> Self {
        Self {
            user: user.to_owned(),
            pieces,
            roll,
            given_up: BTreeSet::new(),
        }
    }

    /// Names that the app has given up. A server that treats it well leaves this empty.
    #[must_use]
    pub const fn given_up(&self) -> &BTreeSet<String> {
        &self.given_up
    }

    /// The phone is wiped, and the app installed again.
    pub fn wipe(&mut self) {
        self.roll.wipe();
        self.given_up.clear();
    }

    /// One run of the upload worker, which does nothing where the way is not open.
    pub fn night(&mut self, line: &mut Line) -> Night {
        let mut night = Night::default();
        if !line.probe() {
            return night;
        }
        for shot in self.roll.shots().to_vec() {
            if self.given_up.contains(&shot.name) {
                continue;
            }
            match self.upload(line, &shot) {
                Result::Uploaded => {
                    night.uploaded += 1;
                    // `handleLocalBehaviour`: at once, and in silence.
                    self.roll.delete(&shot);
                    night.deleted += 1;
                }
                Result::Again => night.failed += 1,
                Result::GiveUp => {
                    self.given_up.insert(shot.name);
                }
                Result::Stop => return night,
            }
            if line.is_killed() {
                return night;
            }
        }
        night.is_complete = night.failed == 0;
        night
    }

    fn upload(&self, line: &mut Line, shot: &Shot) -> Result {
        let folder = format!("{FOLDER}/{}", shot.month());
        if let Err(result) = self.ensure_folder(line, &folder) {
            return result;
        }
        let name = match self.free_name(line, &folder, &shot.name) {
            Ok(name) => name,
            Err(result) => return result,
        };
        let path = format!("{folder}/{name}");
        let (target, bytes) = (address(&self.user, &path), shot.bytes());
        let result = if self.pieces.needed(&bytes) {
            let sent = Sent {
                user: &self.user,
                shot,
                bytes: &bytes,
                path: &path,
            };
            judge(&pieces::as_android(line, self.pieces, &sent))
        } else {
            let (length, time) = (bytes.len().to_string(), shot.taken.as_second().to_string());
            let headers = [
                ("OC-Total-Length", length.as_str()),
                ("X-OC-Mtime", &time),
                ("X-OC-Ctime", &time),
            ];
            judge(&line.send("PUT", &target, &headers, &bytes))
        };
        if result == Result::Uploaded {
            // The app's own list wants the new file's properties; whatever comes of it, the upload is done.
            drop(line.send("PROPFIND", &target, &[("Depth", "0")], b""));
        }
        result
    }

    /// `HEAD`, and where it is 404 `MKCOL`, with the folders above where they are missing too.
    fn ensure_folder(&self, line: &mut Line, folder: &str) -> std::result::Result<(), Result> {
        let target = address(&self.user, folder);
        match line.send("HEAD", &target, &[], b"") {
            Ok(answer) if answer.status == 404 => {}
            Ok(answer) if answer.status == 200 => return Ok(()),
            other => return Err(judge(&other)),
        }
        match line.send("MKCOL", &target, &[], b"") {
            Ok(answer) if matches!(answer.status, 201 | 405) => Ok(()),
            Ok(answer) if answer.status == 409 => {
                let (above, _) = folder.rsplit_once('/').ok_or(Result::GiveUp)?;
                self.ensure_folder(line, above)?;
                match line.send("MKCOL", &target, &[], b"") {
                    Ok(answer) if matches!(answer.status, 201 | 405) => Ok(()),
                    other => Err(judge(&other)),
                }
            }
            other => Err(judge(&other)),
        }
    }

    /// The first of `IMG.JPG`, `IMG (2).JPG`, … that does not exist (`getNewAvailableRemotePath`).
    fn free_name(
        &self,
        line: &mut Line,
        folder: &str,
        name: &str,
    ) -> std::result::Result<String, Result> {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let mut candidate = name.to_owned();
        for number in 2.. {
            let target = address(&self.user, &format!("{folder}/{candidate}"));
            match line.send("HEAD", &target, &[], b"") {
                Ok(answer) if matches!(answer.status, 200 | 403) => {}
                Ok(answer) if answer.status == 401 => return Err(Result::Stop),
                // Any other status, 503 too, is "does not exist": a PUT follows, which may overwrite.
                Ok(_) => break,
                Err(_) => return Err(Result::Again),
            }
            candidate = format!("{stem} ({number}).{extension}");
        }
        Ok(candidate)
    }
}

fn judge(answer: &io::Result<crate::Response>) -> Result {
    match answer.as_ref().map(|answer| answer.status) {
        Ok(200 | 201 | 204) => Result::Uploaded,
        Ok(404 | 503) | Err(_) => Result::Again,
        Ok(401) => Result::Stop,
        Ok(_) => Result::GiveUp,
    }
}
