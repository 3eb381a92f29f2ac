//! The vault through its own interface, with the real `restic` as judge. One binary: it links once.

#![expect(
    clippy::unwrap_used,
    reason = "what fails in a test's own preparation fails the test"
)]

mod damage;
mod first;
mod next;
mod resume;
mod s3;
mod world;
