//! The grid of `src/zone`, made from the boundaries that `tzf-dist` has.

use std::collections::HashMap;

use tzf_rs::DefaultFinder;

const CELLS: usize = 20;
const ROWS: usize = 180 * CELLS;
const COLUMNS: usize = 360 * CELLS;
const NOWHERE: u32 = 0;
const DISPUTED: u32 = 1;
const FIRST: u32 = 2;

/// The grid's bytes, and the zones' names.
pub(crate) fn make(finder: &DefaultFinder) -> (Vec<u8>, String) {
    let names = finder.timezonenames();
    let places: HashMap<&str, u32> = names.iter().copied().zip(FIRST..).collect();
    let rows: Vec<Vec<(u32, u32)>> = (0..ROWS).map(|row| runs(finder, &places, row)).collect();
    // Zones in many runs get the small numbers, which take less room.
    let mut counts = vec![0_u32; names.len()];
    for &(_, zone) in rows.iter().flatten() {
        if let Some(zone) = zone.checked_sub(FIRST) {
            counts[zone as usize] += 1;
        }
    }
    let mut order: Vec<usize> = (0..names.len()).filter(|&zone| counts[zone] > 0).collect();
    order.sort_by_key(|&zone| (u32::MAX - counts[zone], names[zone]));
    let mut numbers = vec![NOWHERE; names.len()];
    for (number, &zone) in (FIRST..).zip(&order) {
        numbers[zone] = number;
    }
    let numbered = |zone: u32| {
        zone.checked_sub(FIRST)
            .map_or(zone, |zone| numbers[zone as usize])
    };

    let mut begins = Vec::with_capacity(ROWS * 4);
    let (mut written, mut known) = (Vec::new(), HashMap::new());
    for row in rows {
        let mut bytes = Vec::new();
        for (length, zone) in row {
            put(&mut bytes, length);
            put(&mut bytes, numbered(zone));
        }
        // The far north and the far south have rows that are alike.
        let at = *known.entry(bytes).or_insert_with_key(|bytes| {
            let at = ROWS * 4 + written.len();
            written.extend(bytes);
            at
        });
        begins.extend(u32::try_from(at).unwrap().to_be_bytes());
    }
    let names: String = order
        .iter()
        .map(|&zone| names[zone].to_owned() + "\n")
        .collect();
    ([begins, written].concat(), names)
}

/// A row from west to east: how many cells, and their zone as `places` numbers it.
fn runs(finder: &DefaultFinder, places: &HashMap<&str, u32>, row: usize) -> Vec<(u32, u32)> {
    let middle = |cell: usize| (cell as f64 + 0.5) / CELLS as f64;
    let latitude = 90.0 - middle(row);
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for column in 0..COLUMNS {
        let there = finder.get_tz_names(middle(column) - 180.0, latitude);
        let zone = match there.as_slice() {
            [] => NOWHERE,
            [name] if name.starts_with("Etc/") => NOWHERE,
            [name] => places[name],
            _ => DISPUTED,
        };
        match runs.last_mut() {
            Some((length, last)) if *last == zone => *length += 1,
            _ => runs.push((1, zone)),
        }
    }
    runs
}

/// Seven bits a byte, the lowest first.
fn put(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
