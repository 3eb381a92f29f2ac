//! Photos in the order of their capture, by the wall clock of the place where they were taken: one tile for each photo,
//! and one for each group.
//!
//! Every question here is answered from an index, and costs as much as its answer is long: a day is counted, and photos
//! are listed, within one [`Period`]; no listing is longer than its limit.

use std::{fmt, time::Duration};

use jiff::civil::{Date, DateTime};
use rusqlite::{Connection, OptionalExtension, Row, params};
use safelight_core::{AssetId, ContentHash, MediaKind, PersonId, group::Role};

use crate::{
    asset::Asset,
    error::CatalogueError,
    open::Library,
    stored::{at_most, count, hash, signed, word},
};

/// A part of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A year.
    Year(i16),
    /// A year's month, from 1 to 12.
    Month(i16, i8),
    /// One day.
    Day(Date),
    /// The photos of which nobody knows when they were taken.
    Undated,
}

/// How many tiles a day has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// Its tiles.
    pub tiles: u64,
}

/// What one photo, or the photo that stands for a group, looks like in the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The photo.
    pub id: AssetId,
    /// Its identity.
    pub hash: ContentHash,
    /// What it is.
    pub kind: MediaKind,
    /// The name that it came with.
    pub name: String,
    /// When it was taken, by the wall clock there.
    pub taken: Option<DateTime>,
    /// How long a video lasts.
    pub duration: Option<Duration>,
    /// The media type that its bytes have, if they were read for that.
    pub mime: Option<String>,
    /// Whether its file holds a short video, too.
    pub is_motion_photo: bool,
    /// What the other files of its group are to it, without repetition.
    pub parts: Vec<Role>,
}

impl Period {
    /// Reads `2024`, `2024-05`, `2024-05-17` or `undated`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str, count: usize| {
            let all = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
            all.then(|| text.parse::<i16>().ok()).flatten()
        };
        let mut parts = text.split('-');
        let (first, second, third) = (parts.next()?, parts.next(), parts.next());
        if parts.next().is_some() {
            return None;
        }
        if (first, second) == ("undated", None) {
            return Some(Self::Undated);
        }
        let year = digits(first, 4)?;
        let Some(month) = second else {
            return Some(Self::Year(year));
        };
        let month = i8::try_from(digits(month, 2)?).ok()?;
        match third {
            None => (1..=12)
                .contains(&month)
                .then_some(Self::Month(year, month)),
            Some(day) => {
                let day = i8::try_from(digits(day, 2)?).ok()?;
                Date::new(year, month, day).ok().map(Self::Day)
            }
        }
    }

    /// The texts between which the capture times of the period lie: not before the first, before the second. None for
    /// those that have none.
    fn bounds(self) -> Option<(String, String)> {
        // The times' texts go on with `-` or `T`, which `.` and `U` follow.
        let (goes_on, follows) = match self {
            Self::Year(_) | Self::Month(..) => ('-', '.'),
            Self::Day(_) => ('T', 'U'),
            Self::Undated => return None,
        };
        Some((format!("{self}{goes_on}"), format!("{self}{follows}")))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Year(year) => write!(f, "{year:04}"),
            Self::Month(year, month) => write!(f, "{year:04}-{month:02}"),
            Self::Day(day) => write!(f, "{day}"),
            Self::Undated => f.write_str("undated"),
        }
    }
}

/// Whose timeline, and which part of it, as the beginning of a statement: `?1` and `?2` are the bounds, `?3` the member.
struct Stretch {
    person: i64,
    bounds: Option<(String, String)>,
}

impl Stretch {
    fn new(of: Option<PersonId>, period: Period) -> Self {
        Self {
            person: of.map_or(0, |person| person.0),
            bounds: period.bounds(),
        }
    }

    /// The column with the time.
    const fn taken(&self) -> &'static str {
        if self.person == 0 {
            "a.captured_local"
        } else {
            "h.taken"
        }
    }

    /// What follows `SELECT …`: each tile once. The words are those that the partial indexes have.
    fn tiles(&self) -> String {
        let taken = self.taken();
        let within = match self.bounds {
            Some(_) => format!("{taken} >= ?1 AND {taken} < ?2"),
            None => format!("{taken} IS NULL AND ?1 IS NULL AND ?2 IS NULL"),
        };
        if self.person == 0 {
            format!("FROM asset a WHERE a.part_of IS NULL AND {within} AND ?3 = 0")
        } else {
            // Two devices of a member may have brought the same photo.
            format!(
                "FROM holding h CROSS JOIN asset a ON a.id = h.asset
                 WHERE h.person = ?3 AND h.person <> 1 AND {within} AND a.part_of IS NULL
                   AND h.device = (SELECT min(o.device) FROM holding o WHERE o.asset = h.asset AND o.person = ?3)"
            )
        }
    }

    /// The latest first; of the same time, the one that came last.
    const fn order(&self) -> &'static str {
        if self.person == 0 {
            "ORDER BY a.captured_local DESC, a.id DESC"
        } else {
            "ORDER BY h.taken DESC, h.asset DESC"
        }
    }

    fn bounds(&self) -> (Option<&str>, Option<&str>) {
        self.bounds
            .as_ref()
            .map(|(from, to)| (from.as_str(), to.as_str()))
            .unzip()
    }
}

