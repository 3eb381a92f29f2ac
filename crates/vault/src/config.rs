//! Where a repository is and how it is spelled.

use std::{fmt, path::PathBuf, str::FromStr};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// Where a repository is, and with what it may be reached.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// The place.
    pub url: StoreUrl,
    /// The keys of an S3 store; `None` for a folder, or for a bucket that asks for none.
    pub keys: Option<S3Keys>,
}

/// The keys of an S3 store.
#[derive(Clone)]
pub struct S3Keys {
    /// The public half.
    pub access_key_id: String,
    /// The secret half.
    pub secret_access_key: String,
}

impl fmt::Debug for S3Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Keys")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// A repository's place.
///
/// ```
/// use safelight_vault::StoreUrl;
/// let url: StoreUrl = "s3://photos/home?endpoint=https://s3.example.org&region=eu".parse()?;
/// assert_eq!(url.restic_repository(), "s3:https://s3.example.org/photos/home");
/// assert_eq!(url.to_string(), "s3://photos/home?endpoint=https://s3.example.org&region=eu");
/// # Ok::<(), safelight_vault::ParseUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreUrl {
    /// A folder: `file:///absolute/path`.
    File(PathBuf),
    /// A bucket: `s3://bucket/prefix?endpoint=URL&region=R`.
    S3 {
        /// The bucket.
        bucket: String,
        /// The folder in the bucket, without slashes at its ends; may be empty.
        prefix: String,
        /// The server; AWS if absent.
        endpoint: Option<String>,
        /// The region.
        region: Option<String>,
    },
}

/// A text that is not a repository's place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{url:?} cannot be a destination: {reason}. Write file:///absolute/path or s3://bucket/prefix?endpoint=URL&region=R"
)]
pub struct ParseUrlError {
    /// The text's beginning, without what could be a secret.
    pub url: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// What would end a path in a URL.
const PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#');
/// What would end a value in a URL.
const VALUE: &AsciiSet = &PATH.add(b'&').add(b'+');

impl FromStr for StoreUrl {
    type Err = ParseUrlError;

    fn from_str(text: &str) -> Result<Self, ParseUrlError> {
        let refuse = |reason| {
            // What stands before an `@` or after a `?` may be a secret that was pasted to the wrong place.
            let shown = if text.contains('@') {
                "…"
            } else {
                text.split('?').next().unwrap_or_default()
            };
            Err(ParseUrlError {
                url: shown.chars().take(200).collect(),
                reason,
            })
        };
        let decode = |part: &str| {
            percent_decode_str(part)
                .decode_utf8()
                .map(std::borrow::Cow::into_owned)
                .ok()
        };
        if let Some(path) = text.strip_prefix("file://") {
            let Some(path) = decode(path) else {
                return refuse("the path is not UTF-8");
            };
            #[cfg(windows)]
            let path = path.strip_prefix('/').unwrap_or(&path).to_owned();
            let path = PathBuf::from(path);
            if !path.is_absolute() {
                return refuse("the path must be absolute");
            }
            return Ok(Self::File(path));
        }
        let Some(rest) = text.strip_prefix("s3://") else {
            return refuse("it begins with neither file:// nor s3://");
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty()
            || !bucket
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        {
            return refuse(
                "the bucket's name is missing or has a character that buckets cannot have",
            );
        }
        let Some(prefix) = decode(prefix.trim_matches('/')) else {
            return refuse("the prefix is not UTF-8");
        };
        if prefix.split('/').any(|name| name == "." || name == "..") {
            return refuse("the prefix leads elsewhere");
        }
        let (mut endpoint, mut region) = (None, None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let slot = match key {
                "endpoint" => &mut endpoint,
                "region" => &mut region,
                _ => return refuse("it has a parameter other than endpoint and region"),
            };
            *slot = decode(value).filter(|value| !value.is_empty());
            if slot.is_none() {
                return refuse("a parameter is empty or not UTF-8");
            }
        }
        if let Some(endpoint) = &mut endpoint {
            if !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
                return refuse("the endpoint begins with neither http:// nor https://");
            }
            endpoint.truncate(endpoint.trim_end_matches('/').len());
        }
        Ok(Self::S3 {
            bucket: bucket.to_owned(),
            prefix,
            endpoint,
            region,
        })
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bucket, prefix, endpoint, region) = match self {
            Self::File(path) => {
                let path = path.display().to_string();
                #[cfg(windows)]
                let path = format!("/{path}");
                return write!(f, "file://{}", utf8_percent_encode(&path, PATH));
            }
            Self::S3 {
                bucket,
                prefix,
                endpoint,
                region,
            } => (bucket, prefix, endpoint, region),
        };
        write!(f, "s3://{bucket}/{}", utf8_percent_encode(prefix, PATH))?;
        let pairs = [("endpoint", endpoint), ("region", region)];
        let given = pairs
            .iter()
            .filter_map(|(key, value)| value.as_ref().map(|value| (key, value)));
        for (number, (key, value)) in given.enumerate() {
            let before = if number == 0 { '?' } else { '&' };
            write!(f, "{before}{key}={}", utf8_percent_encode(value, VALUE))?;
        }
        Ok(())
    }
}

impl StoreUrl {
    /// How restic spells this place (`restic -r …`).
    #[must_use]
    pub fn restic_repository(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::S3 {
                bucket,
                prefix,
                endpoint,
                ..
            } => {
                let endpoint = endpoint.as_deref().unwrap_or("https://s3.amazonaws.com");
                let slash = if prefix.is_empty() { "" } else { "/" };
                format!("s3:{endpoint}/{bucket}{slash}{prefix}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_as_it_is_written() {
        for text in [
            "file:///mnt/usb%20stick/photos",
            "s3://b/",
            "s3://b/a/b?region=eu",
            "s3://b/p?endpoint=http://127.0.0.1:3900&region=garage",
        ] {
            assert_eq!(text.parse::<StoreUrl>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_place_and_shows_no_secret() {
        for bad in [
            "",
            "/x",
            "file://x",
            "http://x",
            "s3://",
            "s3://b/../c",
            "s3://b?key=1",
            "s3://b?endpoint=x",
        ] {
            assert!(bad.parse::<StoreUrl>().is_err(), "{bad:?}");
        }
        let error = "s3://KEY:SECRET@b/p"
            .parse::<StoreUrl>()
            .unwrap_err()
            .to_string();
        assert!(!error.contains("SECRET"), "{error}");
        let error = "s3://b/p?secret=SECRET"
            .parse::<StoreUrl>()
            .unwrap_err()
            .to_string();
        assert!(!error.contains("SECRET"), "{error}");
    }

    #[test]
    fn debug_shows_no_secret() {
        let keys = S3Keys {
            access_key_id: "id".into(),
            secret_access_key: "SECRET".into(),
        };
        assert!(!format!("{keys:?}").contains("SECRET"));
    }
}
