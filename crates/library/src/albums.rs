//! Albums: which photos belong together, as the collections say that they came from. Each has a list beside the photos,
//! which `sha256sum -c` reads like a manifest.
//!
//! The lists are made from the photos' own manifest lines, which name their albums: they are there to be read, and
//! a rebuild needs none of them.

use rusqlite::{Connection, OptionalExtension, params};
use safelight_core::{AlbumName, AssetId, FileName, LibraryPath};
use sha2::{Digest, Sha256};

use crate::{
    error::{DiskResult, LibraryError},
    manifest::note_changed,
    open::Core,
    root::{ALBUMS, Root, make_folders},
    stored::{hash, path},
};

/// How much of a list is in memory before it is written.
const PIECE: usize = 64 << 10;

/// Puts a photo into an album, which is made if there is none.
pub(crate) fn add(change: &Connection, album: &AlbumName, photo: AssetId) -> rusqlite::Result<()> {
    let file = file_of(album);
    let key = key_of(&file);
    let known = change
        .prepare_cached("SELECT id FROM album WHERE file_key = ?1")?
        .query_row([&key], |row| row.get::<_, i64>(0))
        .optional()?;
    let number = match known {
        Some(number) => number,
        None => {
            change
                .prepare_cached("INSERT INTO album (name, file, file_key) VALUES (?1, ?2, ?3)")?
                .execute([album.as_str(), &file, &key])?;
            change.last_insert_rowid()
        }
    };
    change
        .prepare_cached("INSERT OR IGNORE INTO album_photo VALUES (?1, ?2)")?
        .execute([number, photo.0])?;
    Ok(())
}

/// The name of an album's list: the album's own where every file system takes it, else the closest to it with a few digits
/// of the name's hash, so that two albums never have one list.
fn file_of(album: &AlbumName) -> String {
    let wish = FileName::from_wish(album.as_str());
    if wish.as_str() == album.as_str() {
        return format!("{wish}.sha256");
    }
    let digest = Sha256::digest(album.as_str());
    format!("{wish}-{}.sha256", hex::encode(&digest[..4]))
}

fn key_of(file: &str) -> String {
    LibraryPath::parse(file).map_or_else(|_| file.to_owned(), |path| path.collision_key())
}

/// Whether lists must be written.
pub(crate) fn any_due(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM album_list_due LIMIT 1")?
        .exists([])
}

/// Writes the lists that are not true any more. One that fails stays due, and does not keep the others.
pub(crate) fn write_due(
    core: &Core,
    root: &Root,
    keep: &mut impl FnMut(Result<(), LibraryError>),
) -> Result<(), LibraryError> {
    let due: Vec<List> = core.catalogue.read("list albums to write", |connection| {
        let mut query = connection.prepare_cached(
            "SELECT a.id, a.name, a.file, d.version FROM album_list_due d JOIN album a ON a.id = d.album
             ORDER BY a.id",
        )?;
        let rows = query.query_map([], |row| {
            Ok(List {
                album: row.get(0)?,
                name: row.get(1)?,
                file: row.get(2)?,
                version: row.get(3)?,
            })
        })?;
        Ok::<_, LibraryError>(rows.collect::<rusqlite::Result<_>>()?)
    })?;
    if !due.is_empty() {
        make_folders(core.disk.as_ref(), &root.folder(ALBUMS))?;
    }
    for list in due {
        keep(list.write(core, root));
    }
    Ok(())
}

struct List {
    album: i64,
    name: String,
    file: String,
    version: i64,
}

impl List {
    fn write(&self, core: &Core, root: &Root) -> Result<(), LibraryError> {
        let below = format!("{ALBUMS}/{}", self.file);
        let place = root.folder(&below);
        let draft = core.new_staging_path(&root.path);
        if let Err(error) = self.draft(core, &below, &draft) {
            if let Err(error) = core.disk.remove(&draft) {
                tracing::debug!(path = %draft.display(), %error, "an album's draft is left for the next start to remove");
            }
            return Err(error);
        }
        core.disk.replace(&draft, &place).doing("replace", &place)?;
        let folder = root.folder(ALBUMS);
        core.disk
            .sync_folder(&folder)
            .doing("flush the folder", &folder)?;
        core.catalogue.write("note an album's list", |change| {
            change.execute(
                "DELETE FROM album_list_due WHERE album = ?1 AND version = ?2",
                params![self.album, self.version],
            )?;
            Ok(note_changed(change, &below)?)
        })
    }

    fn draft(&self, core: &Core, below: &str, draft: &std::path::Path) -> Result<(), LibraryError> {
        let mut file = core.disk.create(draft).doing("create", draft)?;
        // Somebody may copy the line into a shell, and the name is a stranger's.
        let quoted = below.replace('\'', r"'\''");
        let mut text = format!(
            "# Safelight album: {}\n# To check its photos, go to the library folder and run:\n# sha256sum -c '{quoted}'\n",
            self.name
        );
        core.catalogue
            .read("list an album's photos", |connection| {
                let mut query = connection.prepare_cached(
                    "SELECT a.hash, a.path FROM album_photo p JOIN asset a ON a.id = p.asset
                 WHERE p.album = ?1 ORDER BY a.folder_key, a.name_key",
                )?;
                let mut rows = query.query([self.album])?;
                while let Some(row) = rows.next()? {
                    text.push_str(&format!("{}  {}\n", hash(row, 0)?, path(row, 1)?));
                    if text.len() >= PIECE {
                        core.disk
                            .write(&mut file, draft, text.as_bytes())
                            .doing("write", draft)?;
                        text.clear();
                    }
                }
                Ok::<_, LibraryError>(())
            })?;
        core.disk
            .write(&mut file, draft, text.as_bytes())
            .doing("write", draft)?;
        Ok(core.disk.sync_file(&file, draft).doing("flush", draft)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(name: &str) -> String {
        file_of(&AlbumName::new(name).unwrap())
    }

    #[test]
    fn a_list_is_called_as_its_album_where_that_can_be() {
        assert_eq!(list("Italy 2019"), "Italy 2019.sha256");
        let slash = list("../../etc/passwd");
        assert!(slash.starts_with(".._.._etc_passwd-") && slash.ends_with(".sha256"));
        assert_ne!(list("A/B"), list("A:B"));
        assert_eq!(key_of(&list("Café")), key_of(&list("CAFÉ")));
        assert!(list(&"x".repeat(300)).len() <= 255 && list(&"?".repeat(300)).len() <= 255);
    }
}
