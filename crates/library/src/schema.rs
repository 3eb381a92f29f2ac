//! The catalogue's format: numbered steps, each run once, in one transaction (`PRAGMA user_version` counts them).

use rusqlite::{Connection, TransactionBehavior};

/// The steps, oldest first. A step that was released is never changed; a new one is added.
const STEPS: [&str; 3] = [
    include_str!("schema/001.sql"),
    include_str!("schema/003.sql"),
    include_str!("schema/004.sql"),
];

/// The newest format that this version knows.
pub(crate) const NEWEST: i64 = STEPS.len() as i64;

/// Brings a catalogue to the newest format. Returns the format that it had, which is over [`NEWEST`] when nothing was
/// done because a newer version wrote it.
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<i64> {
    let had: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (step, sql) in (1..)
        .zip(STEPS)
        .skip(usize::try_from(had).unwrap_or(usize::MAX))
    {
        let change = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        change.execute_batch(sql)?;
        change.pragma_update(None, "user_version", step)?;
        change.commit()?;
    }
    Ok(had)
}
