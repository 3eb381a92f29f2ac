//! The timeline: photos by the day on which they were taken, on the clock of the place.
//!
//! | address | what |
//! |---|---|
//! | `/timeline` | leads to the newest year |
//! | `/timeline/2024`, `/timeline/2024-05` | a year or a month: its days, which `timeline.js` turns into tiles |
//! | `/timeline/2024-05-17`, `/timeline/undated`, `/timeline/other` | tiles, some on a page |
//! | `/timeline/2024/tiles` | some tiles as JSON, for the script |

mod tile;

use askama::Template;
use axum::{
    Json,
    response::{IntoResponse, Redirect, Response},
};
use jiff::civil::Date;
use safelight_engine::{Day, Period};
use serde::Deserialize;

use self::tile::Tile;
use super::{
    address::{Path, Query},
    format::{counted, number},
    page::{Anyone, Page, Trouble, render},
};

/// Tiles on a page that has them without a script.
const LENGTH: usize = 120;
/// A period with more photos than this shows its months or days only: the page with all tiles would be higher than
/// browsers can show, 16 million pixels, where three tiles stand side by side.
const MOST_TILES: u64 = 250_000;

/// What every page of the timeline has above the photos.
struct Rail {
    /// The years that have photos, the latest first, and whether one is the page's.
    years: Vec<(Period, bool)>,
    /// Photos without a date.
    undated: u64,
    /// Files that are neither photos nor videos.
    other: u64,
    here: Period,
}

/// A month and its days.
struct Month {
    /// `2024-05`.
    period: Period,
    /// `May 2024`.
    name: String,
    tiles: u64,
    days: Vec<Day>,
}

impl Month {
    /// `May`.
    fn short(&self) -> String {
        match self.period {
            Period::Month(year, month) => match Date::new(year, month, 1) {
                Ok(first) => first.strftime("%b").to_string(),
                Err(_) => self.name.clone(),
            },
            _ => self.name.clone(),
        }
    }
}

