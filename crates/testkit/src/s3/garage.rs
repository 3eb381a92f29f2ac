//! Garage 2: one node, one zone, its metadata in SQLite.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
};

use super::S3Server;
use crate::{process::Process, tools};

const BUCKET: &str = "photos";
const REGION: &str = "garage";

pub(super) fn start(garage: &Path) -> S3Server {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let config = folder.path().join("garage.toml");
    let [rpc, address] = tools::free_ports();
    fs::write(&config, configuration(folder.path(), rpc, address)).expect("a scratch file");
    let run = |arguments: &[&str]| run(garage, &config, arguments);

    let mut command = Command::new(garage);
    command
        .arg("-c")
        .arg(&config)
        .arg("server")
        .env("RUST_LOG", "garage=warn");
    let mut process =
        Process::start("garage", &mut command, &folder.path().join("log")).expect("garage starts");
    let node = process
        .wait_for("node id", |_| {
            TcpStream::connect(rpc).ok()?;
            node_id(&run(&["status"]).ok()?)
        })
        .expect("garage says its node's id");
    let [access_key_id, secret_access_key] = process
        .wait_for("key", |_| {
            // The layout takes a moment to reach the tables; until then they refuse.
            prepare(&run, &node).ok()
        })
        .expect("garage takes a layout, a bucket and a key");
    process
        .wait_for("S3 port", |_| TcpStream::connect(address).ok())
        .expect("garage listens");
    S3Server {
        program: "garage",
        address,
        bucket: BUCKET.to_owned(),
        region: REGION.to_owned(),
        access_key_id,
        secret_access_key,
        process,
        folder,
    }
}

fn configuration(folder: &Path, rpc: SocketAddr, s3: SocketAddr) -> String {
    let folder = folder.display();
    format!(
        r#"metadata_dir = "{folder}/meta"
data_dir = "{folder}/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "{rpc}"
rpc_public_addr = "{rpc}"
rpc_secret = "{secret}"

[s3_api]
s3_region = "{REGION}"
api_bind_addr = "{s3}"
root_domain = ".s3.localhost"
"#,
        secret = "5afe".repeat(16)
    )
}

/// Gives the node its layout and makes bucket and key. Returns the key's id and secret.
fn prepare(
    run: &dyn Fn(&[&str]) -> Result<String, String>,
    node: &str,
) -> Result<[String; 2], String> {
    // A second try after a half-done first one finds some of it done already; the last two steps decide.
    run(&["layout", "assign", "-z", "here", "-c", "20G", node])?;
    run(&["layout", "apply", "--version", "1"]).ok();
    run(&["bucket", "create", BUCKET]).ok();
    let key = run(&["key", "create", "tests"])?;
    let field = |name: &str| {
        key.lines()
            .find_map(|line| line.trim().strip_prefix(name))
            .map(|value| value.trim().to_owned())
            .ok_or_else(|| format!("no {name} in {key}"))
    };
    let pair = [field("Key ID:")?, field("Secret key:")?];
    run(&[
        "bucket", "allow", "--read", "--write", "--owner", BUCKET, "--key", &pair[0],
    ])?;
    Ok(pair)
}

/// The first column of the only line of `garage status` that starts with 16 hexadecimal digits.
fn node_id(status: &str) -> Option<String> {
    status
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|word| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map(ToOwned::to_owned)
}

fn run(garage: &Path, config: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(garage)
        .arg("-c")
        .arg(config)
        .args(arguments)
        .output()
        .map_err(|problem| problem.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(printed)
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
