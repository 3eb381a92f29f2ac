//! Builders of small files.

/// EXIF to be written.
#[derive(Clone, Copy, Default)]
pub(crate) struct Exif<'a> {
    pub(crate) original: Option<&'a str>,
    pub(crate) digitized: Option<&'a str>,
    pub(crate) modified: Option<&'a str>,
    pub(crate) offset_original: Option<&'a str>,
    pub(crate) offset: Option<&'a str>,
    pub(crate) subsec_original: Option<&'a str>,
    pub(crate) gps: Option<(&'a str, [u32; 3])>,
    /// Degrees north and east.
    pub(crate) place: Option<(f64, f64)>,
    pub(crate) big_endian: bool,
}

impl<'a> Exif<'a> {
    pub(crate) fn taken(original: &'a str) -> Self {
        Self {
            original: Some(original),
            ..Self::default()
        }
    }

    /// The TIFF structure: the picture's directory, EXIF's, the GPS's.
    pub(crate) fn tiff(&self) -> Vec<u8> {
        let mut gps: Vec<Value> = Vec::new();
        if let Some((latitude, longitude)) = self.place {
            let side = |degrees: f64, sides: [&'static str; 2]| sides[usize::from(degrees < 0.0)];
            gps.extend(text(1, Some(side(latitude, ["N", "S"]))));
            gps.push((2, 5, 3, self.degrees(latitude)));
            gps.extend(text(3, Some(side(longitude, ["E", "W"]))));
            gps.push((4, 5, 3, self.degrees(longitude)));
        }
        if let Some((date, time)) = self.gps {
            let fractions = time
                .iter()
                .flat_map(|part| [self.u32(*part), self.u32(1)].concat())
                .collect();
            gps.extend([(7, 5, 3, fractions), text(0x1D, Some(date)).unwrap()]);
        }
        let main_size = 2 + 12 * (2 + u32::from(self.modified.is_some())) + 4 + 32;
        let exif_at = 8 + main_size;
        let gps_at = exif_at + 512;
        let mut main: Vec<Value> = text(0x0132, self.modified).into_iter().collect();
        main.push((0x8769, 4, 1, self.u32(exif_at)));
        main.push((0x8825, 4, 1, self.u32(gps_at)));

        let mut bytes = self.header();
        bytes.extend(self.directory(8, &main));
        bytes.resize(exif_at as usize, 0);
        bytes.extend(self.directory(exif_at, &self.exif()));
        bytes.resize(gps_at as usize, 0);
        bytes.extend(self.directory(gps_at, &gps));
        bytes
    }

    /// A TIFF structure whose first directory is EXIF's.
    pub(crate) fn tiff_of_exif_alone(&self) -> Vec<u8> {
        [self.header(), self.directory(8, &self.exif())].concat()
    }

    fn header(&self) -> Vec<u8> {
        let order = if self.big_endian { b"MM\0*" } else { b"II*\0" };
        [&order[..], &self.u32(8)].concat()
    }

    fn exif(&self) -> Vec<Value> {
        [
            text(0x9003, self.original),
            text(0x9004, self.digitized),
            text(0x9010, self.offset),
            text(0x9011, self.offset_original),
            text(0x9291, self.subsec_original),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn directory(&self, at: u32, values: &[Value]) -> Vec<u8> {
        let mut table = self.u16(u16::try_from(values.len()).unwrap());
        let mut data = Vec::new();
        let data_at = at + 2 + 12 * u32::try_from(values.len()).unwrap() + 4;
        for (tag, kind, count, value) in values {
            table.extend([self.u16(*tag), self.u16(*kind), self.u32(*count)].concat());
            if value.len() <= 4 {
                table.extend(value);
                table.resize(table.len() + 4 - value.len(), 0);
            } else {
                table.extend(self.u32(data_at + u32::try_from(data.len()).unwrap()));
                data.extend(value);
            }
        }
        [table, vec![0; 4], data].concat()
    }

    /// Whole degrees as millionths; no minutes, no seconds.
    fn degrees(&self, degrees: f64) -> Vec<u8> {
        let millionths = (degrees.abs() * 1e6).round() as u32;
        let numbers = [millionths, 1_000_000, 0, 1, 0, 1];
        numbers
            .iter()
            .flat_map(|number| self.u32(*number))
            .collect()
    }

    fn u16(&self, number: u16) -> Vec<u8> {
        if self.big_endian {
            number.to_be_bytes().to_vec()
        } else {
            number.to_le_bytes().to_vec()
        }
    }

    fn u32(&self, number: u32) -> Vec<u8> {
        if self.big_endian {
            number.to_be_bytes().to_vec()
        } else {
            number.to_le_bytes().to_vec()
        }
    }
}

/// A text, with the zero at its end.
fn text(tag: u16, text: Option<&str>) -> Option<Value> {
    let bytes = [text?.as_bytes(), b"\0"].concat();
    Some((tag, 2, u32::try_from(bytes.len()).unwrap(), bytes))
}

/// A tag, a type, a count and the bytes.
type Value = (u16, u16, u32, Vec<u8>);

pub(crate) fn segment(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap();
    [&[0xFF, kind], &length.to_be_bytes()[..], content].concat()
}

pub(crate) fn exif_segment(exif: &Exif<'_>) -> Vec<u8> {
    segment(0xE1, &[b"Exif\0\0", exif.tiff().as_slice()].concat())
}

pub(crate) fn xmp_segment(packet: &str) -> Vec<u8> {
    segment(
        0xE1,
        &[b"http://ns.adobe.com/xap/1.0/\0", packet.as_bytes()].concat(),
    )
}

pub(crate) fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    [
        &[0xFF, 0xD8],
        segments.concat().as_slice(),
        &[0xFF, 0xDA, 0, 2, 1, 2, 3, 0xFF, 0xD9],
    ]
    .concat()
}

pub(crate) fn png(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1A\n".to_vec();
    for (name, content) in chunks {
        bytes.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
        bytes.extend(*name);
        bytes.extend(*content);
        bytes.extend([0; 4]);
    }
    bytes
}

pub(crate) fn webp(chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (name, content) in chunks {
        body.extend(*name);
        body.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        body.extend(*content);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [
        b"RIFF",
        &u32::try_from(body.len()).unwrap().to_le_bytes()[..],
        &body,
    ]
    .concat()
}

/// A box of the ISO base media file format.
pub(crate) fn node(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [
        &u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..],
        name,
        content,
    ]
    .concat()
}

/// A box with a version.
pub(crate) fn versioned(name: &[u8; 4], version: u8, content: &[u8]) -> Vec<u8> {
    node(name, &[&[version, 0, 0, 0], content].concat())
}

pub(crate) fn ftyp(brand: &[u8; 4]) -> Vec<u8> {
    node(b"ftyp", &[&brand[..], &[0; 4], brand].concat())
}

/// A movie header with a creation time in seconds since 1904.
pub(crate) fn mvhd(created: u32) -> Vec<u8> {
    versioned(b"mvhd", 0, &[&created.to_be_bytes()[..], &[0; 92]].concat())
}

/// Seconds since 1904 of an instant.
pub(crate) fn since_1904(instant: &str) -> u32 {
    let instant: jiff::Timestamp = instant.parse().unwrap();
    u32::try_from(instant.as_second() + 2_082_844_800).unwrap()
}

/// QuickTime metadata with keys.
pub(crate) fn keys(pairs: &[(&str, &str)]) -> Vec<u8> {
    let count = u32::try_from(pairs.len()).unwrap().to_be_bytes();
    let names: Vec<u8> = pairs
        .iter()
        .flat_map(|(key, _)| node(b"mdta", key.as_bytes()))
        .collect();
    let values = pairs.iter().zip(1_u32..).flat_map(|((_, value), number)| {
        let data = node(
            b"data",
            &[&[0, 0, 0, 1, 0, 0, 0, 0], value.as_bytes()].concat(),
        );
        node(&number.to_be_bytes(), &data)
    });
    let inside = [
        versioned(b"hdlr", 0, &[0; 20]),
        versioned(b"keys", 0, &[&count[..], &names].concat()),
        node(b"ilst", &values.collect::<Vec<u8>>()),
    ];
    node(b"meta", &inside.concat())
}

/// A text of QuickTime's user data.
pub(crate) fn user_text(name: &[u8; 4], text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap().to_be_bytes();
    node(
        name,
        &[&length[..], &[0x15, 0xC7], text.as_bytes()].concat(),
    )
}
