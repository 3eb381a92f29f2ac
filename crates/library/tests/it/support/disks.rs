//! Disks that fail at a chosen operation, and one that loses what was not flushed.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use jiff::Timestamp;
use safelight_library::{Disk, RealDisk, Sharing};

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The disk is full. A write gets half of its bytes down first.
    Full,
    /// The disk fails.
    Broken,
    /// From this operation on, nothing works: the power is gone.
    Cut,
}

/// A disk that fails at one operation, or from one on. Shadows what was flushed.
#[derive(Default)]
pub(crate) struct FaultyDisk {
    done: AtomicU64,
    plan: Mutex<Option<(u64, Fault)>>,
    shadow: Mutex<Shadow>,
}

#[derive(Default)]
struct Shadow {
    /// What each flushed file (by inode) would have after a power cut.
    files: HashMap<u64, Vec<u8>>,
    /// What each flushed folder would list: names, and inodes of files; `None` for a folder.
    folders: BTreeMap<PathBuf, BTreeMap<String, Option<u64>>>,
}

impl FaultyDisk {
    /// The `number`-th operation from now on (the next is 1) fails so.
    pub(crate) fn fail_at(&self, number: u64, fault: Fault) {
        let now = self.done.load(Ordering::SeqCst);
        *self.plan.lock().unwrap() = Some((now + number, fault));
    }

    /// Fails no more.
    pub(crate) fn mend(&self) {
        *self.plan.lock().unwrap() = None;
    }

    /// Whether the planned operation has been reached.
    pub(crate) fn has_failed(&self) -> bool {
        let plan = *self.plan.lock().unwrap();
        plan.is_some_and(|(at, _)| self.done.load(Ordering::SeqCst) >= at)
    }

    fn step(&self) -> io::Result<()> {
        let number = self.done.fetch_add(1, Ordering::SeqCst) + 1;
        let plan = *self.plan.lock().unwrap();
        match plan {
            Some((at, Fault::Full)) if at == number => {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            Some((at, Fault::Broken)) if at == number => Err(io::Error::from_raw_os_error(5)),
            Some((at, Fault::Cut)) if at <= number => Err(io::Error::other("the power is gone")),
            _ => Ok(()),
        }
    }

    /// Everything below a folder counts as flushed.
    pub(crate) fn flush_all(&self, folder: &Path) {
        let mut shadow = self.shadow.lock().unwrap();
        let mut waiting = vec![folder.to_owned()];
        while let Some(folder) = waiting.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let entry = entry.unwrap();
                if entry.file_type().unwrap().is_dir() {
                    waiting.push(entry.path());
                } else {
                    let inode = entry.metadata().unwrap().ino();
                    shadow.files.insert(inode, fs::read(entry.path()).unwrap());
                }
            }
            shadow.list(&folder);
        }
    }

    /// Turns a folder into what a power cut would leave of it. With `names_arrive`, the system had written all names by
    /// itself, though not what is in the files.
    pub(crate) fn cut_power(&self, folder: &Path, names_arrive: bool) {
        let mut shadow = self.shadow.lock().unwrap();
        if names_arrive {
            let mut waiting = vec![folder.to_owned()];
            while let Some(folder) = waiting.pop() {
                shadow.list(&folder);
                for entry in fs::read_dir(&folder).unwrap() {
                    let entry = entry.unwrap();
                    if entry.file_type().unwrap().is_dir() {
                        waiting.push(entry.path());
                    }
                }
            }
        }
        let after = folder.with_extension("after");
        shadow.materialise(folder, &after);
        fs::remove_dir_all(folder).unwrap();
        fs::rename(&after, folder).unwrap();
    }
}

impl Shadow {
    fn list(&mut self, folder: &Path) {
        let listing = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let metadata = entry.metadata().unwrap();
                let inode = (!metadata.is_dir()).then(|| metadata.ino());
                (entry.file_name().into_string().unwrap(), inode)
            })
            .collect();
        self.folders.insert(folder.to_owned(), listing);
    }

    fn materialise(&self, folder: &Path, to: &Path) {
        fs::create_dir(to).unwrap();
        for (name, inode) in self.folders.get(folder).into_iter().flatten() {
            match inode {
                None => self.materialise(&folder.join(name), &to.join(name)),
                Some(inode) => {
                    let bytes = self.files.get(inode).map_or(&[][..], Vec::as_slice);
                    fs::write(to.join(name), bytes).unwrap();
                }
            }
        }
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<File> {
        self.step()?;
        RealDisk.create(path)
    }

    fn share(&self, from: &Path, to: &Path, how: Sharing) -> io::Result<()> {
        self.step()?;
        RealDisk.share(from, to, how)
    }

    fn append(&self, path: &Path) -> io::Result<File> {
        self.step()?;
        RealDisk.append(path)
    }

    fn write(&self, file: &mut File, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.step().or_else(|error| {
            RealDisk.write(file, path, &bytes[..bytes.len() / 2])?;
            Err(error)
        })?;
        RealDisk.write(file, path, bytes)
    }

    fn truncate(&self, file: &File, path: &Path, length: u64) -> io::Result<()> {
        self.step()?;
        RealDisk.truncate(file, path, length)
    }

    fn begin_write_back(&self, file: &File, offset: u64, length: u64) {
        RealDisk.begin_write_back(file, offset, length);
    }

    fn set_modified(&self, file: &File, path: &Path, time: Timestamp) -> io::Result<()> {
        self.step()?;
        RealDisk.set_modified(file, path, time)
    }

    fn sync_file(&self, file: &File, path: &Path) -> io::Result<()> {
        self.step()?;
        let mut bytes = Vec::new();
        let mut reader = file;
        reader.seek(SeekFrom::Start(0))?;
        reader.read_to_end(&mut bytes)?;
        let inode = file.metadata()?.ino();
        self.shadow.lock().unwrap().files.insert(inode, bytes);
        RealDisk.sync_file(file, path)
    }

    fn place(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.place(from, to)
    }

    fn replace(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.replace(from, to)
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.make_folder(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.shadow.lock().unwrap().list(path);
        RealDisk.sync_folder(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        RealDisk.remove(path)
    }

    fn free_space(&self, path: &Path) -> io::Result<u64> {
        RealDisk.free_space(path)
    }
}
