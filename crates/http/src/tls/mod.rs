//! TLS on our port: which certificate is shown, exchangeable while the server runs.
//!
//! | what | module |
//! |---|---|
//! | a certificate and its key, read and checked | `identity` |
//! | the proof to an authority that a name leads here | `challenge` |
//! | what is said in a certificate, as far as it is needed | `x509` |
//! | many small records as few large pieces | `gather` |

mod challenge;
mod gather;
mod identity;
mod x509;

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use tokio_rustls::rustls::{ServerConfig, server::ClientHello};

pub use challenge::{Challenge, Proving};
pub(crate) use gather::Gather;
pub use identity::{Identity, IdentityError, Issuer};

/// The certificate that is shown to those who connect. A clone is another handle to the same one.
#[derive(Clone, Default)]
pub struct Tls(Arc<RwLock<Faces>>);

#[derive(Default)]
struct Faces {
    shown: Option<Arc<Identity>>,
    /// Shown instead to the authority that asks for it.
    challenge: Option<Arc<Challenge>>,
}

/// With what a connection's handshake is answered.
pub(crate) enum Face {
    /// With the certificate that is shown; then HTTP is spoken.
    Shown(Arc<ServerConfig>),
    /// With a proof to an authority, which is all that it came for.
    Proof(Arc<ServerConfig>),
}

impl Tls {
    /// Shows a certificate from the next connection on; those that are open go on.
    pub fn show(&self, identity: Identity) {
        self.faces_mut().shown = Some(Arc::new(identity));
    }

    /// The one that is shown now; none before the first, when nobody can connect with TLS.
    #[must_use]
    pub fn shown(&self) -> Option<Arc<Identity>> {
        self.faces().shown.clone()
    }

    /// Answers an authority's challenge until the answer is dropped. There is one challenge at a time: a new one takes
    /// the place of the one before.
    #[must_use]
    pub fn prove(&self, challenge: Challenge) -> Proving {
        let challenge = Arc::new(challenge);
        self.faces_mut().challenge = Some(Arc::clone(&challenge));
        Proving::new(self.clone(), challenge)
    }

    fn end(&self, challenge: &Arc<Challenge>) {
        let mut faces = self.faces_mut();
        if faces
            .challenge
            .as_ref()
            .is_some_and(|now| Arc::ptr_eq(now, challenge))
        {
            faces.challenge = None;
        }
    }

    /// How to answer who begins like this; not at all before the first certificate.
    pub(crate) fn face(&self, hello: &ClientHello<'_>) -> Option<Face> {
        let faces = self.faces();
        match &faces.challenge {
            Some(challenge) if challenge.is_asked_by(hello) => {
                Some(Face::Proof(challenge.config()))
            }
            _ => faces
                .shown
                .as_ref()
                .map(|identity| Face::Shown(identity.config())),
        }
    }

    fn faces(&self) -> RwLockReadGuard<'_, Faces> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn faces_mut(&self) -> RwLockWriteGuard<'_, Faces> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.shown()).finish()
    }
}
