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
    let interfaces = if_addrs::get_if_addrs()
        .inspect_err(|error| tracing::warn!("The network interfaces could not be listed: {error}"))
        .ok()?;
    let mut candidates: Vec<IpAddr> = interfaces
        .iter()
        .filter(|interface| !interface.is_loopback() && !is_virtual(&interface.name))
        .map(if_addrs::Interface::ip)
        .filter(|ip| match ip {
            IpAddr::V4(ip) => !ip.is_link_local(),
            IpAddr::V6(_) => false,
        })
        .collect();
    candidates.sort_by_key(|ip| !matches!(ip, IpAddr::V4(ip) if ip.is_private()));
    candidates
        .first()
        .map(|ip| SocketAddr::new(*ip, address.port()))
}

/// Interfaces of containers and virtual machines, which phones do not reach.
fn is_virtual(name: &str) -> bool {
    [
        "docker",
        "veth",
        "br-",
        "virbr",
        "vmnet",
        "utun",
        "tailscale",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}
