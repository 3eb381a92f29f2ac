//! The words of Safelight, shared by every other crate.
//!
//! Pure: no I/O, no async, no SQL, no JSON, no system clock. What is here is true of photos, copies and proofs
//! wherever they are stored and whoever asks.
//!
//! | word | module |
//! |---|---|
//! | [`ContentHash`]: a photo's identity | [`hash`] |
//! | [`AssetId`], [`DeviceId`], [`DestinationId`], [`PersonId`]: row numbers with a type | [`ids`] |
//! | [`LibraryPath`], [`FileName`]: a place in the library that every file system accepts | [`library_path`] |
//! | [`DevicePath`]: a name in a device's own tree, kept as the device spelled it | [`device_path`] |
//! | [`lasting_name`]: the name that an upload is going to have | [`upload_name`] |
//! | files that an operating system writes for itself | [`system_file`] |
//! | [`FolderTemplate`]: how a capture time becomes a folder | [`template`] |
//! | [`CaptureTime`], [`TimeSource`]: when a photo was taken, and who says so | [`capture`] |
//! | [`Correction`]: how a person puts a date right | [`correction`] |
//! | [`Remarks`]: what is said of a photo beside its bytes; which time counts | [`remarks`] |
//! | [`MediaKind`] | [`media_kind`] |
//! | what belongs together, and which of it is shown | [`group`] |
//! | [`Details`], [`Position`]: what a file says of itself besides | [`details`] |
//! | [`Place`], [`Proof`], [`CopyState`], [`Evidence`], [`SafetyRule`] | [`safety`] |
//! | [`Clock`], [`Entropy`]: time and chance as parameters | [`ambient`] |

pub mod ambient;
pub mod capture;
pub mod correction;
pub mod details;
pub mod device_path;
pub mod group;
pub mod hash;
pub mod ids;
pub mod library_path;
pub mod media_kind;
pub mod remarks;
pub mod safety;
pub mod system_file;
pub mod template;
pub mod upload_name;

pub use ambient::{Clock, Entropy};
pub use capture::{CaptureTime, Confidence, Precision, TimeSource};
pub use correction::{CannotCorrect, Correction};
pub use details::{Details, Position};
pub use device_path::{DevicePath, DevicePathError};
pub use hash::{ContentHash, ParseHashError};
pub use ids::{AssetId, DestinationId, DeviceId, PersonId};
pub use jiff::Timestamp;
pub use library_path::{FileName, LibraryPath, LibraryPathError};
pub use media_kind::MediaKind;
pub use remarks::{AlbumName, Albums, Description, Remarks};
pub use safety::{CopyState, Evidence, Place, Proof, SafetyRule};
pub use template::{FolderTemplate, TemplateError};
pub use upload_name::lasting_name;
