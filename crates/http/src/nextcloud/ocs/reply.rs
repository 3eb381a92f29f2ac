//! How OCS says something: an envelope with a status of its own, in XML unless JSON is asked for.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::auth;

/// The data of a good answer, or why there is none.
pub(super) type Outcome = Result<Value, Trouble>;

/// Why a request gets no data.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Who asks is not known.
    Unauthorized,
    /// There is no such thing.
    NotFound(&'static str),
    /// It may be better in a minute.
    Transient(String),
}

/// In which version and format an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// `statuscode` of a good answer: 100 in version 1, 200 in version 2.
    good: u16,
    is_json: bool,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            good: 200,
            is_json: false,
        }
    }
}

impl Shape {
    /// What the request asks for: `format` in the query, else `Accept`; XML if neither says JSON. `None` for a version
    /// that there is not.
    pub(super) fn of(version: &str, query: Option<&str>, headers: &HeaderMap) -> Option<Self> {
        let good = match version {
            "v1.php" => 100,
            "v2.php" => 200,
            _ => return None,
        };
        let format = query
            .unwrap_or_default()
            .split('&')
            .find_map(|pair| pair.strip_prefix("format="));
        let accepts_json = || {
            headers
                .get_all(header::ACCEPT)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .any(|value| value.to_ascii_lowercase().contains("application/json"))
        };
        Some(Self {
            good,
            is_json: format.map_or_else(accepts_json, |format| format == "json"),
        })
    }

    /// Writes an answer. A good one has an `ETag`, and is 304 for whoever has it already.
    pub(super) fn write(self, outcome: Outcome, request: &HeaderMap) -> Response {
        let (status, code, message, data) = match outcome {
            Ok(data) => (StatusCode::OK, self.good, "OK".to_owned(), data),
            Err(Trouble::Unauthorized) => (
                StatusCode::UNAUTHORIZED,
                997,
                "The user name and password of a device are needed".to_owned(),
                json!([]),
            ),
            Err(Trouble::NotFound(message)) => {
                (StatusCode::NOT_FOUND, 404, message.to_owned(), json!([]))
            }
            Err(Trouble::Transient(message)) => {
                tracing::warn!("An OCS request could not be answered: {message}");
                (StatusCode::SERVICE_UNAVAILABLE, 503, message, json!([]))
            }
        };
        let is_good = status == StatusCode::OK;
        let meta = [
            ("status", if is_good { "ok" } else { "failure" }.to_owned()),
            ("statuscode", code.to_string()),
            ("message", message),
        ];
        let (media_type, body) = if self.is_json {
            (
                "application/json; charset=utf-8",
                json_envelope(code, &meta, &data),
            )
        } else {
            ("application/xml; charset=utf-8", xml_envelope(&meta, &data))
        };
        let etag = format!("\"{}\"", hex::encode(&Sha256::digest(&body)[..16]));
        if is_good && has_it(request, &etag) {
            return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
        }
        let mut response = (status, [(header::CONTENT_TYPE, media_type)], body).into_response();
        let extra = match status {
            StatusCode::UNAUTHORIZED => {
                Some((header::WWW_AUTHENTICATE, auth::BASIC_CHALLENGE.to_owned()))
            }
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, "30".to_owned())),
            StatusCode::OK => Some((header::ETAG, etag)),
            _ => None,
        };
        if let Some((name, value)) = extra
            && let Ok(value) = value.parse()
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

fn has_it(request: &HeaderMap, etag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == etag)
}

fn json_envelope(code: u16, meta: &[(&str, String); 3], data: &Value) -> Vec<u8> {
    let [(_, status), _, (_, message)] = meta;
    let whole = json!({
        "ocs": {
            "meta": { "status": status, "statuscode": code, "message": message },
            "data": data,
        },
    });
    whole.to_string().into_bytes()
}

fn xml_envelope(meta: &[(&str, String); 3], data: &Value) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    let written = (|| {
        writer.write_event(Event::Decl(BytesDecl::new("1.0", None, None)))?;
        open(&mut writer, "ocs")?;
        open(&mut writer, "meta")?;
        for (name, text) in meta {
            element(&mut writer, name, &Value::from(text.as_str()))?;
        }
        close(&mut writer, "meta")?;
        element(&mut writer, "data", data)?;
        close(&mut writer, "ocs")
    })();
    // Nothing goes wrong when writing into memory.
    if let Err(error) = written {
        tracing::error!("An OCS answer could not be written: {error}");
    }
    writer.into_inner()
}

fn open(writer: &mut Writer<Vec<u8>>, name: &str) -> std::io::Result<()> {
    writer.write_event(Event::Start(BytesStart::new(name)))
}

fn close(writer: &mut Writer<Vec<u8>>, name: &str) -> std::io::Result<()> {
    writer.write_event(Event::End(BytesEnd::new(name)))
}

/// As Nextcloud writes data in XML (`lib/public/AppFramework/Http/...`, `OCSResponse`): true is 1, false and null are
/// empty, an array's members are called `element`.
fn element(writer: &mut Writer<Vec<u8>>, name: &str, value: &Value) -> std::io::Result<()> {
    open(writer, name)?;
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::Bool(true) => writer.write_event(Event::Text(BytesText::new("1")))?,
        Value::Number(number) => {
            writer.write_event(Event::Text(BytesText::new(&number.to_string())))?;
        }
        Value::String(text) => writer.write_event(Event::Text(BytesText::new(text)))?,
        Value::Array(members) => {
            for member in members {
                element(writer, "element", member)?;
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                element(writer, name, member)?;
            }
        }
    }
    close(writer, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(version: &str, query: &str, accept: &str) -> Option<Shape> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
        Shape::of(version, Some(query), &headers)
    }

    #[test]
    fn xml_unless_json_is_asked_for() {
        let is_json = |query, accept| shape("v1.php", query, accept).unwrap().is_json;
        assert!(!is_json("", "*/*"));
        assert!(is_json("", "application/json"));
        assert!(is_json("", "text/plain, Application/JSON;q=0.9"));
        assert!(is_json("a=b&format=json", "*/*"));
        assert!(!is_json("format=xml", "application/json"));
        assert_eq!(shape("v1.php", "", "*/*").unwrap().good, 100);
        assert_eq!(shape("v2.php", "", "*/*").unwrap().good, 200);
        assert_eq!(shape("v3.php", "", "*/*"), None);
    }

    #[test]
    fn every_kind_of_data_has_its_xml() {
        let meta = ["status", "statuscode", "message"].map(|name| (name, "x".to_owned()));
        let data =
            json!({ "a": [1, "<&>"], "b": true, "c": false, "d": null, "e": { "f-g": 0.5 } });
        let text = String::from_utf8(xml_envelope(&meta, &data)).unwrap();
        assert_eq!(
            text,
            "<?xml version=\"1.0\"?><ocs><meta><status>x</status><statuscode>x</statuscode><message>x</message></meta>\
             <data><a><element>1</element><element>&lt;&amp;&gt;</element></a><b>1</b><c></c><d></d><e><f-g>0.5</f-g></e></data></ocs>"
        );
    }
}
