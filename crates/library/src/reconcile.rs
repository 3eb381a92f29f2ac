//! Bringing folder and catalogue together again after a run that did not end in order.

use std::path::Path;

use safelight_core::{CaptureTime, MediaKind};

use crate::{error::LibraryError, open::Library};

/// What the metadata of a file that was found in the library folder say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// What it is.
    pub kind: MediaKind,
    /// When it was taken.
    pub captured: Option<CaptureTime>,
}

/// How far work over the whole library has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Files looked at.
    pub files: u64,
    /// Their bytes, as far as they were read.
    pub bytes: u64,
}

/// What a reconciliation did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReconcileReport {
    /// Files that the catalogue did not know, and now does.
    pub adopted: u64,
    /// Photos whose file is not there.
    pub missing: u64,
    /// Leftovers of interrupted uploads that were removed.
    pub staging_removed: u64,
}

impl Library {
    /// r
    pub fn reconcile(
        &self,
        _describe: &dyn Fn(&Path, &str) -> Described,
        _progress: &mut dyn FnMut(Progress),
    ) -> Result<ReconcileReport, LibraryError> {
        Ok(ReconcileReport::default())
    }
}
