//! Photos in the order of their capture, by the wall clock of the place where they were taken: one tile for each photo,
//! and one for each group.
//!
//! What a page shows costs as much as it is long, however many photos there are: how many tiles a day has is a tally,
//! which triggers keep (`timeline_day`); tiles are listed from an index within one [`Period`], up to a limit.
//!
//! | question | module |
//! |---|---|
//! | which part of the timeline? | `period` |
//! | which photos are tiles, in which order, and which stand beside one? | `tiles` |
//! | what does a member see of a group of which the member has only a part? | `chosen` |

mod chosen;
mod period;
mod tiles;

use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, params};
use safelight_core::PersonId;

use crate::{error::CatalogueError, open::Library, stored::count};

pub(crate) use chosen::{choose, choose_of};
pub use period::Period;
pub use tiles::Tile;

/// How many tiles a day has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub date: Date,
    /// Its tiles.
    pub tiles: u64,
}

/// The last day with tiles before `?2` that is a day of a year.
const DAY_BEFORE: &str =
    "SELECT day FROM timeline_day WHERE person = ?1 AND day >= '0' AND day < ?2
     ORDER BY day DESC LIMIT 1";
/// The days of a period.
const DAYS: &str = "SELECT day, tiles FROM timeline_day WHERE person = ?1 AND day >= ?2 AND day < ?3 ORDER BY day DESC";
/// All tiles of a period.
const COUNT: &str =
    "SELECT coalesce(sum(tiles), 0) FROM timeline_day WHERE person = ?1 AND day >= ?2 AND day < ?3";
/// Counts everything once more.
pub(crate) const RECOUNT: &str = "
    DELETE FROM timeline_day;
    INSERT INTO timeline_day
      SELECT 0, iif(aside = 1, 'other', coalesce(substr(captured_local, 1, 10), '')), count(*)
      FROM asset WHERE part_of IS NULL GROUP BY 2;
    INSERT INTO timeline_day
      SELECT person, iif(tile = 2, 'other', coalesce(substr(taken, 1, 10), '')), count(*)
      FROM holding WHERE person <> 1 AND tile <> 0 GROUP BY 1, 2;";

/// A member as the tally has them; 0 stands for everybody.
fn number(of: Option<PersonId>) -> i64 {
    of.map_or(0, |person| person.0)
}

/// The latest year before a day's text in which there is a tile, with the text that all its days are not before.
fn year_before(
    connection: &Connection,
    of: Option<PersonId>,
    before: &str,
) -> rusqlite::Result<Option<(i16, String)>> {
    let latest: Option<String> = connection
        .prepare_cached(DAY_BEFORE)?
        .query_row(params![number(of), before], |row| row.get(0))
        .optional()?;
    Ok(latest.and_then(|latest| {
        let digits = latest.get(..4)?;
        Some((digits.parse().ok()?, digits.to_owned()))
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
                // ':' follows '9': every year's days are before it.
                let mut before = ":".to_owned();
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
        let (from, to) = period.days();
        self.core().catalogue.read("count the days", |connection| {
            let mut query = connection.prepare_cached(DAYS)?;
            let mut rows = query.query(params![number(of), from, to])?;
            let mut days = Vec::new();
            while let Some(row) = rows.next()? {
                // What has no date, or is no photo, has no day.
                if let Ok(date) = row.get::<_, String>(0)?.parse() {
                    let tiles = count(row, 1)?;
                    days.push(Day { date, tiles });
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
        let (from, to) = period.days();
        self.core()
            .catalogue
            .read("count the photos", |connection| {
                Ok(connection
                    .prepare_cached(COUNT)?
                    .query_row(params![number(of), from, to], |row| count(row, 0))?)
            })
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    /// A catalogue in which each of three days has so many photos, and there are as many without a date.
    fn catalogue(photos: u32) -> Connection {
        let mut catalogue = Connection::open_in_memory().unwrap();
        crate::schema::migrate(&mut catalogue).unwrap();
        let mut insert = catalogue
            .prepare(
                "INSERT INTO asset (hash, size, kind, path, folder_key, name_key, original_name, captured_local, modified,
                   added_at)
                 VALUES (?1, 1, 'photo', ?2, '', ?2, ?2, ?3, 1, 1)",
            )
            .unwrap();
        let days = [
            Some("2024-05-17"),
            Some("2024-05-18"),
            Some("2023-01-01"),
            None,
        ];
        for (number, day) in (0..photos).flat_map(|photo| days.map(|day| (photo, day))) {
            let name = format!("{number} {day:?}");
            let mut hash = [0; 32];
            hash[..name.len().min(32)].copy_from_slice(&name.as_bytes()[..name.len().min(32)]);
            let taken = day.map(|day| format!("{day}T10:00:00"));
            insert.execute(params![hash, name, taken]).unwrap();
        }
        drop(insert);
        catalogue
    }

    /// How much work SQLite had, in steps of its virtual machine, and what it answered.
    fn work(catalogue: &Connection, statement: &str, values: &[&str]) -> (i32, Vec<String>) {
        let mut query = catalogue.prepare(statement).unwrap();
        let mut answer = Vec::new();
        let mut rows = query
            .query(rusqlite::params_from_iter(["0"].iter().chain(values)))
            .unwrap();
        while let Some(row) = rows.next().unwrap() {
            answer.push(format!("{:?}", row.get_ref(0).unwrap()));
        }
        drop(rows);
        (query.get_status(StatementStatus::VmStep), answer)
    }

    #[test]
    fn what_a_page_shows_of_a_year_costs_the_same_however_many_photos_it_has() {
        let (few, many) = (catalogue(1), catalogue(500));
        for (statement, period) in [
            (DAYS, Period::Year(2024)),
            (COUNT, Period::Year(2024)),
            (COUNT, Period::Undated),
            (COUNT, Period::Other),
        ] {
            let (from, to) = period.days();
            let values = [from.as_str(), to.as_str()];
            let (least, _) = work(&few, statement, &values);
            let (most, _) = work(&many, statement, &values);
            assert_eq!(least, most, "{statement}");
        }
        let (least, _) = work(&few, DAY_BEFORE, &[":"]);
        let (most, latest) = work(&many, DAY_BEFORE, &[":"]);
        assert_eq!(least, most);
        assert_eq!(latest.len(), 1);
    }

    #[test]
    fn counting_once_more_changes_nothing() {
        let catalogue = catalogue(3);
        catalogue
            .execute_batch("UPDATE asset SET part_of = 1, role = 'raw' WHERE id = 2; UPDATE asset SET captured_local = NULL WHERE id = 3")
            .unwrap();
        let counted = || -> String {
            let listed = "SELECT group_concat(concat_ws(' ', person, day, tiles), '; ' ORDER BY person, day) FROM timeline_day";
            catalogue.query_row(listed, [], |row| row.get(0)).unwrap()
        };
        let before = counted();
        assert_eq!(
            before,
            "0  4; 0 2023-01-01 2; 0 2024-05-17 3; 0 2024-05-18 2"
        );
        catalogue.execute_batch(RECOUNT).unwrap();
        assert_eq!(counted(), before);
    }
}
