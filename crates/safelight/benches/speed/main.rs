//! Speed beside other programs, in one run on one machine: `cargo xtask bench [NAME…] [--scale F] [--rounds N]`.
//!
//! Nothing is asserted here. Each comparison runs every program once a round, one after the other, several rounds, and
//! prints medians and ratios. Before each measurement everything written before is flushed, so that nobody pays for
//! another one's pages.
#![cfg(target_os = "linux")]

mod chunked;
mod house;
mod import;
mod intake;
mod limit;
mod measure;
mod memory;
mod next;
mod offsite;
mod peers;
mod propfind;
mod releasable;
mod start;
mod table;
mod timeline;
mod tls;

use std::path::PathBuf;

/// What is asked for.
struct Plan {
    /// Counts and sizes of data sets are multiplied by this.
    scale: f64,
    rounds: usize,
    /// Where data is made; several times its size is needed.
    scratch: PathBuf,
}

impl Plan {
    /// `count` at the plan's scale, at least 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "counts of files far below the limits of these types"
    )]
    fn scaled(&self, count: usize) -> usize {
        ((count as f64 * self.scale).round() as usize).max(1)
    }

    /// A fresh folder that goes when it is dropped.
    fn folder(&self) -> tempfile::TempDir {
        tempfile::tempdir_in(&self.scratch).expect("a scratch folder")
    }
}

/// A comparison by its name.
type Comparison = (&'static str, fn(&Plan));

const COMPARISONS: &[Comparison] = &[
    ("intake", intake::compare),
    ("tls", tls::compare),
    ("chunked", chunked::compare),
    ("import", import::compare),
    ("memory", memory::compare),
    ("offsite", offsite::local),
    ("s3", offsite::s3),
    ("latency", offsite::latency),
    ("small", offsite::small),
    ("restore", offsite::restore),
    ("next", next::compare),
    ("start", start::compare),
    ("propfind", propfind::compare),
    ("releasable", releasable::compare),
    ("timeline", timeline::compare),
];

fn main() {
    let mut plan = Plan {
        scale: 1.0,
        rounds: 3,
        scratch: std::env::temp_dir(),
    };
    let mut chosen = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .unwrap_or_else(|| panic!("{word} needs a value"))
        };
        match word.as_str() {
            // Cargo says this to every benchmark.
            "--bench" => {}
            "--scale" => plan.scale = value().parse().expect("--scale takes a number"),
            "--rounds" => plan.rounds = value().parse().expect("--rounds takes a number"),
            "--scratch" => plan.scratch = PathBuf::from(value()),
            "all" => chosen.extend(COMPARISONS),
            name => chosen.push(
                COMPARISONS
                    .iter()
                    .find(|(known, _)| *known == name)
                    .unwrap_or_else(|| panic!("there is no comparison {name:?}")),
            ),
        }
    }
    if chosen.is_empty() {
        chosen.extend(COMPARISONS);
    }
    table::say(&format!(
        "# Speed, scale {}, {} rounds\n\n{}\n",
        plan.scale,
        plan.rounds,
        measure::machine()
    ));
    for (_, compare) in chosen {
        compare(&plan);
    }
}
