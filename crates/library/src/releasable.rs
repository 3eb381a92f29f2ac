//! Which photos a phone may forget: many hashes, one statement.

use rusqlite::params;
use safelight_core::{AssetId, ContentHash, CopyState, PersonId, Proof};

use crate::{
    error::CatalogueError,
    evidence::{copies, stored_rule},
    open::Library,
    stored::word,
};

/// What is known of a photo whose hash was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Its copies, and those of all files of its group that are here, are proved as the owner's rule demands.
    Safe,
    /// It is the person's, and something is still to be proved.
    NotYet(Missing),
    /// It is not here, or is not the person's.
    Unknown,
}

/// What is still to be proved, the first thing first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The file at home is gone.
    HomeMissing,
    /// The file at home has other bytes, or cannot be read.
    HomeDamaged,
    /// The file at home was not read again since it was written.
    HomeUnread,
    /// There are not enough proved offsite copies.
    Offsite,
    /// It is proved itself, and another file of its group is not: the two parts of a Live Photo are forgotten together.
    Group,
}

impl Library {
    /// What is known of photos of a person, in the order of the question. Only evidence says "safe".
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn releasable(
        &self,
        person: PersonId,
        hashes: &[ContentHash],
    ) -> Result<Vec<Release>, CatalogueError> {
        // A statement takes no list, but one text of hexadecimal digits; cut into pieces, in the order of the index.
        let mut order: Vec<usize> = (0..hashes.len()).collect();
        order.sort_unstable_by_key(|at| hashes[*at]);
        let mut asked = String::with_capacity(hashes.len() * 67 + 2);
        asked.push('[');
        for (number, at) in order.iter().enumerate() {
            asked.push_str(if number == 0 { "\"" } else { ",\"" });
            asked.push_str(&hashes[*at].to_string());
            asked.push('"');
        }
        asked.push(']');
        let mut answers = vec![Release::Unknown; hashes.len()];
        self.core().catalogue.read("look up many photos", |connection| {
            let rule = stored_rule(connection)?;
            let mut query = connection.prepare_cached(
                "SELECT q.key, a.safe, c.state, c.proof, a.id FROM json_each(?1) q JOIN asset a ON a.hash = unhex(q.value)
                 LEFT JOIN copy c ON c.asset = a.id AND c.place = 0
                 WHERE EXISTS (SELECT 1 FROM holding h WHERE h.asset = a.id AND h.person = ?2)",
            )?;
            let mut rows = query.query(params![asked, person.0])?;
            while let Some(row) = rows.next()? {
                let number: i64 = row.get(0)?;
                let safe: bool = row.get(1)?;
                let release = if safe {
                    Release::Safe
                } else if row.get_ref(2)? == rusqlite::types::ValueRef::Null {
                    Release::NotYet(Missing::HomeMissing)
                } else {
                    let proof = word(row, 3, Proof::from_word)?;
                    Release::NotYet(match word(row, 2, CopyState::from_word)? {
                        CopyState::Missing => Missing::HomeMissing,
                        CopyState::Damaged => Missing::HomeDamaged,
                        CopyState::Good if proof < rule.home => Missing::HomeUnread,
                        CopyState::Good => {
                            let own = copies(connection, AssetId(row.get(4)?))?;
                            if rule.is_safe(&own) { Missing::Group } else { Missing::Offsite }
                        }
                    })
                };
                if let Some(at) = usize::try_from(number).ok().and_then(|number| order.get(number)) {
                    answers[*at] = release;
                }
            }
            Ok::<_, CatalogueError>(())
        })?;
        Ok(answers)
    }
}
