//! A certificate from an authority: Let's Encrypt's own test server issues it, curl judges it.

use std::{
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use safelight_testkit::{Authority, Server, process::until, tools};

use crate::{
    house::binary,
    judges::{must, run},
};

const NAME: &str = "photos.example.org";
/// In seconds: renewed at the first look after two thirds of it, which comes fifteen seconds after it was issued.
const LIFE: u64 = 21;

/// What curl sees at the public address, if the root in `trust` vouches for it: the certificates, and whether browsers
/// are told to insist on HTTPS.
fn seen(curl: &Path, listen: SocketAddr, trust: &[&str]) -> Option<String> {
    let port = listen.port();
    let mut command = Command::new(curl);
    command
        .args(["--silent", "--output", "/dev/null"])
        .args(["--write-out", "%{certs}%header{strict-transport-security}"])
        // As a router that forwards the name's port 443.
        .args(["--connect-to", &format!("{NAME}:443:127.0.0.1:{port}")])
        .args(trust)
        .arg(format!("https://{NAME}/sign-in"));
    let output = run(&mut command);
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap())
}

fn authority(folder: &Path, listen: SocketAddr) -> Option<Authority> {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    Authority::start(folder, listen, LIFE, &certificate, &key.serialize_pem())
}

fn problems(server: &Server) -> String {
    server.cli().run(&["status", "--json"]).stdout
}

#[test]
fn a_certificate_is_got_renewed_and_kept_while_the_authority_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let [listen] = tools::free_ports();
    let Some(curl) = tools::require("curl") else {
        return;
    };
    let Some(mut authority) = authority(folder.path(), listen) else {
        return;
    };
    let root: PathBuf = folder.path().join("root.pem");
    must(
        Command::new(&curl)
            .args(["--silent", "--fail", "--insecure", "--output"])
            .arg(&root)
            .arg(authority.root()),
    );
    let data = folder.path().join("data");
    let directory = authority.directory();
    let trust = authority.trust();
    let server = Server::start_with(
        binary(),
        &data,
        &folder.path().join("photos"),
        &[
            "--listen",
            &listen.to_string(),
            "--public-url",
            &format!("https://{NAME}"),
            "--acme-agree",
            "--acme-directory",
            &directory,
            "--acme-email",
            "anna@example.org",
            "--acme-ca",
            trust.to_str().unwrap(),
        ],
    )
    .unwrap();

    let vouched = ["--cacert", root.to_str().unwrap()];
    let first = until("a certificate that curl trusts", || {
        seen(&curl, listen, &vouched)
    });
    assert!(first.contains("BEGIN CERTIFICATE"), "{first}");
    assert!(first.ends_with("max-age=15552000"), "{first}");
    assert!(!problems(&server).contains("No certificate"));

    // Key and account are for the owner's eyes.
    let kept = data.join("acme.json");
    let mode = std::fs::metadata(&kept).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let kept = std::fs::read_to_string(kept).unwrap();
    assert!(kept.contains("PRIVATE KEY"));
    assert!(!server.printed().contains("PRIVATE KEY"));

    let second = until("a renewed certificate", || {
        seen(&curl, listen, &vouched).filter(|now| *now != first)
    });

    authority.end();
    let said = until("the trouble is told", || {
        Some(problems(&server)).filter(|said| said.contains("No certificate"))
    });
    assert!(said.contains(NAME) && said.contains(&directory), "{said}");
    assert!(
        said.contains("stays in use") || said.contains("The one in use ended"),
        "{said}"
    );
    assert_eq!(seen(&curl, listen, &["--insecure"]), Some(second));
    // Once, and not again before a quarter of an hour has gone.
    assert_eq!(server.printed().matches("No certificate for").count(), 1);
}

#[test]
fn an_authority_that_finds_nobody_says_so_and_our_own_certificate_is_used() {
    let folder = tempfile::tempdir().unwrap();
    // The router leads port 443 to where nobody listens.
    let [listen, elsewhere] = tools::free_ports();
    let Some(authority) = authority(folder.path(), elsewhere) else {
        return;
    };
    let directory = authority.directory();
    let trust = authority.trust();
    let server = Server::start_with(
        binary(),
        &folder.path().join("data"),
        &folder.path().join("photos"),
        &[
            "--listen",
            &listen.to_string(),
            "--public-url",
            &format!("https://{NAME}"),
            "--acme-agree",
            "--acme-directory",
            &directory,
            "--acme-ca",
            trust.to_str().unwrap(),
        ],
    )
    .unwrap();
    let said = until("the trouble is told", || {
        Some(problems(&server)).filter(|said| said.contains("No certificate"))
    });
    assert!(said.contains("through port 443"), "{said}");
    assert!(said.contains("Failed to connect"), "{said}");
    assert!(said.contains("own certificate is used"), "{said}");
    let mut client = server.client().encrypted(&server.certificate());
    assert_eq!(
        client.send("GET", "/sign-in", &[], b"").unwrap().status,
        303
    );
}
