//! What Safelight does, and the only API that the edges (HTTP, the command line) see: plain data in and out.
//!
//! It is also the border between async and sync: what an HTTP handler awaits is `async` here and runs the blocking
//! library on threads of its own; what takes minutes (a backup, a restore) is a [`Command`] that runs to its end on
//! the caller's thread ([`Engine::run`]) or on a task's ([`Engine::begin`]).
//!
//! | what | module |
//! |---|---|
//! | who a device is; the page's passwords and sessions | [`access`], [`sessions`] |
//! | who asks, and what each may | [`people`] |
//! | wrong tries slowed down | `pace` |
//! | a phone let in by a code, or by the owner's word | [`pairing`] |
//! | taking in a photo: from the first byte to the durable acknowledgement | [`intake`] |
//! | an upload that comes in pieces and survives a restart | [`pieces`] |
//! | what a 2xx means, and the answers that are held | [`acknowledge`] |
//! | which photos a phone may forget, and which it need not send | [`releasable`] |
//! | a device's own tree, as WebDAV shows it | [`tree`] |
//! | checksums that clients compare | [`checksum`] |
//! | what the page shows: status, arrivals, receipts | [`model`], `view` |
//! | photos in the order of their capture | [`timeline`] |
//! | thumbnails and previews, drawn in the background or at once | [`pictures`] |
//! | how each device stands, and what is overdue | `standing` |
//! | what can be asked for: back up, verify, restore, rebuild, kit, devices, destinations | [`command`], `commands` |
//! | collections brought in: folders, cards, exports | [`import`] |
//! | wrong dates put right | `corrections` |
//! | what is read from files that need not be in the library | [`inspect`] |
//! | persistent jobs and their schedule | `schedule` |
//! | progress of what is going on, and the live state | [`activity`] |
//! | how the house is reached: plain HTTP, public address, proxies, certificate | [`reach`] |
//! | offsite secrets, readable by the owner only | `secrets` |

pub mod access;
pub mod acknowledge;
pub mod activity;
pub mod checksum;
pub mod command;
mod commands;
mod corrections;
mod details;
pub mod error;
pub mod import;
pub mod inspect;
pub mod intake;
pub mod model;
mod offsite;
mod pace;
pub mod pairing;
pub mod people;
pub mod pictures;
pub mod pieces;
pub mod reach;
pub mod releasable;
mod schedule;
mod secrets;
pub mod sessions;
mod settings;
mod standing;
mod start;
pub mod timeline;
pub mod tree;
mod view;

pub use access::{AccessError, Device};
pub use acknowledge::{NotAcknowledged, PUT_PATIENCE};
pub use activity::{ProgressSink, Quiet, TaskId, TaskState};
pub use checksum::Checksum;
pub use command::{Answer, Command, S3KeyPair};
pub use error::EngineError;
pub use intake::{IntakeError, Receipt, Receiving, UploadRequest};
pub use model::{Activity, Problem, State, Status};
pub use pairing::{
    Grant, Invitation, Invited, LoginGranted, LoginRequest, LoginStarted, TooManyLogins,
};
pub use people::Asker;
pub use pictures::{Look, Size};
pub use pieces::{PiecesError, ReceivingPiece, Whole};
pub use releasable::{Listed, Releasable};
pub use safelight_library::IntakeError as Refusal;
pub use safelight_library::{
    About, Day, Entry, EntryChange, Moved, NewNote, NoteReceipt, Partial, PartialError, PartialId,
    Period, Piece, Precondition, Property, ReadError, RowError, Slot, TreeError,
};
pub use safelight_media::pictures::WorkerProgram;
pub use sessions::{Session, SessionToken};
pub use start::{Engine, OpenError, Options};
pub use tree::{NoteRoom, OpenPhoto, Room};

/// What the decoders' own process does, and nothing else: see `safelight_media::pictures`.
pub use safelight_media::pictures::work as media_worker;

/// The argument that makes a program of ours such a process.
pub const MEDIA_WORKER: &str = "media-worker";
