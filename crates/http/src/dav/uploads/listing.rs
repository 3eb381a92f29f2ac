//! PROPFIND: which pieces are here. The app for Android sums their sizes and takes the greatest number.

use axum::{
    body::BodyDataStream,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use safelight_engine::{PartialError, PartialId, PiecesError};

use super::{
    super::{
        Refusal, XML_LIMIT,
        xml_in::{self, DAV, PropertyName, Wanted},
        xml_out,
    },
    Call,
};
use crate::{body::read_small, stamps};

/// One address of the answer, and the properties that it has: names in `DAV:`, and values as XML.
struct Item {
    href: String,
    properties: Vec<(&'static str, String)>,
}

/// All uploads: which there are is nobody's question, only that one may be begun here.
pub(super) async fn none(call: &Call, body: &mut BodyDataStream) -> Result<Response, Refusal> {
    let wanted = wanted(body).await?;
    Ok(written(&wanted, &[folder(&call.address)]))
}

/// One upload and, at Depth 1, its pieces.
pub(super) async fn pieces(
    call: &Call,
    id: PartialId,
    body: &mut BodyDataStream,
) -> Result<Response, Refusal> {
    let wanted = wanted(body).await?;
    let mut items = vec![folder(&call.address)];
    // An upload has one level: infinity is the same as 1.
    if call.header("depth").map(str::trim) == Some("0") {
        if !call.engine.has_pieces(id.clone()).await? {
            return Err(PiecesError::from(PartialError::NotFound(id)).into());
        }
    } else {
        let partial = call.engine.pieces(id).await?;
        let changed = stamps::to_http_date(partial.touched);
        items.extend(partial.pieces.iter().map(|piece| Item {
            // As Android writes it; the others never look.
            href: format!("{}/{:06}", call.address, piece.number),
            properties: vec![
                ("resourcetype", String::new()),
                ("getcontentlength", piece.length.to_string()),
                ("getcontenttype", "application/octet-stream".to_owned()),
                ("getlastmodified", changed.clone()),
            ],
        }));
    }
    Ok(written(&wanted, &items))
}

fn folder(address: &str) -> Item {
    Item {
        href: format!("{address}/"),
        properties: vec![("resourcetype", "<d:collection/>".to_owned())],
    }
}

async fn wanted(body: &mut BodyDataStream) -> Result<Wanted, Refusal> {
    Ok(xml_in::propfind(&read_small(body, XML_LIMIT).await?)?)
}

/// At most 10,000 pieces: a few megabytes.
fn written(wanted: &Wanted, items: &[Item]) -> Response {
    let mut out = xml_out::begin_multistatus();
    for item in items {
        xml_out::begin_response(&mut out, &item.href);
        let (mut found, mut missing) = (String::new(), String::new());
        let mut put = |name: &PropertyName, with_value: bool| {
            let has = item
                .properties
                .iter()
                .find(|(local, _)| name.namespace == DAV && name.local == *local);
            match has {
                Some((_, value)) => {
                    xml_out::element(&mut found, name, if with_value { value } else { "" });
                }
                None => xml_out::element(&mut missing, name, ""),
            }
        };
        if let Wanted::All(_) | Wanted::Names = wanted {
            for (local, _) in &item.properties {
                let name = PropertyName {
                    namespace: DAV.to_owned(),
                    local: (*local).to_owned(),
                };
                put(&name, matches!(wanted, Wanted::All(_)));
            }
        }
        if let Wanted::These(names) = wanted {
            for name in names {
                put(name, true);
            }
        }
        xml_out::propstat(&mut out, &found, StatusCode::OK, None);
        xml_out::propstat(&mut out, &missing, StatusCode::NOT_FOUND, None);
        xml_out::end_response(&mut out);
    }
    out.push_str(xml_out::END_MULTISTATUS);
    (
        StatusCode::MULTI_STATUS,
        [(header::CONTENT_TYPE, xml_out::CONTENT_TYPE)],
        out,
    )
        .into_response()
}
