//! What the fuzz targets have in common: whatever the bytes and names are, reading them must end well, and soon.

use std::io::Read;

use jiff::tz::TimeZone;
use safelight_exports::{
    archive::{Archive, Limits},
    icloud::{ICloud, Table},
    label::Label,
    takeout::{Json, Takeout},
};

/// How much of an entry is read.
const MOST: u64 = 1 << 20;

/// Lists an archive and reads all that it lists.
pub fn read_archive(bytes: &[u8]) {
    let len = bytes.len() as u64;
    let archive = Archive::new(bytes, len, Limits::default());
    let Ok(listing) = archive.list() else {
        return;
    };
    let mut end = 0;
    for entry in listing.entries {
        assert!(!entry.name.contains('\u{202e}'));
        // Nothing is unpacked twice.
        assert!(entry.packed.offset >= end || entry.packed.packed_len == 0);
        end = entry.packed.offset + entry.packed.packed_len;
        assert!(end <= len);
        let Ok(content) = archive.read(entry.packed) else {
            continue;
        };
        let mut read = Vec::new();
        if content.take(MOST).read_to_end(&mut read).is_ok() {
            assert!(read.len() as u64 == entry.packed.len.min(MOST));
        }
    }
}

/// Judges a Takeout of files with these names, a line each. What ends like a JSON is one, with its own name as its title.
pub fn judge_takeout(names: &str) {
    let mut takeout = Takeout::default();
    let mut files = 0;
    for label in names.lines().take(1000).filter_map(Label::new) {
        if Takeout::is_json(&label.name) {
            let title = serde_json::json!({"title": label.name.trim_end_matches(".json"), "photoTakenTime": {"timestamp": "7"}});
            let json = Json::read(title.to_string().as_bytes());
            takeout.json(&label, json.expect("it is JSON"));
        } else {
            takeout.file(&label);
            files += 1;
        }
    }
    let judged = takeout.judge();
    assert_eq!(judged.order().len(), files);
    for file in 0..files {
        let _ = judged.fate(file, &TimeZone::UTC);
    }
    let _ = judged.without_photo();
}

/// Judges an iCloud export of files with these names, a line each, whose table has each of them too.
pub fn judge_icloud(names: &str) {
    let mut export = ICloud::default();
    let mut files = 0;
    let table =
        format!("imgName,fileChecksum,favorite,hidden,deleted,originalCreationDate\n{names}");
    for label in names.lines().take(1000).filter_map(Label::new) {
        if ICloud::is_table(&label.name) {
            let table = Table::read(table.as_bytes()).expect("it is short");
            export.table(&label, table);
        } else {
            export.file(label);
            files += 1;
        }
    }
    let judged = export.judge();
    for file in 0..files {
        let _ = judged.fate(file, None, &TimeZone::UTC);
    }
}
