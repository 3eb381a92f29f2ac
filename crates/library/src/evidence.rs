//! What was proved of each copy, and what follows from it: whether a photo is safe (promise 5).

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use safelight_core::{
    AssetId, CopyState, DestinationId, Evidence, Place, Proof, SafetyRule, Timestamp,
};

use crate::{
    error::{Attempted, CatalogueError},
    open::{Core, Library},
    settings,
    stored::{micros, time, word},
    tree_change::next_revision,
};

const RULE: &str = "safety.rule";

/// The number of a place in the catalogue.
pub(crate) const fn place_number(place: Place) -> i64 {
    match place {
        Place::Home => 0,
        Place::Offsite(destination) => destination.0,
    }
}

const fn place_of(number: i64) -> Place {
    match number {
        0 => Place::Home,
        destination => Place::Offsite(DestinationId(destination)),
    }
}

pub(crate) fn copies(connection: &Connection, asset: AssetId) -> rusqlite::Result<Vec<Evidence>> {
    let mut query = connection.prepare_cached(
        "SELECT place, state, proof, at FROM copy WHERE asset = ?1 ORDER BY place",
    )?;
    query
        .query_map([asset.0], |row| {
            Ok(Evidence {
                place: place_of(row.get(0)?),
                state: word(row, 1, CopyState::from_word)?,
                proof: word(row, 2, Proof::from_word)?,
                at: time(row, 3)?,
            })
        })?
        .collect()
}

fn is_known(connection: &Connection, asset: AssetId, place: Place) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM copy WHERE asset = ?1 AND place = ?2")?
        .exists([asset.0, place_number(place)])
}

pub(crate) fn is_good(
    connection: &Connection,
    asset: AssetId,
    place: Place,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM copy WHERE asset = ?1 AND place = ?2 AND state = 'good'")?
        .exists([asset.0, place_number(place)])
}

/// Stores what was found out about a copy, if it says more than what is known.
///
/// A weaker proof does not take a stronger one's place. A copy whose damage was found by reading offsite is good again
/// only when it is read again, or sent again ([`forget_damage`]): that it is listed in a snapshot says nothing about its
/// bytes. The home copy of a damaged photo is another file once its bytes have been written anew, so there any proof
/// counts.
pub(crate) fn store(
    connection: &Connection,
    asset: AssetId,
    found: &Evidence,
    snapshot: Option<i64>,
) -> rusqlite::Result<()> {
    let place = place_number(found.place);
    let known = connection
        .prepare_cached("SELECT state, proof FROM copy WHERE asset = ?1 AND place = ?2")?
        .query_row([asset.0, place], |row| {
            Ok((
                word(row, 0, CopyState::from_word)?,
                word(row, 1, Proof::from_word)?,
            ))
        })
        .optional()?;
    let says_more = match known {
        None => true,
        Some((CopyState::Good, proof)) => found.state != CopyState::Good || found.proof >= proof,
        Some((CopyState::Missing, _)) => true,
        Some((CopyState::Damaged, proof)) => {
            found.place == Place::Home || found.state != CopyState::Good || found.proof >= proof
        }
    };
    if says_more {
        connection
            .prepare_cached(
                "INSERT INTO copy (asset, place, state, proof, at, snapshot) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (asset, place) DO UPDATE SET state = excluded.state, proof = excluded.proof,
                   at = excluded.at, snapshot = coalesce(excluded.snapshot, snapshot)",
            )?
            .execute(params![
                asset.0,
                place,
                found.state.as_str(),
                found.proof.as_str(),
                micros(found.at),
                snapshot
            ])?;
    } else if snapshot.is_some() {
        connection
            .prepare_cached("UPDATE copy SET snapshot = ?3 WHERE asset = ?1 AND place = ?2")?
            .execute(params![asset.0, place, snapshot])?;
    }
    Ok(())
}

/// Forgets that an offsite copy was found damaged, because its bytes were sent anew since: what is stored next is about
/// another copy.
pub(crate) fn forget_damage(
    connection: &Connection,
    asset: AssetId,
    destination: DestinationId,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM copy WHERE asset = ?1 AND place = ?2 AND state = 'damaged'")?
        .execute([asset.0, destination.0])?;
    Ok(())
}

