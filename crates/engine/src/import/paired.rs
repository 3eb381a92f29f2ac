//! How many files of a collection will share a tile with others: by the rule that groups them once they are in
//! (`core::group`), applied to what is beside them in the collection and to what the library has.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    time::Duration,
};

use safelight_core::{
    CaptureTime, ContentHash, Details, MediaKind, Timestamp,
    group::{GroupName, Known, MOST_ALIKE, Member, arrange},
};
use safelight_library::{CollectionFolder, SourceFile};
use safelight_media::Facts;

/// How often each stem is in each folder. It is counted before anything is read: what is alone with its name need not be
/// remembered, and a collection may have a million files.
#[derive(Default)]
pub(super) struct Stems {
    hasher: BuildHasherDefault<DefaultHasher>,
    counts: HashMap<u64, u32>,
}

/// The files of a collection that others may belong to.
#[derive(Default)]
pub(super) struct Company {
    /// As they came.
    places: Vec<Place>,
    /// Each once, whatever number of places it is in.
    files: Vec<File>,
    by_hash: HashMap<ContentHash, usize>,
}

/// Where a file is.
struct Place {
    file: usize,
    folder: Option<CollectionFolder>,
    name: Box<str>,
}

/// What grouping asks of a file, and no more.
struct File {
    /// The first of its places.
    place: usize,
    is_new: bool,
    kind: MediaKind,
    captured: Option<CaptureTime>,
    mime: &'static str,
    duration: Option<Duration>,
    model: Option<Box<str>>,
    content_id: Option<Box<str>>,
    burst_id: Option<Box<str>>,
}

