//! The properties of an entry: RFC 4918's, and those of ownCloud and Nextcloud that their apps ask for.

use http::StatusCode;
use safelight_engine::{Checksum, Entry};

use super::{
    xml_in::{DAV, PropertyName, Wanted},
    xml_out::{self, NC, OC, escape},
};
use crate::{media_type, stamps};

/// Ends every `oc:id`. The iOS app reads the number before the first "oc".
const INSTANCE: &str = "ocsafelight";

/// One property: its namespace, its name, and its value as XML; `None` if this entry has none.
struct Live(
    &'static str,
    &'static str,
    fn(&Entry, &str) -> Option<String>,
);

/// Every property that an entry can have. `allprop` gives those of RFC 4918, which stand first.
const LIVE: &[Live] = &[
    Live(DAV, "resourcetype", |entry, _| {
        Some(if entry.is_folder {
            "<d:collection/>".to_owned()
        } else {
            String::new()
        })
    }),
    Live(DAV, "displayname", |entry, user| {
        Some(escape(if entry.path.is_root() {
            user
        } else {
            entry.path.name()
        }))
    }),
    Live(DAV, "getcontentlength", |entry, _| {
        file(entry).map(|entry| entry.size.to_string())
    }),
    Live(DAV, "getcontenttype", |entry, _| {
        file(entry).map(|entry| media_type::of_name(entry.path.name()).to_owned())
    }),
    Live(DAV, "getlastmodified", |entry, _| {
        Some(stamps::to_http_date(entry.modified))
    }),
    Live(DAV, "creationdate", |entry, _| {
        Some(stamps::to_rfc3339(entry.created))
    }),
    Live(DAV, "getetag", |entry, _| {
        Some(format!("&quot;{}&quot;", escape(&entry.etag)))
    }),
    Live(OC, "id", |entry, _| Some(file_id(entry))),
    Live(OC, "fileid", |entry, _| Some(entry.id.to_string())),
    Live(OC, "size", |entry, _| Some(entry.size.to_string())),
    Live(OC, "permissions", |entry, _| {
        Some(permissions(entry).to_owned())
    }),
    Live(OC, "favorite", |_, _| Some("0".to_owned())),
    Live(OC, "owner-id", |_, user| Some(escape(user))),
    Live(OC, "owner-display-name", |_, user| Some(escape(user))),
    Live(OC, "checksums", |entry, _| {
        entry
            .hash
            .map(|hash| format!("<oc:checksum>{}</oc:checksum>", Checksum::from(hash)))
    }),
    Live(NC, "creation_time", |entry, _| {
        Some(entry.created.as_second().to_string())
    }),
    Live(NC, "has-preview", |_, _| Some("false".to_owned())),
    Live(NC, "is-encrypted", |_, _| Some("0".to_owned())),
];

fn file(entry: &Entry) -> Option<&Entry> {
    (!entry.is_folder).then_some(entry)
}

/// The identity of an entry that Nextcloud's apps keep.
pub(super) fn file_id(entry: &Entry) -> String {
    format!("{:08}{INSTANCE}", entry.id)
}

/// What may be done with an entry, as Nextcloud writes it: G readable, D removable, N and V renamable and movable,
/// W writable, C and K may get files and folders.
pub(super) const fn permissions(entry: &Entry) -> &'static str {
    if entry.is_folder { "RGDNVCK" } else { "RGDNVW" }
}

