//! Reading an export: its parts and folders, and what they say of each other's files.

use std::{
    collections::HashMap,
    fs,
    io::{self, Read},
    ops::ControlFlow,
    path::Path,
    sync::Arc,
};

use safelight_core::system_file;
use safelight_exports::{
    archive::Entry,
    icloud::{self, ICloud, Table},
    label::Label,
    parts,
    takeout::{self, Json, Takeout},
};

use super::{
    super::{
        folder::Folder,
        item::{Found, Item, Left, Origin, Part, Reason},
        part::{self, Entries, OnDisk},
        recognise::Service,
    },
    Export, Judged, Listed,
};

/// An export that is being read.
pub(super) struct Reading {
    told: Told,
    items: Vec<Item>,
    left: Vec<Left>,
    passed_over: u64,
}

/// What has been told so far.
enum Told {
    Takeout(Takeout),
    ICloud(ICloud),
}

impl Told {
    /// Whether a file says something of others, and is no file to bring in.
    fn is_description(&self, name: &str) -> bool {
        match self {
            Self::Takeout(_) => Takeout::is_json(name),
            Self::ICloud(_) => ICloud::is_table(name),
        }
    }

    /// The most bytes that a description has.
    const fn most_bytes(&self) -> u64 {
        match self {
            Self::Takeout(_) => takeout::sidecar::MOST_BYTES,
            Self::ICloud(_) => icloud::table::MOST_BYTES,
        }
    }

    /// Tells what a description says; whether it could be understood.
    fn describe(&mut self, label: &Label, bytes: &[u8]) -> bool {
        match self {
            Self::Takeout(takeout) => match Json::read(bytes) {
                Some(json) => takeout.json(label, json),
                None => return false,
            },
            Self::ICloud(export) => match Table::read(bytes) {
                Some(table) => export.table(label, table),
                None => return false,
            },
        }
        true
    }

    fn file(&mut self, label: Label) {
        match self {
            Self::Takeout(takeout) => takeout.file(&label),
            Self::ICloud(export) => export.file(label),
        }
    }
}

impl Reading {
    /// Reads it, until `is_over`: there may be a hundred thousand descriptions.
    pub(super) fn of(export: &Export, is_over: &dyn Fn() -> bool) -> ControlFlow<(), Self> {
        let mut reading = Self {
            told: match export.service {
                Service::Takeout => Told::Takeout(Takeout::default()),
                Service::ICloud => Told::ICloud(ICloud::default()),
            },
            items: Vec::new(),
            left: Vec::new(),
            passed_over: 0,
        };
        reading.missing_parts(export);
        for path in &export.unread {
            reading.leave(
                &name_of(path),
                Reason::MissingPart,
                "This kind of archive is not read. Ask for .zip when you export, or unpack it, and choose the folder with all parts in it",
            );
        }
        for path in &export.parts {
            reading.part(path, is_over)?;
        }
        for folder in &export.folders {
            reading.folder(folder, is_over)?;
        }
        ControlFlow::Continue(reading)
    }

    fn missing_parts(&mut self, export: &Export) {
        let names: Vec<String> = export
            .parts
            .iter()
            .chain(&export.unread)
            .map(|path| name_of(path))
            .collect();
        for missing in parts::missing(names.iter().map(String::as_str)) {
            let numbers: Vec<String> = missing.numbers.iter().map(ToString::to_string).collect();
            let numbers = numbers.join(", ");
            self.leave(
                &missing.export,
                Reason::MissingPart,
                &format!("Part {numbers} is missing; photos in it are not brought in, and what it says of other photos is not known. Download it, and import all parts together again"),
            );
        }
    }

    fn leave(&mut self, shown: &str, reason: Reason, message: &str) {
        self.left.push(Left {
            shown: shown.to_owned(),
            reason,
            message: message.to_owned(),
        });
    }

