//! Files of a snapshot into a folder.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use filetime::FileTime;

use super::{
    FileFailure, Restore, RestoreReport, flush,
    listing::{self, Listed},
    transfer::{self, Receiver},
};
use crate::{
    Monitor,
    error::VaultError,
    format::{crypto::OVERHEAD, id::Id, index::BlobKind},
    repository::{BlobIndex, Repository},
};

/// Restores.
pub(crate) fn run(
    repository: &Repository,
    request: &Restore<'_>,
    monitor: &dyn Monitor,
) -> Result<RestoreReport, VaultError> {
    let (_, snapshot) = listing::find(repository, request.snapshot)?;
    let mut broken = Vec::new();
    let index = BlobIndex::load(repository, |_| true, Some(&mut broken))?;
    for problem in &broken {
        monitor.note(problem);
    }
    let mut report = RestoreReport::default();
    let wanted = [request.paths, request.also].concat();
    let mut files = listing::files(
        repository,
        &index,
        snapshot.tree,
        &wanted,
        &mut report.failures,
    )?;
    listing::not_found(request.paths, &files, &mut report.failures);
    let into_error = |error: io::Error| VaultError::Io {
        url: repository.url.clone(),
        attempt: format!("Restoring to {}", request.to.display()),
        reason: error.to_string(),
    };
    fs::create_dir_all(request.to).map_err(into_error)?;
    files.retain(|file| match look(request, &index, file) {
        Target::Free => true,
        Target::Same => {
            report.files += 1;
            report.bytes += file.size;
            false
        }
        Target::Taken(message) => {
            report.failures.push(FileFailure {
                path: file.path.clone(),
                message,
            });
            false
        }
    });
    let writer = Writer {
        request,
        files: &files,
        monitor,
        done: AtomicU64::new(report.files),
        bytes: AtomicU64::new(report.bytes),
        failures: Mutex::new(report.failures),
    };
    let fetched = transfer::run(
        repository,
        &index,
        files.iter().map(|file| file.content.as_slice()),
        &writer,
    );
    let report = RestoreReport {
        files: writer.done.into_inner(),
        bytes: writer.bytes.into_inner(),
        failures: writer
            .failures
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner),
    };
    fetched?;
    flush::all(request.to, &files).map_err(into_error)?;
    monitor.progress(report.files, report.bytes);
    Ok(report)
}

/// What is in the way of a file.
enum Target {
    Free,
    Same,
    Taken(String),
}

fn target(request: &Restore<'_>, path: &str) -> PathBuf {
    // Every name was found harmless when the list was read.
    request.to.join(path.split('/').collect::<PathBuf>())
}

fn look(request: &Restore<'_>, index: &BlobIndex, file: &Listed) -> Target {
    let there = target(request, &file.path);
    match fs::symlink_metadata(&there) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Target::Free,
        Err(error) => Target::Taken(format!("Its place cannot be looked at: {error}")),
        Ok(metadata) if metadata.is_file() && metadata.len() == file.size => {
            match is_same(&there, index, file) {
                Ok(true) => Target::Same,
                Ok(false) => Target::Taken(
                    "Another file of this name is there; it was left as it is".to_owned(),
                ),
                Err(error) => Target::Taken(format!(
                    "A file of this name is there and cannot be read: {error}"
                )),
            }
        }
        Ok(_) => {
            Target::Taken("Something else of this name is there; it was left as it is".to_owned())
        }
    }
}

/// Whether the file there has the bytes that the snapshot names.
fn is_same(there: &Path, index: &BlobIndex, file: &Listed) -> io::Result<bool> {
    let mut source = fs::File::open(there)?;
    let mut piece = Vec::new();
    for id in &file.content {
        let Some(place) = index.places(BlobKind::Data, *id).next() else {
            return Ok(false);
        };
        let length = place
            .uncompressed_length
            .map_or(place.length as usize - OVERHEAD, |length| length as usize);
        piece.clear();
        (&mut source).take(length as u64).read_to_end(&mut piece)?;
        if Id::of(&piece) != *id {
            return Ok(false);
        }
    }
    Ok(source.read(&mut [0])? == 0)
}

/// Writes files under names of their own and renames them when they are whole.
struct Writer<'a> {
    request: &'a Restore<'a>,
    files: &'a [Listed],
    monitor: &'a dyn Monitor,
    done: AtomicU64,
    bytes: AtomicU64,
    failures: Mutex<Vec<FileFailure>>,
}

/// A file that is being written; removed again unless it is finished.
struct Open {
    temporary: PathBuf,
    target: PathBuf,
    file: Option<fs::File>,
    size: u64,
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // The failure is told already; what stays has a name that says what it is.
            drop(fs::remove_file(&self.temporary));
        }
    }
}

impl Receiver for Writer<'_> {
    type Open = Open;

    fn begin(&self, file: usize) -> Result<Open, String> {
        let listed = &self.files[file];
        let target = target(self.request, &listed.path);
        let folder = target.parent().unwrap_or(self.request.to);
        let temporary = folder.join(format!(".safelight-restore-{}-{file}", std::process::id()));
        let create = || {
            fs::File::options()
                .write(true)
                .create_new(true)
                .open(&temporary)
        };
        let opened = create().or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => fs::create_dir_all(folder).and_then(|()| create()),
            _ => Err(error),
        });
        let opened = opened.map_err(|error| format!("It cannot be written: {error}"))?;
        Ok(Open {
            target,
            temporary,
            file: Some(opened),
            size: 0,
        })
    }

    fn take(&self, open: &mut Open, bytes: &[u8]) -> Result<(), String> {
        open.size += bytes.len() as u64;
        match &mut open.file {
            Some(file) => file
                .write_all(bytes)
                .map_err(|error| format!("It cannot be written: {error}")),
            None => Ok(()),
        }
    }

    fn end(&self, file: usize, mut open: Open) -> Result<(), String> {
        let listed = &self.files[file];
        if open.size != listed.size {
            return Err(format!(
                "The snapshot has {} bytes of it, not {}",
                open.size, listed.size
            ));
        }
        let wrong = |error: io::Error| format!("It cannot be written: {error}");
        if let (Some(modified), Some(handle)) = (listed.modified, &open.file) {
            let time = FileTime::from_unix_time(
                modified.as_second() - i64::from(modified.subsec_nanosecond() < 0),
                u32::try_from(modified.subsec_nanosecond().rem_euclid(1_000_000_000)).unwrap_or(0),
            );
            filetime::set_file_handle_times(handle, None, Some(time)).map_err(wrong)?;
        }
        if let Some(handle) = &open.file {
            flush::file(handle, listed.size).map_err(wrong)?;
        }
        match rename_new(&open.temporary, &open.target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err("A file of this name has appeared; it was left as it is".to_owned());
            }
            renamed => renamed.map_err(wrong)?,
        }
        open.file = None;
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let bytes = self.bytes.fetch_add(listed.size, Ordering::Relaxed) + listed.size;
        if done.is_multiple_of(64) || listed.size > 1 << 20 {
            self.monitor.progress(done, bytes);
        }
        Ok(())
    }

    fn fail(&self, file: usize, _damaged: Option<Id>, why: String) {
        self.failures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(FileFailure {
                path: self.files[file].path.clone(),
                message: why,
            });
    }
}

/// Renames, unless there is something of the new name: in one step where the system can.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::{
            fs::{CWD, RenameFlags, renameat_with},
            io::Errno,
        };
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // This file system cannot.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return renamed.map_err(io::Error::from),
        }
    }
    if to.symlink_metadata().is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}
