//! Letting a phone in without anybody typing a password on it.
//!
//! | how | module |
//! |---|---|
//! | the owner invites a phone: a code to scan, good once and not for long, gets it its password | `invitation` |
//! | an app asks to be let in, and the owner grants it in a browser (Nextcloud's login flow, version 2) | `login` |
//!
//! All of it lives in memory and is gone with the program: whoever was half-way in begins again.

mod invitation;
mod login;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use invitation::{Invitation, Invited};
pub use login::{Grant, LoginGranted, LoginRequest, LoginStarted, TooManyLogins};

/// Who is on the way in.
#[derive(Default)]
pub(crate) struct Pairing(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    invitations: invitation::Invitations,
    logins: login::Logins,
}

impl Pairing {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
