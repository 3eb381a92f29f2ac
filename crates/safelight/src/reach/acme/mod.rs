//! A certificate from an authority that speaks ACME (RFC 8555): kept, renewed in time, and asked for again after a
//! failure, but never often.

mod order;

use std::path::Path;

use anyhow::Context;
use jiff::SignedDuration;
use safelight_core::Timestamp;
use safelight_engine::reach::{Acme, AcmeDirectory, AcmeEmail};
use safelight_http::tls::{Identity, Issuer, Tls};
use serde::{Deserialize, Serialize};

pub(crate) use order::{Answer, Order};

/// The file of the data folder, readable by its owner only.
pub(crate) const FILE: &str = "acme.json";

/// The pause after the first failure. It doubles with each one more: authorities allow some five failures an hour.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(15);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);

/// What is known of the authority, as it is kept.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Authority {
    account: Option<Account>,
    issued: Option<Issued>,
    tries: Option<Tries>,
    /// Whether an order is under way.
    #[serde(skip)]
    is_asked: bool,
}

/// Who Safelight is to an authority.
#[derive(Clone, Serialize, Deserialize)]
struct Account {
    directory: AcmeDirectory,
    email: Option<AcmeEmail>,
    /// `instant_acme::AccountCredentials`: its address and its private key.
    credentials: serde_json::Value,
}

/// A certificate that was got.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Issued {
    directory: AcmeDirectory,
    name: String,
    /// PEM, with the certificates that lead to the authority.
    certificate: String,
    /// PEM of a PKCS #8 private key.
    key: String,
    /// Seconds since 1970.
    from: i64,
    until: i64,
}

/// Tries without success since the last one with it. Written down before each, so that a server that ends in the middle of
/// one, again and again, asks no oftener than one that fails.
#[derive(Serialize, Deserialize)]
struct Tries {
    directory: AcmeDirectory,
    name: String,
    count: u32,
    /// The last one, in seconds since 1970.
    at: i64,
    /// Why it failed.
    reason: String,
}

impl Authority {
    /// The one in the data folder; nothing before the first order.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not one.
    pub(crate) fn read(data: &Path) -> anyhow::Result<Self> {
        let path = data.join(FILE);
        let json = match std::fs::read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(error).with_context(|| format!("Reading {} failed", path.display()));
            }
        };
        serde_json::from_slice(&json).with_context(|| {
            format!(
                "{} is not what Safelight wrote; remove it, and a new certificate is fetched",
                path.display()
            )
        })
    }

    /// The certificate for a name.
    pub(crate) fn issued(&self, name: &str) -> Option<&Issued> {
        self.issued.as_ref().filter(|issued| issued.name == name)
    }

    /// What to order now, which then counts as tried; nothing while the certificate is good, while an order is under way,
    /// or soon after a failure.
    pub(crate) fn order(
        &mut self,
        acme: &Acme,
        name: &str,
        tls: Tls,
        now: Timestamp,
    ) -> Option<Order> {
        let is_good = self
            .issued(name)
            .is_some_and(|issued| issued.directory == acme.directory && issued.is_good(now));
        let is_too_soon = self
            .tries(acme, name)
            .is_some_and(|tries| (tries.at..tries.next().as_second()).contains(&now.as_second()));
        if is_good || is_too_soon || self.is_asked {
            return None;
        }
        self.tries = Some(Tries {
            directory: acme.directory.clone(),
            name: name.to_owned(),
            count: self
                .tries(acme, name)
                .map_or(1, |tries| tries.count.saturating_add(1)),
            at: now.as_second(),
            reason: "Safelight ended before the authority had answered".to_owned(),
        });
        self.is_asked = true;
        let account = self
            .account
            .clone()
            .filter(|account| account.directory == acme.directory);
        Some(Order::new(acme.clone(), name.to_owned(), account, tls))
    }

    /// Takes down how the order ended; without an answer, by a bug.
    pub(crate) fn take(&mut self, answer: Option<Answer>, now: Timestamp) {
        self.is_asked = false;
        let Some(answer) = answer else { return };
        let Answer {
            directory,
            name,
            account,
            outcome,
        } = answer;
        self.account = account;
        match outcome {
            Ok(issued) => {
                tracing::info!(
                    "{directory} has issued a certificate for {name}, good until {}",
                    day(issued.until)
                );
                self.issued = Some(issued);
                self.tries = None;
            }
            Err(error) => {
                let count = self
                    .tries
                    .as_ref()
                    .filter(|tries| tries.directory == directory && tries.name == name)
                    .map_or(1, |tries| tries.count);
                self.tries = Some(Tries {
                    directory,
                    name,
                    count,
                    at: now.as_second(),
                    reason: plain(&format!("{error:#}")),
                });
            }
        }
    }

    /// A person has looked at the settings: the next order need not wait.
    pub(crate) fn ask_again(&mut self) {
        self.tries = None;
    }

    /// What is wrong, what is used meanwhile, and when it is tried again.
    pub(crate) fn trouble(&self, acme: &Acme, name: &str, now: Timestamp) -> Option<String> {
        let tries = self.tries(acme, name).filter(|_| !self.is_asked)?;
        let meanwhile = match self.issued(name) {
            None => "Safelight\u{2019}s own certificate is used meanwhile".to_owned(),
            Some(issued) if now.as_second() < issued.until => {
                format!("The one that ends on {} stays in use", day(issued.until))
            }
            Some(issued) => format!(
                "The one in use ended on {}: phones and browsers refuse it",
                day(issued.until)
            ),
        };
        Some(format!(
            "No certificate for {name} could be got from {}: {}. {meanwhile}. Safelight tries again on {}, or when you save the settings of its addresses again",
            acme.directory,
            tries.reason.trim_end_matches('.'),
            tries.next().strftime("%-d %B %Y at %H:%M UTC"),
        ))
    }

    fn tries(&self, acme: &Acme, name: &str) -> Option<&Tries> {
        self.tries
            .as_ref()
            .filter(|tries| tries.directory == acme.directory && tries.name == name)
    }
}

