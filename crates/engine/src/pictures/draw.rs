//! One photo drawn, and what came of it kept.

use jiff::SignedDuration;
use safelight_core::MediaKind;
use safelight_library::{Asset, PictureState, Sound, Thumbnail};
use safelight_media::pictures::{NoPicture, Want};

use crate::{error::EngineError, start::Engine};

/// Files up to this size are hashed before something is made of them; of larger ones, which are videos, size and time must
/// be the photo's. Reading gigabytes for one poster would take longer than everything else.
const HASHED_UP_TO: u64 = 64 << 20;
/// Previews may take this much of the data folder's disk: some ten thousand.
const ROOM_FOR_PREVIEWS: u64 = 2 << 30;
/// What could not be drawn is tried again after this long, then twice as long, …
const AGAIN_FIRST: SignedDuration = SignedDuration::from_mins(1);
/// … but at least this often.
const AGAIN_LAST: SignedDuration = SignedDuration::from_hours(24);

/// Words for why there is no picture, as the file of pictures has them.
pub(super) const NEEDS_FFMPEG: &str = "needs-ffmpeg";
pub(super) const UNDECODABLE: &str = "undecodable";
pub(super) const OVER_LIMIT: &str = "over-limit";
const NO_MEDIA: &str = "no-media";

/// What came of drawing.
pub(super) enum Drawn {
    /// What was wanted, as JPEG files.
    Pictures {
        thumbnail: Option<Vec<u8>>,
        preview: Option<Vec<u8>>,
    },
    /// A thumbnail, as long as the preview is put off.
    Instead(Vec<u8>),
    /// There can be no picture.
    Never(String),
    /// It is tried again.
    Later(String),
}

impl Engine {
    /// Draws a photo and keeps what came of it. The caller has the photo's turn.
    pub(super) fn draw(&self, photo: &Asset, want: Want) -> Result<Drawn, EngineError> {
        let Some(workers) = &self.0.drawing.workers else {
            return Ok(Drawn::Later(
                "Pictures are made while the server runs".to_owned(),
            ));
        };
        if photo.kind == MediaKind::Other {
            return self.never(photo, NO_MEDIA, "It is neither a photo nor a video");
        }
        let mut file = match self.library().open_sound(photo, HASHED_UP_TO) {
            Ok(Sound::Yes(file)) => file,
            Ok(Sound::Missing) => return self.later(photo, "Its file at home is missing"),
            Ok(Sound::OtherBytes) => {
                return self.later(photo, "Its file at home is not what was taken in");
            }
            // That says nothing about the photo: all of them are away.
            Err(error @ safelight_library::ReadError::LibraryUnavailable(_)) => {
                return Err(error.into());
            }
            Err(error) => return self.later(photo, &error.to_string()),
        };
        let made = match workers.render(&mut file, want) {
            Err(NoPicture::NeedsFfmpeg) => workers.render_by_ffmpeg(&file, want),
            made => made,
        };
        match made {
            Ok(pictures) => {
                if let Some(jpeg) = &pictures.thumbnail {
                    let thumbnail = Thumbnail {
                        jpeg: jpeg.clone(),
                        placeholder: pictures.placeholder,
                    };
                    self.library().keep_thumbnail(&photo.hash, &thumbnail)?;
                }
                if let Some(jpeg) = &pictures.preview {
                    let now = self.0.clock.now();
                    self.library()
                        .keep_preview(&photo.hash, jpeg, ROOM_FOR_PREVIEWS, now)?;
                }
                Ok(Drawn::Pictures {
                    thumbnail: pictures.thumbnail,
                    preview: pictures.preview,
                })
            }
            Err(error) if want.preview && error.is_lasting() => self.draw_small(photo, want),
            Err(error) => {
                let (reason, is_lasting) = (error.to_string(), error.is_lasting());
                match error {
                    NoPicture::Undecodable { .. } => self.never(photo, UNDECODABLE, &reason),
                    NoPicture::OverLimit(_) if !is_lasting && want.preview => {
                        self.preview_later(photo, &reason)
                    }
                    NoPicture::OverLimit(_) if !is_lasting => self.later(photo, &reason),
                    NoPicture::OverLimit(_) => self.never(photo, OVER_LIMIT, &reason),
                    NoPicture::NeedsFfmpeg => self.never(photo, NEEDS_FFMPEG, &reason),
                    NoPicture::Trouble { .. } => {
                        tracing::warn!("No picture of {}: {reason}", photo.path);
                        self.later(photo, &reason)
                    }
                }
            }
        }
    }

