//! Wrong dates put right: of photos that a person chooses, looked at before they are changed, and taken back if it was a
//! mistake. The bytes and the places of the photos stay.
//!
//! A member of the household puts right the dates of photos that they have, the owner everybody's. Of a photo that two
//! people have, either may: there is one photo, and one time at which it was taken.

mod plan;
mod words;

use safelight_core::{AssetId, LibraryPath};
use safelight_library::{Chosen, CorrectionId, CorrectionRow, Whose};

use crate::{
    command::{Answer, Command, CorrectionOutcome, PhotoChoice, UndoOutcome, Wish},
    error::EngineError,
    model::CorrectionStatus,
    people::Asker,
    start::Engine,
    view::text,
};

pub(crate) use words::iso;

/// How many photos one correction may be of, groups counted as one: all of it is one transaction, and uploads wait for it.
const MOST: usize = 20_000;

/// How many corrections the page lists.
const LISTED: usize = 50;

impl Engine {
    /// Does one of the commands about dates for whoever asks.
    pub(crate) fn put_right(&self, asker: Asker, command: Command) -> Result<Answer, EngineError> {
        Ok(match command {
            Command::Correct {
                choice,
                wish,
                preview: true,
                ..
            } => Answer::Corrected(self.preview_correction(asker, &choice, &wish)?),
            Command::Correct {
                choice,
                wish,
                expect,
                ..
            } => Answer::Corrected(self.correct(asker, &choice, &wish, expect.as_deref())?),
            Command::CorrectionUndo { id } => Answer::Undone(self.undo_correction(asker, id)?),
            Command::Corrections => Answer::Corrections {
                corrections: self.corrections(asker)?,
            },
            _ => {
                return Err(EngineError::Bug(
                    "It was asked for what is about no date".into(),
                ));
            }
        })
    }

    /// What a correction would do. Nothing is changed.
    ///
    /// # Errors
    ///
    /// What is wished makes no sense; there is no such photo that the asker may see; the catalogue cannot be read.
    pub fn preview_correction(
        &self,
        asker: Asker,
        choice: &PhotoChoice,
        wish: &Wish,
    ) -> Result<CorrectionOutcome, EngineError> {
        Ok(self.plan(asker, choice, wish)?.outcome(None))
    }

    /// Puts dates right. `expect` is a preview's `fingerprint`: if the correction would do anything else now, nothing is
    /// done.
    ///
    /// # Errors
    ///
    /// As [`Self::preview_correction`]; something has changed since the preview; the catalogue cannot be written.
    pub fn correct(
        &self,
        asker: Asker,
        choice: &PhotoChoice,
        wish: &Wish,
        expect: Option<&str>,
    ) -> Result<CorrectionOutcome, EngineError> {
        let plan = self.plan(asker, choice, wish)?;
        if expect.is_some_and(|expect| expect != plan.fingerprint()) {
            return Err(EngineError::Invalid(
                "Something has changed since you looked: photos came, or a date was put right. Nothing was done; look again"
                    .to_owned(),
            ));
        }
        let made = self
            .library()
            .correct(asker.person(), plan.what(), &plan.dates())?;
        self.0.board.touch();
        Ok(plan.done(&made))
    }

    /// Takes a correction back. Photos that were corrected again since keep what was said then.
    ///
    /// # Errors
    ///
    /// There is no such correction, or it is another's; the catalogue cannot be written.
    pub fn undo_correction(&self, asker: Asker, id: i64) -> Result<UndoOutcome, EngineError> {
        let row = self.correction_of(asker, id)?;
        let undone = self.library().undo_correction(row.id)?;
        self.0.board.touch();
        let kept = self.library().with_groups(&undone.kept)?;
        Ok(UndoOutcome {
            photos: undone.photos,
            kept: kept
                .into_iter()
                .filter(|(photo, _)| undone.kept.contains(&photo.id))
                .map(|(photo, _)| photo.path.to_string())
                .collect(),
        })
    }

    /// One correction.
    ///
    /// # Errors
    ///
    /// There is none of this number, or it is another's; the catalogue cannot be read.
    pub fn correction(&self, asker: Asker, id: i64) -> Result<CorrectionStatus, EngineError> {
        let row = self.correction_of(asker, id)?;
        self.shown(row)
    }