fn tile(row: &Row<'_>) -> rusqlite::Result<Tile> {
    let taken: Option<String> = row.get(4)?;
    let duration: Option<i64> = row.get(5)?;
    let roles: Option<String> = row.get(7)?;
    let mut parts: Vec<Role> = roles
        .iter()
        .flat_map(|roles| roles.split(','))
        .filter_map(Role::from_word)
        .collect();
    parts.sort_unstable();
    parts.dedup();
    Ok(Tile {
        id: AssetId(row.get(0)?),
        hash: hash(row, 1)?,
        kind: word(row, 2, MediaKind::from_word)?,
        name: row.get(3)?,
        taken: taken.and_then(|taken| taken.parse().ok()),
        duration: duration
            .and_then(|milliseconds| u64::try_from(milliseconds).ok())
            .map(Duration::from_millis),
        is_motion_photo: row.get(6)?,
        mime: row.get(8)?,
        parts,
    })
}

/// The latest year before a text of a time in which there is a tile, with the text at which it begins.
fn year_before(
    connection: &Connection,
    of: Option<PersonId>,
    before: &str,
) -> rusqlite::Result<Option<(i16, String)>> {
    let stretch = Stretch {
        person: of.map_or(0, |person| person.0),
        bounds: Some((String::new(), before.to_owned())),
    };
    let (from, to) = stretch.bounds();
    let latest: Option<String> = connection
        .prepare_cached(&format!(
            "SELECT {} {} {} LIMIT 1",
            stretch.taken(),
            stretch.tiles(),
            stretch.order()
        ))?
        .query_row(params![from, to, stretch.person], |row| row.get(0))
        .optional()?;
    Ok(latest.and_then(|latest| {
        let digits = latest.get(..4)?;
        Some((digits.parse().ok()?, format!("{digits}-")))
    }))
}

