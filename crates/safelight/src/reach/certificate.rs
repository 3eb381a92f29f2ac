//! Which certificate the server shows: the owner's, if there is one that can be used, else an authority's, else
//! Safelight's own.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use anyhow::Context;
use safelight_core::{Clock, Entropy};
use safelight_engine::{
    Engine,
    reach::{Acme, CertificateFiles, PublicUrl, Reach},
};
use safelight_http::tls::{Identity, Issuer, Tls};

use super::{
    acme::{self, Answer, Authority, Issued, Order},
    own::{self, Own, Wanted},
};
use crate::network;

/// Keeps the server's certificate right, as often as it is asked to look.
pub(crate) struct Certificate {
    engine: Engine,
    data: PathBuf,
    tls: Tls,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    own: Own,
    authority: Authority,
    shown: Shown,
    trouble: Option<String>,
}

/// Whose certificate is shown.
#[derive(PartialEq, Eq)]
enum Shown {
    Own,
    /// The owner's files, as they were when they were read.
    Files(CertificateFiles, [Stamp; 2]),
    Issued(Issued),
}

impl Shown {
    fn files(&self) -> Option<(&CertificateFiles, &[Stamp; 2])> {
        match self {
            Self::Files(files, stamps) => Some((files, stamps)),
            Self::Own | Self::Issued(_) => None,
        }
    }
}

/// By which a file is known to have been changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
}

impl Certificate {
    /// Reads Safelight's own certificate, or makes it, and shows what there is to show.
    ///
    /// # Errors
    ///
    /// The own certificate can be neither read nor made, or what is known of an authority cannot be read. Trouble with the owner's files is said on the page.
    pub(crate) fn begin(
        engine: Engine,
        data: &Path,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        wanted: &Wanted,
    ) -> anyhow::Result<Self> {
        let own = match Own::read(data)? {
            Some(own) => own,
            None => {
                let own = Own::make(None, wanted, clock.now(), entropy.as_ref())?;
                write(&engine, &own)?;
                own
            }
        };
        let mut certificate = Self {
            engine,
            data: data.to_owned(),
            tls: Tls::default(),
            clock,
            entropy,
            own,
            authority: Authority::read(data)?,
            shown: Shown::Own,
            trouble: None,
        };
        certificate.show_own()?;
        certificate.look(wanted)?;
        // An earlier run may have said something that is put right now.
        let trouble = certificate.trouble.clone();
        certificate
            .engine
            .set_certificate_trouble(trouble.as_deref())?;
        Ok(certificate)
    }

    /// The handle that the server shows it by.
    pub(crate) fn tls(&self) -> Tls {
        self.tls.clone()
    }

    /// Looks whether anything has changed: the time, the machine's names, the owner's files.
    ///
    /// # Errors
    ///
    /// A new own certificate could not be made or kept, or the page not told; the one that is shown stays.
    pub(crate) fn look(&mut self, wanted: &Wanted) -> anyhow::Result<()> {
        let now = self.clock.now();
        if !self.own.is_good(wanted, now) {
            self.own = Own::make(Some(&self.own), wanted, now, self.entropy.as_ref())?;
            write(&self.engine, &self.own)?;
            tracing::info!(
                "Safelight made itself a new certificate; phones will ask whether to trust it"
            );
            if self.shown == Shown::Own {
                self.show_own()?;
            }
        }
        let reach = self.engine.reach();
        let trouble = match (&reach.certificate, &reach.acme) {
            (None, None) => {
                self.return_to_own()?;
                None
            }
            (Some(files), _) => self.show_owners(files)?,
            (None, Some(acme)) => self.show_issued(acme, reach.public_url.as_ref())?,
        };
        if trouble != self.trouble {
            match &trouble {
                Some(trouble) => tracing::error!("{trouble}"),
                None => tracing::info!("The certificate is all right again"),
            }
            self.engine.set_certificate_trouble(trouble.as_deref())?;
            self.trouble = trouble;
        }
        Ok(())
    }

