//! `OC-Checksum`: what ownCloud's and Nextcloud's clients promise of the bytes that they send.

use http::{HeaderMap, HeaderName};
use safelight_engine::checksum::{Algorithm, Checksum};

/// The header, in requests and in answers: `SHA1:0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33`.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("oc-checksum");

/// A checksum that cannot be compared, because it is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("The header OC-Checksum is not a checksum: {0:?}; it is written as SHA1:digits")]
pub(crate) struct ChecksumError(String);

/// The checksum that the body must have. Algorithms that we do not have are as good as no promise.
pub(crate) fn promised(headers: &HeaderMap) -> Result<Option<Checksum>, ChecksumError> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(value.as_bytes());
    let bad = || ChecksumError(text.clone().into_owned());
    let (name, digits) = text.split_once(':').ok_or_else(bad)?;
    let Some(algorithm) = Algorithm::named(name.trim()) else {
        return Ok(None);
    };
    Checksum::from_hex(algorithm, digits.trim())
        .map(Some)
        .ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(value: &'static str) -> Result<Option<Checksum>, ChecksumError> {
        let value = HeaderValue::from_static(value);
        promised(&HeaderMap::from_iter([(HEADER, value)]))
    }

    #[test]
    fn promises_are_read_and_unknown_ones_left_alone() {
        assert_eq!(promised(&HeaderMap::new()), Ok(None));
        assert_eq!(of("SHA3-256:12"), Ok(None));
        let md5 = Checksum::from_hex(Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72");
        assert!(md5.is_some());
        assert_eq!(of("md5: 900150983CD24FB0D6963F7D28E17F72 "), Ok(md5));
        for bad in ["", "SHA1", "SHA1:", "MD5:12", "ADLER32:xyz"] {
            assert_eq!(of(bad), Err(ChecksumError(bad.to_owned())), "{bad}");
        }
    }
}
