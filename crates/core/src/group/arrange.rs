//! Which groups some files are, and what each is to its group.

use jiff::{SignedDuration, Timestamp};

use super::{
    Mark, Member, Of, Role,
    name::fold,
    tie::{Looked, Sort, belong_together},
};

/// A sidecar and its photo that arrive within this time surely mean each other.
const TOGETHER: SignedDuration = SignedDuration::from_hours(24);

/// A file, and what the catalogue says of its group.
#[derive(Clone, Debug)]
pub struct Known {
    /// The file.
    pub member: Member,
    /// The number of the group that it is in; files of the same number are in the same one.
    pub group: i64,
    /// When it came.
    pub arrived: Timestamp,
    /// Whether it lies in the folder that is looked at, so that its name says something there.
    pub is_beside: bool,
}

/// A file's place in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Which of the files that were given.
    pub file: usize,
    /// What it is to the one that stands for the group.
    pub role: Role,
}

/// A group, or a file of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which of the files stands for it.
    pub lead: usize,
    /// The others.
    pub parts: Vec<Part>,
}

/// Arranges the files when the first of them is new: the others are those that it may belong to, with all files of their
/// groups. What is in a group stays, except sidecars: they are with the photo of their name, and with none where there are
/// two.
///
/// Files that came in another order are arranged alike, as long as each of them was the first here when it came.
#[must_use]
pub fn arrange(files: &[Known]) -> Vec<Group> {
    let looked: Vec<Looked<'_>> = files.iter().map(|file| Looked::at(&file.member)).collect();
    let is_loose = |file: usize| looked[file].sort == Sort::Sidecar && files[file].is_beside;
    let mut sets = Sets::of(files.len());
    for file in (0..files.len()).filter(|file| !is_loose(*file)) {
        for other in file + 1..files.len() {
            if !is_loose(other) && files[file].group == files[other].group {
                sets.join(file, other);
            }
        }
        if file > 0 && may_be_tied(&files[0], &files[file], &looked[0], &looked[file]) {
            sets.join(0, file);
        }
    }
    let placed: Vec<(usize, usize)> = (0..files.len())
        .filter(|file| is_loose(*file))
        .filter_map(|sidecar| Some((sidecar, place_of(sidecar, files, &looked, &sets)?)))
        .collect();
    for (sidecar, place) in placed {
        sets.join(sidecar, place);
    }
    sets.members()
        .into_iter()
        .map(|members| group(&members, &looked))
        .collect()
}

/// Names say something only of files in one folder.
fn may_be_tied(new: &Known, other: &Known, new_looked: &Looked<'_>, looked: &Looked<'_>) -> bool {
    let by_name = new.is_beside && other.is_beside;
    let (a, b) = (&new.member.details, &other.member.details);
    let by_id = (a.content_id.is_some() && a.content_id == b.content_id)
        || (a.burst_id.is_some() && a.burst_id == b.burst_id);
    (by_name || by_id) && belong_together(new_looked, looked)
}

