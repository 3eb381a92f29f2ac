//! What is said of a photo beside its bytes: by the collection that it came from (a sidecar of Google Takeout, a table of
//! an iCloud export), or by a person.
//!
//! These words come from files that anybody may have made. The types here hold nothing that could harm whoever shows or
//! stores it: no control characters, no invisible marks that turn the direction of text, bounded lengths.

use std::collections::{BTreeSet, btree_set};

use unicode_normalization::UnicodeNormalization;

use crate::{CaptureTime, Position, TimeSource};

/// What is said of a photo beside its bytes. The default says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remarks {
    /// When it was taken, as a collection has it ([`TimeSource::Sidecar`]) or a person knows it ([`TimeSource::Person`]).
    pub captured: Option<CaptureTime>,
    /// Where it was taken.
    pub position: Option<Position>,
    /// What it shows.
    pub description: Option<Description>,
    /// Whether somebody likes it more than others.
    pub favourite: bool,
    /// The albums that it is in.
    pub albums: Albums,
}

impl Remarks {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what `other` says. Where both say something that only one can be right about (when, where, what it shows),
    /// this one stays, unless only `other` has a person's word for the time.
    pub fn merge(&mut self, other: &Self) {
        let by_person =
            |said: &Self| said.captured.map(|taken| taken.source) == Some(TimeSource::Person);
        if self.captured.is_none() || (by_person(other) && !by_person(self)) {
            self.captured = other.captured;
        }
        self.position = self.position.or(other.position);
        if self.description.is_none() {
            self.description.clone_from(&other.description);
        }
        self.favourite |= other.favourite;
        for album in other.albums.iter() {
            self.albums.add(album.clone());
        }
    }
}

/// The albums that a photo is in: a bounded number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Albums(BTreeSet<AlbumName>);

impl Albums {
    /// How many albums one photo can be in.
    pub const MOST: usize = 256;

    /// Adds one. Says whether the photo is in it now: not if it is in [`Self::MOST`] others.
    pub fn add(&mut self, album: AlbumName) -> bool {
        if self.0.len() >= Self::MOST && !self.0.contains(&album) {
            return false;
        }
        self.0.insert(album);
        true
    }

    /// The albums, in the order of their names.
    pub fn iter(&self) -> btree_set::Iter<'_, AlbumName> {
        self.0.iter()
    }

    /// Whether it is in none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which time counts, of the one that a photo's own file has (or its name, or whoever sent it) and the one that is said
/// beside it.
///
/// A person's word always does. A sidecar's does unless the photo's own is a better witness ([`TimeSource`]'s order) that
/// agrees within a day: then both mean the same moment, and the file has the clock of the place, where a sidecar most
/// often has only UTC. If they are further apart, either the camera's clock was wrong and somebody put the date right in
/// the collection, or the file was scanned, edited or sent: the sidecar is nearer to the truth.
#[must_use]
pub fn prevailing(own: Option<CaptureTime>, said: Option<CaptureTime>) -> Option<CaptureTime> {
    let (Some(own), Some(said)) = (own, said) else {
        return said.or(own);
    };
    let apart = own.local.duration_since(said.local).abs();
    let own_is_better = own.source < said.source && apart <= jiff::SignedDuration::from_hours(24);
    Some(if own_is_better { own } else { said })
}

/// What somebody wrote about a photo: text of one or more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description(String);

impl Description {
    /// The longest, in bytes of UTF-8. What is longer is cut.
    pub const MAX: usize = 16 << 10;

    /// Takes the text without what cannot be shown. Lines end in `\n`. `None` if nothing is left.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = shown(text, Self::MAX, |c| matches!(c, '\n' | '\t'));
        (!text.is_empty()).then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An album's name: one line, in Unicode form NFC.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlbumName(String);

impl AlbumName {
    /// The longest, in bytes of UTF-8. What is longer is cut.
    pub const MAX: usize = 200;

