//! Codes to scan, as pictures that are part of the page.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use qrcodegen::{QrCode, QrCodeEcc};

/// The white frame that scanners need, in modules (ISO/IEC 18004, section 6.3.8).
const QUIET_ZONE: i32 = 4;
/// What a user's name may have unencoded in [`onetime_login`].
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What the Nextcloud apps read from a code, or from a link that is tapped on the phone: in this order and with these
/// three parts (nextcloud/ios `QRCodeParsing.swift`, nextcloud/android `AuthenticatorActivity.java`).
///
/// The server is written as it is, as Nextcloud does it: its `:` and `/` stand between the parts of no other value.
pub(super) fn onetime_login(user: &str, code: &str, server: &str) -> String {
    let user = utf8_percent_encode(user, PLAIN);
    format!("nc://onetime-login/user:{user}&password:{code}&server:{server}")
}

/// An inline SVG, dark on white. `None` for a text that no code can hold (over 2,331 bytes).
pub(super) fn svg(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let start = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            if x > start {
                let (left, top, wide) = (start + QUIET_ZONE, y + QUIET_ZONE, x - start);
                path.push_str(&format!("M{left} {top}h{wide}v1h-{wide}z"));
            }
            x += 1;
        }
    }
    let side = size + 2 * QUIET_ZONE;
    Some(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"Code to scan\" shape-rendering=\"crispEdges\"><path d=\"{path}\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_is_what_the_apps_read() {
        assert_eq!(
            onetime_login("annas-phone", "abcde-fghij", "http://192.168.1.5:8420"),
            "nc://onetime-login/user:annas-phone&password:abcde-fghij&server:http://192.168.1.5:8420"
        );
        assert_eq!(
            onetime_login("a&b:c d", "x", "y"),
            "nc://onetime-login/user:a%26b%3Ac%20d&password:x&server:y"
        );
    }

    #[test]
    fn what_is_too_long_has_no_code() {
        assert!(svg(&"x".repeat(2331)).is_some());
        assert!(svg(&"x".repeat(2332)).is_none());
    }
}
