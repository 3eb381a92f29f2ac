//! The properties of an entry: RFC 4918's, and those of ownCloud and Nextcloud that their apps ask for.

use std::sync::Arc;

use http::StatusCode;
use safelight_core::{MediaKind, Timestamp};
use safelight_engine::{Checksum, Entry, Property, Room};

use super::{
    locks::Lock,
    target::Mount,
    xml_in::{DAV, PropertyName, Wanted},
    xml_out::{self, NC, OC, escape},
};
use crate::{media_type, stamps};

/// Ends every `oc:id`. The iOS app reads the number before the first "oc".
const INSTANCE: &str = "ocsafelight";

/// What is said of one entry, and to whom.
pub(super) struct Subject<'a> {
    pub(super) entry: &'a Entry,
    pub(super) user: &'a str,
    pub(super) mount: &'a Mount,
    /// What programs keep with it.
    pub(super) kept: &'a [Property],
    /// All locks of its tree.
    pub(super) locks: &'a [Arc<Lock>],
    /// The present.
    pub(super) now: Timestamp,
    /// The room for photos, if it was asked for.
    pub(super) room: Option<Room>,
    /// Whether it is known that there can be no picture of it.
    pub(super) without_picture: bool,
}

/// One property: its namespace, its name, and its value as XML; `None` if this entry has none.
struct Live(
    &'static str,
    &'static str,
    fn(&Subject<'_>) -> Option<String>,
);

/// Every property that we know ourselves. `allprop` gives those of RFC 4918, which stand first.
const LIVE: &[Live] = &[
    Live(DAV, "resourcetype", |of| {
        Some(if of.entry.is_folder {
            "<d:collection/>".to_owned()
        } else {
            String::new()
        })
    }),
    Live(DAV, "displayname", |of| {
        Some(escape(if of.entry.path.is_root() {
            of.user
        } else {
            of.entry.path.name()
        }))
    }),
    Live(DAV, "getcontentlength", |of| {
        file(of).map(|entry| entry.size.to_string())
    }),
    Live(DAV, "getcontenttype", |of| {
        file(of).map(|entry| media_type::of_name(entry.path.name()).to_owned())
    }),
    Live(DAV, "getlastmodified", |of| {
        Some(stamps::to_http_date(of.entry.modified))
    }),
    Live(DAV, "creationdate", |of| {
        Some(stamps::to_rfc3339(created(of)))
    }),
    Live(DAV, "getetag", |of| {
        Some(format!("&quot;{}&quot;", escape(&of.entry.etag)))
    }),
    Live(DAV, "supportedlock", |_| {
        let entry = |scope| {
            format!(
                "<d:lockentry><d:lockscope><d:{scope}/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockentry>"
            )
        };
        Some(["exclusive", "shared"].map(entry).concat())
    }),
    Live(DAV, "lockdiscovery", |of| {
        let mut out = String::new();
        for lock in of.locks.iter().filter(|lock| lock.covers(&of.entry.path)) {
            active_lock(&mut out, of.mount, lock, of.now);
        }
        Some(out)
    }),
    Live(QUOTA.0, QUOTA.1[0], |of| {
        folder(of)?.room.map(|room| room.available.to_string())
    }),
    Live(QUOTA.0, QUOTA.1[1], |of| {
        folder(of)?.room.map(|room| room.used.to_string())
    }),
    Live(OC, "id", |of| Some(file_id(of.entry))),
    Live(OC, "fileid", |of| Some(of.entry.id.to_string())),
    Live(OC, "size", |of| Some(of.entry.size.to_string())),
    Live(OC, "permissions", |of| {
        Some(permissions(of.entry).to_owned())
    }),
    Live(FAVORITE.0, FAVORITE.1, |of| {
        let kept = kept(of, FAVORITE.0, FAVORITE.1);
        Some(kept.unwrap_or("0").to_owned())
    }),
    Live(OC, "owner-id", |of| Some(escape(of.user))),
    Live(OC, "owner-display-name", |of| Some(escape(of.user))),
    Live(OC, "checksums", |of| {
        of.entry
            .hash
            .map(|hash| format!("<oc:checksum>{}</oc:checksum>", Checksum::from(hash)))
    }),
    Live(NC, "creation_time", |of| {
        Some(created(of).as_second().to_string())
    }),
    Live(NC, "upload_time", |of| {
        file(of).map(|entry| entry.created.as_second().to_string())
    }),
    Live(PREVIEW.0, PREVIEW.1, |of| {
        let kind = of.entry.kind.unwrap_or(MediaKind::Other);
        Some((kind != MediaKind::Other && !of.without_picture).to_string())
    }),
    // The app for iOS looks for elements without a prefix in it.
    Live(NC, "metadata-photos-size", |of| {
        let (width, height) = of.entry.pixels?;
        Some(format!("<width>{width}</width><height>{height}</height>"))
    }),
    Live(NC, "is-encrypted", |_| Some("0".to_owned())),
    Live(NC, "mount-type", |_| Some(String::new())),
];

/// RFC 4331. Only those who ask get them (section 3): the disk must be asked.
const QUOTA: (&str, [&str; 2]) = (DAV, ["quota-available-bytes", "quota-used-bytes"]);
/// Whether [`crate::nextcloud`]'s previews have a picture of it.
const PREVIEW: (&str, &str) = (NC, "has-preview");
/// A star that a person gave, 0 or 1. The apps keep it with us.
pub(super) const FAVORITE: (&str, &str) = (OC, "favorite");

fn file<'a>(of: &Subject<'a>) -> Option<&'a Entry> {
    (!of.entry.is_folder).then_some(of.entry)
}

