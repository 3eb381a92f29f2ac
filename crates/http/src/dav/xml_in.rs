//! Reading the bodies of PROPFIND and PROPPATCH (RFC 4918, sections 14.20 and 14.19).
//!
//! What arrives may be hostile: nothing is expanded (a document type or an unknown entity is refused), and depth and
//! number of properties are bounded. The body's size is bounded before it comes here.

use quick_xml::{
    NsReader,
    events::{BytesStart, Event},
    name::{Namespace, ResolveResult},
};

/// The namespace of RFC 4918.
pub(super) const DAV: &str = "DAV:";

/// Elements within elements. A PROPPATCH needs five.
const MAX_DEPTH: usize = 16;
/// Properties in one request. Nextcloud's clients ask for about 50.
const MAX_PROPERTIES: usize = 256;

/// A property's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PropertyName {
    /// The namespace's URI; empty for none.
    pub(super) namespace: String,
    /// The name within it.
    pub(super) local: String,
}

/// What a PROPFIND asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Every property of RFC 4918 and these.
    All(Vec<PropertyName>),
    /// The names only.
    Names,
    /// These properties.
    These(Vec<PropertyName>),
}

/// One property that a PROPPATCH sets (to this text) or removes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Which property.
    pub(super) name: PropertyName,
    /// Its new text; `None` to remove it.
    pub(super) value: Option<String>,
}

/// A body that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("The request's XML body cannot be used: {0}")]
pub(super) struct XmlError(String);

/// Reads a PROPFIND's body. None at all means everything (section 9.1).
pub(super) fn propfind(body: &[u8]) -> Result<Wanted, XmlError> {
    if body.trim_ascii().is_empty() {
        return Ok(Wanted::All(Vec::new()));
    }
    let mut wanted = None;
    let mut include = Vec::new();
    walk(body, "propfind", |element| {
        match (
            element.path,
            element.name.namespace.as_str(),
            element.name.local.as_str(),
        ) {
            ([], DAV, "propname") => wanted = Some(Wanted::Names),
            ([], DAV, "allprop") => wanted = Some(Wanted::All(Vec::new())),
            ([], DAV, "prop") => wanted = Some(Wanted::These(Vec::new())),
            ([parent], _, _) if parent == "prop" => {
                if let Some(Wanted::These(names)) = &mut wanted {
                    add(names, element.name)?;
                }
            }
            ([parent], _, _) if parent == "include" => add(&mut include, element.name)?,
            _ => {}
        }
        Ok(())
    })?;
    match wanted {
        Some(Wanted::All(_)) => Ok(Wanted::All(include)),
        Some(wanted) => Ok(wanted),
        None => Err(XmlError(
            "it names none of prop, allprop and propname".to_owned(),
        )),
    }
}

/// Reads a PROPPATCH's body: the changes in their order.
pub(super) fn proppatch(body: &[u8]) -> Result<Vec<Change>, XmlError> {
    let mut changes: Vec<Change> = Vec::new();
    walk(body, "propertyupdate", |element| {
        if let [action, prop] = element.path
            && prop == "prop"
            && (action == "set" || action == "remove")
        {
            if changes.len() >= MAX_PROPERTIES {
                return Err(XmlError(format!("it has over {MAX_PROPERTIES} properties")));
            }
            let value = (action == "set").then(|| element.text.to_owned());
            changes.push(Change {
                name: element.name,
                value,
            });
        }
        Ok(())
    })?;
    if changes.is_empty() {
        return Err(XmlError("it changes no property".to_owned()));
    }
    Ok(changes)
}

fn add(names: &mut Vec<PropertyName>, name: PropertyName) -> Result<(), XmlError> {
    if names.len() >= MAX_PROPERTIES {
        return Err(XmlError(format!(
            "it asks for over {MAX_PROPERTIES} properties"
        )));
    }
    if !names.contains(&name) {
        names.push(name);
    }
    Ok(())
}

/// An element below the root, told when it ends except that the three words of a PROPFIND are told when they begin.
struct Element<'a> {
    /// The local names of the elements around it, without the root's.
    path: &'a [String],
    name: PropertyName,
    /// The text directly in it.
    text: &'a str,
}

