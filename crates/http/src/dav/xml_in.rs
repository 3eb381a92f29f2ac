//! Reading the bodies of PROPFIND, PROPPATCH and LOCK (RFC 4918, sections 14.20, 14.19 and 14.11) and of an extended
//! MKCOL (RFC 5689, section 5.2).
//!
//! What arrives may be hostile: nothing is expanded (a document type or an unknown entity is refused), and depth and
//! number of properties are bounded. The body's size is bounded before it comes here.

use super::xml_walk::walk;

/// The namespace of RFC 4918.
pub(super) const DAV: &str = "DAV:";

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

/// One property that a PROPPATCH sets or removes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// Which property.
    pub(super) name: PropertyName,
    /// Its new value; `None` to remove it.
    pub(super) value: Option<Value>,
}

/// A property's value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value {
    /// The text in it, for those whose value is a text.
    pub(super) text: String,
    /// All of it, as XML that stands for itself.
    pub(super) xml: String,
}

/// What a LOCK asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LockInfo {
    /// Whether others may have a lock of this kind too.
    pub(super) shared: bool,
    /// Who asks, in the client's own words: XML that stands for itself.
    pub(super) owner: String,
}

/// A body that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("The request's XML body cannot be used: {0}")]
pub(super) struct XmlError(pub(super) String);

/// Reads a PROPFIND's body. None at all means everything (section 9.1).
pub(super) fn propfind(body: &[u8]) -> Result<Wanted, XmlError> {
    if body.trim_ascii().is_empty() {
        return Ok(Wanted::All(Vec::new()));
    }
    let mut wanted = None;
    let mut include = Vec::new();
    walk(body, "propfind", |element| {
        if element.path.is_empty() && element.inner.is_some() {
            return Ok(());
        }
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
    let changes = changes(body, "propertyupdate")?;
    if changes.is_empty() {
        return Err(XmlError("it changes no property".to_owned()));
    }
    Ok(changes)
}

/// Reads an extended MKCOL's body: the properties that the new folder shall have.
pub(super) fn mkcol(body: &[u8]) -> Result<Vec<Change>, XmlError> {
    changes(body, "mkcol")
}

fn changes(body: &[u8], root: &str) -> Result<Vec<Change>, XmlError> {
    let mut changes: Vec<Change> = Vec::new();
    walk(body, root, |element| {
        if let [action, prop] = element.path
            && prop == "prop"
            && (action == "set" || action == "remove")
        {
            if changes.len() >= MAX_PROPERTIES {
                return Err(XmlError(format!("it has over {MAX_PROPERTIES} properties")));
            }
            let value = (action == "set").then(|| Value {
                text: element.text.to_owned(),
                xml: element.inner.unwrap_or_default().to_owned(),
            });
            changes.push(Change {
                name: element.name,
                value,
            });
        }
        Ok(())
    })?;
    Ok(changes)
}

/// Reads a LOCK's body.
pub(super) fn lock(body: &[u8]) -> Result<LockInfo, XmlError> {
    let (mut shared, mut write) = (None, false);
    let mut owner = String::new();
    walk(body, "lockinfo", |element| {
        let path: Vec<&str> = element.path.iter().map(String::as_str).collect();
        match (path.as_slice(), element.name.local.as_str()) {
            (["lockscope"], "exclusive") => shared = Some(false),
            (["lockscope"], "shared") => shared = Some(true),
            (["locktype"], "write") => write = true,
            ([], "owner") => element.inner.unwrap_or_default().clone_into(&mut owner),
            _ => {}
        }
        Ok(())
    })?;
    match shared {
        Some(shared) if write => Ok(LockInfo { shared, owner }),
        _ => Err(XmlError(
            "it asks for no exclusive or shared write lock".to_owned(),
        )),
    }
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
                    value: Some(Value {
                        text: "1700 & <1>".to_owned(),
                        xml: "1700 &amp; &lt;1&gt;".to_owned(),
                    })
                },
                Change {
                    name: dav("displayname"),
                    value: None
                },
            ]
        );
    }

    #[test]
    fn values_stand_for_themselves() {
        let body = br#"<d:propertyupdate xmlns:d="DAV:" xmlns:x="urn:x" xmlns:unused="urn:u"><d:set><d:prop>
            <x:p> a<x:b x:c="1&lt;" d="2"/><e xmlns="urn:e">f</e><d:href>g</d:href><h/></x:p>
            </d:prop></d:set></d:propertyupdate>"#;
        let changes = proppatch(body).unwrap();
        assert_eq!(
            changes[0].value.as_ref().unwrap().xml,
            " a<b xmlns=\"urn:x\" xmlns:a0=\"urn:x\" a0:c=\"1&lt;\" d=\"2\"/><e xmlns=\"urn:e\">f</e>\
             <d:href>g</d:href><h xmlns=\"\"/>"
        );
    }

    #[test]
    fn locks_have_a_scope_and_an_owner() {
        let body =
            br#"<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>
            <locktype><write/></locktype><owner><href>mailto:anna</href></owner></lockinfo>"#;
        let expected = LockInfo {
            shared: false,
            owner: "<d:href>mailto:anna</d:href>".to_owned(),
        };
        assert_eq!(lock(body), Ok(expected));
        for bad in [
            &b"<lockinfo xmlns=\"DAV:\"/>"[..],
            b"<lockinfo xmlns=\"DAV:\"><lockscope><shared/></lockscope></lockinfo>",
            b"<propfind xmlns=\"DAV:\"/>",
        ] {
            assert!(lock(bad).is_err());
        }
    }

    #[test]
    fn a_value_that_grows_beyond_bounds_is_refused() {
        let body = format!(
            "<d:propertyupdate xmlns:d=\"DAV:\"><d:set><d:prop><p xmlns=\"urn:{}\">{}</p></d:prop></d:set></d:propertyupdate>",
            "x".repeat(20_000),
            "<a/>".repeat(5_000)
        );
        assert!(proppatch(body.as_bytes()).is_err());
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
            b"<D:propfind xmlns:D=\"DAV:\"><D:prop><bar:foo xmlns:bar=\"\"/></D:prop></D:propfind>",
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