/// A day and its count, for who does not see it.
fn spoken(day: &Day) -> String {
    let count = counted(day.tiles, "photo", "photos");
    format!("{}, {count}", day.date.strftime("%-d %B %Y"))
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct Overview {
    page: Page,
    rail: Rail,
    title: String,
    total: u64,
    months: Vec<Month>,
    /// Whether the script may show the tiles.
    tiles: bool,
}

#[derive(Template)]
#[template(path = "timeline-tiles.html")]
struct Tiles {
    page: Page,
    rail: Rail,
    title: String,
    total: u64,
    tiles: Vec<Tile>,
    earlier: Option<u64>,
    later: Option<u64>,
}

impl Tiles {
    /// How many there are in all.
    fn counted(&self) -> String {
        match self.rail.here {
            Period::Other => counted(self.total, "file", "files"),
            _ => counted(self.total, "photo", "photos"),
        }
    }
}

/// `GET /timeline`.
pub(crate) async fn newest(Anyone(visit): Anyone) -> Result<Response, Trouble> {
    let asker = visit.asker;
    let newest = visit
        .ask(move |engine| Ok(engine.years(asker)?.first().copied()))
        .await?;
    let period = newest.map_or(Period::Undated, Period::Year);
    Ok(Redirect::to(&format!("/timeline/{period}")).into_response())
}

/// Which tiles of a period.
#[derive(Deserialize)]
pub(crate) struct From {
    /// Without so many.
    skip: Option<u64>,
    /// From the end of this day on.
    day: Option<String>,
    /// So many at most.
    count: Option<usize>,
}

fn period(text: &str) -> Result<Period, Trouble> {
    Period::parse(text).ok_or_else(|| {
        Trouble::NotFound(format!(
            "{text:?} is no year, month or day of the timeline."
        ))
    })
}

/// `GET /timeline/{period}`.
pub(crate) async fn show(
    Anyone(visit): Anyone,
    Path(text): Path<String>,
    Query(from): Query<From>,
) -> Result<Response, Trouble> {
    let period = period(&text)?;
    let asker = visit.asker;
    let rail = visit
        .ask(move |engine| {
            let years = engine.years(asker)?;
            Ok(Rail {
                years: years
                    .into_iter()
                    .map(|year| (Period::Year(year), year_of(period) == Some(year)))
                    .collect(),
                undated: engine.tile_count(asker, Period::Undated)?,
                other: engine.tile_count(asker, Period::Other)?,
                here: period,
            })
        })
        .await?;
    let title = title(period);
    if matches!(period, Period::Year(_) | Period::Month(..)) {
        let days = visit.ask(move |engine| engine.days(asker, period)).await?;
        let total = days.iter().map(|day| day.tiles).sum();
        return Ok(render(&Overview {
            page: visit.page,
            rail,
            title,
            total,
            months: months(days),
            tiles: total <= MOST_TILES,
        }));
    }
    let skip = from.skip.unwrap_or(0);
    let (total, rows) = visit
        .ask(move |engine| {
            Ok((
                engine.tile_count(asker, period)?,
                engine.tiles(asker, period, None, skip, LENGTH)?,
            ))
        })
        .await?;
    let length = LENGTH as u64;
    Ok(render(&Tiles {
        page: visit.page,
        rail,
        title,
        total,
        tiles: rows.into_iter().map(Tile::of).collect(),
        earlier: (skip + length < total).then_some(skip + length),
        later: (skip > 0).then(|| skip.saturating_sub(length)),
    }))
}

/// `GET /timeline/{period}/tiles`.
pub(crate) async fn slice(
    Anyone(visit): Anyone,
    Path(text): Path<String>,
    Query(from): Query<From>,
) -> Result<Response, Trouble> {
    let period = period(&text)?;
    let day = match from.day.as_deref().map(str::parse::<Date>) {
        Some(Err(_)) => return Err(Trouble::Refused("This is no day".to_owned())),
        Some(Ok(day)) => Some(day),
        None => None,
    };
    let (asker, skip) = (visit.asker, from.skip.unwrap_or(0));
    let count = from.count.unwrap_or(LENGTH);
    let rows = visit
        .ask(move |engine| engine.tiles(asker, period, day, skip, count))
        .await?;
    let tiles: Vec<Tile> = rows.into_iter().map(Tile::of).collect();
    Ok(Json(tiles).into_response())
}

fn year_of(period: Period) -> Option<i16> {
    match period {
        Period::Year(year) | Period::Month(year, _) => Some(year),
        Period::Day(day) => Some(day.year()),
        Period::Undated | Period::Other => None,
    }
}

fn title(period: Period) -> String {
    match period {
        Period::Year(year) => year.to_string(),
        Period::Month(year, month) => month_name(year, month),
        Period::Day(day) => day.strftime("%A, %-d %B %Y").to_string(),
        Period::Undated => "Without a date".to_owned(),
        Period::Other => "Other files".to_owned(),
    }
}

fn month_name(year: i16, month: i8) -> String {
    match Date::new(year, month, 1) {
        Ok(first) => first.strftime("%B %Y").to_string(),
        Err(_) => format!("{year}-{month}"),
    }
}

/// Days, the latest first, by their months.
fn months(days: Vec<Day>) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    for day in days {
        let period = Period::Month(day.date.year(), day.date.month());
        match months.last_mut() {
            Some(month) if month.period == period => {
                month.tiles += day.tiles;
                month.days.push(day);
            }
            _ => months.push(Month {
                period,
                name: month_name(day.date.year(), day.date.month()),
                tiles: day.tiles,
                days: vec![day],
            }),
        }
    }
    months
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_are_counted_by_their_months() {
        let day = |date, tiles| Day { date, tiles };
        let months = months(vec![
            day(date(2024, 5, 17), 2),
            day(date(2024, 5, 1), 3),
            day(date(2023, 5, 1), 4),
        ]);
        let found: Vec<_> = months
            .iter()
            .map(|month| (month.name.as_str(), month.tiles, month.days.len()))
            .collect();
        assert_eq!(found, [("May 2024", 5, 2), ("May 2023", 4, 1)]);
    }
}
