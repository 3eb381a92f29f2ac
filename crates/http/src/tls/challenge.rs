//! The proof to an authority that a name leads to this server: TLS-ALPN-01 (RFC 8737).
//!
//! The authority connects to port 443 of the name, asks for the protocol `acme-tls/1`, and is shown a certificate that
//! only the holder of the account can have made. It needs no other port than the one that phones use, and no plain HTTP.

use std::{fmt, sync::Arc};

use tokio_rustls::rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::ClientHello,
    sign::CertifiedKey,
};

use super::{IdentityError, Tls, identity};

/// RFC 8737, section 6.2.
const PROTOCOL: &[u8] = b"acme-tls/1";

/// What is shown to the authority.
pub struct Challenge {
    name: String,
    config: Arc<ServerConfig>,
}

impl Challenge {
    /// For a name, the PEM of the certificate that the authority expects (RFC 8737, section 3), and of its key.
    ///
    /// # Errors
    ///
    /// What is wrong with which of the two.
    pub fn from_pem(name: &str, certificate: &[u8], key: &[u8]) -> Result<Self, IdentityError> {
        let certificate = CertificateDer::from_pem_slice(certificate)
            .map_err(|_| IdentityError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| IdentityError::NoKey)?;
        // Not checked to belong together, as an identity is: the check refuses every certificate that says it is a proof.
        let key = aws_lc_rs::default_provider()
            .key_provider
            .load_private_key(key)?;
        let pair = CertifiedKey::new(vec![certificate], key);
        Ok(Self {
            name: name.to_owned(),
            config: Arc::new(identity::config(pair, PROTOCOL)?),
        })
    }

    /// Whether it is this that somebody who connects wants to see.
    pub(super) fn is_asked_by(&self, hello: &ClientHello<'_>) -> bool {
        hello
            .server_name()
            .is_some_and(|name| name.eq_ignore_ascii_case(&self.name))
            && hello
                .alpn()
                .is_some_and(|mut protocols| protocols.any(|protocol| protocol == PROTOCOL))
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A challenge that is being answered, as long as this lives.
#[derive(Debug)]
pub struct Proving {
    tls: Tls,
    challenge: Arc<Challenge>,
}

impl Proving {
    pub(super) const fn new(tls: Tls, challenge: Arc<Challenge>) -> Self {
        Self { tls, challenge }
    }
}

impl Drop for Proving {
    fn drop(&mut self) {
        self.tls.end(&self.challenge);
    }
}