/// A file of the one group that a sidecar can belong to.
///
/// Phones use names again, so the photo of its name may be another one than yesterday. Then it belongs to the one that came
/// when it came, if there is just one, and else stays where it is.
fn place_of(sidecar: usize, files: &[Known], looked: &[Looked<'_>], sets: &Sets) -> Option<usize> {
    let own = &looked[sidecar].name;
    let is_shown = |file: usize| matches!(looked[file].sort, Sort::Still | Sort::Raw | Sort::Video);
    let has_its_name = |file: usize| match &own.sidecar {
        Some(Of::Name(name)) => *name == fold(&files[file].member.name),
        _ => own.stem == looked[file].name.stem,
    };
    let shown: Vec<usize> = (0..files.len()).filter(|file| is_shown(*file)).collect();
    let (mut may_be, mut former) = (Vec::new(), None);
    for file in &shown {
        let was_with = files[*file].group == files[sidecar].group;
        if was_with {
            former = Some(*file);
        }
        if was_with || (files[*file].is_beside && has_its_name(*file)) {
            may_be.push(*file);
        }
    }
    let one_of = |places: &[usize]| {
        let first = *places.first()?;
        let is_one = places
            .iter()
            .all(|place| sets.root(*place) == sets.root(first));
        is_one.then_some(first)
    };
    if let Some(place) = one_of(&may_be) {
        return Some(place);
    }
    may_be.retain(|file| {
        let apart = files[*file].arrived.duration_since(files[sidecar].arrived);
        apart.abs() <= TOGETHER
    });
    if may_be.is_empty() {
        return former;
    }
    one_of(&may_be).or_else(|| {
        // Programs write `a.xmp` for a raw file, and into others what they have to say.
        may_be.retain(|file| looked[*file].sort == Sort::Raw && has_its_name(*file));
        one_of(&may_be)
    })
}

fn group(members: &[usize], looked: &[Looked<'_>]) -> Group {
    let lead = members
        .iter()
        .copied()
        .min_by_key(|file| precedence(&looked[*file]))
        .unwrap_or_default();
    let mut parts: Vec<Part> = members
        .iter()
        .filter(|file| **file != lead)
        .map(|file| Part {
            file: *file,
            role: role(&looked[*file], &looked[lead]),
        })
        .collect();
    parts.sort_by_key(|part| (part.role, precedence(&looked[part.file])));
    Group { lead, parts }
}

/// Whoever comes first stands for the group: what its owner means to show. The end makes no two files equal.
fn precedence<'a>(file: &'a Looked<'_>) -> (u8, u32, String, &'a [u8; 32]) {
    let (rank, number) = match (file.sort, file.name.mark) {
        (Sort::Still, Mark::Edited) => (0, 0),
        (Sort::Still, Mark::None | Mark::Burst { cover: true, .. }) => (1, 0),
        (Sort::Still, Mark::Burst { number, .. }) => (2, number),
        (Sort::Still, Mark::Original) => (3, 0),
        (Sort::Raw, _) => (4, 0),
        (Sort::Video, Mark::Edited) => (5, 0),
        (Sort::Video, _) => (6, 0),
        (Sort::Sidecar | Sort::Other, _) => (7, 0),
    };
    let name = fold(&file.member.name);
    (rank, number, name, file.member.hash.as_bytes())
}

fn role(part: &Looked<'_>, lead: &Looked<'_>) -> Role {
    match (part.sort, lead.sort) {
        (Sort::Sidecar | Sort::Other, _) => Role::Sidecar,
        (Sort::Raw, Sort::Still) => Role::Raw,
        (Sort::Video, Sort::Still | Sort::Raw) => Role::Motion,
        _ => match (part.name.mark, lead.name.mark) {
            (Mark::Edited, _) => Role::Edited,
            (Mark::Original, _) | (_, Mark::Edited) => Role::Original,
            (Mark::Burst { .. }, Mark::Burst { .. }) => Role::Burst,
            _ if is_of_one_burst(part, lead) => Role::Burst,
            _ => Role::Alternate,
        },
    }
}

fn is_of_one_burst(one: &Looked<'_>, other: &Looked<'_>) -> bool {
    let (one, other) = (&one.member.details, &other.member.details);
    one.burst_id.is_some()
        && one.burst_id == other.burst_id
        && (one.content_id.is_none() || one.content_id != other.content_id)
}

/// Which files are together so far: each points to another one of its set, and one to itself.
struct Sets(Vec<usize>);

impl Sets {
    fn of(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&self, mut file: usize) -> usize {
        while self.0[file] != file {
            file = self.0[file];
        }
        file
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }

    /// The sets, each with its files, in the order of their first ones.
    fn members(&self) -> Vec<Vec<usize>> {
        let mut sets: Vec<Vec<usize>> = vec![Vec::new(); self.0.len()];
        for file in 0..self.0.len() {
            sets[self.root(file)].push(file);
        }
        sets.retain(|set| !set.is_empty());
        sets
    }
}

#[cfg(test)]
mod tests;