impl Issued {
    fn new(
        directory: AcmeDirectory,
        name: String,
        certificate: String,
        key: String,
    ) -> anyhow::Result<Self> {
        let identity =
            Identity::from_pem(Issuer::Authority, certificate.as_bytes(), key.as_bytes())
                .context("What the authority sent cannot be used")?;
        Ok(Self {
            directory,
            name,
            from: identity.valid_from().as_second(),
            until: identity.valid_until().as_second(),
            certificate,
            key,
        })
    }

    /// For the server to show.
    ///
    /// # Errors
    ///
    /// It was changed since it was got.
    pub(crate) fn identity(&self) -> anyhow::Result<Identity> {
        Identity::from_pem(
            Issuer::Authority,
            self.certificate.as_bytes(),
            self.key.as_bytes(),
        )
        .with_context(|| format!("The certificate in {FILE} cannot be used; remove the file, and a new one is fetched"))
    }

    /// Whether more than a third of its time is left, whatever that is: 90 days, or six.
    fn is_good(&self, now: Timestamp) -> bool {
        let life = self.until.saturating_sub(self.from);
        now.as_second() < self.until.saturating_sub(life / 3)
    }
}

impl Tries {
    /// When it may be tried again.
    fn next(&self) -> Timestamp {
        let doublings = self.count.saturating_sub(1).min(10);
        let pause = FIRST_PAUSE
            .saturating_mul(1 << doublings)
            .min(LONGEST_PAUSE);
        Timestamp::from_second(self.at.saturating_add(pause.as_secs())).unwrap_or(Timestamp::MAX)
    }
}

fn day(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .unwrap_or(Timestamp::MAX)
        .strftime("%-d %B %Y")
        .to_string()
}

