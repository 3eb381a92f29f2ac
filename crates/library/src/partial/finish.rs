//! From pieces to a photo.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

use super::{
    PartialError, PartialId, finished,
    index::Place,
    lock,
    state::{Open, hash},
};
use crate::{
    error::{DiskError, DiskResult},
    intake::{Filing, Receipt},
    open::{Core, Library},
    staging::{Staged, Upload},
};

/// What pieces are copied in, when they did not come in order.
const COPIED_AT_ONCE: usize = 1 << 20;

impl Library {
    /// Makes an upload in pieces a photo: [`Library::commit`] with its promise. `judge` looks at the whole and says where
    /// it belongs. What fails leaves the pieces as they are, so that it can be tried again, unless the very last steps
    /// failed; then the upload is gone, and the client begins anew.
    ///
    /// Of two at once the second waits for the first.
    ///
    /// # Errors
    ///
    /// There is no such upload; pieces of it are still arriving; they are not `total` bytes; what `judge` and
    /// [`Library::commit`] refuse.
    pub fn finish_partial<E: From<PartialError>>(
        &self,
        id: &PartialId,
        total: Option<u64>,
        judge: impl FnOnce(&Staged) -> Result<Filing, E>,
    ) -> Result<Receipt, E> {
        let open = self.find_partial(id)?;
        let mut open = lock(&open);
        let staged = self.assemble(&mut open, total)?;
        let filing = judge(&staged)?;
        let body = open.body();
        let committed = self
            .commit_upload(staged, filing, Some(id.name.clone()))
            .map_err(PartialError::from);
        match &committed {
            Ok(_) => {
                // It is a photo: what cannot be removed now is found to belong to nothing later.
                if let Err(error) = self.forget_partial(&mut open) {
                    tracing::warn!("the pieces of a finished upload could not be removed: {error}");
                }
            }
            Err(_) if !body.exists() => self.forget_partial(&mut open)?,
            Err(_) => {}
        }
        Ok(committed?)
    }

    /// The photo that an upload became within the last day, if it still is what its name in the device's tree stands for,
    /// and its bytes are at home: they are read.
    ///
    /// # Errors
    ///
    /// The library folder is not there, or cannot be read; the catalogue's.
    pub fn finished_partial(&self, id: &PartialId) -> Result<Option<Receipt>, PartialError> {
        let (core, root) = self.for_partials()?;
        finished::find(core, &root, id)
    }

    fn assemble(&self, open: &mut Open, total: Option<u64>) -> Result<Staged, PartialError> {
        let core = self.core();
        open.must_be_there()?;
        open.check(core)?;
        open.take_over(core)?;
        let id = open.id().clone();
        if open.is_arriving() {
            return Err(PartialError::Busy(id));
        }
        let total = total.or(open.total());
        open.must_be_known(total)?;
        let have = open.received();
        if let Some(promised) = total.filter(|total| *total != have) {
            return Err(PartialError::WrongTotal { id, promised, have });
        }
        if !open.is_in_order() {
            return self.copied(core, open);
        }
        let path = open.body();
        let file = core.disk.append(&path).doing("open", &path)?;
        Ok(Staged::assembled(
            &core.disk,
            file,
            path,
            hash(open.body_hasher.clone()),
            open.body_length,
        ))
    }

    fn copied(&self, core: &Core, open: &Open) -> Result<Staged, PartialError> {
        let mut whole = self.begin_upload()?;
        for (line, start) in open.pieces().into_values() {
            core.ready_root().map_err(crate::error::IntakeError::from)?;
            let path = match line.place {
                Place::Body => open.body(),
                Place::Own(serial) => open.own(serial),
            };
            let mut file = File::open(&path).doing("open", &path)?;
            file.seek(SeekFrom::Start(start)).doing("read", &path)?;
            copy(&mut file, line.length, &path, &mut whole)?;
        }
        Ok(whole.finish()?)
    }
}

fn copy(
    file: &mut File,
    length: u64,
    path: &std::path::Path,
    whole: &mut Upload,
) -> Result<(), PartialError> {
    let mut buffer = vec![0; COPIED_AT_ONCE];
    let mut rest = file.take(length);
    let mut left = length;
    while left > 0 {
        match rest.read(&mut buffer) {
            Ok(0) => {
                let error = io::Error::from(io::ErrorKind::UnexpectedEof);
                return Err(DiskError::new("read", path, error).into());
            }
            Ok(read) => {
                whole.write(&buffer[..read])?;
                left -= read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(DiskError::new("read", path, error).into()),
        }
    }
    Ok(())
}
