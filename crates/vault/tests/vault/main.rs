//! The vault through its own interface, with the real `restic` as judge. One binary: it links once.

mod damage;
mod first;
mod next;
mod resume;
mod s3;
mod world;
