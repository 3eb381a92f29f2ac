//! The same on a real S3 server.

use std::net::TcpListener;

use safelight_testkit::S3Server;
use safelight_vault::{StoreUrl, Vault, VaultError, VerifyOutcome};

use crate::world::World;

fn round_trip(server: &S3Server) {
    let mut world = World::s3(server, "some/prefix");
    world.put_many(1, 40, 2_000_000);
    let mut large = vec![0; 20 << 20];
    safelight_testkit::Random::new(9).fill(&mut large);
    world.put("2024/02/large film.mov", &large);
    let vault = world.create();
    world.backup_all(&vault);
    world.put("2024/02/\u{fc}ber.jpg", b"new");
    world.photos.remove("2024/02/large film.mov");
    let report = world
        .backup_removing(&vault, world.all(), &[], &["2024/02/large film.mov"])
        .unwrap();
    assert_eq!(report.stored.len(), world.photos.len());
    let reopened = world.open().unwrap();
    assert_eq!(reopened.repository_id(), vault.repository_id());
    world.assert_restores(&reopened);
    for read_back in [false, true] {
        let (report, outcomes) = world.verify(&vault, read_back);
        assert!(
            outcomes
                .values()
                .all(|outcome| *outcome == VerifyOutcome::Good),
            "{report:?}"
        );
    }
    world.assert_restic_agrees();
}

#[test]
fn garage_and_restic_agree() {
    let Some(server) = S3Server::garage() else {
        return;
    };
    round_trip(&server);
}

#[test]
fn rclone_and_restic_agree() {
    let Some(server) = S3Server::rclone() else {
        return;
    };
    round_trip(&server);
}

#[test]
fn what_is_wrong_is_said_without_the_secret() {
    let Some(server) = S3Server::start() else {
        return;
    };
    let mut world = World::s3(&server, "p");
    let mut told = Vec::new();
    let mut open = |world: &World| {
        let error = world.open().err().unwrap();
        told.push(error.to_string());
        error
    };
    assert!(matches!(open(&world), VaultError::NotARepository { .. }));
    world.create();
    if let Some(keys) = &mut world.config.keys {
        keys.secret_access_key = "SECRET-that-is-wrong".to_owned();
    }
    let error = open(&world);
    assert!(
        matches!(error, VaultError::Denied { .. }) && !error.is_transient(),
        "{error:?}"
    );
    if let StoreUrl::S3 { bucket, .. } = &mut world.config.url {
        "another-bucket".clone_into(bucket);
    }
    world.config.keys = World::s3(&server, "p").config.keys;
    let error = open(&world);
    assert!(
        matches!(
            error,
            VaultError::NotARepository { .. } | VaultError::Denied { .. }
        ),
        "{error:?}"
    );
    // A port where nobody listens: bound and given up again.
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    world.config.url = server.destination_through(nobody, "p").parse().unwrap();
    let error = open(&world);
    assert!(
        matches!(error, VaultError::Unreachable { .. }) && error.is_transient(),
        "{error:?}"
    );
    for message in told {
        assert!(
            message.contains("s3://") && !message.contains("SECRET"),
            "{message}"
        );
        assert!(!message.contains(&server.secret_access_key), "{message}");
        assert!(message.len() < 600, "{message}");
    }
}

#[test]
fn a_server_that_goes_away_midway_is_unreachable_and_nothing_is_claimed() {
    let Some(mut server) = S3Server::start() else {
        return;
    };
    let mut world = World::s3(&server, "p");
    world.put_many(3, 30, 2_000_000);
    let vault: Vault = world.create();
    let mut left = 10;
    let mut files = world.all().into_iter().inspect(|_| {
        left -= 1;
        if left == 0 {
            server.kill();
        }
    });
    let request = safelight_vault::Backup {
        library: &world.library(),
        files: &mut files,
        continues: None,
        plain_files: &[],
        removed: &[],
        cancel: &|| false,
        enough: &|| false,
    };
    let error = vault.backup(request, &()).unwrap_err();
    assert!(error.is_transient(), "{error:?}");
}