    /// Takes the name without what cannot be shown. `None` if nothing is left.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let name = shown(name, Self::MAX, |_| false);
        (!name.is_empty()).then_some(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// At most `most` bytes of a text, normalised, without what cannot be shown and without space around it. Line ends and
/// other control characters become a space unless they may stay.
fn shown(text: &str, most: usize, may_stay: impl Fn(char) -> bool) -> String {
    // Megabytes are not normalised for the kilobytes that stay: composing makes no text shorter than a sixteenth.
    let text = &text[..text.floor_char_boundary(most.saturating_mul(16))];
    let mut kept = String::new();
    for c in text.replace("\r\n", "\n").nfc() {
        let c = match c {
            // They turn the direction of what follows, so that a name could be read as another one.
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' => continue,
            c if c.is_control() && !may_stay(c) => ' ',
            '\u{2028}' | '\u{2029}' => ' ',
            c => c,
        };
        if kept.is_empty() && c.is_whitespace() {
            continue;
        }
        if kept.len() + c.len_utf8() > most {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Precision;
    use jiff::civil::{DateTime, date};

    fn taken(local: DateTime, source: TimeSource) -> CaptureTime {
        CaptureTime {
            local,
            offset: None,
            source,
            precision: Precision::Second,
        }
    }

    #[test]
    fn hostile_text_is_made_harmless_and_short() {
        let text = Description::new("\u{FEFF} a\r\nb\0\u{202E}c\u{1b}[31m ").unwrap();
        assert_eq!(text.as_str(), "a\nb c [31m");
        let name = AlbumName::new("Cafe\u{301}\n2019\u{2066}").unwrap();
        assert_eq!(name.as_str(), "Café 2019");
        assert_eq!(AlbumName::new(" \u{0} \u{202E}\n"), None);
        let long = "é".repeat(3 << 20);
        assert_eq!(
            Description::new(&long).unwrap().as_str().len(),
            Description::MAX
        );
        assert_eq!(AlbumName::new(&long).unwrap().as_str().len(), 200);
    }

    #[test]
    fn a_photo_is_in_a_bounded_number_of_albums() {
        let mut remarks = Remarks::default();
        for number in 0..Albums::MOST {
            assert!(
                remarks
                    .albums
                    .add(AlbumName::new(&number.to_string()).unwrap())
            );
        }
        assert!(!remarks.albums.add(AlbumName::new("one more").unwrap()));
        assert!(remarks.albums.add(AlbumName::new("7").unwrap()));
        assert_eq!(remarks.albums.iter().len(), Albums::MOST);
    }

    #[test]
    fn merging_adds_and_never_takes_away() {
        let noon = date(2019, 7, 1).at(12, 0, 0, 0);
        let mut first = Remarks {
            description: Description::new("first"),
            captured: Some(taken(noon, TimeSource::Sidecar)),
            ..Remarks::default()
        };
        first.albums.add(AlbumName::new("A").unwrap());
        let mut second = Remarks {
            description: Description::new("second"),
            position: Position::new(1.0, 2.0),
            favourite: true,
            captured: Some(taken(date(2020, 1, 1).at(0, 0, 0, 0), TimeSource::Sidecar)),
            ..Remarks::default()
        };
        second.albums.add(AlbumName::new("B").unwrap());
        let mut both = first.clone();
        both.merge(&second);
        assert_eq!(both.description, first.description);
        assert_eq!(both.captured, first.captured);
        assert_eq!((both.position, both.favourite), (second.position, true));
        assert_eq!(both.albums.iter().len(), 2);
        second.captured = Some(taken(noon, TimeSource::Person));
        both.merge(&second);
        assert_eq!(both.captured, second.captured);
        both.merge(&first);
        assert_eq!(both.captured, second.captured);
    }

    #[test]
    fn a_person_is_believed_first_and_a_sidecar_only_where_the_camera_is_far_off() {
        let own = taken(date(2019, 7, 1).at(14, 0, 0, 0), TimeSource::ExifOriginal);
        let near = taken(date(2019, 7, 1).at(12, 0, 0, 0), TimeSource::Sidecar);
        let far = taken(date(2009, 7, 1).at(12, 0, 0, 0), TimeSource::Sidecar);
        let person = taken(date(2019, 7, 1).at(13, 0, 0, 0), TimeSource::Person);
        let name = taken(date(2019, 7, 1).at(12, 30, 0, 0), TimeSource::FileName);
        assert_eq!(prevailing(Some(own), Some(near)), Some(own));
        assert_eq!(prevailing(Some(own), Some(far)), Some(far));
        assert_eq!(prevailing(Some(own), Some(person)), Some(person));
        assert_eq!(prevailing(Some(name), Some(near)), Some(near));
        assert_eq!(prevailing(None, Some(near)), Some(near));
        assert_eq!(prevailing(Some(own), None), Some(own));
        assert_eq!(prevailing(None, None), None);
    }
}