    /// A photo whose whole picture cannot be had, though a small one may be in its file: that is all there is to show, on
    /// the whole screen too. To try again each time somebody looks would cost much and change nothing.
    fn draw_small(&self, photo: &Asset, wanted: Want) -> Result<Drawn, EngineError> {
        let kept = if wanted.thumbnail {
            None
        } else {
            self.library().thumbnail(&photo.hash)?
        };
        let small = match kept {
            Some(small) => small,
            None => {
                let want = Want {
                    thumbnail: true,
                    preview: false,
                };
                match self.draw(photo, want)? {
                    Drawn::Pictures {
                        thumbnail: Some(small),
                        ..
                    } => small,
                    none => return Ok(none),
                }
            }
        };
        let now = self.0.clock.now();
        self.library()
            .keep_preview(&photo.hash, &small, ROOM_FOR_PREVIEWS, now)?;
        Ok(Drawn::Pictures {
            thumbnail: Some(small.clone()),
            preview: Some(small),
        })
    }

    /// What is known of a photo without drawing it; none if it is to be drawn.
    pub(super) fn known_refusal(&self, photo: &Asset) -> Result<Option<Drawn>, EngineError> {
        let states = self.library().picture_states(&[photo.hash])?;
        Ok(match states.into_iter().next() {
            Some(PictureState::Refused { reason }) => Some(Drawn::Never(reason)),
            Some(PictureState::Later { reason }) => Some(Drawn::Later(reason)),
            _ => None,
        })
    }

    fn never(&self, photo: &Asset, kind: &str, reason: &str) -> Result<Drawn, EngineError> {
        self.library().refuse_picture(&photo.hash, kind, reason)?;
        Ok(Drawn::Never(reason.to_owned()))
    }

    fn later(&self, photo: &Asset, reason: &str) -> Result<Drawn, EngineError> {
        // A preview is made when somebody looks again.
        if self.library().thumbnail(&photo.hash)?.is_some() {
            return Ok(Drawn::Later(reason.to_owned()));
        }
        self.put_off(photo, reason)
    }

    /// A preview that took too long is not tried again by each who looks, or a few of them would keep the machine busy.
    fn preview_later(&self, photo: &Asset, reason: &str) -> Result<Drawn, EngineError> {
        let later = self.put_off(photo, reason)?;
        let small = self.library().thumbnail(&photo.hash)?;
        Ok(small.map_or(later, Drawn::Instead))
    }

    /// The thumbnail of a photo whose preview is put off.
    pub(super) fn instead_of_preview(&self, photo: &Asset) -> Result<Option<Drawn>, EngineError> {
        if !self.library().is_put_off(&photo.hash, self.0.clock.now())? {
            return Ok(None);
        }
        Ok(self.library().thumbnail(&photo.hash)?.map(Drawn::Instead))
    }

    fn put_off(&self, photo: &Asset, reason: &str) -> Result<Drawn, EngineError> {
        let doublings = self.library().times_put_off(&photo.hash)?.min(20);
        let wait = AGAIN_FIRST
            .checked_mul(1 << doublings)
            .map_or(AGAIN_LAST, |wait| wait.min(AGAIN_LAST));
        let due = self.0.clock.now().checked_add(wait);
        let due = due.unwrap_or(safelight_core::Timestamp::MAX);
        self.library().draw_later(&photo.hash, due, reason)?;
        Ok(Drawn::Later(reason.to_owned()))
    }
}
