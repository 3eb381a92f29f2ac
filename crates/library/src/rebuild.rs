//! The catalogue made anew.
use std::path::Path;

use crate::{
    error::LibraryError,
    open::Library,
    problems::Problem,
    reconcile::{Described, Progress},
};

/// What a rebuild found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RebuildReport {
    /// Photos that the catalogue now has.
    pub photos: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

impl Library {
    /// r
    pub fn rebuild(
        &self,
        _progress: &mut dyn FnMut(Progress),
        _describe: &dyn Fn(&Path, &str) -> Described,
    ) -> Result<RebuildReport, LibraryError> {
        Ok(RebuildReport::default())
    }
}
