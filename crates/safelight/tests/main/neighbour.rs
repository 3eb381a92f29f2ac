//! Another machine of the home network finds the server by its DNS-SD adverts: Avahi, in a network namespace of its own,
//! since it hears nothing that its own machine says.

use std::process::Command;

use safelight_testkit::tools;

use crate::{house::binary, judges::must};

/// The second looks for the server, and again after it has ended. Everything ends with the namespace.
const TWO_HOSTS: &str = include_str!("../two-hosts.sh");

#[test]
fn avahi_on_another_host_finds_it_and_hears_the_farewell() {
    for tool in [
        "unshare",
        "ip",
        "dbus-daemon",
        "avahi-daemon",
        "avahi-browse",
    ] {
        if tools::require(tool).is_none() {
            return;
        }
    }
    if must(Command::new("id").arg("-u")).trim() != "0" {
        tools::skipped("needs to be root, to make network namespaces");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let seen = must(
        Command::new("unshare")
            .args(["--net", "--mount", "--pid", "--fork", "--kill-child"])
            .args(["sh", "-eu", "-c", TWO_HOSTS, "two-hosts"])
            .arg(binary())
            .arg(folder.path()),
    );
    let (found, after) = seen.split_once("ended\n").unwrap();
    for (service, path) in [
        ("_http._tcp", "/"),
        ("_https._tcp", "/"),
        ("_webdav._tcp", "/dav/"),
        ("_webdavs._tcp", "/dav/"),
    ] {
        let line = found
            .lines()
            .find(|line| line.starts_with('=') && line.contains(&format!(";{service};")))
            .unwrap_or_else(|| panic!("{service} was not found:\n{seen}"));
        assert!(
            line.contains("Safelight\\032on\\032")
                && line.ends_with(&format!(";10.77.0.1;8420;\"path={path}\"")),
            "{line}"
        );
    }
    assert_eq!(after, "", "it is still shown after it ended");
}
