//! Writing the bodies of answers: multi-status (RFC 4918, section 13) and errors.
//!
//! The prefixes `d`, `oc`, `nc` and `s` are literal: Nextcloud's app for iOS looks for exactly these.

use http::StatusCode;

use super::xml_in::{DAV, PropertyName};

/// The media type of every XML answer.
pub(super) const CONTENT_TYPE: &str = "application/xml; charset=utf-8";

/// Namespaces that have a prefix in our answers.
pub(super) const OC: &str = "http://owncloud.org/ns";
/// Nextcloud's own.
pub(super) const NC: &str = "http://nextcloud.org/ns";

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

/// Begins a multi-status.
pub(super) fn begin_multistatus() -> String {
    format!(
        "{DECLARATION}<d:multistatus xmlns:d=\"{DAV}\" xmlns:oc=\"{OC}\" xmlns:nc=\"{NC}\" xmlns:s=\"http://sabredav.org/ns\">"
    )
}

/// Begins an answer that is one set of properties.
pub(super) fn begin_prop() -> String {
    format!("{DECLARATION}<d:prop xmlns:d=\"{DAV}\" xmlns:oc=\"{OC}\" xmlns:nc=\"{NC}\">")
}

/// Ends it.
pub(super) const END_PROP: &str = "</d:prop>\n";

/// Ends a multi-status.
pub(super) const END_MULTISTATUS: &str = "</d:multistatus>\n";

/// Begins what is said of one address.
pub(super) fn begin_response(out: &mut String, href: &str) {
    out.push_str("<d:response><d:href>");
    out.push_str(&escape(href));
    out.push_str("</d:href>");
}

/// Ends it.
pub(super) fn end_response(out: &mut String) {
    out.push_str("</d:response>\n");
}

/// Properties that share a status. `properties` are whole elements. Nothing is written for none.
pub(super) fn propstat(
    out: &mut String,
    properties: &str,
    status: StatusCode,
    condition: Option<&str>,
) {
    if properties.is_empty() {
        return;
    }
    out.push_str("<d:propstat><d:prop>");
    out.push_str(properties);
    out.push_str("</d:prop><d:status>");
    out.push_str(&status_line(status));
    out.push_str("</d:status>");
    if let Some(condition) = condition {
        out.push_str(&format!("<d:error><d:{condition}/></d:error>"));
    }
    out.push_str("</d:propstat>");
}

/// An element with content that is XML already; without content it is empty.
pub(super) fn element(out: &mut String, name: &PropertyName, content: &str) {
    element_with(out, name, "", content);
}

/// As [`element`], with attributes that are written already, each after a space.
pub(super) fn element_with(out: &mut String, name: &PropertyName, attributes: &str, content: &str) {
    let local = &name.local;
    let (open, close) = match prefix(&name.namespace) {
        Some(prefix) => (format!("{prefix}:{local}"), format!("{prefix}:{local}")),
        None => (
            format!("{local} xmlns=\"{}\"", escape(&name.namespace)),
            local.clone(),
        ),
    };
    if content.is_empty() {
        out.push_str(&format!("<{open}{attributes}/>"));
    } else {
        out.push_str(&format!("<{open}{attributes}>{content}</{close}>"));
    }
}

/// The body of an error: for programs the condition, and the address that it is about; for people (and the apps' logs)
/// the message.
pub(super) fn error(condition: Option<&str>, about: Option<&str>, message: &str) -> String {
    let condition = match (condition, about) {
        (Some(name), Some(href)) => {
            format!("<d:{name}><d:href>{}</d:href></d:{name}>", escape(href))
        }
        (Some(name), None) => format!("<d:{name}/>"),
        (None, _) => String::new(),
    };
    format!(
        "{DECLARATION}<d:error xmlns:d=\"{DAV}\" xmlns:s=\"http://sabredav.org/ns\">{condition}<s:message>{}</s:message></d:error>\n",
        escape(message)
    )
}

/// Text as it may stand in an element or an attribute. What XML 1.0 cannot express at all becomes U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let possible = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(possible) {
        return quick_xml::escape::escape(text).into_owned();
    }
    let cleaned: String = text
        .chars()
        .map(|c| if possible(c) { c } else { '\u{fffd}' })
        .collect();
    quick_xml::escape::escape(cleaned.as_str()).into_owned()
}

fn prefix(namespace: &str) -> Option<&'static str> {
    match namespace {
        DAV => Some("d"),
        OC => Some("oc"),
        NC => Some("nc"),
        _ => None,
    }
}

fn status_line(status: StatusCode) -> String {
    format!(
        "HTTP/1.1 {} {}",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_prefix_of_ours_carry_their_namespace() {
        let mut out = String::new();
        for (namespace, local, content) in [
            (DAV, "getetag", "x"),
            (OC, "id", ""),
            ("urn:a&b", "p", "1"),
            ("", "bare", ""),
        ] {
            let name = PropertyName {
                namespace: namespace.to_owned(),
                local: local.to_owned(),
            };
            element(&mut out, &name, content);
        }
        assert_eq!(
            out,
            "<d:getetag>x</d:getetag><oc:id/><p xmlns=\"urn:a&amp;b\">1</p><bare xmlns=\"\"/>"
        );
    }

    #[test]
    fn errors_say_why_in_words() {
        let text = error(Some("propfind-finite-depth"), None, "a <b> \u{ffff}");
        assert!(
            text.contains("<d:propfind-finite-depth/><s:message>a &lt;b&gt; \u{fffd}</s:message>"),
            "{text}"
        );
    }
}
