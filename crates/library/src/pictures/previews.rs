//! Previews: pictures for a whole screen, made when somebody looks at a photo. As many are kept as there is room for.

use rusqlite::{OptionalExtension, params};
use safelight_core::{ContentHash, Timestamp};

use super::{PicturesError, thumbnails::forget_again};
use crate::{open::Library, stored::micros};

/// How old the note of a preview's last use may become before a use writes it anew, in microseconds: an hour. Looking at
/// photos is not to write all the time.
const USE_NOTED_EVERY: i64 = 3_600_000_000;

impl Library {
    /// A photo's preview as a JPEG file, its longest side 1440 pixels, if there is one. It counts as used.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be read or written.
    pub fn preview(
        &self,
        photo: &ContentHash,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, PicturesError> {
        let pictures = &self.core().pictures;
        let found = pictures.read("look for a preview", |connection| {
            connection
                .prepare_cached("SELECT jpeg, used_at FROM preview WHERE hash = ?1")?
                .query_row([photo.as_bytes()], |row| {
                    Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
                })
                .optional()
        })?;
        let Some((jpeg, used_at)) = found else {
            return Ok(None);
        };
        if micros(now) - used_at >= USE_NOTED_EVERY {
            pictures.write("note a preview's use", |change| {
                change
                    .prepare_cached("UPDATE preview SET used_at = ?2 WHERE hash = ?1")?
                    .execute(params![photo.as_bytes(), micros(now)])
            })?;
        }
        Ok(Some(jpeg))
    }

    /// Keeps a photo's preview, and drops those that were not used for the longest time, so that all of them have at most
    /// `room` bytes.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be written.
    pub fn keep_preview(
        &self,
        photo: &ContentHash,
        jpeg: &[u8],
        room: u64,
        now: Timestamp,
    ) -> Result<(), PicturesError> {
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        self.core().pictures.write("keep a preview", |change| {
            change
                .prepare_cached(
                    "INSERT INTO preview (hash, used_at, size, jpeg) VALUES (?1, ?2, length(?3), ?3)
                     ON CONFLICT (hash) DO UPDATE SET used_at = excluded.used_at, size = excluded.size,
                       jpeg = excluded.jpeg",
                )?
                .execute(params![photo.as_bytes(), micros(now), jpeg])?;
            forget_again(change, photo)?;
            let mut size: i64 = change
                .prepare_cached("SELECT coalesce(sum(size), 0) FROM preview")?
                .query_row([], |row| row.get(0))?;
            while size > room {
                let dropped = change
                    .prepare_cached(
                        "DELETE FROM preview WHERE id = (SELECT id FROM preview ORDER BY used_at, id LIMIT 1)
                         RETURNING size",
                    )?
                    .query_row([], |row| row.get::<_, i64>(0))
                    .optional()?;
                match dropped {
                    Some(dropped) => size -= dropped,
                    None => break,
                }
            }
            Ok(())
        })
    }
}
