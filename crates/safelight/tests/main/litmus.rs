//! `litmus`, WebDAV's own test suite, passes whole.

use std::process::Command;

use safelight_testkit::tools;

use crate::{house::House, judges::run};

/// The suites, and how many tests each has at least (litmus 0.13).
const SUITES: [(&str, u32); 5] = [
    ("basic", 16),
    ("copymove", 13),
    ("props", 30),
    ("locks", 41),
    ("http", 4),
];

/// What it warns of, by the test's name, and why that stays; `docs/webdav.md` says more.
const WARNINGS: [&str; 1] = [
    // A client's mistake that HTTP libraries take away before we see the address. A DELETE destroys nothing here.
    "delete_fragment",
];

#[test]
fn litmus_passes_whole() {
    let Some(litmus) = tools::require("litmus") else {
        return;
    };
    let house = House::new();
    for (suite, at_least) in SUITES {
        let output = run(Command::new(&litmus)
            .args([
                "--keep-going",
                &house.phone.webdav_url,
                &house.phone.user,
                &house.phone.password,
            ])
            .env("TESTS", suite)
            .current_dir(house.path("")));
        let report = String::from_utf8_lossy(&output.stdout).replace('\r', "\n");
        let summary = report
            .lines()
            .find_map(|line| line.strip_prefix(&format!("<- summary for `{suite}': of ")))
            .unwrap_or_else(|| panic!("{suite} has no summary:\n{report}"));
        let numbers: Vec<u32> = summary
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        let (run, passed, failed) = (numbers[0], numbers[1], numbers[2]);
        assert!(
            run >= at_least && passed == run && failed == 0,
            "{suite}: {summary}\n{report}"
        );
        assert!(
            output.status.success() && !report.contains("skipped"),
            "{suite}:\n{report}"
        );
        check_warnings(suite, &report);
    }
    // What it deleted is in the library all the same (promise 7).
    assert!(house.count("photos") > 0);
}

/// Every warning stands in the line of its test.
fn check_warnings(suite: &str, report: &str) {
    for (at, _) in report.match_indices("WARNING: ") {
        let test = report[..at].lines().next_back().unwrap_or_default();
        assert!(
            WARNINGS.iter().any(|name| test.contains(name)),
            "{suite} warns:\n{report}"
        );
    }
}