/// What two files have in common that are compared.
#[derive(PartialEq, Eq, Hash)]
enum Common<'a> {
    Stem(&'a CollectionFolder, String),
    ContentId(&'a str),
    BurstId(&'a str),
}

impl Stems {
    fn key(&self, folder: &CollectionFolder, name: &str) -> u64 {
        self.hasher.hash_one((folder, GroupName::of(name).stem))
    }

    /// Counts a file.
    pub(super) fn add(&mut self, source: &SourceFile, name: &str) {
        if let Some(folder) = source.folder() {
            *self.counts.entry(self.key(&folder, name)).or_default() += 1;
        }
    }

    /// Whether a file has others of its stem beside it.
    pub(super) fn has_others(&self, source: Option<&SourceFile>, name: &str) -> bool {
        let folder = source.and_then(SourceFile::folder);
        folder.is_some_and(|folder| {
            let count = self.counts.get(&self.key(&folder, name));
            count.is_some_and(|count| *count > 1)
        })
    }
}

/// Whether a file says something that others far away may say, too.
pub(super) const fn has_identifier(facts: &Facts) -> bool {
    facts.content_id.is_some() || facts.burst_id.is_some()
}

impl Company {
    /// Adds a file that others may belong to. `hash` is none if nobody else has its bytes.
    pub(super) fn add(
        &mut self,
        source: Option<&SourceFile>,
        name: &str,
        facts: &Facts,
        hash: Option<ContentHash>,
        is_new: bool,
    ) {
        let next = self.files.len();
        let file = match hash {
            Some(hash) => *self.by_hash.entry(hash).or_insert(next),
            None => next,
        };
        if file == next {
            let text = |text: &Option<String>| text.as_deref().map(Box::from);
            self.files.push(File {
                place: self.places.len(),
                is_new,
                kind: facts.kind,
                captured: facts.captured,
                mime: facts.format.mime(),
                duration: facts.duration,
                model: text(&facts.model),
                content_id: text(&facts.content_id),
                burst_id: text(&facts.burst_id),
            });
        }
        self.places.push(Place {
            file,
            folder: source.and_then(SourceFile::folder),
            name: name.into(),
        });
    }

    /// How many of the new files share a tile with others. `joins_others` says whether a file joins what the library has
    /// besides.
    pub(super) fn paired<E>(
        &self,
        mut joins_others: impl FnMut(&Member) -> Result<bool, E>,
    ) -> Result<u64, E> {
        let groups = self.groups();
        let mut sizes: HashMap<usize, usize> = HashMap::new();
        for group in groups.values() {
            *sizes.entry(*group).or_default() += 1;
        }
        let mut paired = 0;
        for (number, file) in self
            .files
            .iter()
            .enumerate()
            .filter(|(_, file)| file.is_new)
        {
            let is_alone = groups.get(&number).is_none_or(|group| sizes[group] == 1);
            let has_identifier = file.content_id.is_some() || file.burst_id.is_some();
            if !is_alone
                || (has_identifier && joins_others(&self.member(&self.places[file.place]))?)
            {
                paired += 1;
            }
        }
        Ok(paired)
    }

    /// The group of each file, as if one after the other had been brought in.
    fn groups(&self) -> BTreeMap<usize, usize> {
        let mut groups: BTreeMap<usize, usize> = BTreeMap::new();
        let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut alike: HashMap<Common<'_>, Vec<usize>> = HashMap::new();
        for (number, place) in self.places.iter().enumerate() {
            let commons = self.commons(place);
            // By file, with the place that its name says something in.
            let mut near: BTreeMap<usize, Option<usize>> = BTreeMap::new();
            for common in &commons {
                let others = alike.get(common).map_or(&[][..], Vec::as_slice);
                if others.len() > MOST_ALIKE {
                    continue;
                }
                for other in others {
                    let is_beside = matches!(common, Common::Stem(..));
                    let known = near.entry(self.places[*other].file).or_default();
                    *known = known.or(is_beside.then_some(*other));
                }
            }
            if near.len() > MOST_ALIKE {
                near.clear();
            }
            for common in commons {
                alike.entry(common).or_default().push(number);
            }
            let own = *groups.entry(place.file).or_insert(place.file);
            members.entry(own).or_insert_with(|| vec![place.file]);
            let touched: Vec<usize> = near.keys().map(|file| groups[file]).chain([own]).collect();
            for group in touched {
                for member in &members[&group] {
                    near.entry(*member).or_default();
                }
            }
            near.remove(&place.file);
            if !near.is_empty() {
                self.join(number, &near, &mut groups, &mut members);
            }
        }
        groups
    }

    /// Brings the groups in line with a file that has come beside others.
    fn join(
        &self,
        number: usize,
        near: &BTreeMap<usize, Option<usize>>,
        groups: &mut BTreeMap<usize, usize>,
        members: &mut HashMap<usize, Vec<usize>>,
    ) {
        let new = &self.places[number];
        let mut files = vec![new.file];
        let mut known = vec![self.known(new, groups[&new.file], true)];
        for (file, place) in near {
            let at = &self.places[place.unwrap_or(self.files[*file].place)];
            files.push(*file);
            known.push(self.known(at, groups[file], place.is_some()));
        }
        for file in &files {
            members.remove(&groups[file]);
        }
        for group in arrange(&known) {
            let lead = files[group.lead];
            let parts = group.parts.iter().map(|part| files[part.file]);
            let all: Vec<usize> = [lead].into_iter().chain(parts).collect();
            for file in &all {
                groups.insert(*file, lead);
            }
            members.insert(lead, all);
        }
    }

    fn commons<'a>(&'a self, place: &'a Place) -> Vec<Common<'a>> {
        let file = &self.files[place.file];
        let stem = place.folder.as_ref();
        let stem = stem.map(|folder| Common::Stem(folder, GroupName::of(&place.name).stem));
        let content = file.content_id.as_deref().map(Common::ContentId);
        let burst = file.burst_id.as_deref().map(Common::BurstId);
        [stem, content, burst].into_iter().flatten().collect()
    }

    fn known(&self, place: &Place, group: usize, is_beside: bool) -> Known {
        Known {
            member: self.member(place),
            group: i64::try_from(group).unwrap_or(i64::MAX),
            // All come together.
            arrived: Timestamp::UNIX_EPOCH,
            is_beside,
        }
    }

    fn member(&self, place: &Place) -> Member {
        let file = &self.files[place.file];
        // It only decides who stands for the group where all else is equal.
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&(place.file as u64).to_be_bytes());
        let text = |text: &Option<Box<str>>| text.as_deref().map(ToOwned::to_owned);
        Member {
            name: place.name.to_string(),
            hash: ContentHash::from_bytes(hash),
            kind: file.kind,
            captured: file.captured,
            details: Details {
                mime: file.mime.to_owned(),
                duration: file.duration,
                model: text(&file.model),
                content_id: text(&file.content_id),
                burst_id: text(&file.burst_id),
                ..Details::default()
            },
        }
    }
}
