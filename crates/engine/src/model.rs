//! What the page and the command line show: plain data, the same words as in the JSON.
//!
//! Times are RFC 3339 in UTC, sizes are bytes.

use serde::{Deserialize, Serialize};

use crate::command::Meaning;

/// Everything that the first page shows; sent whole with each change, so that a missed event cannot matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// How safe the photos are.
    pub status: Status,
    /// What is going on now.
    pub activity: Vec<Activity>,
    /// Grows with each upload that was acknowledged since the server started.
    pub arrivals_total: u64,
    /// Grows with each step of a phone that is being connected: its code was used, it was here for the first time. A
    /// page that waits for it then asks again.
    pub pairing_steps: u64,
}

/// How safe the photos are, and what stands in the way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The folder that holds the photos.
    pub library: LibraryStatus,
    /// How many different photos, videos and other files there are.
    pub photos: u64,
    /// Their bytes at home.
    pub bytes: u64,
    /// How many home copies were read again and had the photo's hash.
    pub home_verified: u64,
    /// How many photos the owner's rule calls safe.
    pub safe: u64,
    /// All the others.
    pub not_yet_safe: u64,
    /// When the oldest of those arrived.
    pub oldest_not_yet_safe: Option<String>,
    /// The offsite copies.
    pub destinations: Vec<DestinationStatus>,
    /// The devices that may add photos.
    pub devices: Vec<DeviceStanding>,
    /// What needs somebody's attention.
    pub problems: Vec<Problem>,
}

/// The library folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryStatus {
    /// Whether photos can be taken in.
    pub state: LibraryState,
    /// Where it is.
    pub path: Option<String>,
    /// What is wrong and what to do.
    pub message: Option<String>,
}

/// Whether the library folder can be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LibraryState {
    /// It is there.
    Ready,
    /// The owner has not chosen one yet.
    #[default]
    NotChosen,
    /// It was chosen and is not there now: unmounted, renamed, or another library's.
    Unavailable,
}

/// One offsite repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationStatus {
    /// Its number in the catalogue.
    pub id: i64,
    /// The owner's name for it.
    pub name: String,
    /// Where it is, without keys.
    pub url: String,
    /// How many photos have a good copy there.
    pub photos: u64,
    /// How many still have to go there.
    pub pending: u64,
    /// When its last snapshot was finished and compared.
    pub last_snapshot_at: Option<String>,
    /// When its copies were last looked at again.
    pub last_verified_at: Option<String>,
}

/// Something that needs attention.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of trouble, as a word: `damaged-file`, `missing-file`, `destination`, …
    pub kind: String,
    /// What happened, to what, why, and what to do.
    pub message: String,
    /// The photo or destination concerned; empty if it is the whole.
    pub path: String,
    /// Since when.
    pub since: String,
}

/// Something going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// `backup`, `verify`, `restore`, `rebuild`, `reconcile` or `pictures`.
    pub kind: String,
    /// On what: a destination's name, a folder.
    pub what: String,
    /// Files done.
    pub done_files: u64,
    /// Files in all, if known.
    pub total_files: Option<u64>,
    /// Bytes done.
    pub done_bytes: u64,
    /// Bytes in all, if known.
    pub total_bytes: Option<u64>,
}

/// How a device's photos stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStanding {
    /// The owner's name for it.
    pub name: String,
    /// Whose it is.
    pub person: String,
    /// When it was last here.
    pub last_seen_at: Option<String>,
    /// How many different photos it brought.
    pub photos: u64,
    /// How many of them are not yet safe.
    pub not_yet_safe: u64,
    /// When the oldest of those arrived.
    pub oldest_not_yet_safe_at: Option<String>,
    /// How many of its photos it may forget: those that are safe.
    pub releasable: u64,
}

/// A member of the household, or the owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonStatus {
    /// The number.
    pub id: i64,
    /// What they sign in as.
    pub name: String,
    /// The folder of their photos; empty for the library folder itself.
    pub folder: String,
    /// Whether it is the owner.
    pub owner: bool,
    /// Whether they may sign in and send photos.
    pub access: bool,
    /// How many devices of theirs may add photos.
    pub devices: u64,
    /// How many different photos are theirs.
    pub photos: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them are not yet safe.
    pub not_yet_safe: u64,
}

/// Dates that somebody put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectionStatus {
    /// The number.
    pub id: i64,
    /// Who did it.
    pub person: String,
    /// When.
    pub at: String,
    /// What was done, in words.
    pub what: String,
    /// How many photos got another date.
    pub photos: u64,
    /// When it was taken back.
    pub undone_at: Option<String>,
}

/// Where somebody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStatus {
    /// Its number.
    pub id: i64,
    /// Since when.
    pub started_at: String,
    /// When it was last used.
    pub last_seen_at: String,
    /// From which address; empty if that was not noted.
    pub last_seen_from: String,
    /// Whether it is the one that asks.
    pub here: bool,
}

