//! How the server is reached: its certificate, the address that phones are told, and what the home network hears. All
//! three follow the settings, the network and the time while the server runs.
//!
//! | what | module |
//! |---|---|
//! | which certificate is shown | [`certificate`] |
//! | Safelight's own certificate | [`own`] |
//! | a certificate from an authority | [`acme`] |
//! | what the command line says | [`flags`] |
//! | mDNS | [`announce`] |

mod acme;
mod announce;
mod certificate;
mod flags;
mod own;

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use safelight_engine::{
    Engine,
    reach::{PlainHttp, Reach},
};
use safelight_http::Tls;
use tokio::{
    sync::oneshot,
    task::{JoinError, JoinSet},
};

pub(crate) use flags::Flags;

use self::{
    acme::{Answer, Order},
    announce::{Announcement, Place},
    certificate::Certificate,
};
use crate::{
    network,
    system::{SystemClock, SystemEntropy},
};

/// How often the owner's certificate files, the network and the time are looked at.
const PAUSE: Duration = Duration::from_secs(15);

/// What is kept right while the server runs.
pub(crate) struct Doorway {
    engine: Engine,
    listen: SocketAddr,
    certificate: Certificate,
    told: String,
    announced: Option<(Place, Announcement)>,
    /// The one that could not be announced is not tried again before something changes.
    failed: Option<Place>,
}

impl Doorway {
    /// Makes everything right for the first time.
    ///
    /// # Errors
    ///
    /// There is no certificate, or the catalogue cannot be written.
    pub(crate) fn open(engine: Engine, data: &Path, listen: SocketAddr) -> anyhow::Result<Self> {
        let wanted = certificate::wanted(network::lan_address(listen), &engine.reach());
        let certificate = Certificate::begin(
            engine.clone(),
            data,
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
            &wanted,
        )?;
        let mut doorway = Self {
            engine,
            listen,
            certificate,
            told: String::new(),
            announced: None,
            failed: None,
        };
        doorway.make_right()?;
        Ok(doorway)
    }

    /// The handle by which the server shows its certificate.
    pub(crate) fn tls(&self) -> Tls {
        self.certificate.tls()
    }

    /// Keeps everything right until told to end, on a thread that may wait for the disk.
    pub(crate) fn keep(mut self, ends: oneshot::Receiver<()>) -> tokio::task::JoinHandle<()> {
        let mut changes = self.engine.watch_reach();
        tokio::spawn(async move {
            let mut ends = ends;
            // At most one, which is broken off when this ends.
            let mut orders: JoinSet<Answer> = JoinSet::new();
            let mut answered = None;
            loop {
                let looked = tokio::task::spawn_blocking(move || {
                    let order = self.look(answered);
                    (self, order)
                });
                match looked.await {
                    Ok((same, order)) => {
                        self = same;
                        if let Some(order) = order {
                            orders.spawn(order.fill());
                        }
                    }
                    Err(error) => {
                        tracing::error!(
                            "How phones reach Safelight is not looked at any more: {error}"
                        );
                        return;
                    }
                }
                answered = tokio::select! {
                    _ = &mut ends => break,
                    () = tokio::time::sleep(PAUSE) => None,
                    // The engine lives as long as this.
                    _ = changes.changed() => {
                        self.certificate.ask_again();
                        None
                    }
                    Some(answer) = orders.join_next() => Some(answer),
                };
            }
            if let Err(error) = tokio::task::spawn_blocking(move || self.close()).await {
                tracing::error!(
                    "The home network could not be told that Safelight is gone: {error}"
                );
            }
        })
    }

    /// Makes everything right, with what an authority has answered; what to order from it now.
    fn look(&mut self, answered: Option<Result<Answer, JoinError>>) -> Option<Order> {
        let failed = |error: anyhow::Error| {
            tracing::error!("How phones reach Safelight could not be kept right: {error:#}");
        };
        if let Some(answered) = answered {
            let answer = match answered {
                Ok(answer) => Some(answer),
                Err(error) => {
                    failed(anyhow::Error::new(error).context("An order ended by a bug"));
                    None
                }
            };
            self.certificate.take(answer).unwrap_or_else(failed);
        }
        self.make_right().unwrap_or_else(failed);
        self.certificate.order().unwrap_or_else(|error| {
            failed(error);
            None
        })
    }

    fn make_right(&mut self) -> anyhow::Result<()> {
        let reach = self.engine.reach();
        let lan = network::lan_address(self.listen);
        self.certificate.look(&certificate::wanted(lan, &reach))?;
        let told = base_url(self.listen, lan, &reach);
        if told != self.told {
            self.engine.set_address(&told)?;
            self.told = told;
        }
        self.announce(&reach);
        Ok(())
    }

    fn announce(&mut self, reach: &Reach) {
        let place = Place {
            listen: self.listen,
            plain: reach.plain_http != PlainHttp::RedirectOnly,
        };
        // Nobody else could reach what only listens for this machine.
        let wanted = (reach.announced && !self.listen.ip().is_loopback()).then_some(place);
        if self.announced.as_ref().map(|(place, _)| *place) == wanted
            || self.failed == wanted && wanted.is_some()
        {
            return;
        }
        if let Some((_, earlier)) = self.announced.take() {
            earlier.end();
        }
        self.failed = None;
        let Some(place) = wanted else { return };
        match Announcement::begin(place) {
            Ok(announcement) => self.announced = Some((place, announcement)),
            Err(error) => {
                tracing::warn!(
                    "The home network is not told of Safelight (mDNS): {error}. Its address works all the same"
                );
                self.failed = Some(place);
            }
        }
    }

    fn close(self) {
        if let Some((_, announcement)) = self.announced {
            announcement.end();
        }
    }
}

/// The address that phones are told: the public one, or this machine's in the home network, encrypted if nothing else is
/// answered there.
fn base_url(listen: SocketAddr, lan: Option<SocketAddr>, reach: &Reach) -> String {
    if let Some(url) = &reach.public_url {
        return url.to_string();
    }
    let scheme = match reach.plain_http {
        PlainHttp::RedirectOnly => "https",
        PlainHttp::Everything | PlainHttp::HomeNetwork => "http",
    };
    format!("{scheme}://{}", lan.unwrap_or_else(|| here(listen)))
}

/// How this machine itself reaches the server.
pub(crate) fn here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        ip if !ip.is_unspecified() => ip,
        ip if ip.is_ipv4() => std::net::Ipv4Addr::LOCALHOST.into(),
        _ => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_told_an_address_that_works() {
        let listen = "0.0.0.0:8420".parse().unwrap();
        let lan = Some("192.168.1.5:8420".parse().unwrap());
        let mut reach = Reach::default();
        assert_eq!(base_url(listen, lan, &reach), "http://192.168.1.5:8420");
        assert_eq!(base_url(listen, None, &reach), "http://127.0.0.1:8420");
        reach.plain_http = PlainHttp::RedirectOnly;
        assert_eq!(base_url(listen, lan, &reach), "https://192.168.1.5:8420");
        reach.public_url = Some("https://photos.example".parse().unwrap());
        assert_eq!(base_url(listen, lan, &reach), "https://photos.example");
    }
}