/// Walks through a document whose root is `DAV:` `root` and tells `each` element below the root, the outer before the
/// inner unless the inner has text of interest: an element is told at its end, `prop`, `allprop` and `propname` directly
/// below the root at their start.
fn walk(
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

#[cfg(test)]
mod tests {
    use super::*;

    fn dav(local: &str) -> PropertyName {
        PropertyName {
            namespace: DAV.to_owned(),
            local: local.to_owned(),
        }
    }

    #[test]
    fn no_body_asks_for_everything() {
        assert_eq!(propfind(b""), Ok(Wanted::All(vec![])));
        assert_eq!(propfind(b" \r\n"), Ok(Wanted::All(vec![])));
    }

    #[test]
    fn prefixes_are_only_abbreviations() {
        let body = br#"<?xml version="1.0"?>
            <x:propfind xmlns:x="DAV:" xmlns:o="http://owncloud.org/ns"><x:prop>
              <x:getetag/><o:id></o:id><plain xmlns="urn:p"/><bare/><x:getetag/></x:prop></x:propfind>"#;
        let Wanted::These(names) = propfind(body).unwrap() else {
            panic!("not These")
        };
        let other = |namespace: &str, local: &str| PropertyName {
            namespace: namespace.into(),
            local: local.into(),
        };
        assert_eq!(
            names,
            [
                dav("getetag"),
                other("http://owncloud.org/ns", "id"),
                other("urn:p", "plain"),
                other("", "bare")
            ]
        );
    }

    #[test]
    fn the_other_two_questions() {
        assert_eq!(
            propfind(br#"<propfind xmlns="DAV:"><propname/></propfind>"#),
            Ok(Wanted::Names)
        );
        let body = br#"<propfind xmlns="DAV:"><allprop/><include><quota-used-bytes/></include></propfind>"#;
        assert_eq!(
            propfind(body),
            Ok(Wanted::All(vec![dav("quota-used-bytes")]))
        );
    }

    #[test]
    fn changes_keep_their_order_and_text() {
        let body = br#"<d:propertyupdate xmlns:d="DAV:">
            <d:set><d:prop><d:lastmodified>17&#48;0 &amp; <![CDATA[<1>]]></d:lastmodified></d:prop></d:set>
            <d:remove><d:prop><d:displayname/></d:prop></d:remove></d:propertyupdate>"#;
        assert_eq!(
            proppatch(body).unwrap(),
            [
                Change {
                    name: dav("lastmodified"),
                    value: Some("1700 & <1>".to_owned())
                },
                Change {
                    name: dav("displayname"),
                    value: None
                },
            ]
        );
    }

    #[test]
    fn hostile_bodies_are_refused() {
        let laughs = br#"<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><propfind xmlns="DAV:"><prop>&b;</prop></propfind>"#;
        let deep = format!("<propfind xmlns=\"DAV:\">{}", "<a>".repeat(1000));
        let many = format!(
            "<propfind xmlns=\"DAV:\"><prop>{}</prop></propfind>",
            (0..1000).map(|n| format!("<p{n}/>")).collect::<String>()
        );
        for body in [
            laughs.as_slice(),
            deep.as_bytes(),
            many.as_bytes(),
            b"<propfind xmlns=\"DAV:\"><prop>&secret;</prop></propfind>",
            b"<propfind><prop/></propfind>",
            b"<propfind xmlns=\"DAV:\"/>",
            b"<propfind xmlns=\"DAV:\"><x:prop/></propfind>",
            b"<propfind xmlns=\"DAV:\"><prop></propfind>",
            b"<propfind xmlns=\"DAV:\"><prop>",
            b"not xml at all",
            b"\xff\xfe<",
        ] {
            assert!(
                propfind(body).is_err(),
                "{:?}",
                String::from_utf8_lossy(body)
            );
        }
        assert!(proppatch(b"<propertyupdate xmlns=\"DAV:\"/>").is_err());
    }
}
