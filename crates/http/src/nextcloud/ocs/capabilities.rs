//! `cloud/capabilities`: what the server can do. What is not named, the apps do not ask for.
//!
//! Anybody may ask. nextcloud/android-library's `GetCapabilitiesRemoteOperation.java` insists on some members of each
//! section that there is, so a section is here whole or not at all. Without `dav.chunking` the desktop client falls
//! back to an older way of sending large files, which leaves pieces lying around.

use serde_json::{Value, json};

use super::super::VERSION;

pub(super) fn capabilities() -> Value {
    let [major, minor, micro] = VERSION;
    json!({
        "version": {
            "major": major,
            "minor": minor,
            "micro": micro,
            "string": format!("{major}.{minor}.{micro}"),
            "edition": "",
            "extendedSupport": false,
        },
        "capabilities": {
            "core": { "pollinterval": 60, "webdav-root": "remote.php/webdav" },
            "dav": { "chunking": "1.0" },
            "files": { "bigfilechunking": true, "undelete": false, "versioning": false },
            "checksums": {
                "supportedTypes": ["SHA1", "SHA256", "MD5", "ADLER32"],
                "preferredUploadType": "SHA1",
            },
        },
    })
}
