//! A file that comes to a group whose date a person put right: it gets its date with the others, as if it had been there.

use rusqlite::{Connection, OptionalExtension};
use safelight_core::{AssetId, MediaKind, correction::beside};

use crate::{
    asset, corrections,
    open::Core,
    remarks::{self, Said},
};

/// Has the members of a group, by the photo that stands for it, follow the one whose date a person said, if there is one.
pub(super) fn follow(core: &Core, change: &Connection, lead: AssetId) -> rusqlite::Result<()> {
    let corrected = change
        .prepare_cached(
            "SELECT asset FROM remark WHERE person_local IS NOT NULL
               AND asset IN (SELECT id FROM asset WHERE id = ?1 UNION ALL SELECT id FROM asset WHERE part_of = ?1)
             ORDER BY asset <> ?1, asset LIMIT 1",
        )?
        .query_row([lead.0], |row| row.get(0).map(AssetId))
        .optional()?;
    let Some(corrected) = corrected else {
        return Ok(());
    };
    let Some(corrected) = asset::by_id(change, corrected)? else {
        return Ok(());
    };
    let said = remarks::of(change, &corrected)?;
    let Some(right) = said.person else {
        return Ok(());
    };
    let had = without_person(said);
    for member in super::of(change, &corrected)? {
        let said = remarks::of(change, &member)?;
        let has = said.captured();
        // A note beside a photo has no date to move.
        let is_note = member.kind == MediaKind::Other && has.is_none();
        if said.person.is_none() && !is_note {
            let date = beside(&right, had.captured().as_ref(), has.as_ref());
            corrections::join(core, change, corrected.id, &member, said, date)?;
        }
    }
    Ok(())
}

fn without_person(said: Said) -> Said {
    Said {
        person: None,
        ..said
    }
}
