//! The JSON files of a Takeout. Nobody has published their format; this is what exports of 2016 to 2026 have in common.

use jiff::{Timestamp, tz::TimeZone};
use safelight_core::{AlbumName, CaptureTime, Description, Position, Remarks, TimeSource};
use serde_json::Value;

/// The largest JSON file that is read, in bytes. Usual ones have 1 KiB.
pub const MOST_BYTES: u64 = 1 << 20;
/// The longest title that is kept, in bytes. Only names longer than the 46 characters that Takeout leaves of them need it whole.
const MAX_TITLE: usize = 1024;
/// Before this year there were no photos (the oldest that is kept was taken in 1826 or 1827).
const FIRST_YEAR: i16 = 1826;

/// What a JSON file of a Takeout is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// One photo or video.
    Sidecar(Sidecar),
    /// The folder in which it lies: an album, if it has a name.
    Album(Option<AlbumName>),
    /// Something else: comments, print orders, other services.
    Other,
}

/// What Google Photos knows of one photo.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sidecar {
    /// The photo's file name as it was uploaded, whole.
    pub title: String,
    /// When it was taken: an instant, for Takeout does not say in which zone.
    pub taken: Option<Timestamp>,
    /// Where it was taken.
    pub position: Option<Position>,
    /// What somebody wrote about it.
    pub description: Option<Description>,
    /// Whether it has a star.
    pub favourite: bool,
    /// Whether it lay in the trash.
    pub trashed: bool,
}

impl Json {
    /// Reads a file; `None` if it is no JSON, nested too deep, or larger than [`MOST_BYTES`].
    ///
    /// What is of another kind than it should be says nothing, and costs only itself.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if u64::try_from(bytes.len()).is_ok_and(|len| len > MOST_BYTES) {
            return None;
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let json: Value = serde_json::from_slice(bytes).ok()?;
        // Only a photo has a time when it was taken; albums before 2019 are a level deeper.
        if let Some(time) = json.get("photoTakenTime") {
            return Some(Self::Sidecar(Sidecar::read(&json, time)));
        }
        let album = json.get("albumData").unwrap_or(&json).get("title");
        Some(match album.and_then(Value::as_str) {
            Some(title) => Self::Album(AlbumName::new(title)),
            None => Self::Other,
        })
    }
}

impl Sidecar {
    /// What is said of the photo. Its time becomes local in `zone`.
    pub(super) fn remarks(&self, zone: &TimeZone) -> Remarks {
        Remarks {
            captured: self
                .taken
                .map(|taken| CaptureTime::from_instant(taken, zone, TimeSource::Sidecar)),
            position: self.position,
            description: self.description.clone(),
            favourite: self.favourite,
            ..Remarks::default()
        }
    }

    fn read(json: &Value, time: &Value) -> Self {
        let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default();
        let says = |key: &str| json.get(key).and_then(Value::as_bool).unwrap_or(false);
        let title = text("title");
        Self {
            title: title[..title.floor_char_boundary(MAX_TITLE)].to_owned(),
            taken: instant(time),
            // What a person set on the map comes first; 0/0 there means that nobody did.
            position: position(json.get("geoData")).or_else(|| position(json.get("geoDataExif"))),
            description: Description::new(text("description")),
            favourite: says("favorited"),
            trashed: says("trashed"),
        }
    }
}

/// `None` for the epoch, which Takeout writes when nobody knows, and for what is before photography.
fn instant(time: &Value) -> Option<Timestamp> {
    let seconds = match time.get("timestamp")? {
        Value::String(text) => text.trim().parse().ok()?,
        number => number.as_i64()?,
    };
    let instant = Timestamp::from_second(seconds).ok()?;
    let year = jiff::tz::Offset::UTC.to_datetime(instant).year();
    (seconds != 0 && year >= FIRST_YEAR).then_some(instant)
}

