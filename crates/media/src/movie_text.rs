//! The texts in a movie: Apple's metadata with keys, iTunes' with four letters, and the user data of QuickTime, 3GPP and
//! Android.

use safelight_core::{Precision, TimeSource};

use crate::{
    claim::{Claim, When},
    date_text,
    facts::Place,
    found::Found,
    isobmff::{self, Nodes},
    place,
    reader::{Fields, Reader, Span},
    xmp,
};

/// The most keys that are looked at.
const MAX_KEYS: usize = 256;
/// The longest key or text that is looked at, in bytes.
const MAX_TEXT: u64 = 128;
/// Boxes in the user data that only cameras of makers write that have the wall clock in the movie header.
const LOCAL_MAKERS_BOXES: [&[u8; 4]; 6] = [b"CNTH", b"NCDT", b"PANA", b"LEIC", b"PENT", b"FIRM"];

/// What the texts say.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// Dates with an offset: from keys, and from user data.
    keyed: Option<When>,
    in_user_data: Option<When>,
    pub(crate) make: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) content_id: Option<String>,
    pub(crate) place: Option<Place>,
    /// Whether there is user data that only certain cameras write.
    pub(crate) has_box_of_local_maker: bool,
}

/// What a text is about.
#[derive(Clone, Copy)]
enum Subject {
    Keyed,
    UserDate,
    Make,
    Model,
    ContentId,
    Place,
}

impl Texts {
    /// The date under Apple's key.
    pub(crate) fn keyed_claim(&self) -> Option<Claim> {
        self.keyed.map(by_word)
    }

    /// The date in the user data.
    pub(crate) fn user_data_claim(&self) -> Option<Claim> {
        self.in_user_data.map(by_word)
    }

    /// Reads the box `udta`.
    pub(crate) fn read_user_data(
        &mut self,
        reader: &mut Reader<'_>,
        udta: Span,
        found: &mut Found,
    ) {
        let mut boxes = Nodes::of(udta);
        while let Some(node) = boxes.next(reader) {
            let content = node.content;
            // QuickTime's texts have a length and a language before them.
            let quicktime = content.after(4);
            match &node.name {
                b"\xA9day" => self.set(Subject::UserDate, &text(reader, quicktime)),
                b"\xA9mak" => self.set(Subject::Make, &text(reader, quicktime)),
                b"\xA9mod" => self.set(Subject::Model, &text(reader, quicktime)),
                b"\xA9xyz" => self.set(Subject::Place, &text(reader, quicktime)),
                b"loci" => Found::fill(&mut self.place, || location(reader, content)),
                // Android's recorders: the date without anything before it, the camera behind a version and more.
                b"date" => self.set(Subject::UserDate, &text(reader, content)),
                b"manu" => self.set(Subject::Make, &text(reader, content.after(6))),
                b"modl" => self.set(Subject::Model, &text(reader, content.after(6))),
                b"XMP_" => xmp::read(reader, content, found),
                b"meta" => self.read_meta(reader, content),
                name => self.has_box_of_local_maker |= LOCAL_MAKERS_BOXES.contains(&name),
            }
        }
    }

    /// Reads metadata: keys by number with their values, or values by four-letter name.
    pub(crate) fn read_meta(&mut self, reader: &mut Reader<'_>, meta: Span) {
        let inner = isobmff::in_meta(reader, meta);
        let keys = isobmff::find(reader, inner, *b"keys")
            .map(|keys| subjects(reader, keys))
            .unwrap_or_default();
        let Some(list) = isobmff::find(reader, inner, *b"ilst") else {
            return;
        };
        let mut values = Nodes::of(list);
        while let Some(node) = values.next(reader) {
            let by_number = || {
                let number = usize::try_from(u32::from_be_bytes(node.name)).ok()?;
                *keys.get(number.checked_sub(1)?)?
            };
            let subject = match &node.name {
                b"\xA9day" => Some(Subject::UserDate),
                b"\xA9mak" => Some(Subject::Make),
                b"\xA9mod" => Some(Subject::Model),
                b"\xA9xyz" => Some(Subject::Place),
                _ => by_number(),
            };
            if let Some(subject) = subject
                && let Some(data) = isobmff::find(reader, node.content, *b"data")
            {
                // The value's type and locale stand before it.
                self.set(subject, &text(reader, data.after(8)));
            }
        }
    }

    fn set(&mut self, subject: Subject, text: &str) {
        match subject {
            Subject::Keyed => Found::fill(&mut self.keyed, || with_zone(text)),
            Subject::UserDate => Found::fill(&mut self.in_user_data, || with_zone(text)),
            Subject::Make => Found::fill_text(&mut self.make, Some(text)),
            Subject::Model => Found::fill_text(&mut self.model, Some(text)),
            Subject::ContentId => Found::fill_text(&mut self.content_id, Some(text)),
            Subject::Place => Found::fill(&mut self.place, || place::from_iso_6709(text)),
        }
    }
}

fn by_word(when: When) -> Claim {
    Claim {
        source: TimeSource::QuickTimeCreationDate,
        when,
    }
}

/// A date that says what time it was where: a year, a day or a wall clock without a zone is not better than the
/// header.
fn with_zone(text: &str) -> Option<When> {
    date_text::parse(text).filter(|when| match when {
        When::Wall {
            offset, precision, ..
        } => offset.is_some() && *precision == Precision::Second,
        When::Instant(_) => true,
    })
}

/// What the values are about, in the order of their keys.
fn subjects(reader: &mut Reader<'_>, keys: Span) -> Vec<Option<Subject>> {
    // A version and a count stand before the keys, each of which is built like a box.
    let mut entries = Nodes::of(keys.after(8));
    let mut subjects = Vec::new();
    while let Some(entry) = entries.next(reader) {
        subjects.push(match reader.prefix(entry.content, MAX_TEXT).as_slice() {
            b"com.apple.quicktime.creationdate" => Some(Subject::Keyed),
            b"com.apple.quicktime.make" | b"com.android.manufacturer" => Some(Subject::Make),
            b"com.apple.quicktime.model" | b"com.android.model" => Some(Subject::Model),
            b"com.apple.quicktime.content.identifier" => Some(Subject::ContentId),
            b"com.apple.quicktime.location.ISO6709" => Some(Subject::Place),
            _ => None,
        });
        if subjects.len() == MAX_KEYS {
            break;
        }
    }
    subjects
}

/// 3GPP's place (3GPP TS 26.244 section 8.10): a language, a name, a role, then longitude and latitude.
fn location(reader: &mut Reader<'_>, loci: Span) -> Option<Place> {
    let after_language = loci.after(4 + 2);
    let name = reader.prefix(after_language, MAX_TEXT);
    let end = name.iter().position(|&byte| byte == 0)?;
    let numbers = after_language.after(u64::try_from(end).ok()? + 1 + 1);
    let mut fields = Fields::new(reader, numbers);
    let mut degrees = || Some(f64::from(fields.u32()?.cast_signed()) / 65_536.0);
    let (longitude, latitude) = (degrees()?, degrees()?);
    Place::new(latitude, longitude)
}

fn text(reader: &mut Reader<'_>, span: Span) -> String {
    let bytes = reader.prefix(span, MAX_TEXT);
    let text = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(text).into_owned()
}
