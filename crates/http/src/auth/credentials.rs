//! The `Authorization` header (RFC 9110, section 11.6; RFC 7617 for Basic, RFC 6750 for Bearer).

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use http::{HeaderMap, header};

/// Asks for a device's user name and password. `charset` makes clients send names beyond ASCII as UTF-8.
pub(crate) const BASIC_CHALLENGE: &str = "Basic realm=\"Safelight\", charset=\"UTF-8\"";
/// Asks for a token.
pub(crate) const BEARER_CHALLENGE: &str = "Bearer realm=\"Safelight\"";

/// Some clients leave the padding out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The user name and the password, if the request has them.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let decoded = LENIENT.decode(of_scheme(headers, "basic")?).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// The bearer token, if the request has one.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    of_scheme(headers, "bearer").filter(|token| !token.is_empty())
}

fn of_scheme<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (sent, rest) = value.split_once(' ')?;
    sent.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())])
    }

    #[test]
    fn basic_is_utf8_and_the_password_may_have_colons() {
        let expected = Some(("anna".to_owned(), "a:ö".to_owned()));
        assert_eq!(basic(&with("Basic YW5uYTphOsO2")), expected);
        assert_eq!(basic(&with("basic  YW5uYTphOsO2")), expected);
        assert_eq!(basic(&with("Basic YQ==")), None);
        assert_eq!(basic(&with("Basic !!!")), None);
        assert_eq!(basic(&with("Basic /////w==")), None);
        assert_eq!(basic(&with("Bearer YW5uYTphOsO2")), None);
        assert_eq!(basic(&HeaderMap::new()), None);
    }

    #[test]
    fn padding_may_be_left_out() {
        assert_eq!(basic(&with("Basic YTpi")), Some(("a".into(), "b".into())));
        assert_eq!(
            basic(&with("Basic YTpiYw")),
            Some(("a".into(), "bc".into()))
        );
    }

    #[test]
    fn bearer_tokens() {
        assert_eq!(bearer(&with("Bearer abc")), Some("abc"));
        assert_eq!(bearer(&with("BEARER abc ")), Some("abc"));
        assert_eq!(bearer(&with("Bearer ")), None);
        assert_eq!(bearer(&with("abc")), None);
    }
}
