//! Who may depend on whom: the arrows of ARCHITECTURE.md, checked against every manifest.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::run::{self, cargo};

/// What each of our crates may use of ours. Whatever is not here may use nothing.
const OURS: &[(&str, &[&str])] = &[
    ("safelight-core", &[]),
    ("safelight-library", &["safelight-core"]),
    ("safelight-media", &["safelight-core"]),
    ("safelight-exports", &["safelight-core"]),
    ("safelight-vault", &["safelight-core"]),
    (
        "safelight-engine",
        &[
            "safelight-core",
            "safelight-exports",
            "safelight-library",
            "safelight-media",
            "safelight-vault",
        ],
    ),
    ("safelight-http", &["safelight-core", "safelight-engine"]),
    (
        "safelight",
        &["safelight-core", "safelight-engine", "safelight-http"],
    ),
    ("xtask", &[]),
];

/// May use anything, and may be used by tests only.
const TESTKIT: &str = "safelight-testkit";

/// Crates with one owner. Nobody else sees SQL, restic's format, object stores, HTTP or templates.
const OWNED: &[(&str, &str)] = &[
    ("rusqlite", "safelight-library"),
    ("rustic_core", "safelight-vault"),
    ("rustic_backend", "safelight-vault"),
    ("opendal", "safelight-vault"),
    ("rawzip", "safelight-exports"),
    ("csv", "safelight-exports"),
    ("axum", "safelight-http"),
    ("hyper", "safelight-http"),
    ("askama", "safelight-http"),
    ("tokio-rustls", "safelight-http"),
    ("mdns-sd", "safelight"),
    ("instant-acme", "safelight"),
    ("clap", "safelight"),
];

/// Crates of the edge that must not reach the synchronous, pure part.
const KEPT_OUT: &[(&str, &[&str])] = &[
    (
        "tokio",
        &[
            "safelight-core",
            "safelight-exports",
            "safelight-library",
            "safelight-media",
        ],
    ),
    ("serde_json", &["safelight-core"]),
];

#[derive(Debug, Clone, PartialEq, Eq)]
struct Arrow {
    from: String,
    to: String,
    for_tests: bool,
}

/// Checks every manifest of the workspace.
///
/// # Errors
///
/// An arrow that must not be.
pub(crate) fn check() -> Result<()> {
    let metadata = run::output(&mut cargo(&[
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    let wrong = wrong(&arrows(&serde_json::from_str(&metadata)?));
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("Arrows that ARCHITECTURE.md forbids:\n{}", wrong.join("\n"))
}

fn arrows(metadata: &Value) -> Vec<Arrow> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    list(&metadata["packages"])
        .iter()
        .flat_map(|package| {
            let from = text(&package["name"]);
            list(&package["dependencies"])
                .into_iter()
                .map(move |dependency| Arrow {
                    from: from.clone(),
                    to: text(&dependency["name"]),
                    for_tests: dependency["kind"] == "dev",
                })
        })
        .collect()
}

fn wrong(arrows: &[Arrow]) -> Vec<String> {
    arrows
        .iter()
        .filter_map(|arrow| {
            why_not(arrow).map(|why| format!("{} → {}: {why}", arrow.from, arrow.to))
        })
        .collect()
}

fn why_not(
    Arrow {
        from,
        to,
        for_tests,
    }: &Arrow,
) -> Option<String> {
    if to == TESTKIT {
        return (!for_tests).then(|| "the test kit is for tests only".to_owned());
    }
    if from == TESTKIT {
        return None;
    }
    let is_ours = OURS.iter().any(|(name, _)| name == to);
    if is_ours
        && !OURS
            .iter()
            .any(|(name, may)| name == from && may.contains(&to.as_str()))
    {
        return Some("this arrow does not exist".to_owned());
    }
    if let Some((_, owner)) = OWNED.iter().find(|(name, _)| name == to)
        && owner != from
    {
        return Some(format!("only {owner} knows it"));
    }
    KEPT_OUT
        .iter()
        .find(|(name, from_whom)| name == to && from_whom.contains(&from.as_str()) && !for_tests)
        .map(|_| "it stays out of this crate".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(from: &str, to: &str, for_tests: bool) -> bool {
        let arrow = Arrow {
            from: from.to_owned(),
            to: to.to_owned(),
            for_tests,
        };
        why_not(&arrow).is_none()
    }

    #[test]
    fn knows_the_arrows_that_must_not_be() {
        for (from, to) in [
            ("safelight-core", "safelight-library"),
            ("safelight-library", "safelight-vault"),
            ("safelight-http", "safelight-library"),
            ("safelight-engine", "rusqlite"),
            ("safelight-engine", "safelight-http"),
            ("safelight-engine", "axum"),
            ("safelight-core", "tokio"),
            ("safelight", "safelight-testkit"),
            ("xtask", "safelight-core"),
            ("a-new-crate", "safelight-core"),
        ] {
            assert!(!judged(from, to, false), "{from} → {to}");
        }
    }

    #[test]
    fn lets_the_others_be() {
        assert!(judged("safelight-engine", "safelight-vault", false));
        assert!(judged("safelight-library", "rusqlite", false));
        assert!(judged("safelight", "safelight-testkit", true));
        assert!(judged("safelight-testkit", "safelight-engine", false));
        assert!(judged("safelight-media", "serde_json", false));
    }

    #[test]
    fn reads_what_cargo_says() {
        let metadata = serde_json::json!({"packages": [
            {"name": "a", "dependencies": [{"name": "b", "kind": null}, {"name": "c", "kind": "dev"}]}
        ]});
        let arrow = |to: &str, for_tests| Arrow {
            from: "a".to_owned(),
            to: to.to_owned(),
            for_tests,
        };
        assert_eq!(arrows(&metadata), [arrow("b", false), arrow("c", true)]);
    }
}