impl Library {
    /// The years in which a member's photos were taken, or everybody's if none is named, the latest first.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn years(&self, of: Option<PersonId>) -> Result<Vec<i16>, CatalogueError> {
        self.core()
            .catalogue
            .read("look for the years", |connection| {
                let mut years = Vec::new();
                // Any time's text is before this one.
                let mut before = "~".to_owned();
                while let Some((year, begins)) = year_before(connection, of, &before)? {
                    years.push(year);
                    before = begins;
                }
                Ok(years)
            })
    }

    /// How many tiles each day of a period has that has any, the latest first.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn days(&self, of: Option<PersonId>, period: Period) -> Result<Vec<Day>, CatalogueError> {
        let stretch = Stretch::new(of, period);
        let (from, to) = stretch.bounds();
        self.core().catalogue.read("count the days", |connection| {
            let mut query = connection.prepare_cached(&format!(
                "SELECT {} {} {}",
                stretch.taken(),
                stretch.tiles(),
                stretch.order()
            ))?;
            let mut rows = query.query(params![from, to, stretch.person])?;
            let mut days: Vec<Day> = Vec::new();
            while let Some(row) = rows.next()? {
                let taken: Option<String> = row.get(0)?;
                let day = taken.as_deref().and_then(|taken| taken.get(..10));
                let Some(Ok(date)) = day.map(str::parse) else {
                    continue;
                };
                match days.last_mut() {
                    Some(day) if day.date == date => day.tiles += 1,
                    _ => days.push(Day { date, tiles: 1 }),
                }
            }
            Ok(days)
        })
    }

    /// How many tiles a period has.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn tile_count(&self, of: Option<PersonId>, period: Period) -> Result<u64, CatalogueError> {
        let stretch = Stretch::new(of, period);
        let (from, to) = stretch.bounds();
        self.core()
            .catalogue
            .read("count the photos", |connection| {
                Ok(connection
                    .prepare_cached(&format!("SELECT count(*) {}", stretch.tiles()))?
                    .query_row(params![from, to, stretch.person], |row| count(row, 0))?)
            })
    }

    /// Up to `limit` tiles of a period, the latest first: from the end of a day on, if one is named, and without the first
    /// `skipped` ones.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn tiles(
        &self,
        of: Option<PersonId>,
        period: Period,
        day: Option<Date>,
        skipped: u64,
        limit: usize,
    ) -> Result<Vec<Tile>, CatalogueError> {
        let mut stretch = Stretch::new(of, period);
        if let (Some((_, to)), Some(day)) = (&mut stretch.bounds, day)
            && let Some((_, end)) = Period::Day(day).bounds()
            && end < *to
        {
            *to = end;
        }
        let (from, to) = stretch.bounds();
        self.core().catalogue.read("list the photos", |connection| {
            let mut query = connection.prepare_cached(&format!(
                "SELECT a.id, a.hash, a.kind, a.original_name, a.captured_local, a.duration, a.motion_video IS NOT NULL,
                   (SELECT group_concat(p.role) FROM asset p WHERE p.part_of = a.id), a.mime
                 {} {} LIMIT ?4 OFFSET ?5",
                stretch.tiles(),
                stretch.order()
            ))?;
            let rows = query.query_map(
                params![
                    from,
                    to,
                    stretch.person,
                    at_most(limit),
                    signed(skipped)
                ],
                tile,
            )?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The photos beside one in the timeline: the one taken next, and the one taken before. A photo of which nobody knows
    /// when it was taken has neighbours among its like.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn beside(
        &self,
        of: Option<PersonId>,
        photo: &Asset,
    ) -> Result<(Option<AssetId>, Option<AssetId>), CatalogueError> {
        let taken = photo.captured.map(|captured| captured.local.to_string());
        self.core()
            .catalogue
            .read("look for the photos beside one", |connection| {
                let look = |later: bool| {
                    connection
                        .prepare_cached(&beside(of.is_none(), taken.is_some(), later))?
                        .query_row(
                            params![taken, photo.id.0, of.map_or(0, |person| person.0)],
                            |row| row.get(0).map(AssetId),
                        )
                        .optional()
                };
                Ok((look(true)?, look(false)?))
            })
    }
}

/// The statement that finds the tile after or before `?1`, `?2`.
fn beside(everybody: bool, dated: bool, later: bool) -> String {
    let (taken, id) = if everybody {
        ("a.captured_local", "a.id")
    } else {
        ("h.taken", "h.asset")
    };
    let (beyond, order) = if later { (">", "ASC") } else { ("<", "DESC") };
    let condition = if dated {
        format!("({taken}, {id}) {beyond} (?1, ?2)")
    } else {
        format!("{taken} IS NULL AND ?1 IS NULL AND {id} {beyond} ?2")
    };
    let from = if everybody {
        "asset a WHERE a.part_of IS NULL AND ?3 = 0"
    } else {
        "holding h CROSS JOIN asset a ON a.id = h.asset
         WHERE h.person = ?3 AND h.person <> 1 AND a.part_of IS NULL"
    };
    format!(
        "SELECT {id} FROM {from} AND {condition} ORDER BY {taken} {order}, {id} {order} LIMIT 1"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How SQLite goes about a statement with five values.
    fn plan(catalogue: &Connection, statement: &str) -> String {
        let mut query = catalogue
            .prepare(&format!("EXPLAIN QUERY PLAN {statement}"))
            .unwrap();
        let mut rows = query.raw_query();
        let mut plan = String::new();
        while let Some(row) = rows.next().unwrap() {
            plan.push_str(&row.get::<_, String>(3).unwrap());
            plan.push('\n');
        }
        plan
    }

    #[test]
    fn every_question_is_answered_from_an_index_in_its_order() {
        let mut catalogue = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut catalogue).unwrap();
        let mut statements = Vec::new();
        for of in [None, Some(PersonId(2))] {
            for period in [Period::Year(2024), Period::Undated] {
                let stretch = Stretch::new(of, period);
                let (tiles, order) = (stretch.tiles(), stretch.order());
                statements.push(format!("SELECT count(*) {tiles}"));
                statements.push(format!("SELECT {} {tiles} {order}", stretch.taken()));
                statements.push(format!("SELECT a.hash {tiles} {order} LIMIT ?4 OFFSET ?5"));
            }
            for (dated, later) in [(true, true), (true, false), (false, true), (false, false)] {
                statements.push(beside(of.is_none(), dated, later));
            }
        }
        for statement in statements {
            let plan = plan(&catalogue, &statement);
            let first = plan.lines().next().unwrap_or_default();
            assert!(
                first.contains("INDEX asset_tile (captured_local")
                    || first.contains("INDEX holding_timeline (person=? AND "),
                "{statement}\n{plan}"
            );
            assert!(!plan.contains("TEMP B-TREE"), "{statement}\n{plan}");
        }
    }

    #[test]
    fn periods_are_read_as_they_are_written() {
        for text in ["2024", "0000", "2024-05", "2024-02-29", "undated"] {
            assert_eq!(Period::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "24",
            "20240",
            "-2024",
            "2024-",
            "2024-13",
            "2024-00",
            "2024-5",
            "2024-05-32",
            "2023-02-29",
            "2024-05-17-1",
            "undated-05",
            "+024",
            "２０２４",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }
}