/// A stranger's words, of a length that a page and a log can hold.
fn plain(text: &str) -> String {
    const LONGEST: usize = 600;
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);
    const NAME: &str = "photos.example.org";

    fn hours(hours: i64) -> Timestamp {
        NOW + SignedDuration::from_hours(hours)
    }

    fn issued(life: i64) -> Issued {
        Issued {
            directory: AcmeDirectory::default(),
            name: NAME.to_owned(),
            certificate: String::new(),
            key: String::new(),
            from: NOW.as_second(),
            until: NOW.as_second() + life,
        }
    }

    /// Orders, and takes down the answer.
    fn ask(authority: &mut Authority, now: Timestamp, outcome: anyhow::Result<Issued>) {
        assert!(orders(authority, NAME, now));
        authority.take(
            Some(Answer {
                directory: AcmeDirectory::default(),
                name: NAME.to_owned(),
                account: None,
                outcome,
            }),
            now,
        );
    }

    fn no() -> anyhow::Result<Issued> {
        Err(anyhow::anyhow!("Connection\nrefused."))
    }

    fn orders(authority: &mut Authority, name: &str, now: Timestamp) -> bool {
        authority
            .order(&Acme::default(), name, Tls::default(), now)
            .is_some()
    }

    #[test]
    fn it_is_renewed_when_a_third_of_its_time_is_left() {
        for days in [90_i64, 6] {
            let mut authority = Authority::default();
            ask(&mut authority, NOW, Ok(issued(days * 24 * 60 * 60)));
            assert!(!orders(&mut authority, NAME, NOW));
            assert!(!orders(&mut authority, NAME, hours(days * 16 - 1)));
            assert!(orders(&mut authority, NAME, hours(days * 16)));
            // One order at a time.
            assert!(!orders(&mut authority, NAME, hours(days * 30)));
        }
    }

    #[test]
    fn another_name_or_authority_needs_another_certificate() {
        let mut authority = Authority::default();
        ask(&mut authority, NOW, Ok(issued(1_000_000)));
        let other = Acme {
            directory: "https://ca.example/directory".parse().unwrap(),
            ..Acme::default()
        };
        assert!(authority.order(&other, NAME, Tls::default(), NOW).is_some());
        // What is there stays in use until the other authority has answered.
        assert!(authority.issued(NAME).is_some());
        authority.take(None, NOW);
        assert!(authority.issued("a.example").is_none());
        assert!(orders(&mut authority, "a.example", NOW));
    }

    #[test]
    fn failures_are_ever_rarer_and_at_least_daily() {
        let mut authority = Authority::default();
        let mut now = NOW;
        let mut pauses = Vec::new();
        for _ in 0..10 {
            ask(&mut authority, now, no());
            let next = authority.tries.as_ref().unwrap().next();
            assert!(!orders(&mut authority, NAME, now));
            assert!(!orders(
                &mut authority,
                NAME,
                next - SignedDuration::from_secs(1)
            ));
            pauses.push(next.duration_since(now).as_mins());
            now = next;
        }
        assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440]);
        authority.ask_again();
        ask(&mut authority, now, Ok(issued(1_000_000)));
        assert!(authority.trouble(&Acme::default(), NAME, now).is_none());
    }

    #[test]
    fn who_never_hears_the_answer_asks_no_oftener() {
        let mut authority = Authority::default();
        assert!(orders(&mut authority, NAME, NOW));
        assert!(authority.trouble(&Acme::default(), NAME, NOW).is_none());
        // The server is killed and started again.
        let kept = serde_json::to_vec(&authority).unwrap();
        let mut authority: Authority = serde_json::from_slice(&kept).unwrap();
        assert!(!orders(&mut authority, NAME, NOW));
        assert!(authority.trouble(&Acme::default(), NAME, NOW).is_some());
        assert!(orders(&mut authority, NAME, hours(1)));
    }

    #[test]
    fn a_clock_that_ran_ahead_holds_nothing_up() {
        let mut authority = Authority::default();
        ask(&mut authority, hours(24 * 365), no());
        assert!(orders(&mut authority, NAME, NOW));
    }

    #[test]
    fn trouble_says_what_is_used_meanwhile() {
        let mut authority = Authority::default();
        let said =
            |authority: &Authority, now| authority.trouble(&Acme::default(), NAME, now).unwrap();
        ask(&mut authority, NOW, no());
        let without = said(&authority, NOW);
        assert!(
            without.contains("Connection refused. Safelight\u{2019}s own"),
            "{without}"
        );
        ask(&mut authority, hours(1), Ok(issued(10_000)));
        ask(&mut authority, hours(2), no());
        assert!(said(&authority, hours(2)).contains("stays in use"));
        assert!(said(&authority, hours(3)).contains("ended on"));
    }

    #[test]
    fn what_is_no_file_of_ours_is_said() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Authority::read(folder.path()).unwrap().issued.is_none());
        std::fs::write(folder.path().join(FILE), "{\"issued\":").unwrap();
        let error = Authority::read(folder.path()).err().unwrap().to_string();
        assert!(error.contains(FILE), "{error}");
    }
}