    fn show_own(&self) -> anyhow::Result<()> {
        let identity = Identity::from_pem(
            Issuer::Safelight,
            self.own.certificate.as_bytes(),
            self.own.key.as_bytes(),
        )
        .with_context(|| {
            format!(
                "Safelight's own certificate in {} cannot be used; remove the file, and a new one is made",
                self.data.join(own::FILE).display()
            )
        })?;
        self.show(identity)
    }

    fn return_to_own(&mut self) -> anyhow::Result<()> {
        if self.shown != Shown::Own {
            self.show_own()?;
            self.shown = Shown::Own;
        }
        Ok(())
    }

    fn show(&self, identity: Identity) -> anyhow::Result<()> {
        self.engine.set_fingerprint(identity.fingerprint())?;
        self.tls.show(identity);
        Ok(())
    }

    /// Shows the owner's files if they were changed; answers what is wrong with them.
    ///
    /// Somebody else renews them, one after the other: a pair that does not fit is not shown, and is looked at again.
    fn show_owners(&mut self, files: &CertificateFiles) -> anyhow::Result<Option<String>> {
        match self.read_owners(files) {
            Ok(None) => {}
            Ok(Some((identity, stamps))) => {
                self.show(identity)?;
                self.shown = Shown::Files(files.clone(), stamps);
            }
            Err(error) => {
                let instead = if self.shown.files().is_some_and(|(shown, _)| shown == files) {
                    "the certificate that was read before stays in use"
                } else {
                    self.return_to_own()?;
                    "Safelight\u{2019}s own certificate is used instead"
                };
                return Ok(Some(format!(
                    "Your certificate cannot be used: {error:#}. Until that is put right, {instead}"
                )));
            }
        }
        let ended = self
            .tls
            .shown()
            .filter(|identity| identity.valid_until() < self.clock.now());
        Ok(ended.map(|identity| {
            format!(
                "Your certificate in {} ended on {}: phones and browsers refuse it. Renew it; Safelight sees the new file by itself",
                files.certificate.display(),
                identity.valid_until().strftime("%-d %B %Y"),
            )
        }))
    }

    /// The owner's certificate, unless it is the one that is shown already.
    fn read_owners(
        &self,
        files: &CertificateFiles,
    ) -> anyhow::Result<Option<(Identity, [Stamp; 2])>> {
        let stamps = [stamp(&files.certificate)?, stamp(&files.key)?];
        if self
            .shown
            .files()
            .is_some_and(|(shown, then)| shown == files && *then == stamps)
        {
            return Ok(None);
        }
        let (certificate, key) = files.read()?;
        let identity =
            Identity::from_pem(Issuer::Owner, &certificate, &key).with_context(|| {
                format!(
                    "{} and {}",
                    files.certificate.display(),
                    files.key.display()
                )
            })?;
        Ok(Some((identity, stamps)))
    }
}

/// A certificate from an authority.
impl Certificate {
    /// What is to be ordered from the authority now. It is written down before anybody asks.
    ///
    /// # Errors
    ///
    /// It could not be written down; then nothing is ordered.
    pub(crate) fn order(&mut self) -> anyhow::Result<Option<Order>> {
        let reach = self.engine.reach();
        let (None, Some(acme)) = (&reach.certificate, &reach.acme) else {
            return Ok(None);
        };
        let Ok(name) = Acme::name(reach.public_url.as_ref()) else {
            return Ok(None);
        };
        let (tls, now) = (self.tls(), self.clock.now());
        let Some(order) = self.authority.order(acme, name, tls, now) else {
            return Ok(None);
        };
        if let Err(error) = self.write_authority() {
            self.authority.take(None, now);
            return Err(error);
        }
        Ok(Some(order))
    }

    /// Takes what came of an order; nothing if a bug ended it.
    ///
    /// # Errors
    ///
    /// It could not be written down, and is fetched again after the next start.
    pub(crate) fn take(&mut self, answer: Option<Answer>) -> anyhow::Result<()> {
        self.authority.take(answer, self.clock.now());
        self.write_authority()
    }

    /// The settings were changed by a person: an authority that failed is asked again at once.
    pub(crate) fn ask_again(&mut self) {
        self.authority.ask_again();
    }

