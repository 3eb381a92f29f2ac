//! What can be connected, and with which apps. `docs/phones/` has a guide for each.

use serde::Deserialize;

use crate::ui::page::Trouble;

/// What photos come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Platform {
    Android,
    Iphone,
    Computer,
}

/// What sends them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Program {
    Nextcloud,
    Photosync,
    Foldersync,
    Shortcut,
    Browser,
    Webdav,
    Script,
}

impl Platform {
    pub(super) const ALL: [Self; 3] = [Self::Android, Self::Iphone, Self::Computer];

    /// In addresses and forms.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Android => "android",
            Self::Iphone => "iphone",
            Self::Computer => "computer",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Android => "Android phone",
            Self::Iphone => "iPhone or iPad",
            Self::Computer => "Computer",
        }
    }

    /// The recommended one first.
    pub(super) const fn programs(self) -> &'static [Program] {
        match self {
            Self::Android => &[
                Program::Nextcloud,
                Program::Photosync,
                Program::Foldersync,
                Program::Browser,
            ],
            Self::Iphone => &[
                Program::Nextcloud,
                Program::Photosync,
                Program::Shortcut,
                Program::Browser,
            ],
            Self::Computer => &[Program::Webdav, Program::Script],
        }
    }

    /// An app for this platform.
    pub(super) fn with(self, program: Program) -> Result<Program, Trouble> {
        if self.programs().contains(&program) {
            Ok(program)
        } else {
            let message = format!("{} is not for: {}", program.name(), self.name());
            Err(Trouble::NotFound(message))
        }
    }
}

impl Program {
    /// In addresses and forms.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Nextcloud => "nextcloud",
            Self::Photosync => "photosync",
            Self::Foldersync => "foldersync",
            Self::Shortcut => "shortcut",
            Self::Browser => "browser",
            Self::Webdav => "webdav",
            Self::Script => "script",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nextcloud => "Nextcloud",
            Self::Photosync => "PhotoSync",
            Self::Foldersync => "FolderSync",
            Self::Shortcut => "A Shortcut",
            Self::Browser => "The browser",
            Self::Webdav => "A program that speaks WebDAV",
            Self::Script => "A script",
        }
    }

    /// Why somebody would choose it, on this platform.
    pub(super) const fn about(self, platform: Platform) -> &'static str {
        match (self, platform) {
            (Self::Nextcloud, Platform::Iphone) => {
                "Free. Uploads new photos by itself; the iPhone asks before each deletion."
            }
            (Self::Nextcloud, _) => {
                "Free. Uploads new photos by itself, and deletes them from the phone afterwards if you like."
            }
            (Self::Photosync, _) => "Costs a little. Uploads by time, place or while charging.",
            (Self::Foldersync, _) => "Sends any folders by a schedule, also of other apps.",
            (Self::Shortcut, _) => "No app to install; you build it once in the Shortcuts app.",
            (Self::Browser, _) => {
                "Nothing to install: you choose photos on a page and send them. Nothing happens by itself."
            }
            (Self::Webdav, _) => "rclone, a file manager, another phone\u{2019}s app.",
            (Self::Script, _) => "curl, with a token and one address for each photo.",
        }
    }

    /// Whether a code alone signs it in, so that nobody sees its password.
    pub(super) fn scans(self) -> bool {
        self == Self::Nextcloud
    }

    /// Whether it is the browser that the code is opened in: there is nothing to type.
    pub(super) fn is_browser(self) -> bool {
        self == Self::Browser
    }

    /// Whether it sends a token to one address, rather than speaking WebDAV.
    pub(super) fn has_token(self) -> bool {
        matches!(self, Self::Shortcut | Self::Script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_addresses_are_read_by() {
        for platform in Platform::ALL {
            let word = serde_json::Value::from(platform.word());
            assert_eq!(serde_json::from_value::<Platform>(word).unwrap(), platform);
            for program in platform.programs() {
                let word = serde_json::Value::from(program.word());
                assert_eq!(serde_json::from_value::<Program>(word).unwrap(), *program);
                assert_eq!(platform.with(*program).unwrap(), *program);
            }
        }
        assert!(Platform::Iphone.with(Program::Foldersync).is_err());
    }
}
