//! Which photos are tiles, in which order, and which stand beside one. Every question is answered from an index.

use std::time::Duration;

use jiff::civil::{Date, DateTime};
use rusqlite::{OptionalExtension, Row, params};
use safelight_core::{AssetId, ContentHash, MediaKind, PersonId, group::Role};

use super::{Period, number};
use crate::{
    asset::Asset,
    error::CatalogueError,
    open::Library,
    stored::{at_most, hash, signed, word},
};

/// What one photo, or the photo that stands for a group, looks like in the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The photo.
    pub id: AssetId,
    /// Its identity.
    pub hash: ContentHash,
    /// What it is.
    pub kind: MediaKind,
    /// Whether it is neither a photo nor a video, nor called like one.
    pub is_aside: bool,
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

/// Whose timeline, and which part of it, as the beginning of a statement: `?1` and `?2` are the bounds, `?3` the member.
struct Stretch {
    person: i64,
    bounds: Option<(String, String)>,
    /// Whether it is the files that stand aside.
    is_other: bool,
}

impl Stretch {
    fn new(of: Option<PersonId>, period: Period) -> Self {
        Self {
            person: number(of),
            bounds: period.bounds(),
            is_other: period == Period::Other,
        }
    }

    /// What follows `SELECT …`: each tile once. The words are those that the partial indexes have.
    fn tiles(&self) -> String {
        let taken = if self.person == 0 {
            "a.captured_local"
        } else {
            "h.taken"
        };
        let within = match self.bounds {
            Some(_) => format!("{taken} >= ?1 AND {taken} < ?2"),
            None if self.is_other => "?1 IS NULL AND ?2 IS NULL".to_owned(),
            None => format!("{taken} IS NULL AND ?1 IS NULL AND ?2 IS NULL"),
        };
        format!(
            "FROM {} AND {within}",
            seen(self.person == 0, self.is_other)
        )
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

/// The tiles that are everybody's, or that member `?3` sees.
const fn seen(everybody: bool, other: bool) -> &'static str {
    match (everybody, other) {
        (true, false) => "asset a WHERE a.part_of IS NULL AND a.aside = 0 AND ?3 = 0",
        (true, true) => "asset a WHERE a.part_of IS NULL AND a.aside = 1 AND ?3 = 0",
        (false, false) => {
            "holding h CROSS JOIN asset a ON a.id = h.asset WHERE h.person = ?3 AND h.person <> 1 AND h.tile = 1"
        }
        (false, true) => {
            "holding h CROSS JOIN asset a ON a.id = h.asset WHERE h.person = ?3 AND h.person <> 1 AND h.tile = 2"
        }
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
        is_aside: row.get(9)?,
        parts,
    })
}

impl Library {
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
                   (SELECT group_concat(p.role) FROM asset p WHERE p.part_of = a.id
                      AND (?3 = 0 OR EXISTS (SELECT 1 FROM holding o WHERE o.asset = p.id AND o.person = ?3))), a.mime, a.aside
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
    /// when it was taken has neighbours among its like, and so has a file that stands aside.
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
                let is_other = connection
                    .prepare_cached("SELECT aside FROM asset WHERE id = ?1")?
                    .query_row([photo.id.0], |row| row.get(0))?;
                let look = |later: bool| {
                    connection
                        .prepare_cached(&beside(of.is_none(), is_other, taken.is_some(), later))?
                        .query_row(params![taken, photo.id.0, number(of)], |row| {
                            row.get(0).map(AssetId)
                        })
                        .optional()
                };
                Ok((look(true)?, look(false)?))
            })
    }
}

/// The statement that finds the tile after or before `?1`, `?2`.
fn beside(everybody: bool, other: bool, dated: bool, later: bool) -> String {
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
    let from = seen(everybody, other);
    format!(
        "SELECT {id} FROM {from} AND {condition} ORDER BY {taken} {order}, {id} {order} LIMIT 1"
    )
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

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
            for period in [Period::Year(2024), Period::Undated, Period::Other] {
                let stretch = Stretch::new(of, period);
                let (tiles, order) = (stretch.tiles(), stretch.order());
                statements.push(format!("SELECT a.hash {tiles} {order} LIMIT ?4 OFFSET ?5"));
            }
            for (dated, later) in [(true, true), (true, false), (false, true), (false, false)] {
                for other in [false, true] {
                    statements.push(beside(of.is_none(), other, dated, later));
                }
            }
        }
        for statement in statements {
            let plan = plan(&catalogue, &statement);
            let first = plan.lines().next().unwrap_or_default();
            assert!(
                first.contains("INDEX asset_tile (captured_local")
                    || first.contains("INDEX asset_aside")
                    || first.contains("INDEX holding_timeline (person=? AND ")
                    || first.contains("INDEX holding_aside (person=?"),
                "{statement}\n{plan}"
            );
            assert!(!plan.contains("TEMP B-TREE"), "{statement}\n{plan}");
        }
    }
}
