//! `rclone serve s3`.

use std::{fs, path::Path, process::Command};

use super::S3Server;
use crate::process::Process;

/// The folder of its buckets' folders.
pub(super) const STORE: &str = "store";
const BUCKET: &str = "photos";
const KEY: &str = "SAFELIGHTTESTKEY";
const SECRET: &str = "a-secret-for-tests-on-loopback";

pub(super) fn start(rclone: &Path) -> S3Server {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let store = folder.path().join(STORE);
    fs::create_dir_all(store.join(BUCKET)).expect("a scratch folder");
    let mut command = Command::new(rclone);
    command
        .args(["serve", "s3", "--addr", "127.0.0.1:0", "--auth-key"])
        .arg(format!("{KEY},{SECRET}"))
        .arg(&store)
        .env("RCLONE_CONFIG", folder.path().join("no.conf"))
        .env("XDG_CACHE_HOME", folder.path().join("cache"));
    let mut process = Process::start("rclone serve s3", &mut command, &folder.path().join("log"))
        .expect("rclone starts");
    let address = process
        .wait_for("address", |process| {
            let printed = process.printed();
            let (_, rest) = printed.split_once("http://")?;
            rest.split_once('/')?.0.parse().ok()
        })
        .expect("rclone says where it listens");
    S3Server {
        program: "rclone serve s3",
        address,
        bucket: BUCKET.to_owned(),
        region: "us-east-1".to_owned(),
        access_key_id: KEY.to_owned(),
        secret_access_key: SECRET.to_owned(),
        process,
        folder,
    }
}
