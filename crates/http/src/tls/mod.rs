//! TLS on our port: which certificate is shown, exchangeable while the server runs.
//!
//! | what | module |
//! |---|---|
//! | a certificate and its key, read and checked | [`identity`] |
//! | what is said in a certificate, as far as it is needed | [`x509`] |
//! | many small records as few large pieces | [`gather`] |

mod gather;
mod identity;
mod x509;

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

pub(crate) use gather::Gather;
pub use identity::{Identity, IdentityError, Issuer};

/// The certificate that is shown to those who connect. A clone is another handle to the same one.
#[derive(Clone, Default)]
pub struct Tls(Arc<RwLock<Option<Arc<Identity>>>>);

impl Tls {
    /// Shows a certificate from the next connection on; those that are open go on.
    pub fn show(&self, identity: Identity) {
        let mut shown = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *shown = Some(Arc::new(identity));
    }

    /// The one that is shown now; none before the first, when nobody can connect with TLS.
    #[must_use]
    pub fn shown(&self) -> Option<Arc<Identity>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.shown()).finish()
    }
}
