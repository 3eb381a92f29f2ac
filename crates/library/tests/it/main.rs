//! The library from outside: real files, a real catalogue, and disks that fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod copies;
mod faults;
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
mod power;
mod rebuild;
mod reconcile;
mod support;
mod trees;