fn folder<'a, 'b>(of: &'b Subject<'a>) -> Option<&'b Subject<'a>> {
    of.entry.is_folder.then_some(of)
}

/// When the file was made, as its device says; else when it came.
fn created(of: &Subject<'_>) -> Timestamp {
    of.entry.client_created.unwrap_or(of.entry.created)
}

fn kept<'a>(of: &Subject<'a>, namespace: &str, name: &str) -> Option<&'a str> {
    of.kept
        .iter()
        .find(|property| property.namespace == namespace && property.name == name)
        .map(|property| property.value.as_str())
}

fn live(name: &PropertyName) -> Option<&'static Live> {
    LIVE.iter()
        .find(|Live(space, local, _)| name.namespace == *space && name.local == *local)
}

/// Whether a property is ours to say.
pub(super) fn is_live(name: &PropertyName) -> bool {
    live(name).is_some()
}

/// What an answer needs of the properties that programs keep with names.
pub(super) enum Needed {
    Nothing,
    /// Those of these names, each a namespace and a name.
    These(Vec<(String, String)>),
    Everything,
}

/// Says it of what is asked for.
pub(super) fn needed(wanted: &Wanted) -> Needed {
    let Wanted::These(names) = wanted else {
        return Needed::Everything;
    };
    let names: Vec<_> = names
        .iter()
        .map(|name| (name.namespace.as_str(), name.local.as_str(), is_live(name)))
        .filter(|(space, local, live)| !live || (*space, *local) == FAVORITE)
        .map(|(space, local, _)| (space.to_owned(), local.to_owned()))
        .collect();
    if names.is_empty() {
        Needed::Nothing
    } else {
        Needed::These(names)
    }
}

/// Whether an answer needs the room for photos.
pub(super) fn needs_room(wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Names => false,
        Wanted::All(names) | Wanted::These(names) => names
            .iter()
            .any(|name| name.namespace == QUOTA.0 && QUOTA.1.contains(&name.local.as_str())),
    }
}

/// Whether an answer says of what there are pictures.
pub(super) fn needs_pictures(wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Names => false,
        Wanted::All(names) | Wanted::These(names) => names
            .iter()
            .any(|name| (name.namespace.as_str(), name.local.as_str()) == PREVIEW),
    }
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

/// One lock, as `lockdiscovery` has it (RFC 4918, section 14.1).
pub(super) fn active_lock(out: &mut String, mount: &Mount, lock: &Lock, now: Timestamp) {
    let scope = if lock.shared { "shared" } else { "exclusive" };
    let depth = if lock.deep { "infinity" } else { "0" };
    // Rounded up, so that a lock for 600 seconds is one for 600 seconds in its own answer.
    let left = (lock.until.duration_since(now).as_millis().max(0) + 999) / 1000;
    out.push_str(&format!(
        "<d:activelock><d:locktype><d:write/></d:locktype><d:lockscope><d:{scope}/></d:lockscope>\
         <d:depth>{depth}</d:depth><d:owner>{}</d:owner><d:timeout>Second-{left}</d:timeout>\
         <d:locktoken><d:href>{}</d:href></d:locktoken><d:lockroot><d:href>{}</d:href></d:lockroot></d:activelock>",
        lock.owner,
        escape(&lock.token),
        escape(&mount.href(&lock.path, false)),
    ));
}

