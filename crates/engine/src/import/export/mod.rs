//! Another service's export: the parts that it was cut into, or the folders that they were unpacked to, as one
//! collection.
//!
//! What a file is told of may lie in any part, so all of them are listed, and what they say of each other is read,
//! before the first file is handed over. That is done once for each import that is looked at or run.

mod reading;

use std::{collections::HashMap, ops::ControlFlow, path::PathBuf, sync::OnceLock};

use jiff::tz::TimeZone;
use safelight_core::Remarks;
use safelight_exports::{icloud, takeout};

use super::{
    folder::Folder,
    item::{Found, Item, Left, Reason},
    recognise::Service,
};
use reading::Reading;

/// An export.
#[derive(Debug)]
pub(crate) struct Export {
    service: Service,
    parts: Vec<PathBuf>,
    /// Parts of a kind that is not read.
    unread: Vec<PathBuf>,
    folders: Vec<Folder>,
    zone: TimeZone,
    listed: OnceLock<Listed>,
}

/// What an export holds.
#[derive(Debug)]
struct Listed {
    items: Vec<Item>,
    judged: Judged,
    left: Vec<Left>,
    passed_over: u64,
}

#[derive(Debug)]
enum Judged {
    Takeout(takeout::Judged),
    ICloud {
        judged: icloud::Judged,
        /// Of the files whose rows are unclear.
        fingerprints: HashMap<usize, String>,
    },
}

impl Export {
    /// An export without anything in it. Times become local in `zone`.
    pub(super) const fn new(service: Service, zone: TimeZone) -> Self {
        Self {
            service,
            parts: Vec::new(),
            unread: Vec::new(),
            folders: Vec::new(),
            zone,
            listed: OnceLock::new(),
        }
    }

    pub(super) fn add_part(&mut self, path: PathBuf) {
        self.parts.push(path);
    }

    pub(super) fn add_unread(&mut self, path: PathBuf) {
        self.unread.push(path);
    }

    pub(super) fn add_folder(&mut self, folder: Folder) {
        self.folders.push(folder);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.unread.is_empty() && self.folders.is_empty()
    }

    /// Hands over what is in it.
    pub(crate) fn list(
        &self,
        is_over: &dyn Fn() -> bool,
        each: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let listed = match self.listed.get() {
            Some(listed) => listed,
            None => {
                let listed = Reading::of(self, is_over)?.finish(is_over)?;
                self.listed.get_or_init(|| listed)
            }
        };
        for left in &listed.left {
            each(Found::Left(left.clone()))?;
        }
        for _ in 0..listed.passed_over {
            each(Found::PassedOver)?;
        }
        for number in listed.judged.order(listed.items.len()) {
            each(listed.found(number, &self.zone))?;
        }
        ControlFlow::Continue(())
    }
}

impl Listed {
    fn found(&self, number: usize, zone: &TimeZone) -> Found {
        let item = &self.items[number];
        let left = |reason, message| {
            Found::Left(Left {
                shown: item.shown.to_string(),
                reason,
                message,
            })
        };
        match self.judged.fate(number, zone) {
            Fate::Brought(remarks) => Found::Item(Item {
                remarks: (!remarks.is_empty()).then(|| Box::new(remarks)),
                ..item.clone()
            }),
            Fate::ThrownAway => left(
                Reason::ThrownAway,
                "It had been thrown away before it was exported; take it out of the trash there and export it again if it is wanted"
                    .to_owned(),
            ),
            Fate::OfService(service) => left(
                Reason::NotAPhoto,
                format!("It belongs to {service}, not to Google Photos; unpack the export and choose its folder if it is wanted"),
            ),
        }
    }
}

/// What becomes of a file of an export.
enum Fate {
    Brought(Remarks),
    ThrownAway,
    OfService(String),
}

impl Judged {
    fn order(&self, files: usize) -> Vec<usize> {
        match self {
            Self::Takeout(judged) => judged.order(),
            Self::ICloud { .. } => (0..files).collect(),
        }
    }

    fn fate(&self, number: usize, zone: &TimeZone) -> Fate {
        match self {
            Self::Takeout(judged) => match judged.fate(number, zone) {
                takeout::Fate::Brought(remarks) => Fate::Brought(remarks),
                takeout::Fate::ThrownAway => Fate::ThrownAway,
                takeout::Fate::OfService(service) => Fate::OfService(service),
            },
            Self::ICloud {
                judged,
                fingerprints,
            } => {
                let fingerprint = fingerprints.get(&number).map(String::as_str);
                match judged.fate(number, fingerprint, zone) {
                    icloud::Fate::Brought(remarks) => Fate::Brought(remarks),
                    icloud::Fate::ThrownAway => Fate::ThrownAway,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, fs};

    use super::*;

    #[test]
    fn reading_what_is_said_ends_when_nobody_waits_and_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let year = dir.path().join("Photos from 2020");
        fs::create_dir(&year).unwrap();
        for number in 0..5 {
            fs::write(year.join(format!("{number}.jpg")), [0xff, 0xd8, number]).unwrap();
            fs::write(year.join(format!("{number}.jpg.json")), "{}").unwrap();
        }
        let mut export = Export::new(Service::Takeout, TimeZone::UTC);
        let folder = Folder::new(dir.path().to_owned(), "export".to_owned(), Vec::new());
        export.add_folder(folder);
        let (asked, items) = (Cell::new(0), Cell::new(0));
        let list = |most: u32| {
            let is_over = || {
                asked.set(asked.get() + 1);
                asked.get() > most
            };
            export.list(&is_over, &mut |found| {
                items.set(items.get() + u32::from(matches!(found, Found::Item(_))));
                ControlFlow::Continue(())
            })
        };
        assert!(list(3).is_break());
        assert_eq!((asked.get(), items.get()), (4, 0));
        assert!(list(u32::MAX).is_continue());
        assert_eq!(items.get(), 5);
    }
}
