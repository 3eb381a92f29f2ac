//! Who is asking: a device by Basic authentication or by bearer token, a person by a session cookie.
//!
//! | who | how | module |
//! |---|---|---|
//! | a WebDAV client | `Authorization: Basic` | [`credentials`] |
//! | a script, a Shortcut, our own command line | `Authorization: Bearer` | [`credentials`] |
//! | the owner or a member of the household in a browser | a cookie, and a token in each form | [`session`] |
//! | a browser that sends photos | a cookie of its own, and a token in each form | [`browser`] |

mod browser;
mod credentials;
mod session;

pub(crate) use browser::{Browser, forget, keep, token};
pub(crate) use credentials::{BASIC_CHALLENGE, BEARER_CHALLENGE, basic, bearer};
pub(crate) use session::{Owner, OwnerRejection, SignedIn, clear_cookie, set_cookie};