    /// Reads an archive.
    fn part(&mut self, path: &Path, is_over: &dyn Fn() -> bool) -> ControlFlow<()> {
        let name = name_of(path);
        let listed = match part::list(path) {
            Ok(listed) => listed,
            Err(error) => {
                let message = format!("This part could not be read: {error}. Download it again");
                self.leave(&name, Reason::MissingPart, &message);
                return ControlFlow::Continue(());
            }
        };
        if let Some(damage) = listed.listing.damage {
            self.leave(&name, Reason::MissingPart, &damage.to_string());
        }
        for (entry, trouble) in &listed.listing.troubles {
            let shown = format!("{name}/{entry}");
            self.leave(&shown, Reason::Unreadable, &trouble.to_string());
        }
        for (number, entry) in (0..).zip(&listed.listing.entries) {
            unless(is_over)?;
            self.entry(&name, &listed.archive, &listed.part, number, entry);
        }
        ControlFlow::Continue(())
    }

    fn entry(
        &mut self,
        part_name: &str,
        archive: &OnDisk,
        part: &Arc<Part>,
        number: u32,
        entry: &Entry,
    ) {
        let label = self
            .label(part_name, &entry.name)
            .filter(|label| !label.was_unsafe);
        let Some(label) = label else {
            return self.leave(
                &format!("{part_name}: {}", entry.name),
                Reason::UnsafeName,
                "Its name in the archive leads out of the archive, as only names do that are meant to harm; nothing of it was used",
            );
        };
        let shown = shown(&label);
        let bytes = |most: u64| -> io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            archive
                .read(entry.packed)?
                .take(most)
                .read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        self.member(label, shown, entry.packed.len, &bytes, |shown| Item {
            origin: Origin::Entry {
                part: Arc::clone(part),
                number,
            },
            shown,
            wish: None,
            length: entry.packed.len,
            modified: None,
            remarks: None,
        });
    }

    /// Where an entry is inside the collection. Takeout puts what belongs together into any part, Apple into one.
    fn label(&self, part_name: &str, entry: &str) -> Option<Label> {
        let label = Label::new(entry)?;
        match self.told {
            Told::Takeout(_) => Some(label.from("Takeout")),
            Told::ICloud(_) => {
                let (stem, _) = part_name.rsplit_once('.').unwrap_or((part_name, ""));
                Some(label.below(stem))
            }
        }
    }

    /// Reads a folder that parts were unpacked to.
    fn folder(&mut self, folder: &Folder, is_over: &dyn Fn() -> bool) -> ControlFlow<()> {
        folder.list(&mut |found| {
            unless(is_over)?;
            match found {
                Found::Item(item) => self.unpacked(&item),
                Found::Left(left) => self.left.push(left),
                Found::PassedOver => self.passed_over += 1,
            }
            ControlFlow::Continue(())
        })
    }

