//! Walking through an XML body that may be hostile.

use quick_xml::{
    NsReader,
    events::{BytesStart, Event},
    name::{Namespace, ResolveResult},
};

use super::xml_in::{DAV, PropertyName, XmlError};

/// Elements within elements. A PROPPATCH needs five.
const MAX_DEPTH: usize = 16;

/// An element below the root.
pub(super) struct Element<'a> {
    /// The local names of the elements around it, without the root's.
    pub(super) path: &'a [String],
    pub(super) name: PropertyName,
    /// The text directly in it; none yet directly below the root.
    pub(super) text: &'a str,
}

/// Walks through a document whose root is `DAV:` `root`, and tells `each` element below it: those directly below the
/// root when they begin (so that what they stand for is known before what is in them), deeper ones when they end (so
/// that their text is known).
pub(super) fn walk(
    body: &[u8],
    root: &str,
    mut each: impl FnMut(Element<'_>) -> Result<(), XmlError>,
) -> Result<(), XmlError> {
    let text = std::str::from_utf8(body).map_err(|_| XmlError("it is not UTF-8".to_owned()))?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<(PropertyName, String)> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut seen_root = false;
    loop {
        let (resolved, event) = reader
            .read_resolved_event()
            .map_err(|e| XmlError(e.to_string()))?;
        match event {
            Event::Start(start) => {
                let name = property_name(&resolved, &start)?;
                if open.is_empty() {
                    if seen_root || name.namespace != DAV || name.local != root {
                        return Err(XmlError(format!(
                            "its outermost element is not {root} of {DAV}"
                        )));
                    }
                    seen_root = true;
                } else {
                    if open.len() >= MAX_DEPTH {
                        return Err(XmlError(format!("it is over {MAX_DEPTH} elements deep")));
                    }
                    if open.len() == 1 {
                        each(Element {
                            path: &path,
                            name: name.clone(),
                            text: "",
                        })?;
                    } else {
                        path.push(open[open.len() - 1].0.local.clone());
                    }
                }
                open.push((name, String::new()));
            }
            Event::End(_) => {
                let Some((name, text)) = open.pop() else {
                    return Err(XmlError("an element ends that did not begin".to_owned()));
                };
                if open.len() >= 2 {
                    each(Element {
                        path: &path,
                        name,
                        text: text.trim(),
                    })?;
                    path.pop();
                }
            }
            Event::Text(part) => {
                if let Some((_, text)) = open.last_mut() {
                    text.push_str(&part.xml10_content());
                }
            }
            Event::CData(part) => {
                if let Some((_, text)) = open.last_mut() {
                    text.push_str(&part.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                let refused = || XmlError("it uses an entity, which is refused".to_owned());
                let character = match reference.resolve_char_ref().map_err(|_| refused())? {
                    Some(character) => character.to_string(),
                    None => {
                        let name = reference.into_inner();
                        quick_xml::escape::resolve_predefined_entity(&name)
                            .ok_or_else(refused)?
                            .to_owned()
                    }
                };
                if let Some((_, text)) = open.last_mut() {
                    text.push_str(&character);
                }
            }
            Event::DocType(_) => {
                return Err(XmlError(
                    "it has a document type, which is refused".to_owned(),
                ));
            }
            Event::Eof if open.is_empty() && seen_root => return Ok(()),
            Event::Eof => return Err(XmlError("it ends too early".to_owned())),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
        }
    }
}

fn property_name(
    resolved: &ResolveResult<'_>,
    start: &BytesStart<'_>,
) -> Result<PropertyName, XmlError> {
    let namespace = match resolved {
        ResolveResult::Bound(Namespace(uri)) => (*uri).to_owned(),
        ResolveResult::Unbound => String::new(),
        ResolveResult::Unknown(prefix) => {
            return Err(XmlError(format!(
                "the prefix {prefix:?} stands for nothing"
            )));
        }
    };
    let local = start.local_name().into_inner().to_owned();
    if local.is_empty() {
        return Err(XmlError("an element has no name".to_owned()));
    }
    Ok(PropertyName { namespace, local })
}
