//! Bringing in a folder of small photos, beside `cp -a` with the same flushing and a `sha256sum` of the copies.
//!
//! "The same flushing": when the program ends, every file and the names of all folders are on the disk. The peer is shown
//! twice: flushing each file as it is written, as we do, and once at the end for the whole file system, which forgets
//! everything if the power goes before.

use std::{path::Path, process::Command};

use safelight_testkit::Photos;

use crate::{
    Plan,
    house::{House, binary, write_photos},
    measure,
    table::Table,
};

/// A small photo, in bytes.
const SIZE: usize = 4_096;

pub(crate) fn compare(plan: &Plan) {
    let collection = plan.folder();
    let count = plan.scaled(100_000);
    write_photos(collection.path(), &mut Photos::new(1), count, SIZE);
    let mut first = Table::new(format!("Import of a folder, {count} × 4 KB"));
    let mut again = Table::new(format!("The same folder once more, {count} × 4 KB"));
    for _ in 0..plan.rounds {
        let house = House::new(plan);
        let import = |more: &[&str]| {
            let mut command = Command::new(binary());
            command
                .arg("--data")
                .arg(house.data())
                .arg("import")
                .arg(collection.path())
                .args(more);
            measure::program(&mut command)
        };
        first.add("safelight import --preview", import(&["--preview"]));
        first.add("safelight import", import(&[]));
        again.add("safelight import", import(&[]));
        drop(house);
        for (name, flush) in [
            (
                "cp -a, each file and folder flushed, sha256sum",
                "find . -print0 | xargs -0 sync",
            ),
            ("cp -a, one sync at the end, sha256sum", "sync -f ."),
        ] {
            let copy = plan.folder();
            first.add(name, peer(collection.path(), copy.path(), flush));
        }
    }
    first.print();
    again.print();
}

/// Copies a folder, flushes the copy and computes its checksums.
fn peer(from: &Path, to: &Path, flush: &str) -> measure::Sample {
    let script = format!(
        "cp -a \"$1\" copy && cd copy && {flush} && find . -type f -print0 | xargs -0 sha256sum > ../sums"
    );
    let mut command = Command::new("sh");
    command
        .args(["-c", &script, "sh"])
        .arg(from)
        .current_dir(to);
    measure::program(&mut command)
}