/// Writes an entry's `propstat` elements: what was found first, which is all that the apps read, then what was not.
pub(super) fn write(out: &mut String, wanted: &Wanted, entry: &Entry, user: &str) {
    let mut found = String::new();
    let mut missing = String::new();
    let mut all = |namespace: Option<&str>, with_value: bool| {
        for Live(space, local, value) in LIVE {
            if namespace.is_none_or(|wanted| wanted == *space)
                && let Some(value) = value(entry, user)
            {
                xml_out::element(
                    &mut found,
                    &name(space, local),
                    if with_value { &value } else { "" },
                );
            }
        }
    };
    let these = match wanted {
        Wanted::Names => {
            all(None, false);
            &[][..]
        }
        Wanted::All(include) => {
            all(Some(DAV), true);
            include
        }
        Wanted::These(names) => names,
    };
    for wanted in these {
        let live = LIVE
            .iter()
            .find(|Live(space, local, _)| wanted.namespace == *space && wanted.local == *local);
        match live.and_then(|Live(.., value)| value(entry, user)) {
            Some(value) => xml_out::element(&mut found, wanted, &value),
            None => xml_out::element(&mut missing, wanted, ""),
        }
    }
    if found.is_empty() && missing.is_empty() {
        // A response needs one propstat, even to a request that names no property.
        out.push_str("<d:propstat><d:prop/><d:status>HTTP/1.1 200 OK</d:status></d:propstat>");
    }
    xml_out::propstat(out, &found, StatusCode::OK, None);
    xml_out::propstat(out, &missing, StatusCode::NOT_FOUND, None);
}

fn name(namespace: &str, local: &str) -> PropertyName {
    PropertyName {
        namespace: namespace.to_owned(),
        local: local.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use safelight_core::{AssetId, DeviceId, DevicePath, Timestamp};

    use super::*;

    fn photo() -> Entry {
        Entry {
            id: 123,
            device: DeviceId(1),
            path: DevicePath::parse("DCIM/a&b.JPG").unwrap(),
            is_folder: false,
            asset: Some(AssetId(7)),
            hash: Some(safelight_core::ContentHash::from_bytes([0xab; 32])),
            size: 42,
            modified: Timestamp::from_second(784_111_777).unwrap(),
            created: Timestamp::from_second(784_111_000).unwrap(),
            etag: "e1".to_owned(),
            kind: None,
        }
    }

    fn written(wanted: &Wanted, entry: &Entry) -> String {
        let mut out = String::new();
        write(&mut out, wanted, entry, "anna");
        out
    }

    #[test]
    fn what_is_not_there_comes_last() {
        let wanted = Wanted::These(vec![
            name("urn:x", "nothing"),
            name(DAV, "getetag"),
            name(OC, "id"),
        ]);
        assert_eq!(
            written(&wanted, &photo()),
            "<d:propstat><d:prop><d:getetag>&quot;e1&quot;</d:getetag><oc:id>00000123ocsafelight</oc:id></d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat>\
             <d:propstat><d:prop><nothing xmlns=\"urn:x\"/></d:prop>\
             <d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>"
        );
    }

    #[test]
    fn everything_is_what_the_standard_has() {
        let text = written(&Wanted::All(vec![name(OC, "size")]), &photo());
        assert!(
            text.contains("<d:resourcetype/><d:displayname>a&amp;b.JPG</d:displayname>"),
            "{text}"
        );
        assert!(
            text.contains("<d:getcontenttype>image/jpeg</d:getcontenttype>"),
            "{text}"
        );
        assert!(
            text.contains("<oc:size>42</oc:size>") && !text.contains("oc:fileid"),
            "{text}"
        );
    }

    #[test]
    fn folders_have_no_length_and_the_root_the_users_name() {
        let root = Entry {
            path: DevicePath::root(),
            is_folder: true,
            hash: None,
            asset: None,
            ..photo()
        };
        let text = written(&Wanted::All(vec![]), &root);
        assert!(text.contains("<d:resourcetype><d:collection/></d:resourcetype><d:displayname>anna</d:displayname>"), "{text}");
        assert!(!text.contains("getcontentlength"), "{text}");
    }

    #[test]
    fn names_come_without_values() {
        let text = written(&Wanted::Names, &photo());
        assert!(
            text.contains("<d:getetag/>") && text.contains("<oc:id/>") && !text.contains("e1"),
            "{text}"
        );
    }
}
