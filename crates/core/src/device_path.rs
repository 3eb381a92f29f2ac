//! A name in a device's own tree, kept as the device spelled it.
//!
//! What a device sees is its own tree with the names it used. Where the bytes lie in the library is the library's
//! business, so nothing here ever becomes a path on disk.

use std::fmt;

/// A path in a device's tree: components as the device sent them (not normalised), none of them `.` or `..`.
///
/// The empty path is the tree's root.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct DevicePath(String);

/// Why a name that a device sent is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DevicePathError {
    /// A component over [`DevicePath::MAX_NAME`] bytes.
    #[error("The name {start:?}… has {bytes} bytes; at most {max} are possible", max = DevicePath::MAX_NAME)]
    NameTooLong {
        /// The name's first characters.
        start: String,
        /// Its length.
        bytes: usize,
    },
    /// The whole path is over [`DevicePath::MAX_PATH`] bytes.
    #[error("The path has {bytes} bytes; at most {max} are possible", max = DevicePath::MAX_PATH)]
    PathTooLong {
        /// Its length.
        bytes: usize,
    },
    /// `.`, `..` or a backslash.
    #[error("The name {0:?} would lead out of its folder and is refused")]
    Escapes(String),
    /// A control character.
    #[error("The name {0:?} has a control character (U+0000 to U+001F, U+007F) and is refused")]
    ControlCharacter(String),
}

impl DevicePath {
    /// The longest component, in bytes of UTF-8. Every file system in use has this limit or a lower one.
    pub const MAX_NAME: usize = 255;
    /// The longest path, in bytes of UTF-8 (`PATH_MAX` of Linux).
    pub const MAX_PATH: usize = 4096;

    /// The tree's root.
    #[must_use]
    pub const fn root() -> Self {
        Self(String::new())
    }

    /// Reads components separated by `/`. Empty components (a slash at either end, doubled slashes) are dropped.
    ///
    /// # Errors
    ///
    /// A component that is too long, has a control character, or is `.` or `..`; a path that is too long.
    pub fn parse(text: &str) -> Result<Self, DevicePathError> {
        if text.len() > 4 * Self::MAX_PATH {
            // Do not walk through megabytes just to say which component is at fault.
            return Err(DevicePathError::PathTooLong { bytes: text.len() });
        }
        let mut path = String::with_capacity(text.len());
        for name in text.split('/').filter(|name| !name.is_empty()) {
            check_name(name)?;
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(name);
        }
        if path.len() > Self::MAX_PATH {
            return Err(DevicePathError::PathTooLong { bytes: path.len() });
        }
        Ok(Self(path))
    }

    /// The components joined by `/`; empty for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the tree's root.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The folder above; `None` for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        Some(match self.0.rfind('/') {
            Some(slash) => Self(self.0[..slash].to_owned()),
            None => Self::root(),
        })
    }

    /// The last component; empty for the root.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// This path with one more component.
    ///
    /// # Errors
    ///
    /// As [`Self::parse`].
    pub fn join(&self, name: &str) -> Result<Self, DevicePathError> {
        Self::parse(&format!("{}/{name}", self.0))
    }

    /// The components, from the root down.
    pub fn components(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').filter(|name| !name.is_empty())
    }

    /// Whether this path is `folder` or lies anywhere below it.
    #[must_use]
    pub fn is_within(&self, folder: &Self) -> bool {
        folder.is_root()
            || self == folder
            || (self.0.starts_with(&folder.0)
                && self.0.as_bytes().get(folder.0.len()) == Some(&b'/'))
    }
}

fn check_name(name: &str) -> Result<(), DevicePathError> {
    let start = || name.chars().take(40).collect::<String>();
    if name.len() > DevicePath::MAX_NAME {
        return Err(DevicePathError::NameTooLong {
            start: start(),
            bytes: name.len(),
        });
    }
    if name.chars().any(|c| c.is_ascii_control()) {
        return Err(DevicePathError::ControlCharacter(start()));
    }
    if name == "." || name == ".." || name.contains('\\') {
        return Err(DevicePathError::Escapes(start()));
    }
    Ok(())
}

impl fmt::Display for DevicePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/")?;
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DevicePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DevicePath({:?})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_devices_spelling() {
        let decomposed = "Cafe\u{301}/IMG 1.JPG";
        assert_eq!(DevicePath::parse(decomposed).unwrap().as_str(), decomposed);
        assert_eq!(DevicePath::parse("/a//b/").unwrap().as_str(), "a/b");
    }

    #[test]
    fn refuses_what_leads_elsewhere_or_cannot_be_a_name() {
        let long = "x".repeat(5000);
        for bad in [
            "..", "a/../b", ".", "a\\b", "a\u{0}b", "a\nb", "a\u{7f}", &long,
        ] {
            assert!(DevicePath::parse(bad).is_err(), "{bad:?}");
        }
        let deep = "a/".repeat(3000);
        assert_eq!(
            DevicePath::parse(&deep),
            Err(DevicePathError::PathTooLong { bytes: 5999 })
        );
    }

    #[test]
    fn knows_its_relatives() {
        let path = DevicePath::parse("DCIM/Camera/IMG_1.JPG").unwrap();
        assert_eq!(path.name(), "IMG_1.JPG");
        let folder = path.parent().unwrap();
        assert_eq!(folder.as_str(), "DCIM/Camera");
        assert!(path.is_within(&folder) && path.is_within(&DevicePath::root()));
        assert!(!path.is_within(&DevicePath::parse("DCIM/Cam").unwrap()));
        assert_eq!(DevicePath::root().parent(), None);
    }
}
