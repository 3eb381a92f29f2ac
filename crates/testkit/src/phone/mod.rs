//! Phones with the Nextcloud apps: they upload a camera roll at night as the real apps do, over a line that breaks, and
//! delete what they believe is stored. Nothing that they delete may ever be missing from the server.
//!
//! | what | module |
//! |---|---|
//! | the phone's pictures, and what it has deleted | [`roll`] |
//! | its connection: cuts, lost answers, the app killed | [`mod@line`] |
//! | how an app gets its password | [`login`] |
//! | files too large for one request | [`pieces`] |
//! | the app for Android: its requests, its rules | [`android`] |
//! | the app for iOS | [`ios`] |
//!
//! The requests and rules are those of the apps' sources: nextcloud/android 36277a1 with android-library 5a9da0c (August
//! 2026), and NextcloudKit 7.4.1.

pub mod android;
pub mod ios;
pub mod line;
pub mod login;
pub mod pieces;
pub mod roll;

pub use android::Android;
pub use ios::{Ios, Names};
pub use line::{Line, Trouble};
pub use login::Account;
pub use pieces::Pieces;
pub use roll::{Deleted, Roll, Shot};

/// What one run of an app has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Night {
    /// Photos whose upload was acknowledged.
    pub uploaded: usize,
    /// Photos that were deleted from the phone.
    pub deleted: usize,
    /// Photos whose upload failed in a way that the app tries again.
    pub failed: usize,
    /// Whether the app has nothing left to do.
    pub is_complete: bool,
}

/// The address of a path in a user's tree, as the apps write it.
fn address(user: &str, path: &str) -> String {
    escape("/remote.php/dav/files/", &format!("{user}/{path}"))
}

/// A path below `start`: everything but letters, digits and `-._~/` escaped.
fn escape(start: &str, path: &str) -> String {
    let mut address = start.to_owned();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                address.push(char::from(byte));
            }
            _ => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}