fn position(geo: Option<&Value>) -> Option<Position> {
    let degrees = |key| geo.and_then(|geo| geo.get(key)).and_then(Value::as_f64);
    Position::new(degrees("latitude")?, degrees("longitude")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sidecar(json: &str) -> Sidecar {
        match Json::read(json.as_bytes()) {
            Some(Json::Sidecar(sidecar)) => sidecar,
            other => panic!("{json} is {other:?}"),
        }
    }

    #[test]
    fn all_that_is_kept_is_read() {
        let read = sidecar(
            r#"{
                "title": "IMG_1.jpg", "description": "Oma\r\nim Garten", "imageViews": "3",
                "photoTakenTime": {"timestamp": "1690258465", "formatted": "Jul 25, 2023, 4:14:25 AM UTC"},
                "creationTime": {"timestamp": "1690258565"},
                "geoData": {"latitude": 48.1, "longitude": 11.5, "altitude": 500.0},
                "geoDataExif": {"latitude": 1.0, "longitude": 2.0},
                "people": [{"name": "Oma"}], "favorited": true, "archived": true
            }"#,
        );
        assert_eq!(
            read,
            Sidecar {
                title: "IMG_1.jpg".to_owned(),
                taken: Timestamp::from_second(1_690_258_465).ok(),
                position: Position::new(48.1, 11.5),
                description: Description::new("Oma\nim Garten"),
                favourite: true,
                trashed: false,
            }
        );
    }

    #[test]
    fn no_place_and_no_time_are_none() {
        let read = sidecar(
            r#"{"title": "a.jpg", "photoTakenTime": {"timestamp": "0"},
                "geoData": {"latitude": 0.0, "longitude": 0.0},
                "geoDataExif": {"latitude": 1.5, "longitude": 2}}"#,
        );
        assert_eq!((read.taken, read.position), (None, Position::new(1.5, 2.0)));
        for time in [
            "\"\"",
            "\"soon\"",
            "\"-99999999999\"",
            "\"9e9\"",
            "null",
            "99999999999999",
        ] {
            let json = format!(r#"{{"photoTakenTime": {{"timestamp": {time}}}}}"#);
            assert_eq!(sidecar(&json).taken, None, "{time}");
        }
        // A scan that somebody dated.
        let scan = sidecar(r#"{"photoTakenTime": {"timestamp": "-239932800"}}"#);
        assert_eq!(scan.taken.unwrap().to_string(), "1962-05-26T00:00:00Z");
    }

    #[test]
    fn an_album_is_known_by_what_it_says_whatever_its_file_is_called() {
        let album = |json: &str| Json::read(json.as_bytes()).unwrap();
        let named = |name| Json::Album(AlbumName::new(name));
        assert_eq!(
            album(r#"{"title": "Été 2019", "access": "protected", "date": {"timestamp": "1"}}"#),
            named("Été 2019")
        );
        assert_eq!(album(r#"{"albumData": {"title": "Old"}}"#), named("Old"));
        assert_eq!(album(r#"{"title": ""}"#), Json::Album(None));
        assert_eq!(album("{}"), Json::Other);
        assert_eq!(album("[1, 2]"), Json::Other);
        assert_eq!(album(r#"{"title": ["a"]}"#), Json::Other);
    }

    #[test]
    fn what_is_of_another_kind_costs_only_itself() {
        let read = sidecar(
            r#"{"title": 7, "photoTakenTime": {"timestamp": "1690258465"}, "favorited": "yes",
                "geoData": {"latitude": "48", "longitude": 11}, "geoDataExif": 3}"#,
        );
        assert_eq!(read.taken.unwrap().as_second(), 1_690_258_465);
        assert_eq!(
            (read.title.as_str(), read.position, read.favourite),
            ("", None, false)
        );
    }

    #[test]
    fn what_is_no_json_is_nothing() {
        let deep = "[".repeat(100_000);
        let long = " ".repeat(2 << 20);
        for bytes in ["", "{", "\u{0}", deep.as_str(), long.as_str()] {
            assert_eq!(Json::read(bytes.as_bytes()), None);
        }
        assert!(Json::read(b"\xEF\xBB\xBF{}").is_some());
    }
}
