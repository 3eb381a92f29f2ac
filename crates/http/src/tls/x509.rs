//! What a certificate says, as far as it is needed: when it is valid, and its public key (RFC 5280, section 4.1).
//!
//! Whether it is right is for those to judge who connect; here a certificate of the owner's is only described.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xA0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// What was found.
pub(super) struct Facts<'a> {
    /// The first moment at which it is valid.
    pub(super) valid_from: Timestamp,
    /// The last moment at which it is valid.
    pub(super) valid_until: Timestamp,
    /// The DER of its SubjectPublicKeyInfo.
    pub(super) public_key: &'a [u8],
}

/// Looks into a certificate's DER. None if it is not one.
pub(super) fn facts(der: &[u8]) -> Option<Facts<'_>> {
    let certificate = Element::read(der)?.0.of(SEQUENCE)?;
    let mut rest = Element::read(certificate.content)?.0.of(SEQUENCE)?.content;
    let mut next = |tag| {
        let (element, after) = Element::read(rest)?;
        rest = after;
        element.of(tag)
    };
    // Version 1 leaves its number out; no authority has issued such for decades.
    let _version = next(VERSION)?;
    let _serial_number = next(INTEGER)?;
    let _signature = next(SEQUENCE)?;
    let _issuer = next(SEQUENCE)?;
    let validity = next(SEQUENCE)?;
    let _subject = next(SEQUENCE)?;
    let public_key = next(SEQUENCE)?;
    let (not_before, after) = Element::read(validity.content)?;
    let (not_after, _) = Element::read(after)?;
    Some(Facts {
        valid_from: time(&not_before)?,
        valid_until: time(&not_after)?,
        public_key: public_key.whole,
    })
}

/// One element of DER (X.690).
#[derive(Clone, Copy)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    /// With tag and length.
    whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// The first element, and what follows it.
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&tag, rest) = bytes.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7F);
            if !(1..=4).contains(&count) {
                return None;
            }
            let (digits, rest) = rest.split_at_checked(count)?;
            let length = digits
                .iter()
                .fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
            (length, rest)
        };
        let (content, after) = rest.split_at_checked(length)?;
        let whole = &bytes[..bytes.len() - after.len()];
        Some((
            Self {
                tag,
                content,
                whole,
            },
            after,
        ))
    }

    fn of(self, tag: u8) -> Option<Self> {
        (self.tag == tag).then_some(self)
    }
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` (RFC 5280, section 4.1.2.5).
fn time(element: &Element<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(element.content)
        .ok()?
        .strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match (element.tag, text.len()) {
        (UTC_TIME, 12) => {
            let (year, rest) = text.split_at(2);
            let year: i16 = year.parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        (GENERALIZED_TIME, 14) => {
            let (year, rest) = text.split_at(4);
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let two = |at: usize| rest.get(at..at + 2)?.parse::<i8>().ok();
    let local = DateTime::new(year, two(0)?, two(2)?, two(4)?, two(6)?, two(8)?, 0).ok()?;
    TimeZone::UTC.to_timestamp(local).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn der(until: (i32, u8, u8)) -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["nas".to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
        params.self_signed(&key).unwrap().der().to_vec()
    }

    #[test]
    fn the_end_is_read_in_both_forms() {
        for (until, expected) in [
            ((2027, 12, 26), "2027-12-26T00:00:00Z"),
            ((2049, 1, 1), "2049-01-01T00:00:00Z"),
            ((2123, 4, 5), "2123-04-05T00:00:00Z"),
        ] {
            let der = der(until);
            assert_eq!(facts(&der).unwrap().valid_until.to_string(), expected);
        }
    }

    #[test]
    fn the_public_key_is_the_certificates() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["nas".to_owned()]).unwrap();
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let expected = rcgen::PublicKeyData::subject_public_key_info(&key);
        assert_eq!(facts(&der).unwrap().public_key, expected);
    }

    proptest! {
        #[test]
        fn damage_is_no_panic(at in 0_usize..400, byte: u8, cut in 0_usize..400) {
            let mut damaged = der((2027, 1, 1));
            let at = at % damaged.len();
            damaged[at] = byte;
            damaged.truncate(cut.max(1));
            facts(&damaged);
        }
    }
}
