//! Safelight's own certificate: made at the first start, renewed before it ends, always with the same key.
//!
//! It vouches for itself, so each phone asks its user once whether to trust it, and shows the SHA-256 of the certificate
//! to compare. A renewed certificate has another one, and phones ask again; hence it is made anew only when it must be.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::Path,
    time::SystemTime,
};

use anyhow::Context;
use jiff::SignedDuration;
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SanType,
    SerialNumber,
};
use safelight_core::{Entropy, Timestamp};
use serde::{Deserialize, Serialize};

/// The file of the data folder, readable by its owner only.
pub(crate) const FILE: &str = "certificate.json";

/// 397 days in all, one of them past: the longest that every phone takes (iOS ends at 825 days, and at 398 for public
/// authorities), for clocks that are somewhat slow.
const PAST: SignedDuration = SignedDuration::from_hours(24);
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 396);
/// It is renewed when less than this is left.
const RENEWED_BEFORE_END: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Names and addresses of earlier are kept up to this number, so that a machine that comes back to an earlier network
/// needs no new certificate.
const MOST_NAMES: usize = 32;

/// What a certificate must be good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// This machine's name.
    pub(crate) host: String,
    /// Without these it has to be made anew: the names and addresses that phones are told.
    pub(crate) needed: Vec<String>,
    /// Taken along when it is made.
    pub(crate) welcome: Vec<String>,
}

/// The certificate and its key, as they are kept.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Own {
    /// PEM.
    pub(crate) certificate: String,
    /// PEM of a PKCS #8 private key.
    pub(crate) key: String,
    names: Vec<String>,
    /// Seconds since 1970.
    from: i64,
    until: i64,
}

impl Own {
    /// The one in the data folder; none before the first start.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not one.
    pub(crate) fn read(data: &Path) -> anyhow::Result<Option<Self>> {
        let path = data.join(FILE);
        let json = match std::fs::read(&path) {
            Ok(json) => json,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("Reading {} failed", path.display()));
            }
        };
        serde_json::from_slice(&json).map(Some).with_context(|| {
            format!(
                "{} is not what Safelight wrote; remove it, and a new certificate is made, which phones ask about again",
                path.display()
            )
        })
    }

    /// Makes one; with the key of the earlier one, so that who remembers the key sees that nothing has changed.
    ///
    /// # Errors
    ///
    /// The earlier key is none any more.
    pub(crate) fn make(
        earlier: Option<&Self>,
        wanted: &Wanted,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> anyhow::Result<Self> {
        let key = match earlier {
            Some(earlier) => KeyPair::from_pem(&earlier.key)
                .with_context(|| format!("The private key in {FILE} cannot be used"))?,
            None => KeyPair::generate().context("No private key could be made")?,
        };
        let names = names(wanted, earlier);
        let (from, until) = (now.checked_sub(PAST)?, now.checked_add(AHEAD)?);
        let mut params = CertificateParams::default();
        params.subject_alt_names = names
            .iter()
            .map(|name| alternative_name(name))
            .collect::<anyhow::Result<_>>()?;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, format!("Safelight on {}", wanted.host));
        params.not_before = SystemTime::from(from).into();
        params.not_after = SystemTime::from(until).into();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Browsers refuse two certificates of one issuer with one number.
        let mut number = [0; 16];
        entropy.fill(&mut number);
        number[0] = number[0] & 0x7F | 0x40;
        params.serial_number = Some(SerialNumber::from_slice(&number));
        let certificate = params
            .self_signed(&key)
            .context("No certificate could be made")?;
        Ok(Self {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
            names,
            from: from.as_second(),
            until: until.as_second(),
        })
    }

    /// Whether it still does: it lasts for a while, and has every name and address that phones are told.
    pub(crate) fn is_good(&self, wanted: &Wanted, now: Timestamp) -> bool {
        let soon = now.as_second().saturating_add(RENEWED_BEFORE_END.as_secs());
        // Made by a clock that ran ahead, it would not be valid yet.
        self.from <= now.as_second()
            && soon < self.until
            && wanted.needed.iter().all(|name| self.names.contains(name))
    }
}

