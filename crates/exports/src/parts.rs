//! The parts that an export was cut into, and which of them are not there.

use std::collections::{BTreeMap, BTreeSet};

/// The most parts that a number is believed to mean. Fifteen years of a household's photos in the smallest parts that
/// Google offers are some hundreds.
const MOST: u32 = 10_000;

/// An export of which parts are not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What the parts are called, with `#` for the number.
    pub export: String,
    /// The numbers that are not there.
    pub numbers: Vec<u32>,
}

/// Which parts are missing, by the names of those that are there.
///
/// Google numbers its parts (`takeout-20240531T100000Z-001.zip`, `takeout-20240531T100000Z-1-001.zip`) without saying how many there are, so
/// only a gap shows. Apple says it (`iCloud Photos Part 3 of 7.zip`, in any language). A browser's ` (1)` is no number of a part.
#[must_use]
pub fn missing<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Missing> {
    let mut exports: BTreeMap<String, (BTreeSet<u32>, u32)> = BTreeMap::new();
    for name in names {
        let name = without_copy_number(stem(name));
        let Some((export, number, of)) = of_apple(name).or_else(|| of_google(name)) else {
            continue;
        };
        let (there, last) = exports.entry(export).or_default();
        there.insert(number);
        *last = (*last).max(of);
    }
    exports
        .into_iter()
        .map(|(export, (there, last))| Missing {
            export,
            numbers: (1..=last)
                .filter(|number| !there.contains(number))
                .collect(),
        })
        .filter(|missing| !missing.numbers.is_empty())
        .collect()
}

fn stem(name: &str) -> &str {
    let ending = name.len().saturating_sub(4);
    match name.get(ending..) {
        Some(zip) if zip.eq_ignore_ascii_case(".zip") => &name[..ending],
        _ => name,
    }
}

/// The name without what browsers add when they download the same file again: ` (1)`.
fn without_copy_number(name: &str) -> &str {
    name.strip_suffix(')')
        .and_then(|name| name.rsplit_once('('))
        .filter(|(_, number)| is_number(number))
        .map_or(name, |(name, _)| name.trim_end())
}

/// `takeout-…-001`: the export, the number, and the last one that is known of.
fn of_google(name: &str) -> Option<(String, u32, u32)> {
    let (export, number) = name.rsplit_once('-')?;
    let is_takeout = export
        .get(..7)
        .is_some_and(|beginning| beginning.eq_ignore_ascii_case("takeout"));
    if !is_takeout || number.len() < 3 || !is_number(number) {
        return None;
    }
    let number = counted(number)?;
    Some((format!("{export}-#.zip"), number, number))
}

/// `iCloud Photos Part 3 of 7`: two numbers at the end with a word between them.
fn of_apple(name: &str) -> Option<(String, u32, u32)> {
    if !name.to_ascii_lowercase().starts_with("icloud") {
        return None;
    }
    let mut words = name.rsplitn(4, ' ');
    let (of, _word, number, export) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (number, of) = (counted(number)?, counted(of)?);
    (number <= of).then(|| (format!("{export} #.zip"), number, of))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn counted(text: &str) -> Option<u32> {
    if !is_number(text) {
        return None;
    }
    text.parse()
        .ok()
        .filter(|number| (1..=MOST).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(names: &[&str]) -> Vec<(String, Vec<u32>)> {
        missing(names.iter().copied())
            .into_iter()
            .map(|missing| (missing.export, missing.numbers))
            .collect()
    }

    #[test]
    fn a_gap_in_googles_numbers_is_a_missing_part() {
        assert_eq!(
            shown(&[
                "takeout-20240531T100000Z-001.zip",
                "takeout-20240531T100000Z-004.zip",
                "takeout-20240531T100000Z-002 (1).zip",
                "takeout-20230101T000000Z-1-001.zip",
                "takeout-20230101T000000Z-1-002.zip",
                "holiday-003.zip",
            ]),
            [("takeout-20240531T100000Z-#.zip".to_owned(), vec![3])]
        );
    }

    #[test]
    fn apple_says_how_many_there_are() {
        assert_eq!(
            shown(&[
                "iCloud Photos Part 2 of 4.zip",
                "iCloud Photos Part 4 of 4.ZIP",
                "iCloud-bilder Del 1 av 1.zip",
            ]),
            [("iCloud Photos Part #.zip".to_owned(), vec![1, 3])]
        );
    }

    #[test]
    fn numbers_that_count_no_parts_are_none() {
        for name in [
            "takeout-20240531T100000Z-99999999.zip",
            "takeout.zip",
            "takeout-1.zip",
            "iCloud Photos Part 7 of 3.zip",
            "iCloud Photos Part 0 of 3.zip",
            "iCloud.zip",
            "(1).zip",
            "é",
            "",
        ] {
            assert_eq!(shown(&[name]), [], "{name}");
        }
    }
}
