//! What `serve` may be told of how it is reached. It stands over the settings while this server runs.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use safelight_engine::reach::{
    Acme, AcmeDirectory, AcmeEmail, CertificateFiles, FixedReach, Network, PlainHttp, PublicUrl,
};

#[derive(Args, Default)]
pub(crate) struct Flags {
    /// What may be asked without encryption.
    #[arg(long, value_enum, value_name = "WHAT")]
    plain_http: Option<Plain>,
    /// The address under which phones reach this server from everywhere.
    #[arg(long, value_name = "URL")]
    public_url: Option<PublicUrl>,
    /// A reverse proxy that is believed when it says who the client is: an address or a network. May be given several
    /// times.
    #[arg(long, value_name = "ADDR|CIDR")]
    trusted_proxy: Vec<Network>,
    /// A certificate of your own, a PEM file with its whole chain. Read again when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key, a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Get a certificate for the public address from an authority that speaks ACME, and renew it. Says that you agree to
    /// the authority's terms of service. Port 443 of the address must lead to this server.
    #[arg(long, conflicts_with = "tls_cert")]
    acme_agree: bool,
    /// The authority's directory; without it, Let's Encrypt's.
    #[arg(long, value_name = "URL", requires = "acme_agree")]
    acme_directory: Option<AcmeDirectory>,
    /// Where the authority may write to about the certificate.
    #[arg(long, value_name = "ADDRESS", requires = "acme_agree")]
    acme_email: Option<AcmeEmail>,
    /// The certificate that vouches for the authority's directory itself, a PEM file, where the system does not trust it.
    #[arg(long, value_name = "FILE", requires = "acme_agree")]
    acme_ca: Option<PathBuf>,
    /// Do not tell the home network where Safelight is (mDNS).
    #[arg(long)]
    no_discovery: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Plain {
    /// Everything.
    Everything,
    /// Everything from this machine and the home network; others are sent to https.
    HomeNetwork,
    /// Everything from this machine; all others are sent to https.
    RedirectOnly,
}

impl Flags {
    /// As the engine takes it.
    ///
    /// # Errors
    ///
    /// A file's place cannot be found out.
    pub(crate) fn fixed(self) -> anyhow::Result<FixedReach> {
        let absolute = |path: PathBuf| {
            std::path::absolute(&path)
                .with_context(|| format!("The file {} cannot be used", path.display()))
        };
        let certificate = match (self.tls_cert, self.tls_key) {
            (Some(certificate), Some(key)) => Some(CertificateFiles {
                certificate: absolute(certificate)?,
                key: absolute(key)?,
            }),
            _ => None,
        };
        let acme = if self.acme_agree {
            Some(Acme {
                directory: self.acme_directory.unwrap_or_default(),
                email: self.acme_email,
                trust: self.acme_ca.map(absolute).transpose()?,
            })
        } else {
            None
        };
        Ok(FixedReach {
            plain_http: self.plain_http.map(|plain| match plain {
                Plain::Everything => PlainHttp::Everything,
                Plain::HomeNetwork => PlainHttp::HomeNetwork,
                Plain::RedirectOnly => PlainHttp::RedirectOnly,
            }),
            public_url: self.public_url,
            trusted_proxies: self.trusted_proxy,
            certificate,
            acme,
            announced: self.no_discovery.then_some(false),
        })
    }
}