/// What is needed, what is welcome, and what was there before, each once.
fn names(wanted: &Wanted, earlier: Option<&Own>) -> Vec<String> {
    let here = [
        "localhost".to_owned(),
        Ipv4Addr::LOCALHOST.to_string(),
        Ipv6Addr::LOCALHOST.to_string(),
    ];
    let before = earlier.map(|own| own.names.as_slice()).unwrap_or_default();
    let mut seen = BTreeSet::new();
    wanted
        .needed
        .iter()
        .chain(&here)
        .chain(&wanted.welcome)
        .chain(before)
        .filter(|name| seen.insert(name.as_str()))
        .take(MOST_NAMES)
        .cloned()
        .collect()
}

fn alternative_name(name: &str) -> anyhow::Result<SanType> {
    Ok(match name.parse::<IpAddr>() {
        Ok(address) => SanType::IpAddress(address),
        Err(_) => SanType::DnsName(
            name.try_into()
                .with_context(|| format!("{name:?} is no name for a certificate"))?,
        ),
    })
}

#[cfg(test)]
mod tests {
    use safelight_http::tls::{Identity, Issuer};
    use safelight_testkit::SeededEntropy;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_795_000_000, 0);

    fn wanted(needed: &[&str]) -> Wanted {
        Wanted {
            host: "nas".to_owned(),
            needed: needed.iter().map(|&name| name.to_owned()).collect(),
            welcome: vec!["10.0.0.9".to_owned()],
        }
    }

    fn identity(own: &Own) -> Identity {
        Identity::from_pem(
            Issuer::Safelight,
            own.certificate.as_bytes(),
            own.key.as_bytes(),
        )
        .unwrap()
    }

    fn made(earlier: Option<&Own>, wanted: &Wanted, now: Timestamp) -> Own {
        Own::make(earlier, wanted, now, &SeededEntropy::new(1)).unwrap()
    }

    #[test]
    fn it_lasts_as_long_as_phones_accept() {
        let own = made(None, &wanted(&["nas.local", "192.168.1.5"]), NOW);
        assert_eq!(own.until - own.from, 397 * 24 * 60 * 60);
        assert_eq!(identity(&own).valid_until().as_second(), own.until);
    }

    #[test]
    fn a_renewed_one_has_the_same_key_and_another_fingerprint() {
        let wanted = wanted(&["nas.local"]);
        let own = made(None, &wanted, NOW);
        let later = NOW + SignedDuration::from_hours(24 * 365);
        assert!(own.is_good(&wanted, later));
        let soon = NOW + SignedDuration::from_hours(24 * 367);
        assert!(!own.is_good(&wanted, soon));
        let renewed = made(Some(&own), &wanted, soon);
        assert!(renewed.is_good(&wanted, soon));
        let (before, after) = (identity(&own), identity(&renewed));
        assert_eq!(before.key_pin(), after.key_pin());
        assert_ne!(before.fingerprint(), after.fingerprint());
    }

    #[test]
    fn only_what_phones_are_told_makes_a_new_one_necessary() {
        let own = made(None, &wanted(&["nas.local", "192.168.1.5"]), NOW);
        assert!(own.is_good(&wanted(&["192.168.1.5"]), NOW));
        let mut more = wanted(&["192.168.1.5"]);
        more.welcome.push("172.20.0.1".to_owned());
        assert!(own.is_good(&more, NOW));
        let moved = wanted(&["nas.local", "192.168.2.7"]);
        assert!(!own.is_good(&moved, NOW));
        // And back again: no phone has to be asked once more.
        let there = made(Some(&own), &moved, NOW);
        assert!(there.is_good(&moved, NOW));
        assert!(there.is_good(&wanted(&["nas.local", "192.168.1.5"]), NOW));
    }

    #[test]
    fn a_clock_that_ran_ahead_is_no_reason_to_be_refused() {
        let wanted = wanted(&["nas.local"]);
        let own = made(None, &wanted, NOW + SignedDuration::from_hours(24 * 90));
        assert!(!own.is_good(&wanted, NOW));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let unusable = wanted(&["n\u{e4}s.local"]);
        assert!(Own::make(None, &unusable, NOW, &SeededEntropy::new(1)).is_err());
    }
}
