//! Files too large for one request: Nextcloud's chunked upload, version 2, as each app does it.
//!
//! Sources: `ChunkedFileUploadRemoteOperation` of nextcloud/android's library; `NextcloudKit+Upload.swift`
//! (`uploadChunk`), `NCNetworking+Upload.swift` and `NCManageDatabase+Chunk.swift` of nextcloud/ios.

use std::{collections::VecDeque, io, ops::Range};

use crate::{
    Response,
    phone::{Line, Shot, address, escape},
    tree,
};

/// Android's smallest piece, and the largest file that it sends whole, in bytes.
const ANDROID: usize = 10_240_000;

/// Which files an app sends in pieces.
#[derive(Clone, Copy, Debug)]
pub struct Pieces {
    /// The largest file that is sent in one request, in bytes.
    pub above: usize,
    /// The size of a piece, in bytes.
    pub size: usize,
}

impl Pieces {
    /// Android over mobile data.
    pub const ANDROID_MOBILE: Self = Self {
        above: ANDROID,
        size: ANDROID,
    };
    /// Android over Wi-Fi.
    pub const ANDROID_WIFI: Self = Self {
        above: ANDROID,
        size: 4 * ANDROID,
    };
    /// iOS over mobile data.
    pub const IOS_MOBILE: Self = Self {
        above: 9_999_999,
        size: 10_000_000,
    };
    /// iOS over Wi-Fi.
    pub const IOS_WIFI: Self = Self {
        above: 99_999_999,
        size: 100_000_000,
    };

    pub(super) const fn needed(self, bytes: &[u8]) -> bool {
        bytes.len() > self.above
    }

    /// The app for Android leaves out the last byte of a file that is one byte longer than pieces that it is made of
    /// (`while (nextByte + 1 < file.length())`). The server looks for that at the app's sizes; a phone that was told
    /// smaller ones does without the fault.
    const fn left_out(self) -> usize {
        if self.size.is_multiple_of(ANDROID) {
            1
        } else {
            0
        }
    }
}

/// What an app sends, and where to.
pub(super) struct Sent<'a> {
    pub(super) user: &'a str,
    pub(super) shot: &'a Shot,
    pub(super) bytes: &'a [u8],
    /// The path in the user's tree.
    pub(super) path: &'a str,
}

impl Sent<'_> {
    fn upload(&self, folder: &str) -> String {
        escape(
            "/remote.php/dav/uploads/",
            &format!("{}/{folder}", self.user),
        )
    }

    /// An absolute address; the server does not look at the host.
    fn destination(&self) -> String {
        format!("http://photos.example{}", address(self.user, self.path))
    }
}

/// The app for Android: the folder's name is made from the file, and what is in it is asked each time, so that a run goes on
/// where the one before was broken off. The answer is the one that decides.
pub(super) fn as_android(line: &mut Line, pieces: Pieces, sent: &Sent) -> io::Result<Response> {
    let Sent { shot, bytes, .. } = sent;
    // The app takes the MD5; the server only compares.
    let file = format!("{}{}{}", shot.name, shot.taken.as_second(), bytes.len());
    let upload = sent.upload(&tree::hash(file.as_bytes()).to_string()[..32]);
    let destination = sent.destination();
    let to = [("Destination", destination.as_str())];
    // Whatever is answered, the app goes on; only a broken line stops it.
    line.send("MKCOL", &upload, &to, b"")?;
    let listed = line.send("PROPFIND", &upload, &[("Depth", "1")], LIST)?;
    if listed.status != 207 {
        return Ok(listed);
    }
    let (mut next, mut number) = received(&listed.text());
    while next + pieces.left_out() < bytes.len() {
        number += 1;
        let end = bytes.len().min(next + pieces.size);
        let piece = format!("{upload}/{number:06}");
        let answer = line.send("PUT", &piece, &to, &bytes[next..end])?;
        if !matches!(answer.status, 200 | 201 | 204) {
            return Ok(answer);
        }
        next = end;
    }
    let time = shot.taken.as_second().to_string();
    let headers = [
        to[0],
        ("Overwrite", "T"),
        ("X-OC-Mtime", &time),
        ("X-OC-Ctime", &time),
    ];
    line.send("MOVE", &format!("{upload}/.file"), &headers, b"")
}

const LIST: &[u8] =
    br#"<?xml version="1.0" encoding="UTF-8"?><d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/>
    <d:getcontenttype/><d:getcontentlength/></d:prop></d:propfind>"#;

