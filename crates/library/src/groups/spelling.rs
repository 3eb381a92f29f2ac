//! How the beginning of a name may be spelled, where a folder's names are in the order of their bytes: `img_1` and `IMG_1`
//! lie far apart there, with all of `IMG_2` in between.

use std::iter;

/// Folders in which a beginning has more spellings than this, side by side, are looked at no further.
const MOST_SPELLINGS: usize = 32;

/// What a folder's list of names has from some place on.
pub(super) struct From<T> {
    /// What begins as was asked for.
    pub(super) alike: Vec<T>,
    /// The first name behind that.
    pub(super) next: Option<String>,
}

/// All names of a folder that begin alike, whatever their case. `list` has the names from a beginning on: up to so many that
/// begin with it, and the name behind them. Up to one over `most` come back.
pub(super) fn spelled<T, E>(
    beginning: &str,
    most: usize,
    mut list: impl FnMut(&str, usize) -> Result<From<T>, E>,
) -> Result<Vec<T>, E> {
    let letters: Vec<Vec<char>> = beginning.chars().map(cases).collect();
    let mut found = Vec::new();
    let mut spelling = Some(first(&letters, ""));
    for _ in 0..MOST_SPELLINGS {
        let Some(beginning) = spelling.take() else {
            break;
        };
        let From { alike, next } = list(&beginning, most + 1 - found.len())?;
        found.extend(alike);
        match next {
            Some(next) if found.len() <= most => spelling = from(&letters, &next),
            _ => break,
        }
    }
    Ok(found)
}

/// A letter's cases, in the order of their bytes.
fn cases(letter: char) -> Vec<char> {
    let mut cases = vec![letter];
    // A letter that is several ones in the other case has none here.
    let (lower, upper) = (letter.to_lowercase(), letter.to_uppercase());
    cases.extend((lower.len() == 1).then_some(lower).into_iter().flatten());
    cases.extend((upper.len() == 1).then_some(upper).into_iter().flatten());
    cases.sort_unstable();
    cases.dedup();
    cases
}

/// The first spelling that begins so.
fn first(letters: &[Vec<char>], begin: &str) -> String {
    let rest = letters.iter().skip(begin.chars().count());
    begin.chars().chain(rest.map(|cases| cases[0])).collect()
}

/// The first spelling that a name begins with, or that comes behind it.
fn from(letters: &[Vec<char>], name: &str) -> Option<String> {
    let mut begin: Vec<char> = Vec::with_capacity(letters.len());
    // The last place where another case comes behind the name, and that case.
    let mut later = None;
    for (cases, letter) in letters
        .iter()
        .zip(name.chars().map(Some).chain(iter::repeat(None)))
    {
        let Some(letter) = letter else {
            return Some(first(letters, &begin.iter().collect::<String>()));
        };
        if let Some(case) = cases.iter().find(|case| **case > letter) {
            later = Some((begin.len(), *case));
        }
        if !cases.contains(&letter) {
            let (count, case) = later?;
            begin.truncate(count);
            begin.push(case);
            return Some(first(letters, &begin.iter().collect::<String>()));
        }
        begin.push(letter);
    }
    Some(begin.iter().collect())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, convert::Infallible};

    use proptest::prelude::*;

    use super::*;

    /// What is found in a folder, and how often it was asked.
    fn look(names: &BTreeSet<String>, beginning: &str, most: usize) -> (Vec<String>, usize) {
        let mut asked = 0;
        let found = spelled(beginning, most, |from, most| {
            asked += 1;
            let mut rows = names.range(from.to_owned()..);
            let mut alike = Vec::new();
            let next = loop {
                match rows.next() {
                    Some(row) if row.starts_with(from) && alike.len() < most => {
                        alike.push(row.clone());
                    }
                    next => break next.cloned(),
                }
            };
            Ok::<_, Infallible>(From { alike, next })
        });
        (found.unwrap(), asked)
    }

    #[test]
    fn a_folder_of_one_case_is_asked_twice() {
        for (prefix, name) in [("IMG_", "img_0500"), ("img_", "IMG_0500"), ("x", "X0500")] {
            let names = (0..1000).map(|number| format!("{prefix}{number:04}.jpg"));
            let (found, asked) = look(&names.collect(), name, 9);
            assert_eq!((found.len(), asked), (1, 2), "{prefix} {name}");
        }
    }

    #[test]
    fn what_is_too_much_is_said_to_be() {
        let names: BTreeSet<String> = (0..99).map(|number| format!("a{number}")).collect();
        assert_eq!(look(&names, "A", 9).0.len(), 10);
        assert_eq!(look(&BTreeSet::new(), "A", 9).0.len(), 0);
    }

    proptest! {
        #[test]
        fn every_spelling_is_found(
            names in proptest::collection::btree_set("[aAbBéÉ1_]{0,5}", 0..60),
            beginning in "[aAbBéÉ1_]{0,4}",
        ) {
            let folded = beginning.to_lowercase();
            let expected: Vec<String> =
                names.iter().filter(|name| name.to_lowercase().starts_with(&folded)).cloned().collect();
            prop_assert_eq!(look(&names, &beginning, 99).0, expected);
        }
    }
}
