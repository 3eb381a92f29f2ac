//! This machine's address in the local network.

use std::net::{IpAddr, SocketAddr};

/// How other devices reach a server that listens on `address`: the address itself, or, if it listens on all, this
/// machine's private IPv4 address. None if it listens for this machine only.
pub(crate) fn lan_address(address: SocketAddr) -> Option<SocketAddr> {
    if address.ip().is_loopback() {
        return None;
    }
    if !address.ip().is_unspecified() {
        return Some(address);
    }
    addresses()
        .first()
        .map(|ip| SocketAddr::new(*ip, address.port()))
}

/// This machine's IPv4 addresses in networks that phones can be in, private ones first. IPv6 addresses change by the day
/// (RFC 8981), so nobody is told them.
pub(crate) fn addresses() -> Vec<IpAddr> {
    let interfaces = match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces,
        Err(error) => {
            tracing::warn!("The network interfaces could not be listed: {error}");
            return Vec::new();
        }
    };
    let mut addresses: Vec<IpAddr> = interfaces
        .iter()
        .filter(|interface| !interface.is_loopback() && !is_virtual(&interface.name))
        .map(if_addrs::Interface::ip)
        .filter(|ip| match ip {
            IpAddr::V4(ip) => !ip.is_link_local(),
            IpAddr::V6(_) => false,
        })
        .collect();
    addresses.sort_by_key(|ip| !matches!(ip, IpAddr::V4(ip) if ip.is_private()));
    addresses
}

/// This machine's own name, up to its first dot, in lower case; only what a host name may have (RFC 1123).
pub(crate) fn host_label() -> String {
    let name = gethostname::gethostname().to_string_lossy().to_lowercase();
    let label: String = name
        .split('.')
        .next()
        .unwrap_or_default()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(40)
        .collect();
    let label = label.trim_matches('-');
    if label.is_empty() {
        "computer".to_owned()
    } else {
        label.to_owned()
    }
}

/// The name under which Safelight itself answers in the home network (mDNS). Not the machine's own `NAME.local`, which
/// another program may already answer for.
pub(crate) fn local_name() -> String {
    format!("safelight-{}.local", host_label())
}

/// Interfaces of containers, virtual machines and tunnels, through which a phone at home does not come.
fn is_virtual(name: &str) -> bool {
    [
        "docker",
        "veth",
        "br-",
        "virbr",
        "vmnet",
        "tun",
        "utun",
        "wg",
        "tailscale",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}
