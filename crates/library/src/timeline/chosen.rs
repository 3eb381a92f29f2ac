//! What a member sees of a group. The photo that stands for it is the tile, as for everybody; but the same photo may be two
//! people's, and a member who has only a part of somebody else's group sees the best of what the member has.
//!
//! It is written down beside who has the photo (`holding.tile`), so that a member's timeline is read from one index.

use rusqlite::Connection;
use safelight_core::AssetId;

/// `?1` stands for the group. Of several devices' rows of one photo, one is the tile.
const CHOOSE: &str = "
    WITH member (id, rank) AS (
      SELECT id, 0 FROM asset WHERE id = ?1 AND part_of IS NULL
      UNION ALL
      SELECT id, CASE role WHEN 'edited' THEN 1 WHEN 'alternate' THEN 2 WHEN 'burst' THEN 3 WHEN 'original' THEN 4
        WHEN 'raw' THEN 5 WHEN 'motion' THEN 6 ELSE 7 END
      FROM asset WHERE part_of = ?1
    )
    UPDATE holding SET tile = iif(
      device = (SELECT min(o.device) FROM holding o WHERE o.asset = holding.asset AND o.person = holding.person)
      AND asset = (
        SELECT m.id FROM member m CROSS JOIN holding o ON o.asset = m.id AND o.person = holding.person
        ORDER BY m.rank, m.id LIMIT 1),
      1 + (SELECT aside FROM asset WHERE id = holding.asset), 0)
    WHERE person <> 1 AND asset IN (SELECT id FROM member)";

/// Chooses anew what each member sees of a group, by the photo that stands for it.
pub(crate) fn choose(change: &Connection, lead: AssetId) -> rusqlite::Result<()> {
    change.prepare_cached(CHOOSE)?.execute([lead.0]).map(drop)
}

/// The same, by any photo of the group.
pub(crate) fn choose_of(change: &Connection, photo: AssetId) -> rusqlite::Result<()> {
    let lead = change
        .prepare_cached("SELECT coalesce(part_of, id) FROM asset WHERE id = ?1")?
        .query_row([photo.0], |row| row.get(0))?;
    choose(change, AssetId(lead))
}
