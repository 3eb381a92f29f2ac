//! Results as Markdown.

use std::io::Write;

use crate::measure::Sample;

/// One comparison: programs in rows, the first one is what the others are measured by.
pub(crate) struct Table {
    title: String,
    rows: Vec<(String, Vec<Sample>)>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: Vec::new(),
        }
    }

    /// One more measurement of a program.
    pub(crate) fn add(&mut self, program: &str, sample: Sample) {
        eprintln!("{}: {program}: {sample}", self.title);
        match self.rows.iter_mut().find(|(name, _)| name == program) {
            Some((_, samples)) => samples.push(sample),
            None => self.rows.push((program.to_owned(), vec![sample])),
        }
    }

    /// Prints medians, and each program's ratio to the first.
    pub(crate) fn print(&self) {
        let mut text = format!("## {}\n\n", self.title);
        text.push_str("| program | median s | all s | × first | CPU s | peak RSS MB |\n|---|---|---|---|---|---|\n");
        let first = self
            .rows
            .first()
            .map_or(1.0, |(_, samples)| median(samples, |s| s.seconds));
        for (program, samples) in &self.rows {
            let seconds = median(samples, |s| s.seconds);
            let all: Vec<_> = samples
                .iter()
                .map(|s| format!("{:.2}", s.seconds))
                .collect();
            let optional = |value: fn(&Sample) -> Option<f64>, digits: usize| {
                let known: Vec<_> = samples.iter().filter_map(value).collect();
                if known.is_empty() {
                    "–".to_owned()
                } else {
                    format!("{:.digits$}", middle(known))
                }
            };
            text.push_str(&format!(
                "| {program} | {seconds:.2} | {} | {:.2} | {} | {} |\n",
                all.join(" "),
                seconds / first,
                optional(|s| s.cpu_seconds, 1),
                optional(|s| s.peak_megabytes, 0),
            ));
        }
        say(&text);
    }
}

/// Writes to standard output.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .expect("standard output is open");
}

fn median(samples: &[Sample], value: impl Fn(&Sample) -> f64) -> f64 {
    middle(samples.iter().map(value).collect())
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 {
        values[half]
    } else {
        f64::midpoint(values[half - 1], values[half])
    }
}
