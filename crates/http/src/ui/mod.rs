//! The page: server-rendered, for a phone first, and whole without scripts.
//!
//! | what | module | templates |
//! |---|---|---|
//! | are my photos safe? | [`home`], with [`sentence`]; a member's own: [`own`] | `home.html`, `own.html` |
//! | the way in, resumable | [`setup`], [`sign_in`] | `setup-*.html`, `sign-in.html` |
//! | photos by the day they were taken, and their pictures | [`timeline`], [`pictures`] | `timeline*.html` |
//! | lists, and each photo's receipt | [`photos`] | `photos.html`, `photo.html` |
//! | wrong dates put right, and taken back | [`correct`] | `correct*.html` |
//! | phones and programs that may add photos | [`devices`], [`device`] | `devices.html`, `device.html` |
//! | adding one of them | [`connect`] | `add-phone*.html`, `connect*.html`, `handover.html` |
//! | an app that asks to be let in | [`login_flow`] | `login-flow*.html` |
//! | the household | [`people`] | `people.html`, `person-welcome.html` |
//! | offsite copies and their recovery kits | [`destinations`] | `destination*.html`, `kit.html` |
//! | photos from this very browser | [`up`] | `up.html`, `up-*.html` |
//! | bringing in what exists | [`import`] | `import*.html` |
//! | bringing photos back | [`restore`] | `restore.html` |
//! | how something long is going, and what came of it | [`task`] | `task.html` |
//! | settings | [`settings`], [`reach`] | `settings.html`, `reach.html` |
//!
//! [`page`] is what every page has; [`address`] reads what is asked for, [`form`] what is sent back; [`mod@format`] writes
//! numbers, sizes and times; [`assets`] are the style sheet and the scripts.

mod address;
pub(crate) mod assets;
pub(crate) mod connect;
pub(crate) mod correct;
pub(crate) mod destinations;
pub(crate) mod device;
pub(crate) mod devices;
mod form;
mod format;
pub(crate) mod home;
pub(crate) mod import;
pub(crate) mod login_flow;
mod own;
mod page;
pub(crate) mod people;
pub(crate) mod photos;
pub(crate) mod pictures;
pub(crate) mod reach;
pub(crate) mod restore;
mod sentence;
pub(crate) mod settings;
pub(crate) mod setup;
pub(crate) mod sign_in;
pub(crate) mod task;
pub(crate) mod timeline;
pub(crate) mod up;

pub(crate) use page::not_found;
