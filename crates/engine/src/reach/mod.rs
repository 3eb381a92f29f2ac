//! How the house is reached: what plain HTTP may do, under which public address, through which proxies, with whose
//! certificate, and whether the home network hears of it.
//!
//! Kept in `reach.json` of the data folder rather than in the catalogue: a catalogue that is made anew must not open
//! doors that the owner has closed.

mod acme;
mod network;
mod public_url;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use acme::{Acme, AcmeDirectory, AcmeEmail, AcmeError};
pub use network::{Network, NetworkError};
pub use public_url::{PublicUrl, PublicUrlError};

use crate::{error::EngineError, start::Engine};

/// The word for trouble with the certificate, as in `status --json`.
const CERTIFICATE: &str = "certificate";
/// The file of the data folder that holds it.
const FILE: &str = "reach.json";

/// What may be asked without encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlainHttp {
    /// Everything.
    #[default]
    Everything,
    /// Everything from this machine and from the home network; others are sent to HTTPS.
    HomeNetwork,
    /// Everything from this machine; all others are sent to HTTPS.
    RedirectOnly,
}

/// The owner's own certificate, in two PEM files that somebody else renews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFiles {
    /// The certificate, and those that lead to its authority, in this order.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl CertificateFiles {
    /// The bytes of both.
    ///
    /// # Errors
    ///
    /// Which one cannot be read.
    pub fn read(&self) -> Result<(Vec<u8>, Vec<u8>), EngineError> {
        Ok((read_pem(&self.certificate)?, read_pem(&self.key)?))
    }
}

/// A certificate with its whole chain has some 10 KiB; a path that leads to something else is not read into memory.
fn read_pem(path: &Path) -> Result<Vec<u8>, EngineError> {
    const LIMIT: u64 = 1 << 20;
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| io::Read::read_to_end(&mut io::Read::take(file, LIMIT), &mut bytes))
        .map_err(file_error(path))?;
    Ok(bytes)
}

fn file_error(path: &Path) -> impl Fn(io::Error) -> EngineError + '_ {
    move |source| EngineError::File {
        attempt: "Reading",
        path: path.display().to_string(),
        source,
    }
}

/// How the house is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reach {
    /// What may be asked without encryption.
    pub plain_http: PlainHttp,
    /// The address that phones use wherever they are; none at home only.
    pub public_url: Option<PublicUrl>,
    /// Reverse proxies whose word on the client's address is believed.
    pub trusted_proxies: Vec<Network>,
    /// The owner's certificate; none for the one that Safelight makes itself.
    pub certificate: Option<CertificateFiles>,
    /// The authority that is asked for a certificate where there is none of the owner's; none for no authority.
    pub acme: Option<Acme>,
    /// Whether the home network is told where Safelight is (mDNS).
    pub announced: bool,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            plain_http: PlainHttp::default(),
            public_url: None,
            trusted_proxies: Vec::new(),
            certificate: None,
            acme: None,
            announced: true,
        }
    }
}

impl Reach {
    /// Whether a reverse proxy at this address is believed.
    #[must_use]
    pub fn trusts(&self, proxy: std::net::IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(proxy))
    }
}

/// What was said where Safelight was started, and therefore stands while it runs, whatever the settings say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FixedReach {
    /// Instead of [`Reach::plain_http`].
    pub plain_http: Option<PlainHttp>,
    /// Instead of [`Reach::public_url`].
    pub public_url: Option<PublicUrl>,
    /// Instead of [`Reach::trusted_proxies`]; none says nothing.
    pub trusted_proxies: Vec<Network>,
    /// Instead of [`Reach::certificate`].
    pub certificate: Option<CertificateFiles>,
    /// Instead of [`Reach::acme`].
    pub acme: Option<Acme>,
    /// Instead of [`Reach::announced`].
    pub announced: Option<bool>,
}

impl FixedReach {
    /// Whether it was said at the start where the certificate comes from; then the settings have no say in it.
    #[must_use]
    pub const fn fixes_certificate(&self) -> bool {
        self.certificate.is_some() || self.acme.is_some()
    }

    fn over(&self, stored: &Reach) -> Reach {
        let (certificate, acme) = if self.fixes_certificate() {
            (self.certificate.clone(), self.acme.clone())
        } else {
            (stored.certificate.clone(), stored.acme.clone())
        };
        Reach {
            plain_http: self.plain_http.unwrap_or(stored.plain_http),
            public_url: self.public_url.clone().or(stored.public_url.clone()),
            trusted_proxies: if self.trusted_proxies.is_empty() {
                stored.trusted_proxies.clone()
            } else {
                self.trusted_proxies.clone()
            },
            certificate,
            acme,
            announced: self.announced.unwrap_or(stored.announced),
        }
    }
}

/// What is stored, what is fixed, and what comes of both.
pub(crate) struct Reaching {
    known: Mutex<(Reach, FixedReach)>,
    /// What is wrong with the certificate.
    trouble: Mutex<Option<String>>,
    now: watch::Sender<Arc<Reach>>,
}

