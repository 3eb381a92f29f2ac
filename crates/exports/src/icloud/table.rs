//! The tables of an export: `Photo Details.csv` and its continuations, and a list of names for each album.

use csv::{ReaderBuilder, StringRecord};
use jiff::Timestamp;

use super::date;

/// The largest table that is read, in bytes. Apple begins another one after some thousand rows.
pub const MOST_BYTES: u64 = 16 << 20;

/// What the columns of a list of names are called, in lower case.
const NAMES: [&str; 3] = ["images", "imagename", "imgname"];

/// What a table is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Table {
    /// Photos, with what iCloud knows of each.
    Details(Vec<Detail>),
    /// File names: of an album, or of a memory.
    Names(Vec<String>),
    /// Something else, or nothing.
    Other,
}

/// A row of `Photo Details.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The photo's file name.
    pub name: String,
    /// Apple's checksum of the file; empty if there is none.
    pub checksum: Box<str>,
    /// Whether it has a heart.
    pub favourite: bool,
    /// Whether it lies among the recently deleted.
    pub deleted: bool,
    /// When it was taken, to the minute.
    pub created: Option<Timestamp>,
}

impl Detail {
    /// What it says of the photo.
    pub(super) const fn meaning(&self) -> (Option<Timestamp>, bool, bool) {
        (self.created, self.favourite, self.deleted)
    }
}

impl Table {
    /// Reads a table; `None` if it is larger than [`MOST_BYTES`]. A row that cannot be understood costs only itself.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        if u64::try_from(bytes.len()).is_ok_and(|len| len > MOST_BYTES) {
            return None;
        }
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes())
            .into_records()
            .filter_map(Result::ok);
        let Some(head) = rows.next() else {
            return Some(Self::Other);
        };
        if let Some(columns) = Columns::of(&head) {
            return Some(Self::Details(
                rows.filter_map(|row| columns.read(&row)).collect(),
            ));
        }
        let is_names = head
            .get(0)
            .is_some_and(|name| NAMES.contains(&name.trim().to_ascii_lowercase().as_str()));
        Some(if is_names {
            let names = rows.filter_map(|row| row.get(0).map(ToOwned::to_owned));
            Self::Names(names.filter(|name| !name.is_empty()).collect())
        } else {
            Self::Other
        })
    }
}

/// Where the columns are that are read.
struct Columns {
    name: usize,
    created: usize,
    checksum: Option<usize>,
    favourite: Option<usize>,
    deleted: Option<usize>,
}

impl Columns {
    fn of(head: &StringRecord) -> Option<Self> {
        let column = |name: &str| {
            head.iter()
                .position(|column| column.trim().eq_ignore_ascii_case(name))
        };
        Some(Self {
            name: column("imgName")?,
            created: column("originalCreationDate")?,
            checksum: column("fileChecksum"),
            favourite: column("favorite"),
            deleted: column("deleted"),
        })
    }

    fn read(&self, row: &StringRecord) -> Option<Detail> {
        let name = row.get(self.name).filter(|name| !name.is_empty())?;
        let says = |column: Option<usize>| {
            column
                .and_then(|column| row.get(column))
                .is_some_and(|word| word.trim().eq_ignore_ascii_case("yes"))
        };
        // A date has a comma, and is not always in quotes. The columns that are read stand before it.
        let created = row.get(self.created).and_then(date::read).or_else(|| {
            let (date, rest) = (row.get(self.created)?, row.get(self.created + 1)?);
            date::read(&format!("{date},{rest}"))
        });
        let checksum = self.checksum.and_then(|column| row.get(column));
        Some(Detail {
            name: name.to_owned(),
            checksum: checksum
                .unwrap_or_default()
                .trim()
                .trim_end_matches('=')
                .into(),
            favourite: says(self.favourite),
            deleted: says(self.deleted),
            created,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "imgName,fileChecksum,favorite,hidden,deleted,originalCreationDate,viewCount,importDate\n";

    fn details(rows: &str) -> Vec<Detail> {
        match Table::read(format!("{HEAD}{rows}").as_bytes()) {
            Some(Table::Details(details)) => details,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn rows_are_read_with_and_without_quotes() {
        let read = details(
            "IMG_1.HEIC,AfQj57ORF2JIumUCjO+PawZ9nqPg,yes,no,no,\"Saturday June 4,2022 12:11 PM GMT\",10,\"Saturday June 4,2022 12:12 PM GMT\"\n\
             \"a, b.jpg\",,no,yes,Yes,Saturday June 4,2022 12:11 PM GMT,0,\n\
             torn\n\n",
        );
        let at = "2022-06-04T12:11:00Z".parse().ok();
        assert_eq!(
            read,
            [
                Detail {
                    name: "IMG_1.HEIC".to_owned(),
                    checksum: "AfQj57ORF2JIumUCjO+PawZ9nqPg".into(),
                    favourite: true,
                    deleted: false,
                    created: at,
                },
                Detail {
                    name: "a, b.jpg".to_owned(),
                    checksum: "".into(),
                    favourite: false,
                    deleted: true,
                    created: at,
                },
                Detail {
                    name: "torn".to_owned(),
                    checksum: "".into(),
                    favourite: false,
                    deleted: false,
                    created: None,
                },
            ]
        );
    }

    #[test]
    fn a_list_of_names_is_known_by_its_head() {
        for head in ["Images", "imageName", "\u{feff}imgName"] {
            let table =
                Table::read(format!("{head}\r\nIMG_1.HEIC\r\n\r\n\"a, b.jpg\"\r\n").as_bytes());
            let names = ["IMG_1.HEIC", "a, b.jpg"].map(ToOwned::to_owned).to_vec();
            assert_eq!(table, Some(Table::Names(names)), "{head}");
        }
        for other in ["", "\n", "a,b\n1,2\n", "\u{0}\u{1}", "\"never closed\n"] {
            assert_eq!(
                Table::read(other.as_bytes()),
                Some(Table::Other),
                "{other:?}"
            );
        }
        let long = " ".repeat(17 << 20);
        assert_eq!(Table::read(long.as_bytes()), None);
    }
}
