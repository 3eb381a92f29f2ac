//! The engine as its edges use it: a real library, a real repository, a clock and chance that the tests decide.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must end")]

mod access;
mod acknowledge;
mod corrections;
mod destinations;
mod evidence;
mod exports;
mod groups;
mod house;
mod import;
mod intake;
mod paired;
mod pairing;
mod people;
mod pictures;
mod schedule;
mod standing;