    fn unpacked(&mut self, item: &Item) {
        let (Some(label), Origin::File(path)) = (Label::new(&item.shown), item.origin.clone())
        else {
            self.passed_over += 1;
            return;
        };
        let label = match self.told {
            Told::Takeout(_) => label.from("Takeout"),
            Told::ICloud(_) => label,
        };
        let bytes = |most: u64| -> io::Result<Vec<u8>> {
            let mut bytes = Vec::new();
            fs::File::open(&path)?.take(most).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        let shown = item.shown.to_string();
        self.member(label, shown, item.length, &bytes, |_| item.clone());
    }

    /// Tells of a file of the export, whatever it lies in.
    fn member(
        &mut self,
        label: Label,
        shown: String,
        length: u64,
        bytes: &dyn Fn(u64) -> io::Result<Vec<u8>>,
        item: impl FnOnce(Box<str>) -> Item,
    ) {
        if self.told.is_description(&label.name) {
            return self.description(&label, &shown, length, bytes);
        }
        // macOS puts what zip cannot express into a folder of its own.
        let is_of_macos = label.folder.split('/').any(|part| part == "__MACOSX");
        if is_of_macos || is_systems(&label.name, length, bytes) {
            self.passed_over += 1;
        } else if label.name.to_ascii_lowercase().ends_with(".zip") {
            self.leave(
                &shown,
                Reason::NotLookedInto,
                "An archive inside another one is not opened; unpack it, and import its folder if there are photos in it",
            );
        } else {
            self.told.file(label);
            self.items.push(item(shown.into()));
        }
    }

    fn description(
        &mut self,
        label: &Label,
        shown: &str,
        length: u64,
        bytes: &dyn Fn(u64) -> io::Result<Vec<u8>>,
    ) {
        if length > self.told.most_bytes() {
            // Other services describe years in one file; of a photo, nobody says so much.
            self.passed_over += 1;
            return;
        }
        let message = match bytes(length + 1) {
            Ok(bytes) if self.told.describe(label, &bytes) => return,
            Ok(_) => {
                "What it says of other files could not be understood: it is damaged".to_owned()
            }
            Err(error) => format!("What it says of other files could not be read: {error}"),
        };
        self.leave(
            shown,
            Reason::Unreadable,
            &format!("{message}. Export again if dates or albums are missing"),
        );
    }

    pub(super) fn finish(self, is_over: &dyn Fn() -> bool) -> ControlFlow<(), Listed> {
        let Self {
            told,
            items,
            mut left,
            passed_over,
        } = self;
        let judged = match told {
            Told::Takeout(takeout) => {
                let judged = takeout.judge();
                left.extend(judged.without_photo().into_iter().map(|shown| Left {
                    shown,
                    reason: Reason::MissingPart,
                    message: "The photo that this file describes is not there; it may be in a part that is missing"
                        .to_owned(),
                }));
                Judged::Takeout(judged)
            }
            Told::ICloud(export) => {
                let judged = export.judge();
                left.extend(judged.unclear_albums().iter().map(|(album, count)| Left {
                    shown: format!("Albums/{album}.csv"),
                    reason: Reason::NotLookedInto,
                    message: format!(
                        "{count} names of this album are those of several photos; these photos are brought in, but not into the album"
                    ),
                }));
                let fingerprints = fingerprints(&judged, &items, is_over)?;
                Judged::ICloud {
                    judged,
                    fingerprints,
                }
            }
        };
        ControlFlow::Continue(Listed {
            items,
            judged,
            left,
            passed_over,
        })
    }
}

fn unless(is_over: &dyn Fn() -> bool) -> ControlFlow<()> {
    if is_over() {
        ControlFlow::Break(())
    } else {
        ControlFlow::Continue(())
    }
}

/// Apple's checksums of the files whose rows are unclear. One that cannot be read is told of when it is to be brought
/// in.
fn fingerprints(
    judged: &icloud::Judged,
    items: &[Item],
    is_over: &dyn Fn() -> bool,
) -> ControlFlow<(), HashMap<usize, String>> {
    let mut entries = Entries::default();
    let mut of = |item: &Item| match &item.origin {
        Origin::File(path) => icloud::fingerprint(fs::File::open(path)?),
        Origin::Entry { part, number } => icloud::fingerprint(entries.open(part, *number)?),
    };
    let mut found = HashMap::new();
    for (number, item) in items.iter().enumerate() {
        if judged.needs_fingerprint(number) {
            unless(is_over)?;
            found.extend(of(item).ok().map(|fingerprint| (number, fingerprint)));
        }
    }
    ControlFlow::Continue(found)
}

/// What an operating system wrote for itself, which somebody packed too.
fn is_systems(name: &str, length: u64, bytes: &dyn Fn(u64) -> io::Result<Vec<u8>>) -> bool {
    system_file::may_be(name)
        && length <= system_file::MOST_BYTES as u64
        && bytes(length + 1).is_ok_and(|bytes| system_file::is(name, &bytes))
}

fn shown(label: &Label) -> String {
    if label.folder.is_empty() {
        label.name.clone()
    } else {
        format!("{}/{}", label.folder, label.name)
    }
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
