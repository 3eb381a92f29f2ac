//! A certificate and its key, read from PEM and checked to belong together.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::{
    self, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};

use super::x509;

/// Who vouches for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// Safelight itself: a device asks its user once, who compares the fingerprint.
    Safelight,
    /// Whoever issued the owner's files.
    Owner,
    /// An authority that Safelight asked by ACME.
    Authority,
}

/// What the server proves itself with.
pub struct Identity {
    issuer: Issuer,
    config: Arc<ServerConfig>,
    fingerprint: String,
    key_pin: String,
    valid_from: Timestamp,
    valid_until: Timestamp,
}

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// There is no certificate in it.
    #[error("there is no certificate in PEM form in it")]
    NoCertificate,
    /// There is no key in it.
    #[error("there is no private key in PEM form in it, or it is protected by a password")]
    NoKey,
    /// The certificate is not one.
    #[error("the certificate cannot be understood")]
    NotUnderstood,
    /// They do not belong together, or the key is of a kind that is not supported.
    #[error("certificate and key cannot be used together: {0}")]
    Unusable(#[from] rustls::Error),
}

impl Identity {
    /// Reads the PEM of a certificate, with those that lead to its authority after it, and of its key.
    ///
    /// # Errors
    ///
    /// What is wrong with which of the two. A certificate that has ended is none: phones then say so.
    pub fn from_pem(issuer: Issuer, certificate: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let chain = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| IdentityError::NotUnderstood)?;
        let leaf = chain.first().ok_or(IdentityError::NoCertificate)?;
        let facts = x509::facts(leaf).ok_or(IdentityError::NotUnderstood)?;
        let fingerprint = colons(&Sha256::digest(leaf));
        let key_pin = base64::Engine::encode(
            &base64::prelude::BASE64_STANDARD,
            Sha256::digest(facts.public_key),
        );
        let (valid_from, valid_until) = (facts.valid_from, facts.valid_until);
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| IdentityError::NoKey)?;
        let pair = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())?;
        // HTTP/1.1 is all that is spoken.
        let config = config(pair, b"http/1.1")?;
        Ok(Self {
            issuer,
            config: Arc::new(config),
            fingerprint,
            key_pin,
            valid_from,
            valid_until,
        })
    }

    /// Who vouches for it.
    #[must_use]
    pub const fn issuer(&self) -> Issuer {
        self.issuer
    }

    /// The SHA-256 of the certificate, in hexadecimal with colons: what browsers and phones show when they ask whether
    /// to trust it. A renewed certificate has another one.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The SHA-256 of the public key as `curl --pinnedpubkey` takes it, without `sha256//` (RFC 7469, section 2.4).
    /// Safelight renews its own certificate with the same key, so this stays.
    #[must_use]
    pub fn key_pin(&self) -> &str {
        &self.key_pin
    }

    /// The beginning of its time.
    #[must_use]
    pub const fn valid_from(&self) -> Timestamp {
        self.valid_from
    }

    /// The end of its time.
    #[must_use]
    pub const fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

/// TLS 1.2 and 1.3, the library's ciphers, one certificate, one protocol in it.
pub(super) fn config(shown: CertifiedKey, protocol: &[u8]) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(config)
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("issuer", &self.issuer)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

fn colons(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (String, String) {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["nas.local".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let (certificate, key) = made();
        let (_, other_key) = made();
        let of = |certificate: &str, key: &str| {
            Identity::from_pem(Issuer::Owner, certificate.as_bytes(), key.as_bytes())
        };
        assert!(of(&certificate, &key).is_ok());
        assert!(matches!(
            of(&certificate, &other_key),
            Err(IdentityError::Unusable(_))
        ));
        assert!(matches!(of("", &key), Err(IdentityError::NoCertificate)));
        assert!(matches!(of(&key, &key), Err(IdentityError::NoCertificate)));
        assert!(matches!(of(&certificate, ""), Err(IdentityError::NoKey)));
        assert!(matches!(
            of(&certificate, &certificate),
            Err(IdentityError::NoKey)
        ));
        let cut = &certificate[..certificate.len() / 2];
        assert!(of(cut, &key).is_err());
    }

    #[test]
    fn a_fingerprint_looks_as_phones_show_it() {
        let (certificate, key) = made();
        let identity =
            Identity::from_pem(Issuer::Safelight, certificate.as_bytes(), key.as_bytes()).unwrap();
        assert_eq!(identity.fingerprint().len(), 32 * 3 - 1);
        assert!(
            identity
                .fingerprint()
                .split(':')
                .all(|pair| pair.len() == 2 && hex::decode(pair).is_ok())
        );
    }
}
