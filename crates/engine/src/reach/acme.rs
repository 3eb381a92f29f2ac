//! A certificate from an authority that speaks ACME (RFC 8555): which authority, and whom it may write to.

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

use super::PublicUrl;

/// That a certificate is to be fetched for the name of the public address. That there is one of these says that the owner
/// has agreed to the authority's terms of service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Acme {
    /// Where the authority is asked.
    pub directory: AcmeDirectory,
    /// Where it may write to about the certificate; none for nowhere.
    pub email: Option<AcmeEmail>,
    /// A PEM file with the certificate that vouches for the directory itself; none for those that the system trusts.
    pub trust: Option<PathBuf>,
}

/// The address of an authority's directory (RFC 8555, section 7.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AcmeDirectory(String);

/// An address for mail, as an authority takes it (RFC 8555, section 7.3: one address, nothing added).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AcmeEmail(String);

/// What cannot be used to get a certificate.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// It is no address of a directory.
    #[error(
        "The authority's directory {0:?} must be a whole address that begins with https://, as the authority publishes it"
    )]
    Directory(String),
    /// It is no e-mail address.
    #[error("The e-mail address {0:?} must be one address such as anna@example.org")]
    Email(String),
    /// There is no name that an authority could vouch for.
    #[error(
        "A certificate from an authority is for a name that leads here from everywhere. Set the address from everywhere to one such as https://photos.example.org first"
    )]
    Name,
}

impl Acme {
    /// The name that a certificate is fetched for.
    ///
    /// # Errors
    ///
    /// There is no public address, it is not encrypted, or its name is none that the whole world could look up.
    pub fn name(public_url: Option<&PublicUrl>) -> Result<&str, AcmeError> {
        public_url
            .filter(|url| url.is_https())
            .map(PublicUrl::host)
            .filter(|host| {
                host.rsplit_once('.')
                    .is_some_and(|(_, last)| !last.bytes().all(|byte| byte.is_ascii_digit()))
                    && !host.ends_with(".local")
            })
            .ok_or(AcmeError::Name)
    }
}

impl Default for AcmeDirectory {
    /// Let's Encrypt.
    fn default() -> Self {
        Self("https://acme-v02.api.letsencrypt.org/directory".to_owned())
    }
}

impl AcmeDirectory {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AcmeDirectory {
    type Err = AcmeError;

    fn from_str(text: &str) -> Result<Self, AcmeError> {
        const LONGEST: usize = 1024;
        let text = text.trim();
        let is_whole = text.strip_prefix("https://").is_some_and(|rest| {
            !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']) && !rest.contains('@')
        });
        if is_whole && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(AcmeError::Directory(text.to_owned()))
        }
    }
}

impl FromStr for AcmeEmail {
    type Err = AcmeError;

    fn from_str(text: &str) -> Result<Self, AcmeError> {
        const LONGEST: usize = 254;
        let text = text.trim();
        let is_one = text.len() <= LONGEST
            && text.split('@').count() == 2
            && text.split('@').all(|part| !part.is_empty())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b",;:?&<>\"%".contains(&byte));
        if is_one {
            Ok(Self(text.to_owned()))
        } else {
            Err(AcmeError::Email(text.to_owned()))
        }
    }
}

impl TryFrom<String> for AcmeDirectory {
    type Error = AcmeError;

    fn try_from(text: String) -> Result<Self, AcmeError> {
        text.parse()
    }
}

impl TryFrom<String> for AcmeEmail {
    type Error = AcmeError;

    fn try_from(text: String) -> Result<Self, AcmeError> {
        text.parse()
    }
}

impl From<AcmeDirectory> for String {
    fn from(directory: AcmeDirectory) -> Self {
        directory.0
    }
}

impl From<AcmeEmail> for String {
    fn from(email: AcmeEmail) -> Self {
        email.0
    }
}

impl fmt::Display for AcmeDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for AcmeEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_vouches_for_names_of_the_whole_world_only() {
        let name = |url: &str| {
            let url: PublicUrl = url.parse().unwrap();
            Acme::name(Some(&url)).ok().map(str::to_owned)
        };
        for url in [
            "https://photos.example.org",
            "https://photos.example.org:8443",
        ] {
            assert_eq!(name(url).as_deref(), Some("photos.example.org"));
        }
        for url in [
            "http://photos.example.org",
            "https://nas",
            "https://nas.local",
            "https://203.0.113.9",
            "https://[2001:db8::1]",
        ] {
            assert_eq!(name(url), None, "{url}");
        }
        assert!(Acme::name(None).is_err());
    }

    #[test]
    fn what_an_authority_could_not_take_is_refused() {
        assert!(
            "https://ca.home.example:9000/acme/acme/directory"
                .parse::<AcmeDirectory>()
                .is_ok()
        );
        for typed in [
            "",
            "http://ca.example/directory",
            "https://",
            "https:///directory",
            "https://anna:secret@ca.example/",
            "https://ca.example/a b",
        ] {
            assert!(typed.parse::<AcmeDirectory>().is_err(), "{typed}");
        }
        assert_eq!(
            " anna@example.org "
                .parse::<AcmeEmail>()
                .unwrap()
                .to_string(),
            "anna@example.org"
        );
        for typed in [
            "",
            "anna",
            "@example.org",
            "anna@",
            "anna@example.org,otto@example.org",
            "anna@example.org?subject=x",
            "an na@example.org",
        ] {
            assert!(typed.parse::<AcmeEmail>().is_err(), "{typed}");
        }
    }
}