    /// The last corrections: the asker's own, or everybody's for the owner. The newest first.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn corrections(&self, asker: Asker) -> Result<Vec<CorrectionStatus>, EngineError> {
        let by = (!asker.is_owner()).then(|| asker.person());
        let rows = self.library().corrections(by, LISTED)?;
        rows.into_iter().map(|row| self.shown(row)).collect()
    }

    /// The cameras that took the asker's photos.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn cameras(&self, asker: Asker) -> Result<Vec<String>, EngineError> {
        let cameras = self.library().cameras(asker.whose())?;
        Ok(cameras.into_iter().map(|(model, _)| model).collect())
    }

    /// The names of the time zones that are known here.
    #[must_use]
    pub fn zones(&self) -> Vec<String> {
        words::zones()
    }

    fn shown(&self, row: CorrectionRow) -> Result<CorrectionStatus, EngineError> {
        Ok(CorrectionStatus {
            id: row.id.0,
            person: self.person(row.person)?.name,
            at: text(row.at),
            what: row.what,
            photos: row.photos,
            undone_at: row.undone_at.map(text),
        })
    }

    fn correction_of(&self, asker: Asker, id: i64) -> Result<CorrectionRow, EngineError> {
        self.library()
            .correction(CorrectionId(id))?
            .filter(|row| asker.may_see(row.person))
            .ok_or_else(|| EngineError::NotFound(format!("There is no correction number {id}")))
    }

    fn plan(
        &self,
        asker: Asker,
        choice: &PhotoChoice,
        wish: &Wish,
    ) -> Result<plan::Plan, EngineError> {
        let (correction, what) = words::correction(wish)?;
        let chosen = self.chosen(asker, choice)?;
        let photos = self.library().with_groups(&chosen)?;
        plan::Plan::make(&correction, what, &chosen, photos, self.0.clock.now())
    }

    /// The photos that a person chose, all of which they may see.
    fn chosen(&self, asker: Asker, choice: &PhotoChoice) -> Result<Vec<AssetId>, EngineError> {
        let named = !choice.photos.is_empty() || !choice.assets.is_empty();
        let narrowed = choice.device.is_some()
            || choice.camera.is_some()
            || choice.from.is_some()
            || choice.until.is_some();
        let chosen = match (named, narrowed) {
            (true, false) => self.named_photos(asker, choice)?,
            (false, true) => self.narrowed(asker, choice)?,
            (true, true) => {
                return Err(EngineError::Invalid(
                    "Name the photos, or say which by device, camera and time; not both".to_owned(),
                ));
            }
            (false, false) => {
                return Err(EngineError::Invalid(
                    "Say which photos: name them, or say from which device or camera, or between which days"
                        .to_owned(),
                ));
            }
        };
        if chosen.len() > MOST {
            return Err(EngineError::Invalid(format!(
                "More than {MOST} photos are too many for one correction; choose fewer days at a time"
            )));
        }
        Ok(chosen)
    }

    fn narrowed(&self, asker: Asker, choice: &PhotoChoice) -> Result<Vec<AssetId>, EngineError> {
        let whose = match &choice.device {
            Some(name) => {
                let row = self.named_device(name)?;
                Whose::Device(self.device_of(asker, row.id)?.id)
            }
            None => asker.whose(),
        };
        let bound = |text: &Option<String>, last| {
            text.as_deref()
                .map(|text| words::bound(text, last))
                .transpose()
        };
        let chosen = Chosen {
            whose,
            camera: choice.camera.clone(),
            from: bound(&choice.from, false)?,
            before: bound(&choice.until, true)?,
        };
        let photos = self.library().chosen(&chosen, MOST + 1)?;
        Ok(photos.into_iter().map(|photo| photo.id).collect())
    }

    fn named_photos(
        &self,
        asker: Asker,
        choice: &PhotoChoice,
    ) -> Result<Vec<AssetId>, EngineError> {
        let mut found = Vec::new();
        for number in &choice.assets {
            let id = AssetId(*number);
            if self.library().asset(id)?.is_none() || !self.may_see(asker, id)? {
                return Err(EngineError::NotFound(format!(
                    "There is no photo number {number}"
                )));
            }
            found.push(id);
        }
        for name in &choice.photos {
            let before = found.len();
            self.named(asker, name, &mut found)?;
            if found.len() == before {
                return Err(EngineError::NotFound(format!(
                    "There is no photo or folder {name:?} in the library; name it by its place there, like 2019/07/IMG_0001.JPG, or by its SHA-256"
                )));
            }
            if found.len() > MOST {
                break;
            }
        }
        Ok(found)
    }

    /// Adds the photo of this hash or place, or those of this folder, that the asker may see.
    fn named(&self, asker: Asker, name: &str, found: &mut Vec<AssetId>) -> Result<(), EngineError> {
        if let Ok(hash) = name.trim().parse() {
            if let Some(photo) = self.library().asset_by_hash(&hash)?
                && self.may_see(asker, photo.id)?
            {
                found.push(photo.id);
            }
            return Ok(());
        }
        let place = name.trim_matches('/');
        if let Ok(path) = LibraryPath::parse(place)
            && let Some(photo) = self.library().asset_by_path(&path)?
        {
            if self.may_see(asker, photo.id)? {
                found.push(photo.id);
            }
            return Ok(());
        }
        if place.is_empty() {
            return Ok(());
        }
        let mut after: Option<LibraryPath> = None;
        while found.len() <= MOST {
            let page = self.library().assets_under(place, after.as_ref(), 1000)?;
            let Some(last) = page.last() else { break };
            after = Some(last.path.clone());
            for photo in page {
                if self.may_see(asker, photo.id)? {
                    found.push(photo.id);
                }
            }
        }
        Ok(())
    }
}
