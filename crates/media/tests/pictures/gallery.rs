//! Every file of the corpus that holds a picture gets one.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use safelight_media::pictures::NoPicture;
use safelight_testkit::corpus;

use crate::{BOTH, look::Picture, workers};

/// All files of the corpus, by their paths in it.
pub(crate) fn files(corpus: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![corpus.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(corpus).unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

#[test]
fn every_picture_of_the_corpus_can_be_looked_at() {
    let Some(corpus) = corpus() else { return };
    let workers = workers();
    // To look at them with one's own eyes.
    let kept = std::env::var_os("SAFELIGHT_PICTURES").map(PathBuf::from);
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut made = 0;
    for name in files(&corpus) {
        let mut file = File::open(corpus.join(&name)).unwrap();
        let name = name.display().to_string();
        match workers.render(&mut file, BOTH) {
            Ok(pictures) => {
                made += 1;
                let preview = pictures.preview.unwrap();
                let thumbnail = pictures.thumbnail.unwrap();
                let (large, small) = (Picture::of_jpeg(&preview), Picture::of_jpeg(&thumbnail));
                assert!(large.width.max(large.height) <= 1440, "{name}");
                assert!(small.width.max(small.height) <= 320, "{name}");
                assert!(!pictures.placeholder.is_empty());
                if let Some(folder) = &kept {
                    fs::create_dir_all(folder).unwrap();
                    let flat = name.replace('/', "_");
                    fs::write(folder.join(format!("{flat}.jpg")), thumbnail).unwrap();
                }
            }
            Err(trouble @ NoPicture::Trouble { .. }) => panic!("{name}: {trouble}"),
            Err(none) => reasons.entry(none.to_string()).or_default().push(name),
        }
    }
    for (why, names) in &reasons {
        println!("{why}\n    {}", names.join("\n    "));
    }
    println!("{made} pictures");
}