/// A device, for the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// Its number.
    pub id: i64,
    /// The owner's name for it.
    pub name: String,
    /// What it signs in as.
    pub user: String,
    /// Since when it may add photos.
    pub created_at: String,
    /// When it was last here.
    pub last_seen_at: Option<String>,
    /// From which address.
    pub last_seen_from: Option<String>,
    /// How many different photos it brought.
    pub photos: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When its newest photo arrived.
    pub last_arrival_at: Option<String>,
    /// How many of its photos are not yet safe.
    pub not_yet_safe: u64,
    /// When the oldest of those arrived.
    pub oldest_not_yet_safe_at: Option<String>,
    /// How many of its photos it may forget: those that are safe.
    pub releasable: u64,
    /// Whose it is.
    pub person: String,
    /// What its 2xx means.
    pub acknowledge: Meaning,
    /// Whether its silence is a problem.
    pub tell_silence: bool,
    /// Whether its password was taken back.
    pub revoked: bool,
}

/// One upload that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArrivalRow {
    /// The arrival's number, the newest the greatest.
    pub id: i64,
    /// The photo's number.
    pub asset: i64,
    /// The name that the device gave.
    pub name: String,
    /// The place in the library.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// `photo`, `video` or `other`.
    pub kind: String,
    /// Which device sent it; none for a file found in the library folder.
    pub device: Option<String>,
    /// When it was acknowledged.
    pub arrived_at: String,
    /// When it was taken by the clock of its place, ISO 8601; the day alone where the time is not known.
    pub taken: Option<String>,
    /// Whether it is safe.
    pub safe: bool,
    /// Whether the bytes were known already.
    pub duplicate: bool,
}

/// A photo in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoRow {
    /// The photo's number.
    pub asset: i64,
    /// The place in the library.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// `photo`, `video` or `other`.
    pub kind: String,
    /// When it first arrived.
    pub added_at: String,
    /// Whether it is safe.
    pub safe: bool,
}

/// A photo, or the one that stands for its group, in the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileRow {
    /// The photo's number.
    pub asset: i64,
    /// The SHA-256 of its bytes.
    pub hash: String,
    /// `photo`, `video` or `other`.
    pub kind: String,
    /// The wall clock's time when it was taken, ISO 8601.
    pub taken: Option<String>,
    /// How long a video lasts, in whole seconds.
    pub seconds: Option<u64>,
    /// Whether a short video belongs to the photo, or is in it.
    pub is_live: bool,
    /// Whether it is a camera's raw picture, or has one beside it.
    pub is_raw: bool,
    /// Whether other pictures of a burst stand behind it.
    pub is_burst: bool,
    /// The thumbnail's colours and rough shape as a ThumbHash; none as long as there is no thumbnail.
    pub placeholder: Option<Vec<u8>>,
    /// The name of a file that is neither a photo nor a video, nor called like one.
    pub file_name: Option<String>,
    /// Why there is no thumbnail, if that is known.
    pub no_picture: Option<String>,
    /// Whether what is said of the thumbnail stays so.
    pub is_final: bool,
}

/// All that is known of one photo's copies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhotoReceipt {
    /// The photo's number.
    pub asset: i64,
    /// The SHA-256 of its bytes.
    pub hash: String,
    /// The name that it arrived with.
    pub name: String,
    /// The place in the library.
    pub path: String,
    /// Bytes.
    pub size: u64,
    /// `photo`, `video` or `other`.
    pub kind: String,
    /// The wall clock's time when it was taken, ISO 8601.
    pub taken: Option<String>,
    /// How far that clock was ahead of UTC, if it is known: `+02:00`.
    pub taken_offset: Option<String>,
    /// Whether only the day is known.
    pub taken_day_only: bool,
    /// Who says so.
    pub taken_from: Option<String>,
    /// Why there is no picture to look at, if that is known.
    pub no_picture: Option<String>,
    /// What the photo itself says of when it was taken, if something else counts; empty if it says nothing.
    pub taken_by_itself: Option<String>,
    /// Whether a person put the date right.
    pub corrected: bool,
    /// What a collection said that the photo came from.
    pub remarks: PhotoRemarks,
    /// Whether the owner's rule calls it safe.
    pub safe: bool,
    /// What is still to be proved.
    pub why_not_safe: Option<String>,
    /// How it came.
    pub arrivals: Vec<ReceiptArrival>,
    /// Where it is, and what was proved.
    pub copies: Vec<ReceiptCopy>,
    /// All files of its group, the one that stands for it first; empty for a photo of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group: Vec<GroupMember>,
}

/// A file of a photo's group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupMember {
    /// The photo's number.
    pub asset: i64,
    /// The name that it arrived with.
    pub name: String,
    /// The place in the library.
    pub path: String,
    /// What it is to the one that stands for the group, in [`safelight_core::group::Role`]'s words; none for that one.
    pub role: Option<String>,
    /// Whether its own copies are proved as the owner's rule demands. The group is safe when all of them are.
    pub proved: bool,
}

/// What is said of a photo beside its bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PhotoRemarks {
    /// Latitude and longitude in degrees, north and east positive.
    pub position: Option<(f64, f64)>,
    /// What it shows.
    pub description: Option<String>,
    /// Whether somebody likes it more than others.
    pub favourite: bool,
    /// The albums that it is in.
    pub albums: Vec<String>,
}

/// How a photo came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptArrival {
    /// From which device; none for a file found in the library folder.
    pub device: Option<String>,
    /// Under which name.
    pub path: String,
    /// When.
    pub at: String,
}

/// What was proved of one copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptCopy {
    /// `home`, or a destination's name.
    pub place: String,
    /// `good`, `missing` or `damaged`.
    pub state: String,
    /// `written`, `snapshot-compared` or `read-back`.
    pub proof: String,
    /// When.
    pub at: String,
}
