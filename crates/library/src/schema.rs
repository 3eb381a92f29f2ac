//! The catalogue's format: numbered steps, each run once, in one transaction (`PRAGMA user_version` counts them).

use rusqlite::{Connection, TransactionBehavior};

/// The steps, oldest first. A step that was released is never changed; a new one is added.
const STEPS: [&str; 11] = [
    include_str!("schema/001.sql"),
    include_str!("schema/002.sql"),
    include_str!("schema/003.sql"),
    include_str!("schema/004.sql"),
    include_str!("schema/005.sql"),
    include_str!("schema/006.sql"),
    include_str!("schema/007.sql"),
    include_str!("schema/008.sql"),
    include_str!("schema/009.sql"),
    include_str!("schema/010.sql"),
    include_str!("schema/011.sql"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_of_version_1_keeps_what_it_knew() {
        let mut old = Connection::open_in_memory().unwrap();
        old.execute_batch(STEPS[0]).unwrap();
        old.execute_batch(
            "PRAGMA user_version = 1;
             INSERT INTO setting VALUES ('owner-password', 'hash');
             INSERT INTO session VALUES ('token', 2592000000005);
             INSERT INTO device (name, user, secret_hash, token_hash, created_at, photos)
               VALUES ('phone', 'phone', 's', 't', 1, 2);
             INSERT INTO asset (hash, size, kind, path, folder_key, name_key, original_name, modified, added_at, safe)
               VALUES (zeroblob(32), 10, 'photo', 'a', '', 'a', 'a', 1, 1, 1),
                      (CAST(x'01' || zeroblob(31) AS BLOB), 5, 'photo', 'b', '', 'b', 'b', 1, 1, 0),
                      (CAST(x'02' || zeroblob(31) AS BLOB), 3, 'photo', 'c', '', 'c', 'c', 1, 1, 0);
             INSERT INTO arrival (asset, device, at, outcome)
               VALUES (1, 1, 7, 'stored'), (1, 1, 8, 'duplicate'), (2, 1, 9, 'stored'), (3, NULL, 9, 'stored');",
        )
        .unwrap();
        assert_eq!(migrate(&mut old).unwrap(), 1);
        let found = |sql: &str| -> String { old.query_row(sql, [], |row| row.get(0)).unwrap() };
        assert_eq!(
            found(
                "SELECT concat_ws(' ', photos, bytes, not_yet_safe, last_arrival_at) FROM device"
            ),
            "2 15 1 9"
        );
        assert_eq!(
            found("SELECT concat_ws(' ', photos, bytes, not_yet_safe, secret_hash) FROM person"),
            "3 18 2 hash"
        );
        assert_eq!(
            found(
                "SELECT concat_ws(' ', count(*), sum(described), sum(part_of IS NOT NULL)) FROM asset"
            ),
            "3 0 0"
        );
        assert_eq!(
            found("SELECT concat_ws(' ', person, day, tiles) FROM timeline_day"),
            "0  3"
        );
        assert_eq!(
            found("SELECT concat_ws(' ', token_hash, person, started_at, expires) FROM session"),
            "token 1 5 2592000000005"
        );
    }
    #[test]
    fn entries_of_archives_keep_the_folders_that_they_were_in() {
        let mut old = Connection::open_in_memory().unwrap();
        for step in &STEPS[..9] {
            old.execute_batch(step).unwrap();
        }
        old.execute_batch(
            "PRAGMA user_version = 9;
             INSERT INTO source_file (place, size, modified, hash, shown) VALUES
               ('/down/t-001.zip//7', 1, 1, zeroblob(32), 'Photos/a.jpg'),
               ('/down/t-001.zip//8', 1, 1, zeroblob(32), NULL),
               ('/down/a.jpg', 1, 1, zeroblob(32), 'down/a.jpg');",
        )
        .unwrap();
        assert_eq!(migrate(&mut old).unwrap(), 9);
        let found: Vec<(String, String)> = old
            .prepare("SELECT place, inside FROM source_file WHERE inside IS NOT NULL")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let expected = ("/down/t-001.zip//7", "/down//Photos/a.jpg");
        assert_eq!(found, [(expected.0.to_owned(), expected.1.to_owned())]);
    }
}