/// Writes an entry's `propstat` elements: what was found first, which is all that the apps read, then what was not.
pub(super) fn write(out: &mut String, wanted: &Wanted, of: &Subject<'_>) {
    let mut found = String::new();
    let mut missing = String::new();
    let these = match wanted {
        Wanted::Names => {
            every(&mut found, of, |_| true, false);
            &[][..]
        }
        Wanted::All(include) => {
            let standard = |Live(space, local, _): &Live| *space == DAV && !QUOTA.1.contains(local);
            every(&mut found, of, standard, true);
            include
        }
        Wanted::These(names) => names,
    };
    for wanted in these {
        let value = match live(wanted) {
            Some(Live(.., value)) => value(of),
            None => kept(of, &wanted.namespace, &wanted.local).map(str::to_owned),
        };
        match value {
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

/// All properties that the entry has: those of ours that are `chosen`, and all that programs keep.
fn every(out: &mut String, of: &Subject<'_>, chosen: impl Fn(&Live) -> bool, with_values: bool) {
    for property in LIVE.iter().filter(|property| chosen(property)) {
        let Live(space, local, value) = property;
        if let Some(value) = value(of) {
            let value = if with_values { &value } else { "" };
            xml_out::element(out, &name(space, local), value);
        }
    }
    for Property {
        namespace,
        name: local,
        value,
    } in of.kept
    {
        let name = name(namespace, local);
        if !is_live(&name) {
            let value = if with_values { value } else { "" };
            xml_out::element(out, &name, value);
        }
    }
}

fn name(namespace: &str, local: &str) -> PropertyName {
    PropertyName {
        namespace: namespace.to_owned(),
        local: local.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use safelight_core::{AssetId, DeviceId, DevicePath};

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
            client_created: None,
            etag: "e1".to_owned(),
            kind: Some(MediaKind::Photo),
            pixels: Some((4032, 3024)),
        }
    }

    fn written(wanted: &Wanted, entry: &Entry) -> String {
        let mut out = String::new();
        let kept = [Property {
            namespace: "urn:y".to_owned(),
            name: "kept".to_owned(),
            value: "<z/>".to_owned(),
        }];
        let of = Subject {
            entry,
            user: "anna",
            mount: &Mount::locate("/dav/", "anna").unwrap().0,
            kept: &kept,
            locks: &[],
            now: Timestamp::UNIX_EPOCH,
            room: None,
            without_picture: false,
        };
        write(&mut out, wanted, &of);
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
        assert!(
            text.contains("<kept xmlns=\"urn:y\"><z/></kept>") && !text.contains("quota"),
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
    fn photos_have_a_preview_and_a_size() {
        let wanted = Wanted::These(vec![
            name(NC, "has-preview"),
            name(NC, "metadata-photos-size"),
        ]);
        let text = written(&wanted, &photo());
        assert!(
            text.contains("<nc:has-preview>true</nc:has-preview>"),
            "{text}"
        );
        assert!(
            text.contains("<nc:metadata-photos-size><width>4032</width><height>3024</height>"),
            "{text}"
        );
        let note = Entry {
            kind: None,
            pixels: None,
            ..photo()
        };
        let text = written(&wanted, &note);
        assert!(
            text.contains("<nc:has-preview>false</nc:has-preview>"),
            "{text}"
        );
        assert!(text.contains("<nc:metadata-photos-size/>"), "{text}");
    }

    #[test]
    fn names_come_without_values() {
        let text = written(&Wanted::Names, &photo());
        assert!(
            text.contains("<d:getetag/>") && text.contains("<oc:id/>") && !text.contains("e1"),
            "{text}"
        );
        assert!(text.contains("<kept xmlns=\"urn:y\"/>"), "{text}");
    }
}
