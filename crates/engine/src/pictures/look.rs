//! One photo's picture, for who asks: from what is kept, else drawn at once.

use std::{sync::Arc, time::Duration};

use safelight_core::{AssetId, ContentHash, DeviceId};
use safelight_library::Asset;
use safelight_media::pictures::Want;
use tokio::time::timeout;

use super::draw::Drawn;
use crate::{
    error::EngineError,
    people::Asker,
    start::{Engine, blocking},
};

/// How long somebody waits for a picture that is not drawn yet. Drawing goes on afterwards.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Its longest side is 320 pixels.
    Thumbnail,
    /// Its longest side is 1440 pixels.
    Preview,
}

/// What there is to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// There is no such photo that the asker may see.
    NoPhoto,
    /// A picture.
    Picture {
        /// The photo's identity: other bytes, another picture.
        of: ContentHash,
        /// A JPEG file.
        jpeg: Vec<u8>,
        /// Whether it stays so. A thumbnail stands in for a preview that took too long and is tried again.
        is_final: bool,
    },
    /// There can be no picture of this photo.
    Never {
        /// Why, for people.
        reason: String,
    },
    /// There is none yet.
    Later {
        /// Why, for people.
        reason: String,
    },
}

impl Engine {
    /// A photo's picture, for somebody in the page.
    ///
    /// # Errors
    ///
    /// The library folder is not there; the catalogue or the file of pictures cannot be read or written.
    pub async fn picture(
        &self,
        asker: Asker,
        photo: AssetId,
        size: Size,
    ) -> Result<Look, EngineError> {
        let engine = self.clone();
        let found = blocking(move || {
            Ok::<_, EngineError>(if engine.may_see(asker, photo)? {
                engine.library().asset(photo)?
            } else {
                None
            })
        });
        match found.await? {
            Some(photo) => self.look_at(photo, size).await,
            None => Ok(Look::NoPhoto),
        }
    }

    /// As [`Self::picture`], for a device, of the photo that an entry of its tree stands for.
    ///
    /// # Errors
    ///
    /// As [`Self::picture`].
    pub async fn picture_of_entry(
        &self,
        device: DeviceId,
        entry: i64,
        size: Size,
    ) -> Result<Look, EngineError> {
        let library = self.library().clone();
        match blocking(move || library.photo_of_entry(device, entry)).await? {
            Some(photo) => self.look_at(photo, size).await,
            None => Ok(Look::NoPhoto),
        }
    }

    async fn look_at(&self, photo: Asset, size: Size) -> Result<Look, EngineError> {
        let engine = self.clone();
        let hash = photo.hash;
        if let Some(look) = blocking(move || engine.kept_look(hash, size)).await? {
            return Ok(look);
        }
        let engine = self.clone();
        let drawn = async move {
            let lookers = Arc::clone(&engine.0.drawing.lookers);
            // It is never closed.
            let permit = lookers.acquire_owned().await.ok();
            blocking(move || {
                let look = engine.look_now(&photo, size);
                drop(permit);
                look
            })
            .await
        };
        match timeout(PATIENCE, drawn).await {
            Ok(look) => look,
            Err(_) => Ok(Look::Later {
                reason: "It takes longer than usual to make this picture".to_owned(),
            }),
        }
    }

    fn kept_look(&self, of: ContentHash, size: Size) -> Result<Option<Look>, EngineError> {
        let jpeg = match size {
            Size::Thumbnail => self.library().thumbnail(&of)?,
            Size::Preview => self.library().preview(&of, self.0.clock.now())?,
        };
        Ok(jpeg.map(|jpeg| Look::Picture {
            of,
            jpeg,
            is_final: true,
        }))
    }

    fn look_now(&self, photo: &Asset, size: Size) -> Result<Look, EngineError> {
        let _looked_for = self.0.drawing.looked_for();
        let _turn = self.0.drawing.turn(photo.hash);
        if let Some(look) = self.kept_look(photo.hash, size)? {
            return Ok(look);
        }
        let want = Want {
            // Both at once cost little more than one.
            thumbnail: self.library().thumbnail(&photo.hash)?.is_none(),
            preview: size == Size::Preview,
        };
        let mut known = self.known_refusal(photo)?;
        if known.is_none() && want.preview {
            known = self.instead_of_preview(photo)?;
        }
        let drawn = match known {
            Some(known) => known,
            None => self.draw(photo, want)?,
        };
        Ok(match drawn {
            Drawn::Pictures { thumbnail, preview } => {
                let jpeg = match size {
                    Size::Thumbnail => thumbnail,
                    Size::Preview => preview,
                };
                match jpeg {
                    Some(jpeg) => Look::Picture {
                        of: photo.hash,
                        jpeg,
                        is_final: true,
                    },
                    None => return Err(EngineError::Bug("A picture was not made".to_owned())),
                }
            }
            Drawn::Instead(jpeg) => Look::Picture {
                of: photo.hash,
                jpeg,
                is_final: false,
            },
            Drawn::Never(reason) => Look::Never { reason },
            Drawn::Later(reason) => Look::Later { reason },
        })
    }
}

impl Engine {
    /// Of entries of devices' trees, by the hashes of their photos, those of which there can be no picture.
    ///
    /// # Errors
    ///
    /// The file of pictures cannot be read.
    pub async fn without_picture(
        &self,
        photos: Vec<ContentHash>,
    ) -> Result<Vec<ContentHash>, EngineError> {
        let library = self.library().clone();
        Ok(blocking(move || library.without_picture(&photos)).await?)
    }
}
