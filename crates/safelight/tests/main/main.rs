//! The real binary, used as a person and their programs use it: by the command line, by HTTP, by `rclone`, with `restic`
//! as the judge of what lies offsite.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must end")]

mod acme;
mod bad_input;
mod cadaver;
mod chunked;
mod clients;
mod command_line;
mod corpus;
mod crash;
mod disk;
mod faults;
mod full_disk;
mod house;
mod import;
mod inspect;
mod judges;
mod litmus;
mod names;
mod neighbour;
mod nextcloudcmd;
mod offsite;
mod phones;
mod reach;
mod rebuild;
mod upload;

/// Every file of this folder is a module of this binary: a forgotten one would never run.
#[test]
fn no_test_file_is_forgotten() {
    let main = include_str!("main.rs");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(
            module == "main" || main.contains(&format!("mod {module};")),
            "{name} is no module of main.rs"
        );
    }
}