impl Reaching {
    pub(crate) fn read(data_dir: &Path) -> Result<Self, EngineError> {
        let stored = read(&data_dir.join(FILE))?;
        Ok(Self {
            now: watch::Sender::new(Arc::new(stored.clone())),
            known: Mutex::new((stored, FixedReach::default())),
            trouble: Mutex::default(),
        })
    }

    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, (Reach, FixedReach)> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(
        &self,
        change: impl FnOnce(&mut Reach, &mut FixedReach) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut known = self.known();
        let (stored, fixed) = &mut *known;
        change(stored, fixed)?;
        self.now.send_replace(Arc::new(fixed.over(stored)));
        Ok(())
    }
}

fn read(path: &Path) -> Result<Reach, EngineError> {
    let json = match fs::read(path) {
        Ok(json) => json,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Reach::default()),
        Err(error) => return Err(file_error(path)(error)),
    };
    // Not taken for "nothing was set": that could open what the owner has closed.
    serde_json::from_slice(&json).map_err(|error| {
        EngineError::Invalid(format!(
            "{} is not what Safelight wrote: {error}. Put it right, or remove it to begin with the usual settings",
            path.display()
        ))
    })
}

impl Engine {
    /// How the house is reached now.
    #[must_use]
    pub fn reach(&self) -> Arc<Reach> {
        Arc::clone(&self.0.reaching.now.borrow())
    }

    /// As [`Self::reach`], and each change of it.
    #[must_use]
    pub fn watch_reach(&self) -> watch::Receiver<Arc<Reach>> {
        self.0.reaching.now.subscribe()
    }

    /// What was said at the start.
    #[must_use]
    pub fn fixed_reach(&self) -> FixedReach {
        self.0.reaching.known().1.clone()
    }

    /// The settings alone, as [`Self::set_reach`] takes them.
    #[must_use]
    pub fn stored_reach(&self) -> Reach {
        self.0.reaching.known().0.clone()
    }

    /// Says what stands as long as this engine is open.
    ///
    /// # Errors
    ///
    /// None that can happen; the form is that of every change.
    pub fn fix_reach(&self, fixed: FixedReach) -> Result<(), EngineError> {
        self.0.reaching.change(|_, known| {
            *known = fixed;
            Ok(())
        })
    }

    /// Says on the first page what is wrong with the certificate; none when nothing is.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be written.
    pub fn set_certificate_trouble(&self, trouble: Option<&str>) -> Result<(), EngineError> {
        match trouble {
            Some(trouble) => self.library().raise_problem(CERTIFICATE, "", trouble)?,
            None => self.library().clear_problems(CERTIFICATE)?,
        }
        *self.0.reaching.trouble() = trouble.map(str::to_owned);
        self.0.board.touch();
        Ok(())
    }

    /// What [`Self::set_certificate_trouble`] said last since this engine was opened.
    #[must_use]
    pub fn certificate_trouble(&self) -> Option<String> {
        self.0.reaching.trouble().clone()
    }

    /// Changes the settings, at once and for good.
    ///
    /// # Errors
    ///
    /// The settings cannot be written; then nothing is changed.
    pub fn set_reach(&self, reach: Reach) -> Result<(), EngineError> {
        self.0.reaching.change(|stored, _| {
            let json = serde_json::to_vec_pretty(&reach)
                .map_err(|error| EngineError::Bug(format!("settings as JSON: {error}")))?;
            self.write_private(FILE, &json)?;
            *stored = reach;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_at_the_start_stands_over_what_is_stored() {
        let stored = Reach {
            plain_http: PlainHttp::RedirectOnly,
            trusted_proxies: vec!["10.0.0.1".parse().unwrap()],
            ..Reach::default()
        };
        assert_eq!(FixedReach::default().over(&stored), stored);
        let fixed = FixedReach {
            plain_http: Some(PlainHttp::Everything),
            trusted_proxies: vec!["127.0.0.1".parse().unwrap()],
            announced: Some(false),
            ..FixedReach::default()
        };
        let now = fixed.over(&stored);
        assert_eq!(now.plain_http, PlainHttp::Everything);
        assert!(
            now.trusts("127.0.0.1".parse().unwrap()) && !now.trusts("10.0.0.1".parse().unwrap())
        );
        assert!(!now.announced);
        // Where the certificate comes from is one choice, made in one place.
        let stored = Reach {
            acme: Some(Acme::default()),
            ..Reach::default()
        };
        let files = CertificateFiles {
            certificate: "/cert.pem".into(),
            key: "/key.pem".into(),
        };
        let fixed = FixedReach {
            certificate: Some(files.clone()),
            ..FixedReach::default()
        };
        let now = fixed.over(&stored);
        assert_eq!((now.certificate, now.acme), (Some(files), None));
    }

    #[test]
    fn settings_that_cannot_be_read_do_not_open_what_was_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert_eq!(read(&path).unwrap(), Reach::default());
        fs::write(&path, "{\"plain_http\":\"redirect-only\"}").unwrap();
        assert_eq!(read(&path).unwrap().plain_http, PlainHttp::RedirectOnly);
        fs::write(&path, "{\"plain_http\":\"red").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("reach.json"));
    }
}
