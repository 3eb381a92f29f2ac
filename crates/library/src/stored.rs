//! How the words of `core` are stored in columns.

use rusqlite::{
    Row,
    types::{Type, ValueRef},
};
use safelight_core::{
    AssetId, CaptureTime, ContentHash, LibraryPath, MediaKind, Precision, TimeSource, Timestamp,
    group::Role,
};

use crate::asset::Asset;

/// The instant as the catalogue stores it: microseconds since 1970.
pub(crate) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// A column that [`micros`] wrote.
pub(crate) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(row.get(column)?)
        .map_err(|error| unreadable(column, Type::Integer, error))
}

/// A column that is empty or that [`micros`] wrote.
pub(crate) fn time_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let stored: Option<i64> = row.get(column)?;
    stored
        .map(Timestamp::from_microsecond)
        .transpose()
        .map_err(|error| unreadable(column, Type::Integer, error))
}

/// A count: SQLite's numbers are signed.
pub(crate) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let stored: i64 = row.get(column)?;
    u64::try_from(stored).map_err(|error| unreadable(column, Type::Integer, error))
}

/// A column that is empty or a count.
pub(crate) fn count_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => count(row, column).map(Some),
    }
}

/// A size in bytes as SQLite's signed number. No file is larger than it can say.
pub(crate) fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

/// A limit as SQLite's signed number.
pub(crate) fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A text column read by a `core` type's own reader.
pub(crate) fn word<T>(
    row: &Row<'_>,
    column: usize,
    read: impl FnOnce(&str) -> Option<T>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    read(text).ok_or_else(|| {
        let error = std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            format!("unknown word {text:?}"),
        );
        unreadable(column, Type::Text, error)
    })
}

/// A library path.
pub(crate) fn path(row: &Row<'_>, column: usize) -> rusqlite::Result<LibraryPath> {
    let text = row.get_ref(column)?.as_str()?;
    LibraryPath::parse(text).map_err(|error| unreadable(column, Type::Text, error))
}

/// A hash.
pub(crate) fn hash(row: &Row<'_>, column: usize) -> rusqlite::Result<ContentHash> {
    row.get(column).map(ContentHash::from_bytes)
}

fn unreadable(
    column: usize,
    kind: Type,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
}

/// The columns that [`asset`] reads, of a table called `a`.
pub(crate) const ASSET: &str = "a.id, a.hash, a.size, a.kind, a.path, a.original_name, a.captured_local, \
    a.captured_offset, a.captured_source, a.captured_precision, a.added_at, a.modified, a.safe, a.part_of, a.role";

/// How many columns [`ASSET`] has.
pub(crate) const ASSET_COLUMNS: usize = 15;

/// A row that begins with the columns of [`ASSET`].
pub(crate) fn asset(row: &Row<'_>) -> rusqlite::Result<Asset> {
    Ok(Asset {
        id: AssetId(row.get(0)?),
        hash: hash(row, 1)?,
        size: count(row, 2)?,
        kind: word(row, 3, MediaKind::from_word)?,
        path: path(row, 4)?,
        original_name: row.get(5)?,
        captured: captured(row, 6)?,
        added_at: time(row, 10)?,
        modified: time(row, 11)?,
        safe: row.get(12)?,
        part_of: row.get::<_, Option<i64>>(13)?.map(AssetId),
        role: match row.get_ref(14)? {
            ValueRef::Null => None,
            _ => Some(word(row, 14, Role::from_word)?),
        },
    })
}

/// The four columns of a capture time, from `first` on.
pub(crate) fn captured(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<CaptureTime>> {
    if row.get_ref(first)? == ValueRef::Null {
        return Ok(None);
    }
    let offset: Option<i32> = row.get(first + 1)?;
    Ok(Some(CaptureTime {
        local: word(row, first, |text| text.parse().ok())?,
        offset: offset
            .map(jiff::tz::Offset::from_seconds)
            .transpose()
            .map_err(|error| unreadable(first + 1, Type::Integer, error))?,
        source: word(row, first + 2, TimeSource::from_word)?,
        precision: word(row, first + 3, precision_from_word)?,
    }))
}

/// A capture time's columns: local time, offset in seconds, source, precision.
pub(crate) type CapturedColumns = (
    Option<String>,
    Option<i32>,
    Option<&'static str>,
    Option<&'static str>,
);

/// A capture time as its columns.
pub(crate) fn captured_columns(captured: Option<&CaptureTime>) -> CapturedColumns {
    match captured {
        None => (None, None, None, None),
        Some(taken) => (
            Some(taken.local.to_string()),
            taken.offset.map(jiff::tz::Offset::seconds),
            Some(taken.source.as_str()),
            Some(precision_word(taken.precision)),
        ),
    }
}

/// The word for a precision, in the catalogue and in manifests.
pub(crate) const fn precision_word(precision: Precision) -> &'static str {
    match precision {
        Precision::Second => "second",
        Precision::Day => "day",
    }
}

/// Reads [`precision_word`]'s word.
pub(crate) fn precision_from_word(word: &str) -> Option<Precision> {
    match word {
        "second" => Some(Precision::Second),
        "day" => Some(Precision::Day),
        _ => None,
    }
}

/// What a path has in common with every path that some file system would take for the same one, as its two columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PathKey {
    pub(crate) folder: String,
    pub(crate) name: String,
}

impl PathKey {
    pub(crate) fn of(path: &LibraryPath) -> Self {
        let key = path.collision_key();
        match key.rsplit_once('/') {
            Some((folder, name)) => Self {
                folder: folder.to_owned(),
                name: name.to_owned(),
            },
            None => Self {
                folder: String::new(),
                name: key,
            },
        }
    }
}
