//! Telling the home network where Safelight is: DNS-SD over multicast DNS (RFC 6762, RFC 6763).
//!
//! File managers and some apps list what they find this way. Nobody needs it to reach Safelight, so its failures are told
//! in the log and change nothing. Names of people and devices are never in it: everybody in the network hears it.

use std::{net::SocketAddr, time::Duration};

use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};

use crate::network;

/// How long the last word may take to go out.
const FAREWELL: Duration = Duration::from_secs(1);

/// What is told, as long as this lives.
pub(crate) struct Announcement {
    daemon: ServiceDaemon,
    names: Vec<String>,
}

/// What to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where the server listens.
    pub(crate) listen: SocketAddr,
    /// Whether plain HTTP is of use to others.
    pub(crate) plain: bool,
}

impl Announcement {
    /// Begins to tell.
    ///
    /// # Errors
    ///
    /// The system gives no multicast socket.
    pub(crate) fn begin(place: Place) -> mdns_sd::Result<Self> {
        let daemon = ServiceDaemon::new()?;
        if !place.listen.ip().is_loopback() {
            daemon.disable_interface(vec![IfKind::LoopbackV4, IfKind::LoopbackV6])?;
        }
        let mut announcement = Self {
            daemon,
            names: Vec::new(),
        };
        let instance = format!("Safelight on {}", network::host_label());
        for (service, path) in services(place.plain) {
            let info = info(place.listen, service, &instance, path)?;
            let name = info.get_fullname().to_owned();
            announcement.daemon.register(info)?;
            announcement.names.push(name);
        }
        Ok(announcement)
    }

    /// Says that it is gone, so that nobody goes on showing it.
    pub(crate) fn end(self) {
        let said = self
            .names
            .iter()
            .filter_map(|name| self.daemon.unregister(name).ok())
            .all(|gone| gone.recv_timeout(FAREWELL).is_ok());
        let stopped = self
            .daemon
            .shutdown()
            .is_ok_and(|stopped| stopped.recv_timeout(FAREWELL).is_ok());
        if !(said && stopped) {
            tracing::debug!("The home network could not be told that Safelight is gone");
        }
    }
}

/// The kinds of service, and where in it to look: the page, and the photos' folder for WebDAV.
fn services(plain: bool) -> Vec<(&'static str, &'static str)> {
    let mut services = vec![
        ("_https._tcp.local.", "/"),
        ("_webdavs._tcp.local.", "/dav/"),
    ];
    if plain {
        services.extend([("_http._tcp.local.", "/"), ("_webdav._tcp.local.", "/dav/")]);
    }
    services
}

fn info(
    listen: SocketAddr,
    service: &str,
    instance: &str,
    path: &str,
) -> mdns_sd::Result<ServiceInfo> {
    let host = format!("{}.", network::local_name());
    let properties = [("path", path)];
    let new =
        |ip: &str| ServiceInfo::new(service, instance, &host, ip, listen.port(), &properties[..]);
    if listen.ip().is_unspecified() {
        // Each network is told the addresses in it, also when they change.
        Ok(new("")?.enable_addr_auto())
    } else {
        new(&listen.ip().to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mdns_sd::ServiceEvent;

    use super::*;

    /// Bounds a hang; nothing is measured by it.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn found(service: &str) -> (String, u16, BTreeMap<String, String>) {
        let browser = ServiceDaemon::new().unwrap();
        let events = browser.browse(service).unwrap();
        loop {
            if let ServiceEvent::ServiceResolved(info) = events.recv_timeout(PATIENCE).unwrap() {
                browser.shutdown().unwrap().recv_timeout(PATIENCE).unwrap();
                let properties = info.get_properties().clone();
                return (
                    info.get_fullname().to_owned(),
                    info.get_port(),
                    properties.into_property_map_str().into_iter().collect(),
                );
            }
        }
    }

    #[test]
    fn others_in_the_network_find_it() {
        let place = Place {
            listen: "127.0.0.1:8420".parse().unwrap(),
            plain: true,
        };
        let announcement = Announcement::begin(place).unwrap();
        for (service, path) in services(true) {
            let (name, port, properties) = found(service);
            let expected = format!("Safelight on {}.{service}", network::host_label());
            assert_eq!((name.to_lowercase(), port), (expected.to_lowercase(), 8420));
            assert_eq!(
                properties,
                BTreeMap::from([("path".to_owned(), path.to_owned())])
            );
        }
        announcement.end();
    }

    #[test]
    fn what_is_only_redirected_is_not_offered() {
        assert!(
            services(false)
                .iter()
                .all(|(service, _)| service.contains("s._tcp"))
        );
        assert_eq!(services(true).len(), 4);
    }
}