/// Brings the photo's stored `safe`, and that of its whole group, in line with their evidence: a photo is safe when all
/// files of its group are.
pub(crate) fn judge(
    connection: &Connection,
    rule: SafetyRule,
    asset: AssetId,
) -> rusqlite::Result<()> {
    let mut safe = rule.is_safe(&copies(connection, asset)?);
    let group: Vec<i64> = connection
        .prepare_cached(
            "SELECT m.id FROM asset a JOIN asset m ON m.part_of = coalesce(a.part_of, a.id) WHERE a.id = ?1
             UNION ALL SELECT part_of FROM asset WHERE id = ?1 AND part_of IS NOT NULL",
        )?
        .query_map([asset.0], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for other in &group {
        safe = safe && (*other == asset.0 || rule.is_safe(&copies(connection, AssetId(*other))?));
    }
    for photo in group.into_iter().chain([asset.0]) {
        connection
            .prepare_cached("UPDATE asset SET safe = ?2 WHERE id = ?1 AND safe <> ?2")?
            .execute(params![photo, safe])?;
    }
    Ok(())
}

/// Photos that are judged in one transaction: short enough that an upload does not wait long for its turn.
const CHUNK: i64 = 2048;

/// Runs `work` on all photos, some in each transaction. It is given the numbers between which they lie: after the first,
/// up to and with the second. When it fails, or the power, what was done to the photos before stays.
pub(crate) fn in_chunks<E>(
    core: &Core,
    attempt: &'static str,
    mut work: impl FnMut(&Transaction<'_>, i64, i64) -> Result<(), E>,
) -> Result<(), E>
where
    E: From<rusqlite::Error> + Attempted,
{
    let mut after = 0;
    loop {
        let reached = core.catalogue.write(attempt, |change| {
            let last: Option<i64> = change
                .prepare_cached(
                    "SELECT max(id) FROM (SELECT id FROM asset WHERE id > ?1 ORDER BY id LIMIT ?2)",
                )?
                .query_row([after, CHUNK], |row| row.get(0))?;
            if let Some(last) = last {
                work(change, after, last)?;
            }
            Ok::<_, E>(last)
        })?;
        match reached {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// [`judge`] for the photos whose numbers a statement gives.
pub(crate) fn judge_those(
    connection: &Connection,
    rule: SafetyRule,
    numbers: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<()> {
    let photos: Vec<i64> = connection
        .prepare_cached(numbers)?
        .query_map(values, |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for photo in photos {
        judge(connection, rule, AssetId(photo))?;
    }
    Ok(())
}

pub(crate) fn stored_rule(connection: &Connection) -> rusqlite::Result<SafetyRule> {
    let stored = settings::get(connection, RULE)?;
    Ok(stored
        .and_then(|text| rule_from_words(&text))
        .unwrap_or_default())
}

fn rule_from_words(text: &str) -> Option<SafetyRule> {
    let mut words = text.split(' ');
    Some(SafetyRule {
        home: Proof::from_word(words.next()?)?,
        offsite_copies: words.next()?.parse().ok()?,
        offsite: Proof::from_word(words.next()?)?,
    })
}

impl Library {
    /// Stores what was found out about copies, in one transaction, and what follows from it. A copy that is missing or
    /// damaged offsite must go there again with the next snapshot.
    ///
    /// Offsite copies come to be known by [`Self::finish_snapshot`] alone. What is said of one that is not known is
    /// ignored: whoever looked took his time, and the photo was renamed, or the destination removed, meanwhile.
    ///
    /// # Errors
    ///
    /// The catalogue's; then nothing was stored. Evidence about a photo that is not known is such an error.
    pub fn record_evidence(&self, found: &[(AssetId, Evidence)]) -> Result<(), CatalogueError> {
        self.core().catalogue.write("store what was proved", |change| {
            let rule = stored_rule(change)?;
            let revision = next_revision(change)?;
            for (asset, evidence) in found {
                if evidence.place != Place::Home && !is_known(change, *asset, evidence.place)? {
                    continue;
                }
                store(change, *asset, evidence, None)?;
                if let (Place::Offsite(destination), CopyState::Missing | CopyState::Damaged) =
                    (evidence.place, evidence.state)
                {
                    change
                        .prepare_cached(
                            "INSERT INTO offsite_pending (destination, asset, since) VALUES (?1, ?2, ?3)
                             ON CONFLICT (destination, asset) DO UPDATE SET since = excluded.since",
                        )?
                        .execute([destination.0, asset.0, revision])?;
                }
                judge(change, rule, *asset)?;
            }
            Ok(())
        })
    }

    /// What is proved of a photo's copies, home first.
    ///
    /// # Errors
    ///
    /// The catalogue's.
    pub fn copies(&self, asset: AssetId) -> Result<Vec<Evidence>, CatalogueError> {
        self.core()
            .catalogue
            .read("read what is proved", |connection| {
                Ok(copies(connection, asset)?)
            })
    }

    /// The owner's rule of what is safe.
    #[must_use]
    pub fn safety_rule(&self) -> SafetyRule {
        *self
            .core()
            .rule
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Changes the rule, and judges every photo by it, a part of them at a time. Until it returns, some photos that are
    /// safe may not be called so; none is called safe by the new rule that is not.
    ///
    /// # Errors
    ///
    /// The catalogue's. Set the rule again then.
    pub fn set_safety_rule(&self, rule: SafetyRule) -> Result<(), CatalogueError> {
        let core = self.core();
        let attempt = "change the safety rule";
        let words = format!(
            "{} {} {}",
            rule.home.as_str(),
            rule.offsite_copies.max(1),
            rule.offsite.as_str()
        );
        // First those that are safe no more, then the rule, then those that have become safe.
        in_chunks(core, attempt, |change, after, last| {
            let safe = "SELECT id FROM asset WHERE safe = 1 AND id > ?1 AND id <= ?2";
            Ok::<_, CatalogueError>(judge_those(change, rule, safe, [after, last])?)
        })?;
        // Whoever judges reads the stored rule in his own transaction, so no photo is judged by the old one afterwards.
        core.catalogue.write(attempt, |change| {
            Ok::<_, CatalogueError>(settings::set(change, RULE, &words)?)
        })?;
        *core
            .rule
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = rule;
        in_chunks(core, attempt, |change, after, last| {
            // Also those that are safe: somebody may have judged them by the old rule meanwhile.
            let all = "SELECT id FROM asset WHERE id > ?1 AND id <= ?2";
            Ok::<_, CatalogueError>(judge_those(change, rule, all, [after, last])?)
        })
    }
}

/// The home copy as an upload leaves it.
pub(crate) const fn written_at_home(at: Timestamp) -> Evidence {
    Evidence {
        place: Place::Home,
        state: CopyState::Good,
        proof: Proof::Written,
        at,
    }
}
