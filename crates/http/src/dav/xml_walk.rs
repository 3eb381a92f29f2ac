//! Walking through an XML body that may be hostile.

use quick_xml::{
    NsReader, XmlVersion,
    events::{BytesStart, Event},
    name::{Namespace, NamespaceResolver, ResolveResult},
};

use super::{
    xml_in::{DAV, PropertyName, XmlError},
    xml_out::{self, escape},
};

/// Elements within elements. A PROPPATCH needs five.
const MAX_DEPTH: usize = 16;
/// Bytes of one element's content, once it stands for itself: a long namespace is then written at every element of it.
const MAX_INNER: usize = 128 * 1024;

/// An element below the root.
pub(super) struct Element<'a> {
    /// The local names of the elements around it, without the root's.
    pub(super) path: &'a [String],
    pub(super) name: PropertyName,
    /// The text directly in it; none yet where it begins.
    pub(super) text: &'a str,
    /// All that is in it, as XML that stands for itself wherever it is put; `None` where it begins.
    pub(super) inner: Option<&'a str>,
}

/// An element whose end has not come yet.
struct Open {
    name: PropertyName,
    /// Its attributes as they are written again, each after a space.
    attributes: String,
    text: String,
    inner: String,
}

/// Walks through a document whose root is `DAV:` `root`, and tells `each` element below it when it ends. Those directly
/// below the root are also told when they begin, so that what they stand for is known before what is in them.
pub(super) fn walk(
    body: &[u8],
    root: &str,
    mut each: impl FnMut(Element<'_>) -> Result<(), XmlError>,
) -> Result<(), XmlError> {
    let text = std::str::from_utf8(body).map_err(|_| XmlError("it is not UTF-8".to_owned()))?;
    let mut reader = NsReader::from_str(text.trim_start_matches('\u{feff}'));
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Open> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut seen_root = false;
    loop {
        let (resolved, event) = reader
            .read_resolved_event()
            .map_err(|e| XmlError(e.to_string()))?;
        match event {
            Event::Start(start) => {
                let name = property_name(&resolved, &start)?;
                let attributes = attributes(&start, reader.resolver())?;
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
                            inner: None,
                        })?;
                    } else {
                        path.push(open[open.len() - 1].name.local.clone());
                    }
                }
                open.push(Open {
                    name,
                    attributes,
                    text: String::new(),
                    inner: String::new(),
                });
            }
            Event::End(_) => {
                let Some(ended) = open.pop() else {
                    return Err(XmlError("an element ends that did not begin".to_owned()));
                };
                if let Some(around) = open.last_mut() {
                    xml_out::element_with(
                        &mut around.inner,
                        &ended.name,
                        &ended.attributes,
                        &ended.inner,
                    );
                    if around.inner.len() > MAX_INNER {
                        return Err(XmlError(format!(
                            "an element has over {MAX_INNER} bytes of content"
                        )));
                    }
                    each(Element {
                        path: &path,
                        name: ended.name,
                        text: ended.text.trim(),
                        inner: Some(&ended.inner),
                    })?;
                    path.pop();
                }
            }
            Event::Text(part) => say(&mut open, &part.xml10_content()),
            Event::CData(part) => say(&mut open, &part.xml10_content()),
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
                say(&mut open, &character);
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

/// Text between the elements.
fn say(open: &mut [Open], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
        element.inner.push_str(&escape(text));
    }
}

fn property_name(
    resolved: &ResolveResult<'_>,
    start: &BytesStart<'_>,
) -> Result<PropertyName, XmlError> {
    let namespace = namespace(resolved)?;
    let local = start.local_name().into_inner().to_owned();
    if local.is_empty() {
        return Err(XmlError("an element has no name".to_owned()));
    }
    Ok(PropertyName { namespace, local })
}

fn namespace(resolved: &ResolveResult<'_>) -> Result<String, XmlError> {
    match resolved {
        ResolveResult::Bound(Namespace(uri)) => Ok((*uri).to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => Err(XmlError(format!(
            "the prefix {prefix:?} stands for nothing"
        ))),
    }
}

/// An element's attributes, with the namespaces that they need and without others.
fn attributes(start: &BytesStart<'_>, resolver: &NamespaceResolver) -> Result<String, XmlError> {
    let mut written = String::new();
    for (number, attribute) in start.attributes().enumerate() {
        let attribute = attribute.map_err(|error| XmlError(error.to_string()))?;
        let value = attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map_err(|error| XmlError(error.to_string()))?;
        let key = attribute.key.into_inner();
        if key == "xmlns" {
            continue;
        }
        if key.starts_with("xmlns:") {
            if value.is_empty() {
                // "Namespaces in XML", section 5: a prefix cannot be taken back.
                return Err(XmlError(format!("{key} declares no namespace")));
            }
            continue;
        }
        let value = escape(&value);
        match attribute.key.prefix() {
            Some(prefix) if prefix.into_inner() != "xml" => {
                // A prefix of our own: the client's may be one that our answers use for something else.
                let (resolved, local) = resolver.resolve_attribute(attribute.key);
                let (uri, local) = (namespace(&resolved)?, local.into_inner());
                written.push_str(&format!(
                    " xmlns:a{number}=\"{}\" a{number}:{local}=\"{value}\"",
                    escape(&uri)
                ));
            }
            _ => written.push_str(&format!(" {key}=\"{value}\"")),
        }
    }
    Ok(written)
}
