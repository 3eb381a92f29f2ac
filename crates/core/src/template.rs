//! How a capture time becomes a folder.

use std::fmt;

use crate::{capture::CaptureTime, library_path::FileName};

/// The folder of photos whose capture time nobody knows.
const UNKNOWN: &str = "unknown";

/// A pattern such as `{YYYY}/{MM}`: fixed names and `{YYYY}`, `{MM}`, `{DD}`, joined by `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderTemplate(String);

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The folder template {template:?} cannot be used: {reason}")]
pub struct TemplateError {
    /// The pattern.
    pub template: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl FolderTemplate {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// An unknown field, an empty name, or a name that some file system would refuse or hide.
    pub fn parse(template: &str) -> Result<Self, TemplateError> {
        let refuse = |reason| {
            Err(TemplateError {
                template: template.chars().take(120).collect(),
                reason,
            })
        };
        for name in template.split('/') {
            let example = fill(name, "2024", "12", "31");
            if example.contains(['{', '}']) {
                return refuse("only {YYYY}, {MM} and {DD} can stand in braces");
            }
            if example.is_empty() {
                return refuse("a name in it is empty");
            }
            if example.starts_with('.') {
                return refuse("a name in it starts with a dot, which hides it");
            }
            if FileName::from_wish(&example).as_str() != example {
                return refuse("a name in it is not accepted by every file system");
            }
        }
        if template.len() > 200 {
            return refuse("it is over 200 bytes");
        }
        Ok(Self(template.to_owned()))
    }

    /// The folder for a photo: names joined by `/`. `unknown` when nobody knows its capture time.
    ///
    /// ```
    /// use safelight_core::FolderTemplate;
    /// assert_eq!(FolderTemplate::default().folder(None), "unknown");
    /// ```
    #[must_use]
    pub fn folder(&self, taken: Option<&CaptureTime>) -> String {
        let Some(taken) = taken else {
            return UNKNOWN.to_owned();
        };
        fill(
            &self.0,
            &format!("{:04}", taken.local.year()),
            &format!("{:02}", taken.local.month()),
            &format!("{:02}", taken.local.day()),
        )
    }
}

fn fill(template: &str, year: &str, month: &str, day: &str) -> String {
    template
        .replace("{YYYY}", year)
        .replace("{MM}", month)
        .replace("{DD}", day)
}

impl Default for FolderTemplate {
    /// `{YYYY}/{MM}`.
    fn default() -> Self {
        Self("{YYYY}/{MM}".to_owned())
    }
}

impl fmt::Display for FolderTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Precision, TimeSource};

    #[test]
    fn fills_in_the_wall_clock() {
        let taken = CaptureTime {
            local: jiff::civil::date(2024, 3, 9).at(1, 2, 3, 0),
            offset: None,
            source: TimeSource::ExifOriginal,
            precision: Precision::Second,
        };
        let folder = |template: &str| {
            FolderTemplate::parse(template)
                .unwrap()
                .folder(Some(&taken))
        };
        assert_eq!(folder("{YYYY}/{MM}"), "2024/03");
        assert_eq!(
            folder("Photos/{YYYY}/{YYYY}-{MM}-{DD}"),
            "Photos/2024/2024-03-09"
        );
    }

    #[test]
    fn refuses_what_could_not_be_a_folder_everywhere() {
        for bad in [
            "",
            "/{YYYY}",
            "{YYYY}//{MM}",
            "{YEAR}",
            "../{YYYY}",
            ".safelight",
            "a:b",
            "CON",
            "{YYYY}.",
        ] {
            assert!(FolderTemplate::parse(bad).is_err(), "{bad:?}");
        }
    }
}
