//! The server is reached with TLS, by foreign clients that check it, and as its command line says.

use std::{path::Path, process::Command};

use safelight_testkit::{Server, tools};

use crate::{
    house::{House, binary},
    judges::must,
};

/// curl, with the certificate that the server made as the only one that is trusted.
fn curl(server: &Server, certificate: &Path, arguments: &[&str]) -> Option<String> {
    std::fs::write(certificate, server.certificate()).unwrap();
    let mut command = Command::new(tools::require("curl")?);
    command
        .args(["--silent", "--show-error", "--fail-with-body", "--cacert"])
        .arg(certificate)
        .args(arguments);
    Some(must(&mut command))
}

#[test]
fn curl_trusts_the_certificate_for_this_machines_names() {
    let house = House::new();
    let folder = tempfile::tempdir().unwrap();
    let pem = folder.path().join("server.pem");
    let port = house.server.address().port();
    let photo = folder.path().join("IMG_1.JPG");
    std::fs::write(&photo, b"not much of a photo").unwrap();
    let sent = curl(
        &house.server,
        &pem,
        &[
            "--header",
            &format!("Authorization: Bearer {}", house.phone.token),
            "--upload-file",
            photo.to_str().unwrap(),
            &format!("https://127.0.0.1:{port}/upload/IMG_1.JPG"),
        ],
    );
    let Some(sent) = sent else { return };
    assert!(sent.contains("\"stored\""), "{sent}");
    let by_name = format!("https://localhost:{port}/sign-in");
    let to = [
        "--resolve",
        &format!("localhost:{port}:127.0.0.1"),
        "--tls-max",
        "1.2",
        "--write-out",
        "%{http_version} %{http_code}",
        &by_name,
    ];
    assert_eq!(curl(&house.server, &pem, &to).as_deref(), Some("1.1 303"));
}

#[test]
fn the_fingerprint_is_the_certificates_and_survives_a_restart() {
    let mut house = House::new();
    let Some(openssl) = tools::require("openssl") else {
        return;
    };
    let pem = tempfile::NamedTempFile::new().unwrap();
    let fingerprint = |server: &Server| {
        std::fs::write(pem.path(), server.certificate()).unwrap();
        let said = must(
            Command::new(&openssl)
                .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
                .arg(pem.path()),
        );
        let (_, fingerprint) = said.trim().split_once('=').unwrap();
        fingerprint.to_owned()
    };
    let first = fingerprint(&house.server);
    let added = house
        .server
        .cli()
        .json(&["device", "add", "tablet", "--json"]);
    assert_eq!(added["fingerprint"].as_str(), Some(first.as_str()));
    let printed = house.server.printed().replace([' ', '\n'], "");
    assert!(printed.contains(&first), "{printed}");
    house.server.restart().unwrap();
    assert_eq!(fingerprint(&house.server), first);
    // The key is in its file and nowhere else.
    let key = house.server.certificate_key();
    let secret = key.lines().nth(1).unwrap();
    assert!(!house.server.printed().contains(secret));
}

#[test]
fn the_command_line_says_how_it_is_reached() {
    let folder = tempfile::tempdir().unwrap();
    let (data, library) = (folder.path().join("data"), folder.path().join("photos"));
    let options = [
        "--plain-http",
        "redirect-only",
        "--public-url",
        "https://photos.example/",
        "--trusted-proxy",
        "127.0.0.1",
        "--trusted-proxy",
        "10.0.0.0/8",
    ];
    let server = Server::start_with(binary(), &data, &library, &options).unwrap();
    // The command line on this machine still reaches the server.
    let added = server.cli().json(&["device", "add", "phone", "--json"]);
    assert_eq!(added["webdav_url"], "https://photos.example/dav/");
    let through = [
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Host", "photos.example"),
        ("X-Forwarded-Proto", "http"),
    ];
    let answer = server
        .client()
        .send("GET", "/sign-in", &through, b"")
        .unwrap();
    assert_eq!(
        (answer.status, answer.header("location")),
        (307, Some("https://photos.example/sign-in"))
    );
    // What was said at the start is not kept.
    drop(server);
    let server = Server::start(binary(), &data, &library).unwrap();
    let added = server.cli().json(&["device", "add", "other", "--json"]);
    assert_eq!(
        added["webdav_url"],
        format!("http://{}/dav/", server.address())
    );
}

#[test]
fn what_cannot_be_meant_ends_the_start_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let cli = safelight_testkit::Cli::new(binary(), &folder.path().join("data"));
    for (options, reason) in [
        (
            &["--public-url", "photos.example"][..],
            "must begin with https://",
        ),
        (&["--trusted-proxy", "nginx"], "neither an address"),
        (&["--tls-cert", "cert.pem"], "--tls-key"),
        (&["--plain-http", "some"], "redirect-only"),
    ] {
        let ended = cli.run(&[&["serve", "--listen", "127.0.0.1:0"], options].concat());
        assert_eq!(ended.code, Some(2), "{options:?}");
        assert!(
            ended.stderr.contains(reason),
            "{options:?}: {}",
            ended.stderr
        );
    }
}