    fn show_issued(
        &mut self,
        acme: &Acme,
        public_url: Option<&PublicUrl>,
    ) -> anyhow::Result<Option<String>> {
        let name = match Acme::name(public_url) {
            Ok(name) => name,
            Err(error) => {
                self.return_to_own()?;
                return Ok(Some(error.to_string()));
            }
        };
        match self.authority.issued(name).cloned() {
            None => self.return_to_own()?,
            Some(issued) => {
                let identity = issued.identity()?;
                let issued = Shown::Issued(issued);
                if issued != self.shown {
                    self.show(identity)?;
                    self.shown = issued;
                }
            }
        }
        Ok(self.authority.trouble(acme, name, self.clock.now()))
    }

    fn write_authority(&self) -> anyhow::Result<()> {
        let json = serde_json::to_vec_pretty(&self.authority)?;
        Ok(self.engine.write_private(acme::FILE, &json)?)
    }
}

fn stamp(path: &Path) -> anyhow::Result<Stamp> {
    let metadata =
        fs::metadata(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    Ok(Stamp {
        size: metadata.len(),
        modified: metadata.modified().ok(),
    })
}

fn write(engine: &Engine, own: &Own) -> anyhow::Result<()> {
    Ok(engine.write_private(own::FILE, &serde_json::to_vec_pretty(own)?)?)
}

/// What a certificate of Safelight's own must be good for.
pub(crate) fn wanted(lan: Option<SocketAddr>, reach: &Reach) -> Wanted {
    let host = network::host_label();
    let mut needed = vec![network::local_name()];
    needed.extend(lan.map(|lan| lan.ip().to_string()));
    needed.extend(
        reach
            .public_url
            .as_ref()
            .map(PublicUrl::host)
            .map(str::to_owned),
    );
    let mut welcome = vec![host.clone(), format!("{host}.local")];
    welcome.extend(network::addresses().iter().map(ToString::to_string));
    Wanted {
        host,
        needed,
        welcome,
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, tz::TimeZone};
    use safelight_testkit::{FakeClock, SeededEntropy};
    use tempfile::TempDir;

    use super::*;

    /// A house without a server, and files of the owner's.
    struct House {
        certificate: Certificate,
        clock: Arc<FakeClock>,
        files: CertificateFiles,
        folder: TempDir,
    }

    fn wanted() -> Wanted {
        Wanted {
            host: "nas".to_owned(),
            needed: vec!["safelight-nas.local".to_owned()],
            welcome: Vec::new(),
        }
    }

    impl House {
        fn new() -> Self {
            let folder = TempDir::new().unwrap();
            let clock = Arc::new(FakeClock::default());
            let files = CertificateFiles {
                certificate: folder.path().join("fullchain.pem"),
                key: folder.path().join("privkey.pem"),
            };
            let certificate = begin(&folder, &clock);
            Self {
                certificate,
                clock,
                files,
                folder,
            }
        }

        fn again(self) -> Self {
            let Self {
                certificate,
                clock,
                files,
                folder,
            } = self;
            certificate.engine.shut_down().unwrap();
            drop(certificate);
            let certificate = begin(&folder, &clock);
            Self {
                certificate,
                clock,
                files,
                folder,
            }
        }

        fn look(&mut self) -> (Issuer, String) {
            self.certificate.look(&wanted()).unwrap();
            let shown = self.certificate.tls().shown().unwrap();
            assert_eq!(
                self.certificate.engine.fingerprint().unwrap().as_deref(),
                Some(shown.fingerprint())
            );
            (shown.issuer(), shown.fingerprint().to_owned())
        }

        fn use_files(&self, files: Option<CertificateFiles>) {
            let mut reach = self.certificate.engine.stored_reach();
            reach.certificate = files;
            self.certificate.engine.set_reach(reach).unwrap();
        }

        /// Writes a pair as an authority would give it; answers both PEMs.
        fn renew(&self, until: i32) -> (String, String) {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params =
                rcgen::CertificateParams::new(vec!["photos.example".to_owned()]).unwrap();
            params.not_after = rcgen::date_time_ymd(until, 1, 1);
            let pair = (params.self_signed(&key).unwrap().pem(), key.serialize_pem());
            self.write(&pair.0, &pair.1);
            pair
        }

        fn write(&self, certificate: &str, key: &str) {
            fs::write(&self.files.certificate, certificate).unwrap();
            fs::write(&self.files.key, key).unwrap();
        }

        fn problems(&self) -> Vec<String> {
            let problems = self.certificate.engine.status().unwrap().problems;
            problems
                .into_iter()
                .map(|problem| problem.message)
                .collect()
        }
    }

    fn begin(folder: &TempDir, clock: &Arc<FakeClock>) -> Certificate {
        let data = folder.path().join("data");
        let entropy = Arc::new(SeededEntropy::new(3));
        let engine = Engine::open(safelight_engine::Options {
            data_dir: data.clone(),
            library_dir: None,
            clock: Arc::<FakeClock>::clone(clock),
            entropy: Arc::<SeededEntropy>::clone(&entropy),
            zone: TimeZone::UTC,
            media_worker: None,
        })
        .unwrap();
        let clock = Arc::<FakeClock>::clone(clock);
        Certificate::begin(engine, &data, clock, entropy, &wanted()).unwrap()
    }

    #[test]
    fn our_own_is_kept_and_renewed_in_time() {
        let mut house = House::new();
        let first = house.look();
        assert_eq!(first.0, Issuer::Safelight);
        let mut house = house.again();
        assert_eq!(house.look(), first);
        house.clock.advance(SignedDuration::from_hours(24 * 370));
        let renewed = house.look();
        assert_ne!(renewed, first);
        assert_eq!(house.again().look(), renewed);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_key() {
        use std::os::unix::fs::PermissionsExt;
        let house = House::new();
        let path = house.folder.path().join("data").join(own::FILE);
        assert_eq!(
            fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn the_owners_files_are_read_again_when_they_change() {
        let mut house = House::new();
        let own = house.look();
        house.renew(2030);
        house.use_files(Some(house.files.clone()));
        let first = house.look();
        assert_eq!(first.0, Issuer::Owner);
        assert_eq!(house.look(), first);
        house.renew(2031);
        let second = house.look();
        assert_eq!(second.0, Issuer::Owner);
        assert_ne!(second, first);
        assert_eq!(house.problems(), Vec::<String>::new());
        house.use_files(None);
        assert_eq!(house.look(), own);
    }

    #[test]
    fn half_a_renewal_is_waited_for() {
        let mut house = House::new();
        house.renew(2030);
        house.use_files(Some(house.files.clone()));
        let first = house.look();
        let (_, old_key) = house.renew(2031);
        let (new_certificate, new_key) = house.renew(2032);
        house.write(&new_certificate, &old_key);
        assert_eq!(house.look(), first);
        let said = house.problems();
        assert!(said[0].contains("was read before stays in use"), "{said:?}");
        house.write(&new_certificate, &new_key);
        assert_ne!(house.look(), first);
        assert_eq!(house.problems(), Vec::<String>::new());
    }

    #[test]
    fn without_usable_files_there_is_still_our_own() {
        let mut house = House::new();
        let own = house.look();
        house.use_files(Some(house.files.clone()));
        assert_eq!(house.look(), own);
        let said = house.problems();
        assert!(
            said[0].contains("fullchain.pem") && said[0].contains("used instead"),
            "{said:?}"
        );
        house.write("nonsense", "nonsense");
        assert_eq!(house.look(), own);
        house.renew(2030);
        assert_eq!(house.look().0, Issuer::Owner);
        assert_eq!(house.problems(), Vec::<String>::new());
    }

    #[test]
    fn a_certificate_that_ended_is_said_on_the_first_page() {
        let mut house = House::new();
        house.renew(2025);
        house.use_files(Some(house.files.clone()));
        house.look();
        assert_eq!(house.problems(), Vec::<String>::new());
        house.clock.advance(SignedDuration::from_hours(24 * 365));
        assert_eq!(house.look().0, Issuer::Owner);
        let said = house.problems();
        assert!(said[0].contains("ended on 1 January 2025"), "{said:?}");
        house.renew(2030);
        house.look();
        assert_eq!(house.problems(), Vec::<String>::new());
    }
}
