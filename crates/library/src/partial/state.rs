//! One upload in pieces, in this run: what is known of its files, under one lock.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use safelight_core::{ContentHash, Timestamp};
use sha2::{Digest, Sha256};

use super::{
    About, MAX_BYTES, MAX_PIECES, Partial, PartialError, PartialId, Piece,
    index::{self, Line, Place},
};
use crate::{
    error::{DiskError, DiskResult, IntakeError},
    open::Core,
    placement::hash_of,
};

/// What an upload's files are called: a hash, since the name is the client's choice.
pub(super) fn stem(core: &Core, id: &PartialId) -> String {
    let name = format!("{}\n{}\n{}", core.nonce, id.device.0, id.name);
    hex::encode(&Sha256::digest(name)[..16])
}

pub(super) struct Open {
    id: PartialId,
    about: About,
    begun: Timestamp,
    /// The path of the files, without what comes after the dot.
    stem: PathBuf,
    lines: Vec<Line>,
    /// Bytes of the index's file.
    index_length: u64,
    /// Bytes that the lines say are in the body.
    pub(super) body_recorded: u64,
    /// Bytes that were written to the body.
    pub(super) body_length: u64,
    /// How far the system was asked to write the body to the disk.
    pub(super) body_written_back: u64,
    /// Of the bytes that were written to the body.
    pub(super) body_hasher: Sha256,
    /// Of those that the lines speak of.
    recorded_hasher: Sha256,
    /// Whose turn it is to write to the body; grows with each who takes over.
    turn: u64,
    /// Whether somebody has the turn, and the number of that piece.
    body_taken: Option<u64>,
    /// Pieces that are arriving in files of their own.
    pub(super) own_arriving: usize,
    next_own: u64,
    /// Whether the pieces were read since this program was started.
    checked: bool,
    /// Whether the client knows which pieces are here. After a restart it may believe in some that a power cut took.
    told: bool,
    gone: bool,
}

impl Open {
    pub(super) fn begin(
        core: &Core,
        folder: &Path,
        id: PartialId,
        about: About,
    ) -> Result<Self, IntakeError> {
        let begun = core.clock.now();
        let mut open = Self::found(core, folder, id, about, begun, Vec::new());
        open.checked = true;
        open.told = true;
        // What a removal did not get done.
        open.remove_files(core)?;
        open.gone = false;
        open.rewrite_index(core)?;
        let body = open.body();
        core.disk.create(&body).doing("create", &body)?;
        Ok(open)
    }

    pub(super) fn found(
        core: &Core,
        folder: &Path,
        id: PartialId,
        about: About,
        begun: Timestamp,
        lines: Vec<Line>,
    ) -> Self {
        let next_own = lines.iter().map(|line| match line.place {
            Place::Own(serial) => serial + 1,
            Place::Body => 0,
        });
        Self {
            stem: folder.join(stem(core, &id)),
            id,
            about,
            begun,
            next_own: next_own.max().unwrap_or(0),
            lines,
            index_length: 0,
            body_recorded: 0,
            body_length: 0,
            body_written_back: 0,
            body_hasher: Sha256::new(),
            recorded_hasher: Sha256::new(),
            turn: 0,
            body_taken: None,
            own_arriving: 0,
            checked: false,
            told: false,
            gone: false,
        }
    }

    pub(super) const fn id(&self) -> &PartialId {
        &self.id
    }

    /// The client is told, or has just proved to know, what is here.
    pub(super) fn note_told(&mut self) {
        self.told = true;
    }

    /// Whether all bytes that the client believes to be here are, as far as can be known. Without any piece it may be the late
    /// end of an upload of this name that is finished, while the client begins anew.
    pub(super) fn must_be_known(&self, total: Option<u64>) -> Result<(), PartialError> {
        if total.is_none() && (!self.told || self.lines.is_empty()) {
            return Err(PartialError::Interrupted(self.id.clone()));
        }
        Ok(())
    }

    /// How many bytes the client said in the beginning that it will have.
    pub(super) const fn total(&self) -> Option<u64> {
        self.about.total
    }

    pub(super) const fn is_there(&self) -> bool {
        !self.gone
    }

    pub(super) const fn is_arriving(&self) -> bool {
        self.body_taken.is_some() || self.own_arriving > 0
    }

    /// Somebody may have found it just before it was finished or removed.
    pub(super) fn must_be_there(&self) -> Result<(), PartialError> {
        if self.gone {
            return Err(PartialError::NotFound(self.id.clone()));
        }
        Ok(())
    }

    /// Since when nothing has come of it; none while something comes, and once it is gone.
    pub(super) fn idle_since(&self) -> Option<Timestamp> {
        (self.is_there() && !self.is_arriving()).then(|| self.touched())
    }

    fn touched(&self) -> Timestamp {
        self.lines.last().map_or(self.begun, |line| line.at)
    }

    pub(super) fn body(&self) -> PathBuf {
        self.stem.with_extension("body")
    }

    pub(super) fn own(&self, serial: u64) -> PathBuf {
        self.stem.with_extension(format!("piece-{serial}"))
    }

