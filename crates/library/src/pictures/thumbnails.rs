//! Thumbnails and placeholders, and why there are none.

use rusqlite::{Connection, OptionalExtension, params};
use safelight_core::ContentHash;

use super::PicturesError;
use crate::open::Library;

/// A thumbnail, and what stands in its place until it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// The picture as a JPEG file, its longest side 320 pixels.
    pub jpeg: Vec<u8>,
    /// Its colours and rough shape as a ThumbHash, some 25 bytes.
    pub placeholder: Vec<u8>,
}

/// What is known of a photo's picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureState {
    /// Nobody has tried to draw it yet.
    Undrawn,
    /// There is a thumbnail.
    Drawn {
        /// As [`Thumbnail::placeholder`].
        placeholder: Vec<u8>,
    },
    /// There can be none.
    Refused {
        /// Why, for people.
        reason: String,
    },
    /// It could not be drawn yet, and is tried again.
    Later {
        /// Why, for people.
        reason: String,
    },
}

fn state(connection: &Connection, hash: &ContentHash) -> rusqlite::Result<PictureState> {
    let known = connection
        .prepare_cached("SELECT reason, placeholder FROM picture WHERE hash = ?1")?
        .query_row([hash.as_bytes()], |row| {
            Ok(match row.get::<_, Option<String>>(0)? {
                Some(reason) => PictureState::Refused { reason },
                None => PictureState::Drawn {
                    placeholder: row.get::<_, Option<Vec<u8>>>(1)?.unwrap_or_default(),
                },
            })
        })
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    let later = connection
        .prepare_cached("SELECT reason FROM again WHERE hash = ?1")?
        .query_row([hash.as_bytes()], |row| row.get(0))
        .optional()?;
    Ok(
        later.map_or(PictureState::Undrawn, |reason| PictureState::Later {
            reason,
        }),
    )
}

impl Library {
    /// What is known of photos' pictures, in the order of the photos.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be read.
    pub fn picture_states(
        &self,
        photos: &[ContentHash],
    ) -> Result<Vec<PictureState>, PicturesError> {
        self.core()
            .pictures
            .read("look for pictures", |connection| {
                photos.iter().map(|hash| state(connection, hash)).collect()
            })
    }

    /// Of photos, those of which there can be no picture. Quicker than [`Self::picture_states`]: of a folder's photos
    /// next to none are such.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be read.
    pub fn without_picture(
        &self,
        photos: &[ContentHash],
    ) -> Result<Vec<ContentHash>, PicturesError> {
        self.core()
            .pictures
            .read("look for pictures", |connection| {
                let mut query = connection.prepare_cached(
                    "SELECT 1 FROM picture INDEXED BY picture_refused WHERE hash = ?1 AND refusal IS NOT NULL",
                )?;
                let mut without = Vec::new();
                for hash in photos {
                    if query.exists([hash.as_bytes()])? {
                        without.push(*hash);
                    }
                }
                Ok(without)
            })
    }

    /// A photo's thumbnail, if there is one.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be read.
    pub fn thumbnail(&self, photo: &ContentHash) -> Result<Option<Vec<u8>>, PicturesError> {
        self.core()
            .pictures
            .read("look for a thumbnail", |connection| {
                let found = connection
                    .prepare_cached("SELECT thumbnail FROM picture WHERE hash = ?1")?
                    .query_row([photo.as_bytes()], |row| row.get::<_, Option<Vec<u8>>>(0))
                    .optional()?;
                Ok(found.flatten())
            })
    }

    /// Keeps a photo's thumbnail.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be written.
    pub fn keep_thumbnail(
        &self,
        photo: &ContentHash,
        thumbnail: &Thumbnail,
    ) -> Result<(), PicturesError> {
        self.core().pictures.write("keep a thumbnail", |change| {
            change
                .prepare_cached(
                    "INSERT INTO picture (hash, placeholder, thumbnail) VALUES (?1, ?2, ?3)
                     ON CONFLICT (hash) DO UPDATE SET refusal = NULL, reason = NULL,
                       placeholder = excluded.placeholder, thumbnail = excluded.thumbnail",
                )?
                .execute(params![
                    photo.as_bytes(),
                    thumbnail.placeholder,
                    thumbnail.jpeg
                ])?;
            forget_again(change, photo)
        })
    }

    /// Keeps that there can be no picture of a photo: a word for its kind, and the reason for people. A thumbnail that there
    /// is stays.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be written.
    pub fn refuse_picture(
        &self,
        photo: &ContentHash,
        refusal: &str,
        reason: &str,
    ) -> Result<(), PicturesError> {
        self.core()
            .pictures
            .write("keep that there is no picture", |change| {
                change
                    .prepare_cached(
                        "INSERT INTO picture (hash, refusal, reason) VALUES (?1, ?2, ?3)
                         ON CONFLICT (hash) DO UPDATE SET refusal = excluded.refusal, reason = excluded.reason
                           WHERE thumbnail IS NULL",
                    )?
                    .execute(params![photo.as_bytes(), refusal, reason])?;
                forget_again(change, photo)
            })
    }
}

/// Nothing of a photo is put off any more.
pub(super) fn forget_again(change: &Connection, photo: &ContentHash) -> rusqlite::Result<()> {
    change
        .prepare_cached("DELETE FROM again WHERE hash = ?1")?
        .execute([photo.as_bytes()])
        .map(drop)
}
