//! A folder of photos that somebody has collected over the years, with all that lies in such folders, and the truth
//! about it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use jiff::civil::date;
use safelight_core::ContentHash;

use crate::{Photos, Picture, Random, photos::jpeg, tree};

/// A collection on the disk, and what an import of it must end with.
#[derive(Debug)]
pub struct Collection {
    /// The folder.
    pub root: PathBuf,
    /// The different photos and what belongs to them, by their bytes: the folder of the library that each belongs in.
    pub photos: BTreeMap<ContentHash, String>,
    /// Files that are to be brought in, duplicates among them.
    pub files: u64,
    /// Files whose date only their own time tells.
    pub undated: u64,
    /// Files that are no photos, by their place in the folder.
    pub others: BTreeSet<String>,
    /// What systems write for themselves.
    pub systems: u64,
}

impl Collection {
    /// Makes one with `count` pictures of a camera, and besides: some of them twice, names that are used again for other
    /// pictures, pictures without a date, hostile names, edits, documents, systems' own files, and a link that leads
    /// around in a circle.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub fn make(root: &Path, seed: u64, count: usize) -> io::Result<Self> {
        let mut made = Self {
            root: root.to_owned(),
            photos: BTreeMap::new(),
            files: 0,
            undated: 0,
            others: BTreeSet::new(),
            systems: 0,
        };
        let mut random = Random::new(seed ^ 0xc011);
        for (number, picture) in Photos::new(seed)
            .take(count, 700, 5_000)
            .into_iter()
            .enumerate()
        {
            let event = format!("{} trip {}", picture.taken.year(), number / 12);
            made.picture(&event, &picture)?;
            if number % 7 == 3 {
                made.add(
                    "best of",
                    &format!("copy {number}.jpg"),
                    &picture.bytes,
                    None,
                )?;
            }
            if number % 9 == 4 {
                let other = jpeg(picture.taken, None, 900, &mut random);
                made.add(
                    &format!("{event}/again"),
                    &picture.name,
                    &other,
                    Some(picture.folder()),
                )?;
            }
        }
        made.oddities(&mut random)?;
        Ok(made)
    }

    fn oddities(&mut self, random: &mut Random) -> io::Result<()> {
        let taken = date(2016, 2, 29).at(8, 30, 0, 0);
        let folder = "2016/02";
        for name in [
            "CON.jpg",
            "what? *.jpg",
            "trailing. .jpg",
            "a\nb.jpg",
            "-rf.jpg",
            "é́ combining.jpg",
        ] {
            let bytes = jpeg(taken, None, 800, random);
            self.add("odd names", name, &bytes, Some(folder.to_owned()))?;
        }
        let long = format!("{}.jpg", "long ".repeat(49));
        let bytes = jpeg(taken, None, 800, random);
        self.add("odd names", &long, &bytes, Some(folder.to_owned()))?;
        // A picture without any date: a messenger has taken its metadata away.
        let mut bare = vec![0xff, 0xd8, 0xff, 0xfe, 0, 18];
        let mut comment = [0; 16];
        random.fill(&mut comment);
        bare.extend(comment.map(|byte| byte & 0x3f));
        bare.extend([0xff, 0xd9]);
        let path = self.add(
            "from friends",
            "scan.jpg",
            &bare,
            Some("2015/07".to_owned()),
        )?;
        let own_time: jiff::Timestamp = "2015-07-04T10:00:00Z".parse().map_err(io::Error::other)?;
        fs::File::options()
            .write(true)
            .open(path)?
            .set_modified(own_time.into())?;
        self.undated += 1;
        for (name, bytes) in [
            ("letter.txt", &b"Dear Anna,"[..]),
            ("archive.zip", b"PK\x03\x04 not opened"),
        ] {
            fs::write(self.root.join("from friends").join(name), bytes)?;
            self.others.insert(format!("from friends/{name}"));
        }
        for (name, bytes) in [
            (
                "from friends/Thumbs.db",
                &b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..],
            ),
            ("from friends/.DS_Store", b"\0\0\0\x01Bud1\0"),
            ("from friends/._scan.jpg", b"\0\x05\x16\x07\0\x02\0\0"),
        ] {
            fs::write(self.root.join(name), bytes)?;
            self.systems += 1;
        }
        fs::create_dir_all(self.root.join("from friends/.thumbnails"))?;
        fs::write(
            self.root.join("from friends/.thumbnails/1.jpg"),
            jpeg(taken, None, 700, random),
        )?;
        self.systems += 1;
        Ok(())
    }

    fn picture(&mut self, folder: &str, picture: &Picture) -> io::Result<()> {
        self.add(
            folder,
            &picture.name,
            &picture.bytes,
            Some(picture.folder()),
        )?;
        Ok(())
    }

    /// Writes a file that is to be brought in; without a place in the library its bytes are there already.
    fn add(
        &mut self,
        folder: &str,
        name: &str,
        bytes: &[u8],
        belongs: Option<String>,
    ) -> io::Result<PathBuf> {
        let folder = self.root.join(folder);
        fs::create_dir_all(&folder)?;
        let path = folder.join(name);
        fs::write(&path, bytes)?;
        self.files += 1;
        if let Some(belongs) = belongs {
            self.photos.insert(tree::hash(bytes), belongs);
        }
        Ok(path)
    }

    /// The bytes of all that is to be brought in, without duplicates.
    #[must_use]
    pub fn different(&self) -> u64 {
        self.photos.len() as u64
    }

    /// Compares a library folder with what it must have: each photo once, in its folder, and nothing else. `below` is the
    /// folder of a person; empty for the owner.
    ///
    /// # Errors
    ///
    /// The first difference, in words; a file that cannot be read.
    pub fn judge(&self, library: &Path, below: &str) -> Result<(), String> {
        let found = tree::hashes(library).map_err(|error| error.to_string())?;
        let mut seen = BTreeSet::new();
        for (path, hash) in &found {
            let Some(belongs) = self.photos.get(hash) else {
                return Err(format!("{path} is nothing of the collection"));
            };
            let belongs = if below.is_empty() {
                belongs.clone()
            } else {
                format!("{below}/{belongs}")
            };
            if path.rsplit_once('/').map(|(folder, _)| folder) != Some(belongs.as_str()) {
                return Err(format!("{path} belongs in {belongs}"));
            }
            if !seen.insert(hash) {
                return Err(format!("{path} is there twice"));
            }
        }
        match self.photos.keys().find(|hash| !seen.contains(hash)) {
            Some(missing) => Err(format!("{missing} is not there")),
            None => Ok(()),
        }
    }
}
