//! The home copy: ordinary files in dated folders, and the catalogue that knows what is proved of each.
//!
//! One crate, because "the file is there ⇔ the row says so" is one invariant. Synchronous. Knows no HTTP, no restic
//! and no decoders. Promises 1 to 4 of the design are kept here: acknowledged means durable, nothing is overwritten,
//! the hash is the identity, files first. `docs/library-format.md` describes what is on disk.
//!
//! | what | module |
//! |---|---|
//! | Opening and closing; who may work with a data folder | [`open`] |
//! | The library folder, its marker, whether it is there | [`root`] |
//! | One photo's way in: [`Upload`] → [`Staged`] → [`Receipt`] | [`staging`], [`intake`], `placement`, `names`, `folders`, `committer` |
//! | An upload that comes in pieces, and survives a restart | [`partial`] |
//! | The disk operations that tests replace | [`disk`] |
//! | A device's own tree of names | [`tree`], `tree_change`, `tree_move` |
//! | What is kept with a name beside the photo; files that are no photos | [`entry_properties`], [`notes`] |
//! | What belongs together, and has one fate | [`groups`] |
//! | Photos, arrivals, devices, destinations | [`asset`], `details`, [`arrivals`], [`devices`], [`destinations`], [`offsite`] |
//! | People and whose a photo is; the page's sessions | [`people`], [`sessions`] |
//! | Which photos a phone may forget | [`releasable`] |
//! | What is proved of each copy, and what is safe | [`evidence`], [`totals`], [`verify`] |
//! | What is said of a photo beside its bytes; albums | [`remarks`], `albums` |
//! | Photos chosen by whose they are, camera and time; dates put right, and files' times that follow | [`chosen`], [`corrections`], `file_times` |
//! | Plain-text manifests beside the photos | [`manifest`] |
//! | Catalogue and folder brought together again | [`reconcile`], [`rebuild`], `in_place`, `walk`, `adopt` |
//! | Collections that are brought in, and which of their files were read | [`imports`] |
//! | Photos in the order of their capture, one tile for each | [`timeline`] |
//! | Thumbnails, placeholders and previews | [`pictures`] |
//! | What needs a person; settings; jobs | [`problems`], [`settings`], [`jobs`] |
//! | SQLite: one writer in turn, several readers, the schema | `catalogue`, `schema` |

mod adopt;
mod albums;
pub mod arrivals;
pub mod asset;
mod catalogue;
pub mod chosen;
mod committer;
pub mod corrections;
pub mod destinations;
mod details;
pub mod devices;
pub mod disk;
pub mod entry_properties;
pub mod error;
pub mod evidence;
mod file_times;
mod folders;
pub mod groups;
pub mod imports;
mod in_place;
pub mod intake;
pub mod jobs;
mod kept;
pub mod manifest;
mod manifest_format;
mod names;
pub mod notes;
pub mod offsite;
pub mod open;
pub mod partial;
pub mod people;
pub mod pictures;
mod placement;
mod private;
pub mod problems;
pub mod rebuild;
pub mod reconcile;
pub mod releasable;
pub mod remarks;
pub mod root;
mod schema;
pub mod sessions;
pub mod settings;
pub mod staging;
mod stored;
pub mod timeline;
pub mod totals;
pub mod tree;
mod tree_change;
mod tree_move;
pub mod verify;
mod walk;

pub use arrivals::{Arrival, ArrivalId, Whose};
pub use asset::Asset;
pub use chosen::Chosen;
pub use corrections::{Corrected, CorrectionId, CorrectionRow, NewDate, Undone};
pub use destinations::{DestinationRow, NewDestination};
pub use devices::{Acknowledge, DeviceRow, NewDevice};
pub use disk::{Disk, RealDisk, Sharing};
pub use entry_properties::{EntryChange, Property};
pub use error::{
    CatalogueError, DiskError, IntakeError, LibraryError, LibraryUnavailable, OpenError, ReadError,
    RootError, RowError, TreeError,
};
pub use imports::{
    Brought, CollectionFolder, ImportId, ImportNote, ImportRow, ReadBefore, SourceFile,
};
pub use in_place::InPlaceReport;
pub use intake::{Filing, Outcome, Precondition, Receipt};
pub use jobs::{Job, JobId, NewJob};
pub use notes::{NewNote, NoteReceipt};
pub use offsite::{PendingAsset, StoredPhoto};
pub use open::{Library, Options};
pub use partial::{About, Partial, PartialError, PartialId, Piece, PieceUpload, Slot};
pub use people::PersonRow;
pub use pictures::{PictureState, PicturesError, Thumbnail, Undrawn};
pub use problems::{Problem, kind as problem_kind};
pub use rebuild::RebuildReport;
pub use reconcile::{Described, Progress, ReconcileReport};
pub use releasable::{Missing, Release};
pub use remarks::Said;
pub use root::RootState;
pub use sessions::{NewSession, SessionRow};
pub use staging::{Staged, Upload};
pub use timeline::{Day, Period, Tile};
pub use totals::Totals;
pub use tree::{Entry, Moved};
pub use verify::{HomeCheck, Sound};
