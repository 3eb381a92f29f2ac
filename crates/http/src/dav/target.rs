//! From an address to a name in the device's tree, and back.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use safelight_core::{DevicePath, DevicePathError};

/// RFC 3986's unreserved characters stay as they are; everything else in a name is encoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where plain WebDAV clients find the tree, and where those do that know Nextcloud's older address.
const PLAIN: [&str; 2] = ["/dav", "/remote.php/webdav"];
/// Where Nextcloud's clients find it; the user's name follows.
const FILES: &str = "/remote.php/dav/files";

/// One of the addresses under which a device's tree is reachable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// Percent-encoded, without the slash at its end.
    prefix: String,
}

/// Why an address names nothing in the device's tree.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TargetError {
    /// Outside of both trees.
    #[error("The address {0:?} is not in a WebDAV folder of this server; they are under /dav/")]
    Elsewhere(String),
    /// Another user's tree.
    #[error("The files of {0:?} belong to another device")]
    OtherUser(String),
    /// Not UTF-8 once decoded.
    #[error("The name {0:?} is not UTF-8 and is refused")]
    NotUtf8(String),
    /// A name that cannot be.
    #[error(transparent)]
    Name(#[from] DevicePathError),
}

impl Mount {
    /// Reads the path of a request's address (still percent-encoded), as `user` may see it.
    pub(super) fn locate(address: &str, user: &str) -> Result<(Self, DevicePath), TargetError> {
        if let Some(rest) = below(address, FILES) {
            let (encoded, rest) = rest.split_once('/').unwrap_or((rest, ""));
            let owner = decode(encoded)?;
            if owner != user {
                return Err(TargetError::OtherUser(owner));
            }
            let prefix = format!("{FILES}/{}", utf8_percent_encode(user, SEGMENT));
            return Ok((Self { prefix }, DevicePath::parse(&decode(rest)?)?));
        }
        let (prefix, rest) = PLAIN
            .iter()
            .find_map(|prefix| Some((*prefix, below(address, prefix)?)))
            .ok_or_else(|| TargetError::Elsewhere(start(address)))?;
        let prefix = prefix.to_owned();
        Ok((Self { prefix }, DevicePath::parse(&decode(rest)?)?))
    }

    /// Reads a `Destination` header: an absolute address or only its path.
    ///
    /// The host is not compared: behind a reverse proxy it is seldom the one that the client typed.
    pub(super) fn destination(header: &str, user: &str) -> Result<DevicePath, TargetError> {
        Self::locate_destination(header, user).map(|(_mount, path)| path)
    }

    /// As [`Self::destination`], with the tree that it lies in.
    pub(super) fn locate_destination(
        header: &str,
        user: &str,
    ) -> Result<(Self, DevicePath), TargetError> {
        let path = match header.split_once("://") {
            Some((_scheme, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
            None => header,
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        Self::locate(path, user)
    }

    /// The address of an entry, percent-encoded; a folder's ends with a slash.
    pub(super) fn href(&self, path: &DevicePath, is_folder: bool) -> String {
        let mut href = self.prefix.clone();
        for name in path.components() {
            href.push('/');
            href.extend(utf8_percent_encode(name, SEGMENT));
        }
        if is_folder {
            href.push('/');
        }
        href
    }
}

/// What follows `prefix` and its slash, if `address` is there.
fn below<'a>(address: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = address.strip_prefix(prefix)?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix('/')
    }
}

fn decode(encoded: &str) -> Result<String, TargetError> {
    percent_decode_str(encoded)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| TargetError::NotUtf8(start(encoded)))
}

fn start(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn located(address: &str) -> String {
        Mount::locate(address, "anna k")
            .unwrap()
            .1
            .as_str()
            .to_owned()
    }

    #[test]
    fn both_trees_are_one() {
        assert_eq!(located("/dav"), "");
        assert_eq!(located("/dav/"), "");
        assert_eq!(located("/dav/DCIM//IMG%201.JPG"), "DCIM/IMG 1.JPG");
        assert_eq!(located("/remote.php/webdav/DCIM/"), "DCIM");
        assert_eq!(located("/remote.php/dav/files/anna%20k"), "");
        assert_eq!(located("/remote.php/dav/files/anna%20k/Caf%C3%A9/"), "Café");
    }

    proptest! {
        #[test]
        fn every_name_survives_its_address(text in "\\PC{0,80}", is_folder: bool) {
            prop_assume!(DevicePath::parse(&text).is_ok());
            let path = DevicePath::parse(&text).unwrap();
            let (mount, _) = Mount::locate("/remote.php/dav/files/a%20b", "a b").unwrap();
            let href = mount.href(&path, is_folder);
            prop_assert!(href.is_ascii());
            prop_assert_eq!(Mount::locate(&href, "a b").unwrap(), (mount, path));
        }
    }

    #[test]
    fn nothing_leads_out() {
        let refused = |address: &str| Mount::locate(address, "anna").unwrap_err();
        for address in [
            "/dav/..",
            "/dav/a/../../b",
            "/dav/%2e%2e",
            "/dav/%2E./x",
            "/dav/a%2f..%2fb",
            "/dav/a%5Cb",
            "/dav/%00",
        ] {
            assert!(
                matches!(refused(address), TargetError::Name(_)),
                "{address}"
            );
        }
        assert!(matches!(refused("/davx/a"), TargetError::Elsewhere(_)));
        assert!(matches!(refused("/upload/a"), TargetError::Elsewhere(_)));
        assert!(matches!(refused("/dav/%ff"), TargetError::NotUtf8(_)));
        assert_eq!(
            refused("/remote.php/dav/files/bob/x"),
            TargetError::OtherUser("bob".to_owned())
        );
        assert_eq!(
            refused("/remote.php/dav/files/anna2/x"),
            TargetError::OtherUser("anna2".to_owned())
        );
    }

    #[test]
    fn destinations_are_addresses_or_paths() {
        for header in [
            "http://10.0.0.2:8787/dav/a%20b",
            "https://photos.example/dav/a%20b?x=1",
            "/dav/a%20b",
        ] {
            assert_eq!(
                Mount::destination(header, "anna").unwrap().as_str(),
                "a b",
                "{header}"
            );
        }
        assert!(Mount::destination("http://elsewhere", "anna").is_err());
        assert!(Mount::destination("http://elsewhere/files/x", "anna").is_err());
    }

    #[test]
    fn addresses_are_encoded_as_the_client_reached_us() {
        let (mount, path) =
            Mount::locate("/remote.php/dav/files/a%40b/100%25%20%23%3F.jpg", "a@b").unwrap();
        assert_eq!(
            mount.href(&path, false),
            "/remote.php/dav/files/a%40b/100%25%20%23%3F.jpg"
        );
        let (mount, path) = Mount::locate("/dav/x", "a@b").unwrap();
        assert_eq!(mount.href(&path, true), "/dav/x/");
        assert_eq!(mount.href(&DevicePath::root(), true), "/dav/");
    }
}