    fn index(&self) -> PathBuf {
        self.stem.with_extension("index")
    }

    /// The line of each piece: the last one that has its number; and where its bytes begin in the file that has them.
    pub(super) fn pieces(&self) -> BTreeMap<u64, (&Line, u64)> {
        let (mut pieces, mut body) = (BTreeMap::new(), 0);
        for line in &self.lines {
            let start = if line.place == Place::Body { body } else { 0 };
            pieces.insert(line.number, (line, start));
            if line.place == Place::Body {
                body += line.length;
            }
        }
        pieces
    }

    /// Whether the body is the whole: all pieces are in it, each once, in order.
    pub(super) fn is_in_order(&self) -> bool {
        self.lines.iter().all(|line| line.place == Place::Body)
    }

    pub(super) fn received(&self) -> u64 {
        let pieces = self.pieces();
        pieces.values().map(|(line, _)| line.length).sum()
    }

    pub(super) fn state(&self) -> Partial {
        let pieces: Vec<Piece> = self
            .pieces()
            .into_iter()
            .map(|(number, (line, _))| Piece {
                number,
                length: line.length,
            })
            .collect();
        Partial {
            about: self.about.clone(),
            received: pieces.iter().map(|piece| piece.length).sum(),
            pieces,
            touched: self.touched(),
        }
    }

    /// Whether one more piece may come.
    pub(super) fn has_room(&self) -> Result<(), PartialError> {
        if self.lines.len() >= MAX_PIECES || self.received() >= MAX_BYTES {
            return Err(PartialError::TooLarge(self.id.clone()));
        }
        Ok(())
    }

    /// The number of the last piece in the body.
    pub(super) fn last_in_body(&self) -> Option<u64> {
        let mut backwards = self.lines.iter().rev();
        backwards
            .find(|line| line.place == Place::Body)
            .map(|line| line.number)
    }

    /// Takes the turn to write to the body, if nobody has it.
    pub(super) fn take_body(&mut self, number: u64) -> Option<u64> {
        if self.body_taken.is_some() {
            return None;
        }
        self.turn += 1;
        self.body_taken = Some(number);
        Some(self.turn)
    }

    pub(super) fn has_turn(&self, turn: u64) -> bool {
        !self.gone && self.body_taken.is_some() && self.turn == turn
    }

    pub(super) fn end_turn(&mut self) {
        self.body_taken = None;
    }

    /// Whether it grows at its end, rather than by numbered pieces.
    pub(super) const fn is_appended(&self) -> bool {
        self.about.path.is_some()
    }

    /// Ends the turn of whoever is appending to the body and keeps what came.
    pub(super) fn take_over(&mut self, core: &Core) -> Result<(), PartialError> {
        if self.is_appended() && self.body_taken.is_some() {
            self.record_body(core, 0)?;
            self.end_turn();
        }
        Ok(())
    }

    /// Ends the turn of whoever is sending the same numbered piece: its connection is lost, or nobody would send it again.
    pub(super) fn supersede(&mut self, core: &Core, number: u64) -> Result<(), PartialError> {
        if self.body_taken == Some(number) {
            self.forget_unrecorded(core)?;
            self.end_turn();
        }
        Ok(())
    }

    /// Notes what was written to the body since the last line, as a piece of this number; what is only appended is
    /// counted.
    pub(super) fn record_body(&mut self, core: &Core, number: u64) -> Result<(), PartialError> {
        let length = self.body_length - self.body_recorded;
        let last = self.last_in_body();
        // An empty piece is one all the same if it is all there is: an empty file.
        if length == 0 && last.is_some() && self.is_appended() {
            return Ok(());
        }
        let number = if self.is_appended() {
            last.map_or(0, |last| last + 1)
        } else {
            number
        };
        let line = Line {
            number,
            place: Place::Body,
            length,
            hash: hash(self.body_hasher.clone()),
            at: core.clock.now(),
        };
        self.record(core, line)?;
        self.body_recorded = self.body_length;
        self.recorded_hasher = self.body_hasher.clone();
        Ok(())
    }

    /// Adds a line to the index.
    pub(super) fn record(&mut self, core: &Core, line: Line) -> Result<(), PartialError> {
        let path = self.index();
        let text = index::line(&line);
        let mut file = core.disk.append(&path).doing("open", &path)?;
        if let Err(error) = core.disk.write(&mut file, &path, text.as_bytes()) {
            // Half a line would swallow the next one.
            core.disk
                .truncate(&file, &path, self.index_length)
                .doing("shorten", &path)?;
            return Err(DiskError::new("write", path, error).into());
        }
        self.index_length += text.len() as u64;
        self.lines.push(line);
        Ok(())
    }

    /// Takes what was written to the body after the last line back.
    pub(super) fn forget_unrecorded(&mut self, core: &Core) -> Result<(), DiskError> {
        let path = self.body();
        let file = core.disk.append(&path).doing("open", &path)?;
        core.disk
            .truncate(&file, &path, self.body_recorded)
            .doing("shorten", &path)?;
        self.body_length = self.body_recorded;
        self.body_hasher = self.recorded_hasher.clone();
        Ok(())
    }

