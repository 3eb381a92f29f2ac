//! Lets `rustic_core` work on our stores.

use std::sync::Arc;

use bytes::Bytes;
use rustic_core::{
    BytesList, ErrorKind, FileType, Id as RusticId, ReadBackend, RusticError, RusticResult,
    WriteBackend,
};

use crate::{
    format::id::Id,
    store::{File, Folder, Store, StoreError},
};

/// A store as `rustic_core` sees it.
pub(crate) struct Adapter {
    store: Arc<dyn Store>,
    url: String,
}

impl Adapter {
    pub(crate) fn new(store: Arc<dyn Store>, url: &str) -> Self {
        Self {
            store,
            url: url.to_owned(),
        }
    }
}

fn folder(kind: FileType) -> Option<Folder> {
    match kind {
        FileType::Config => None,
        FileType::Index => Some(Folder::Index),
        FileType::Key => Some(Folder::Keys),
        FileType::Snapshot => Some(Folder::Snapshots),
        FileType::Pack => Some(Folder::Data),
    }
}

fn file(kind: FileType, id: &RusticId) -> RusticResult<File> {
    let Some(folder) = folder(kind) else {
        return Ok(File::Config);
    };
    let id: Id = id.to_hex().as_str().parse().map_err(|error| {
        RusticError::with_source(ErrorKind::Internal, "An id cannot be read.", error)
    })?;
    Ok(File::In(folder, id))
}

fn failed(error: StoreError) -> Box<RusticError> {
    RusticError::with_source(ErrorKind::Backend, "The store failed.", error)
}

fn size(size: u64) -> u32 {
    // rustic_core's sizes end at 4 GiB; no file of a sound repository comes near.
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl ReadBackend for Adapter {
    fn location(&self) -> String {
        self.url.clone()
    }

    fn list_with_size(&self, kind: FileType) -> RusticResult<Vec<(RusticId, u32)>> {
        let Some(folder) = folder(kind) else {
            let found = self.store.size(File::Config).map_err(failed)?;
            return Ok(found
                .map(|bytes| (RusticId::default(), size(bytes)))
                .into_iter()
                .collect());
        };
        let files = self.store.list(folder).map_err(failed)?;
        files
            .into_iter()
            .map(|(id, bytes)| Ok((id.to_string().parse()?, size(bytes))))
            .collect()
    }

    fn read_full(&self, kind: FileType, id: &RusticId) -> RusticResult<Bytes> {
        self.store
            .read(file(kind, id)?)
            .map(Bytes::from)
            .map_err(failed)
    }

    fn read_partial(
        &self,
        kind: FileType,
        id: &RusticId,
        _cacheable: bool,
        offset: u32,
        length: u32,
    ) -> RusticResult<Bytes> {
        let bytes = self
            .store
            .read_range(file(kind, id)?, offset.into(), length as usize);
        bytes.map(Bytes::from).map_err(failed)
    }

    fn warmup_path(&self, kind: FileType, id: &RusticId) -> String {
        file(kind, id).map_or_else(|_| String::new(), File::path)
    }
}

impl WriteBackend for Adapter {
    fn create(&self) -> RusticResult<()> {
        self.store.prepare().map_err(failed)
    }

    fn write_bytes(
        &self,
        kind: FileType,
        id: &RusticId,
        _cacheable: bool,
        content: BytesList,
    ) -> RusticResult<()> {
        let bytes = Bytes::from(content.into_vec().concat());
        self.store
            .write(file(kind, id)?, &bytes)
            .and_then(|()| self.store.flush())
            .map_err(failed)
    }

    fn remove(&self, kind: FileType, id: &RusticId, _cacheable: bool) -> RusticResult<()> {
        self.store.remove(file(kind, id)?).map_err(failed)
    }
}
