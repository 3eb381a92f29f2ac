//! The library from outside: real files, a real catalogue, and disks that fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod copies;
#[cfg(unix)]
mod corrections;
mod details;
mod faults;
mod groups;
mod intake;
mod jobs_and_settings;
mod manifests;
mod model;
mod names;
mod notes_and_properties;
mod opening;
mod partial;
mod partial_told;
mod people;
mod pictures;
mod power;
mod rebuild;
mod reconcile;
mod remarks;
mod support;
mod timeline;
mod trees;