    /// Reads what an earlier run received and forgets what is not what it was.
    pub(super) fn check(&mut self, core: &Core) -> Result<(), PartialError> {
        if self.checked {
            return Ok(());
        }
        let had = self.lines.len();
        let body = self.body();
        let mut file = match File::open(&body) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                core.disk.create(&body).doing("create", &body)?
            }
            Err(error) => return Err(DiskError::new("open", body, error).into()),
        };
        let mut lines = std::mem::take(&mut self.lines);
        let is_lost = |line: &Line| match line.place {
            Place::Own(serial) => {
                let found = File::open(self.own(serial)).and_then(|file| hash_of(&file));
                !found.is_ok_and(|found| found.hash == line.hash && found.size == line.length)
            }
            Place::Body => false,
        };
        // With a piece that took another's place that one is lost, too: it is not what the client sent last.
        let lost: HashSet<u64> = lines
            .iter()
            .filter(|line| is_lost(line))
            .map(|line| line.number)
            .collect();
        let (mut hasher, mut good, mut sound) = (Sha256::new(), 0, true);
        lines.retain(|line| {
            if line.place != Place::Body {
                return !lost.contains(&line.number);
            }
            let mut to_here = hasher.clone();
            sound = sound
                && !lost.contains(&line.number)
                && hash_part(&mut file, line.length, &mut to_here).is_ok()
                && hash(to_here.clone()) == line.hash;
            if sound {
                hasher = to_here;
                good += line.length;
            }
            sound
        });
        drop(file);
        self.lines = lines;
        (self.body_recorded, self.recorded_hasher) = (good, hasher);
        self.forget_unrecorded(core)?;
        self.remove_unknown(core)?;
        if self.lines.len() < had {
            self.told = false;
            tracing::info!(upload = %self.id.name, lost = had - self.lines.len(), "pieces of an upload did not survive; they are sent again");
        }
        self.rewrite_index(core)?;
        self.checked = true;
        Ok(())
    }

    /// Writes the index anew, in one step.
    fn rewrite_index(&mut self, core: &Core) -> Result<(), IntakeError> {
        let mut text = index::head(&core.nonce, &self.id, &self.about, self.begun)
            .map_err(io::Error::other)
            .doing("describe an upload in", self.index())?;
        text.extend(self.lines.iter().map(index::line));
        let draft = self.stem.with_extension("draft");
        match core.disk.remove(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(DiskError::new("remove", draft, error).into());
            }
            _ => {}
        }
        let mut file = core.disk.create(&draft).doing("create", &draft)?;
        core.disk
            .write(&mut file, &draft, text.as_bytes())
            .doing("write", &draft)?;
        drop(file);
        let index = self.index();
        core.disk.replace(&draft, &index).doing("write", &index)?;
        self.index_length = text.len() as u64;
        Ok(())
    }

    /// Removes all of its files; it is gone then. The index first: what a crash leaves without it belongs to nobody.
    pub(super) fn remove_files(&mut self, core: &Core) -> Result<(), DiskError> {
        self.gone = true;
        let mut files = self.files()?;
        let index = self.index();
        files.sort_by_key(|path| *path != index);
        self.remove_all(core, &files)
    }

    /// Removes the files of pieces that no line speaks of.
    fn remove_unknown(&self, core: &Core) -> Result<(), DiskError> {
        if self.own_arriving > 0 {
            // Theirs get their lines when they are whole.
            return Ok(());
        }
        let mut known = vec![self.index(), self.body()];
        known.extend(self.lines.iter().filter_map(|line| match line.place {
            Place::Own(serial) => Some(self.own(serial)),
            Place::Body => None,
        }));
        let mut files = self.files()?;
        files.retain(|path| !known.contains(path));
        self.remove_all(core, &files)
    }

    fn remove_all(&self, core: &Core, files: &[PathBuf]) -> Result<(), DiskError> {
        for path in files {
            core.disk.remove(path).doing("remove", path)?;
        }
        Ok(())
    }

    /// All files of this upload that there are.
    fn files(&self) -> Result<Vec<PathBuf>, DiskError> {
        let folder = self.stem.parent().unwrap_or(&self.stem);
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).doing("list", folder)? {
            let path = entry.doing("list", folder)?.path();
            if path.with_extension("") == self.stem {
                files.push(path);
            }
        }
        Ok(files)
    }

    /// Something could not be put in order: read before it is believed.
    pub(super) fn distrust(&mut self) {
        self.checked = false;
    }

    pub(super) fn next_own(&mut self) -> u64 {
        self.next_own += 1;
        self.next_own
    }
}

pub(super) fn hash(hasher: Sha256) -> ContentHash {
    ContentHash::from_bytes(hasher.finalize().into())
}

/// Reads just so many bytes.
fn hash_part(file: &mut File, length: u64, hasher: &mut Sha256) -> io::Result<()> {
    let mut buffer = vec![0; 256 << 10];
    let mut left = length;
    while left > 0 {
        let want = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        file.read_exact(&mut buffer[..want])?;
        hasher.update(&buffer[..want]);
        left -= want as u64;
    }
    Ok(())
}