/// The sum of the pieces' lengths, and the greatest of their numbers.
fn received(listed: &str) -> (usize, u32) {
    let between = |text: &str, open: &str| -> Option<String> {
        let (_, rest) = text.split_once(open)?;
        rest.split_once('<').map(|(value, _)| value.to_owned())
    };
    let (mut sum, mut greatest) = (0, 0);
    for response in listed.split("<d:response>").skip(1) {
        let href = between(response, "<d:href>").unwrap_or_default();
        let name = href.rsplit('/').next().unwrap_or_default();
        let Ok(number) = name.parse::<u32>() else {
            continue;
        };
        let length = between(response, "<d:getcontentlength>");
        sum += length.and_then(|text| text.parse().ok()).unwrap_or(0);
        greatest = greatest.max(number);
    }
    (sum, greatest)
}

/// What the app for iOS keeps in its database of an upload in pieces: a kill leaves it.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    folder: String,
    /// What has not arrived yet: the number, and where it lies in the file.
    left: VecDeque<(u32, Range<usize>)>,
}

impl Rest {
    /// A whole file, in a folder of a fresh name.
    pub(super) fn new(folder: &str, length: usize, pieces: Pieces) -> Self {
        let starts = (0..length).step_by(pieces.size);
        Self {
            folder: tree::hash(folder.as_bytes()).to_string()[..32].to_owned(),
            left: (1..)
                .zip(starts.map(|start| start..length.min(start + pieces.size)))
                .collect(),
        }
    }
}

/// How the app for iOS ended with an upload in pieces.
pub(super) enum Outcome {
    /// It is on the server.
    Stored,
    /// The next run goes on.
    GoesOn,
    /// What the database says of it is deleted: the next run begins anew.
    Anew,
}

/// The app for iOS: which pieces are left is in its own database, and it never asks.
pub(super) fn as_ios(line: &mut Line, rest: &mut Rest, sent: &Sent) -> Outcome {
    let outcome = send_rest(line, rest, sent);
    // A killed app deletes nothing from its database; where nothing is left in it, the next run knows of no upload.
    if line.is_killed() && !rest.left.is_empty() {
        return Outcome::GoesOn;
    }
    outcome
}

fn send_rest(line: &mut Line, rest: &mut Rest, sent: &Sent) -> Outcome {
    let upload = sent.upload(&rest.folder);
    let (destination, total) = (sent.destination(), sent.bytes.len().to_string());
    let time = format!("{}.0", sent.shot.taken.as_second());
    let headers = [
        ("Destination", destination.as_str()),
        ("OC-Total-Length", &total),
        ("Overwrite", "T"),
        ("X-OC-CTime", &time),
        ("X-OC-MTime", &time),
    ];
    let mut status = |method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]| {
        let answer = line.send(method, target, headers, body);
        answer.map_or(0, |answer| answer.status)
    };
    match status("PROPFIND", &upload, &[("Depth", "0")], b"") {
        207 => {}
        404 if status("MKCOL", &upload, &headers[..2], b"") == 201 => {}
        _ => return Outcome::Anew,
    }
    while let Some((number, range)) = rest.left.front().cloned() {
        let piece = format!("{upload}/{number}");
        let answer = status("PUT", &piece, &headers[..2], &sent.bytes[range]);
        if !matches!(answer, 200..=299) {
            return Outcome::GoesOn;
        }
        rest.left.pop_front();
    }
    if !matches!(
        status("MOVE", &format!("{upload}/.file"), &headers, b""),
        200..=299
    ) {
        return Outcome::Anew;
    }
    let target = address(sent.user, sent.path);
    match status("PROPFIND", &target, &[("Depth", "0")], b"") {
        207 => Outcome::Stored,
        _ => Outcome::Anew,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrived_is_summed_and_the_folder_is_none_of_it() {
        let listed = "<d:multistatus><d:response><d:href>/u/abc/</d:href></d:response>\
            <d:response><d:href>/u/abc/000002</d:href><d:getcontentlength>7</d:getcontentlength></d:response>\
            <d:response><d:href>/u/abc/000001</d:href><d:getcontentlength>10</d:getcontentlength></d:response>";
        assert_eq!(received(listed), (17, 2));
    }

    #[test]
    fn a_file_is_cut_into_pieces() {
        let pieces = Pieces { above: 1, size: 4 };
        let rest = Rest::new("a", 9, pieces);
        assert_eq!(rest.left, [(1, 0..4), (2, 4..8), (3, 8..9)]);
    }
}
