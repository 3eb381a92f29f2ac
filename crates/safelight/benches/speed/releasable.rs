//! 100,000 hashes asked of `releasable` in one request, in a library of 100,000 photos: all known, and all unknown.

use serde_json::Value;

use crate::{Plan, house::House, measure, table::Table};

/// How many hashes one request may have.
const ASKED: usize = 100_000;

pub(crate) fn compare(plan: &Plan) {
    let count = plan.scaled(ASKED);
    let house = House::filled(plan, 8, &[(count, 600)]);
    let known = hashes(&house);
    let unknown: Vec<String> = (0..count).map(|number| format!("{number:064x}")).collect();
    let mut server = house.serve();
    let added = server.cli().json(&["device", "add", "script", "--json"]);
    let token = added["token"].as_str().expect("a token");
    let mut table = Table::new(format!(
        "{count} hashes asked of releasable, in one request"
    ));
    for _ in 0..plan.rounds {
        for (name, asked, list) in [
            ("known, not yet safe", &known, "not_yet"),
            ("unknown", &unknown, "unknown"),
        ] {
            let body = serde_json::to_vec(asked).expect("a list");
            let mut client = server.client().bearer(token);
            let mut answer = None;
            let sample = measure::timed(|| {
                answer = Some(
                    client
                        .send("POST", "/api/v1/releasable", &[], &body)
                        .expect("an answer"),
                );
            });
            let answer = answer.expect("an answer").text();
            let answer: Value = serde_json::from_str(&answer).expect("JSON");
            assert_eq!(answer[list].as_array().map(Vec::len), Some(asked.len()));
            table.add(name, sample);
        }
    }
    table.print();
    server.stop();
}

/// What the manifests say.
fn hashes(house: &House) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![house.library().join(".safelight/manifests")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(path).expect("a manifest");
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            found.extend(lines.filter_map(|line| Some(line.split_once("  ")?.0.to_owned())));
        }
    }
    found
}
