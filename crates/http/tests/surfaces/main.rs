//! Every surface over real sockets, with a real engine on a temporary folder.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails fails the test that uses it"
)]

mod apps;
mod chunked;
mod control;
mod correct;
mod dav_change;
mod dav_list;
mod dav_locks;
mod dav_read;
mod dav_system_files;
mod dav_write;
mod encrypted;
mod events;
mod house;
mod household;
mod nextcloud;
mod page;
mod pairing;
mod proxied;
mod reach;
mod releasable;
mod resumable;
mod setup;
mod up;
mod up_browser;
mod upload;
mod who;
