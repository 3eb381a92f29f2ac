//! The Nextcloud app for iOS: auto-upload by month, and "remove from camera roll".
//!
//! Sources: `NextcloudKit+Upload.swift`, `NCNetworking+UploadAsyn.swift`, `NCNetworkingProcess.swift`; the names are those of
//! `NCUtilityFileSystem.swift`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::Offset;

use crate::phone::{
    Line, Night, Pieces, Roll, Shot, address,
    pieces::{self, Outcome, Rest, Sent},
};

/// Where auto-upload puts the camera roll.
const FOLDER: &str = "Photos";

/// What the app asks before it uploads.
const EXISTS: &[u8] = br#"<?xml version="1.0" encoding="UTF-8"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"
    xmlns:nc="http://nextcloud.org/ns"><d:prop><d:getetag/><oc:fileid/><oc:id/></d:prop></d:propfind>"#;

/// What a picture is called on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// `24-06-01 14-03-09 0001.JPG`, the app's own way.
    Dated,
    /// As the camera called it ("maintain original filename").
    Original,
}

/// An iPhone.
#[derive(Debug)]
pub struct Ios {
    user: String,
    names: Names,
    pieces: Pieces,
    /// Its pictures.
    pub roll: Roll,
    /// Uploaded and acknowledged, waiting for the next prompt, by name.
    uploaded: BTreeSet<String>,
    /// Taken out of the queue because something of that name was on the server: neither uploaded nor deleted.
    dropped: BTreeSet<String>,
    /// Uploads in pieces that are under way, by name.
    under_way: BTreeMap<String, Rest>,
    /// How many of them were begun: their folders' names never come again.
    begun: u64,
}

impl Ios {
    /// A phone whose app signs in as `user`.
    #[must_use]
    pub const fn new(user: String, names: Names, pieces: Pieces, roll: Roll) -> Self {
        Self {
            user,
            names,
            pieces,
            roll,
            uploaded: BTreeSet::new(),
            dropped: BTreeSet::new(),
            under_way: BTreeMap::new(),
            begun: 0,
        }
    }

    /// What it calls pictures on the server.
    #[must_use]
    pub const fn names(&self) -> Names {
        self.names
    }

    /// Pictures that stay on the phone because the server has something of their name.
    #[must_use]
    pub const fn dropped(&self) -> &BTreeSet<String> {
        &self.dropped
    }

    /// The phone is wiped, and the app installed again.
    pub fn wipe(&mut self) {
        self.roll.wipe();
        self.uploaded.clear();
        self.dropped.clear();
        self.under_way.clear();
    }

    /// One run of the upload queue; then, if it is empty and the app still runs, the system asks whether what was uploaded
    /// may be deleted, and the owner says yes.
    pub fn night(&mut self, line: &mut Line) -> Night {
        let mut night = Night::default();
        for shot in self.roll.shots().to_vec() {
            if self.uploaded.contains(&shot.name) || self.dropped.contains(&shot.name) {
                continue;
            }
            match self.upload(line, &shot) {
                Some(true) => {
                    night.uploaded += 1;
                    self.uploaded.insert(shot.name);
                }
                Some(false) => {
                    self.dropped.insert(shot.name);
                }
                None => night.failed += 1,
            }
            if line.is_killed() {
                return night;
            }
        }
        night.is_complete = night.failed == 0;
        if night.is_complete {
            for shot in self.roll.shots().to_vec() {
                if self.uploaded.remove(&shot.name) {
                    self.roll.delete(&shot);
                    night.deleted += 1;
                }
            }
        }
        night
    }

    fn name(&self, shot: &Shot) -> String {
        match self.names {
            Names::Original => shot.name.clone(),
            Names::Dated => {
                let taken = Offset::UTC.to_datetime(shot.taken);
                let number = shot.name.trim_start_matches("IMG_");
                format!("{} {number}", taken.strftime("%y-%m-%d %H-%M-%S"))
            }
        }
    }

    /// Whether the picture was uploaded, or is taken for uploaded already; `None` if the app tries again.
    fn upload(&mut self, line: &mut Line, shot: &Shot) -> Option<bool> {
        let path = format!("{FOLDER}/{}/{}", shot.month(), self.name(shot));
        let target = address(&self.user, &path);
        let asked = line.send("PROPFIND", &target, &[("Depth", "0")], EXISTS);
        match asked.ok()?.status {
            404 => {}
            207 => return Some(false),
            _ => return None,
        }
        let bytes = shot.bytes();
        if self.pieces.needed(&bytes) {
            return self.in_pieces(line, shot, &bytes, &path);
        }
        // Seconds with a fraction.
        let time = format!("{}.0", shot.taken.as_second());
        let headers = [
            ("Content-Type", "application/octet-stream"),
            ("X-OC-CTime", time.as_str()),
            ("X-OC-MTime", &time),
            ("X-NC-WebDAV-Auto-Mkcol", "1"),
        ];
        let answer = line.send("PUT", &target, &headers, &bytes).ok()?;
        // The proof of commit is the id; the background extension takes 204 for a failure.
        let is_proved = matches!(answer.status, 200 | 201) && answer.header("oc-fileid").is_some();
        is_proved.then_some(true)
    }

    fn in_pieces(
        &mut self,
        line: &mut Line,
        shot: &Shot,
        bytes: &[u8],
        path: &str,
    ) -> Option<bool> {
        let sent = Sent {
            user: &self.user,
            shot,
            bytes,
            path,
        };
        let (begun, pieces) = (&mut self.begun, self.pieces);
        let rest = self.under_way.entry(shot.name.clone()).or_insert_with(|| {
            *begun += 1;
            Rest::new(&format!("{}{begun}", shot.hash), bytes.len(), pieces)
        });
        let outcome = pieces::as_ios(line, rest, &sent);
        if !matches!(outcome, Outcome::GoesOn) {
            self.under_way.remove(&shot.name);
        }
        matches!(outcome, Outcome::Stored).then_some(true)
    }
}
