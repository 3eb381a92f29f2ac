//! The time zone of a place: how far its wall clocks were ahead of UTC.
//!
//! The world is a grid of cells of a twentieth of a degree (5.6 km from south to north, less from west to east), made by
//! `tests/zones` from the boundaries that OpenStreetMap has. A cell has the zone of its middle. It has none at sea beyond the
//! territorial waters, where ships keep whatever time they like, and where two zones are in use side by side.
//!
//! A wrong zone is worse than none, and cells know a border only roughly. So a place is believed only if all zones of its
//! cell and of the eight cells around it have the same offset at the time in question. Only so much of the grid is looked
//! at as the answer needs: nothing is loaded, and nothing kept.

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{AmbiguousOffset, Offset, TimeZone},
};

use crate::facts::Place;

/// How many cells a degree has.
const CELLS: u16 = 20;
const ROWS: usize = 180 * CELLS as usize;
const COLUMNS: usize = 360 * CELLS as usize;
/// Beyond these degrees of latitude cells are so narrow that those around say little.
const FARTHEST: f64 = 85.0;

/// The cells' zones. First where each row begins, from north to south, in bytes from the beginning (32 bits, big-endian). A
/// row is runs of cells of one zone, from west to east: how many, and the zone's number. Both are written seven bits a byte,
/// the lowest first, with the eighth bit set in all bytes but the last.
static GRID: &[u8] = include_bytes!("zone/grid.bin");
/// The zones' names, one a line; the first has the number [`FIRST`].
static NAMES: &str = include_str!("zone/names.txt");
/// The number of cells without a zone.
const NOWHERE: u32 = 0;
/// The number of cells with more than one.
const DISPUTED: u32 = 1;
const FIRST: usize = 2;

/// The offset of a wall clock at a place. `None` where there is a doubt: also in the hour that comes twice when summer time
/// ends, and in the one that does not come when it begins.
pub(crate) fn offset_of(place: Place, local: DateTime) -> Option<Offset> {
    agreed(place, |zone| {
        match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => Some(offset),
            AmbiguousOffset::Gap { .. } | AmbiguousOffset::Fold { .. } => None,
        }
    })
}

/// The offset at a place at an instant. `None` where there is a doubt: near a border beyond which clocks showed another time,
/// at sea, and where two zones are in use side by side. `docs/inspect.md` has the whole of it.
#[must_use]
pub fn offset_at(place: Place, instant: Timestamp) -> Option<Offset> {
    agreed(place, |zone| Some(zone.to_offset(instant)))
}

/// What the zones at a place and around it all say. `None` also if this machine does not know one of them.
fn agreed(place: Place, say: impl Fn(&TimeZone) -> Option<Offset>) -> Option<Offset> {
    let mut agreed = None;
    for number in around(place)? {
        let name = NAMES.lines().nth((number as usize).checked_sub(FIRST)?)?;
        let said = say(&TimeZone::get(name).ok()?)?;
        if *agreed.get_or_insert(said) != said {
            return None;
        }
    }
    agreed
}

/// The numbers of the zones at a place and around it, each once. `None` if it has none, or one of them is disputed.
fn around(place: Place) -> Option<Vec<u32>> {
    if place.latitude.abs() > FARTHEST {
        return None;
    }
    let row = cell(90.0 - place.latitude, ROWS);
    let column = cell(place.longitude + 180.0, COLUMNS);
    let mut numbers = vec![zone(row, column)];
    if numbers == [NOWHERE] {
        return None;
    }
    for row in row.saturating_sub(1)..=(row + 1).min(ROWS - 1) {
        // The world is round: east of the last column is the first.
        numbers.extend([COLUMNS - 1, 0, 1].map(|aside| zone(row, (column + aside) % COLUMNS)));
    }
    numbers.retain(|number| *number != NOWHERE);
    numbers.sort_unstable();
    numbers.dedup();
    (!numbers.contains(&DISPUTED)).then_some(numbers)
}

/// The cell in which so many degrees from the first one's edge lie.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place is within the degrees of the Earth"
)]
fn cell(degrees: f64, count: usize) -> usize {
    ((degrees * f64::from(CELLS)) as usize).min(count - 1)
}

/// The number of a cell's zone.
fn zone(row: usize, column: usize) -> u32 {
    run(row, column).unwrap_or(NOWHERE)
}

fn run(row: usize, column: usize) -> Option<u32> {
    let begins = GRID.get(4 * row..)?.first_chunk()?;
    let mut rest = GRID.get(u32::from_be_bytes(*begins) as usize..)?;
    let mut passed = 0;
    loop {
        passed += number(&mut rest)? as usize;
        let zone = number(&mut rest)?;
        if passed > column {
            return Some(zone);
        }
    }
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u32::from(byte & 0x7F).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
}
