//! Files as phones, cameras and programs leave them, and the groups that they are.

use std::{collections::BTreeMap, time::Duration};

use jiff::{civil::DateTime, tz::Offset};
use proptest::prelude::*;

use super::{super::GroupName, *};
use crate::{CaptureTime, ContentHash, Details, MediaKind, Precision, TimeSource};

/// A file without anything to say, and a hash made of its name and a number.
fn file(name: &str, kind: MediaKind, mime: &str) -> Member {
    let mut hash = [0; 32];
    for (at, byte) in name.bytes().enumerate() {
        hash[at % 32] ^= byte.rotate_left(u32::try_from(at / 32).unwrap());
    }
    Member {
        name: name.to_owned(),
        hash: ContentHash::from_bytes(hash),
        kind,
        captured: None,
        details: Details {
            reader: 1,
            mime: mime.to_owned(),
            model: Some("iPhone 15".to_owned()),
            ..Details::default()
        },
    }
}

fn still(name: &str) -> Member {
    file(name, MediaKind::Photo, "image/heic")
}

fn raw(name: &str) -> Member {
    file(name, MediaKind::Photo, "image/x-adobe-dng")
}

fn video(name: &str, milliseconds: u64) -> Member {
    let mut video = file(name, MediaKind::Video, "video/quicktime");
    video.details.duration = Some(Duration::from_millis(milliseconds));
    video
}

fn sidecar(name: &str) -> Member {
    let mut sidecar = file(name, MediaKind::Other, "application/octet-stream");
    sidecar.details.model = None;
    sidecar
}

impl Member {
    fn at(mut self, local: &str) -> Self {
        self.captured = Some(CaptureTime {
            local: format!("2024-05-31T{local}").parse::<DateTime>().unwrap(),
            offset: Some(Offset::constant(2)),
            source: TimeSource::ExifOriginal,
            precision: Precision::Second,
        });
        self
    }

    fn taken(mut self, change: impl FnOnce(&mut CaptureTime)) -> Self {
        change(self.captured.as_mut().unwrap());
        self
    }

    fn id(mut self, id: &str) -> Self {
        self.details.content_id = Some(id.to_owned());
        self
    }

    fn burst(mut self, id: &str) -> Self {
        self.details.burst_id = Some(id.to_owned());
        self
    }

    fn model(mut self, model: Option<&str>) -> Self {
        self.details.model = model.map(str::to_owned);
        self
    }
}

/// One folder to which the files come one after the other, as the library takes them in: looks for those of the same stem
/// or identifier, and for what is in their groups.
fn groups_of(arriving: &[Member]) -> Vec<String> {
    let mut here: Vec<Known> = Vec::new();
    for (number, member) in arriving.iter().enumerate() {
        let number = i64::try_from(number).unwrap();
        let looked = Looked::at(member);
        let is_near = |known: &&Known| {
            GroupName::of(&known.member.name).stem == looked.name.stem
                || (member.details.content_id.is_some()
                    && member.details.content_id == known.member.details.content_id)
                || (member.details.burst_id.is_some()
                    && member.details.burst_id == known.member.details.burst_id)
        };
        let near: Vec<i64> = here
            .iter()
            .filter(is_near)
            .map(|known| known.group)
            .collect();
        let mut files = vec![Known {
            member: member.clone(),
            group: number,
            arrived: Timestamp::UNIX_EPOCH,
            is_beside: true,
        }];
        let (with, without): (Vec<Known>, Vec<Known>) = here
            .into_iter()
            .partition(|known| near.contains(&known.group));
        files.extend(with);
        for (at, group) in arrange(&files).into_iter().enumerate() {
            // Numbers that no other group has.
            let key = (number + 1) * 1000 + i64::try_from(at).unwrap();
            files[group.lead].group = key;
            for part in group.parts {
                files[part.file].group = key;
            }
        }
        here = without;
        here.extend(files);
    }
    let mut by_group = BTreeMap::<i64, Vec<usize>>::new();
    for (at, known) in here.iter().enumerate() {
        by_group.entry(known.group).or_default().push(at);
    }
    let looked: Vec<Looked<'_>> = here.iter().map(|known| Looked::at(&known.member)).collect();
    let mut shown: Vec<String> = by_group
        .values()
        .map(|members| {
            let found = group(members, &looked);
            let parts = found
                .parts
                .iter()
                .map(|part| format!(" {}={}", part.role.as_str(), here[part.file].member.name));
            here[found.lead].member.name.clone() + &parts.collect::<String>()
        })
        .collect();
    shown.sort();
    shown
}

/// In this order and in the opposite one.
#[track_caller]
fn check(files: Vec<Member>, expected: &[&str]) {
    assert_eq!(groups_of(&files), expected);
    let backwards: Vec<Member> = files.into_iter().rev().collect();
    assert_eq!(groups_of(&backwards), expected, "backwards");
}

#[test]
fn a_live_photo_by_its_identifier_whatever_the_names_and_times() {
    check(
        vec![
            still("IMG_1234.HEIC").at("12:00:00").id("A"),
            video("exported.mov", 60_000).id("A"),
            still("IMG_1235.HEIC").at("12:00:01").id("B"),
        ],
        &["IMG_1234.HEIC motion=exported.mov", "IMG_1235.HEIC"],
    );
}

#[test]
fn another_identifier_parts_what_the_names_would_join() {
    check(
        vec![
            still("IMG_1234.HEIC").at("12:00:00").id("A"),
            video("IMG_1234.MOV", 2900).at("12:00:00").id("B"),
        ],
        &["IMG_1234.HEIC", "IMG_1234.MOV"],
    );
}

#[test]
fn a_live_photo_by_name_time_and_length() {
    for (name, expected) in [
        ("IMG_1234.MOV", "IMG_1234.HEIC motion=IMG_1234.MOV"),
        (
            "IMG_1234_HEVC.MOV",
            "IMG_1234.HEIC motion=IMG_1234_HEVC.MOV",
        ),
        ("img_1234.mov", "IMG_1234.HEIC motion=img_1234.mov"),
    ] {
        check(
            vec![
                still("IMG_1234.HEIC").at("12:00:00").id("A"),
                video(name, 2900).at("12:00:02"),
            ],
            &[expected],
        );
    }
    let photo = || still("IMG_1234.HEIC").at("12:00:00");
    let short = || video("IMG_1234.MOV", 2900);
    for (video, why) in [
        (video("IMG_1234.MOV", 4600).at("12:00:00"), "too long"),
        (short().at("12:00:06"), "another time"),
        (short(), "no time"),
        (video("IMG_1235.MOV", 2900).at("12:00:00"), "another name"),
        (
            short()
                .at("12:00:00")
                .taken(|taken| taken.source = TimeSource::FileModified),
            "the time of something else",
        ),
        (
            short()
                .at("12:00:00")
                .taken(|taken| taken.precision = Precision::Day),
            "only the day",
        ),
        (
            short()
                .at("12:00:00")
                .taken(|taken| taken.offset = Some(Offset::constant(3))),
            "another instant",
        ),
    ] {
        assert_eq!(
            groups_of(&[photo(), video]),
            ["IMG_1234.HEIC", "IMG_1234.MOV"].map(|name| {
                if why == "another name" {
                    name.replace("1234.MOV", "1235.MOV")
                } else {
                    name.to_owned()
                }
            }),
            "{why}"
        );
    }
}

#[test]
fn a_picture_called_a_video_is_no_video() {
    check(
        vec![
            still("IMG_1234.HEIC").at("12:00:00"),
            still("IMG_1234.MOV").at("12:00:00"),
        ],
        &["IMG_1234.HEIC", "IMG_1234.MOV"],
    );
}

#[test]
fn an_edit_stands_for_the_group_and_the_notes_are_with_it() {
    check(
        vec![
            still("IMG_1234.HEIC").at("12:00:00").id("A"),
            video("IMG_1234.MOV", 2900).at("12:00:00").id("A"),
            still("IMG_E1234.JPG").at("12:00:00"),
            sidecar("IMG_1234.AAE"),
            sidecar("IMG_O1234.AAE"),
        ],
        &[
            "IMG_E1234.JPG motion=IMG_1234.MOV original=IMG_1234.HEIC sidecar=IMG_1234.AAE sidecar=IMG_O1234.AAE",
        ],
    );
    check(
        vec![
            still("IMG_1-edited(1).jpg").at("12:00:00"),
            still("IMG_1(1).jpg").at("12:00:00"),
            still("IMG_1.jpg").at("13:00:00"),
        ],
        &["IMG_1-edited(1).jpg original=IMG_1(1).jpg", "IMG_1.jpg"],
    );
    check(
        vec![
            still("IMG_E1234.JPG").at("12:00:00").model(None),
            still("IMG_1234.JPG").at("12:00:00").model(None),
        ],
        &["IMG_1234.JPG", "IMG_E1234.JPG"],
    );
}

#[test]
fn raw_and_jpeg_of_one_exposure() {
    check(
        vec![
            raw("DSC_1.NEF").at("12:00:00"),
            still("DSC_1.JPG").at("12:00:00"),
            sidecar("DSC_1.xmp"),
        ],
        &["DSC_1.JPG raw=DSC_1.NEF sidecar=DSC_1.xmp"],
    );
    check(
        vec![
            raw("PXL_20240531_100000123.RAW-02.ORIGINAL.dng").at("12:00:00"),
            still("PXL_20240531_100000123.RAW-01.MP.COVER.jpg").at("12:00:00.123"),
        ],
        &[
            "PXL_20240531_100000123.RAW-01.MP.COVER.jpg raw=PXL_20240531_100000123.RAW-02.ORIGINAL.dng",
        ],
    );
    check(
        vec![
            raw("DSC_1.NEF").at("12:00:00"),
            still("DSC_1.JPG").at("12:00:00").model(Some("another")),
        ],
        &["DSC_1.JPG", "DSC_1.NEF"],
    );
}

#[test]
fn a_sidecar_is_where_there_is_one_place_for_it() {
    // Of two photos that are none of each other's, the exact name tells, or that one is raw.
    check(
        vec![
            raw("a.dng").at("12:00:00"),
            still("a.jpg").at("13:00:00"),
            sidecar("a.xmp"),
            sidecar("a.jpg.xmp"),
        ],
        &["a.dng sidecar=a.xmp", "a.jpg sidecar=a.jpg.xmp"],
    );
    check(
        vec![
            still("a.heic").at("12:00:00"),
            still("a.jpg").at("13:00:00"),
            sidecar("a.xmp"),
            sidecar("b.xmp"),
            sidecar("a.png.xmp"),
        ],
        &["a.heic", "a.jpg", "a.png.xmp", "a.xmp", "b.xmp"],
    );
}

#[test]
fn bursts_by_identifier_and_by_name() {
    check(
        vec![
            still("IMG_0002.JPG").at("12:00:00").burst("B"),
            still("IMG_0001.JPG").at("12:00:00").burst("B"),
            still("IMG_0003.JPG").at("12:00:01").burst("C"),
        ],
        &["IMG_0001.JPG burst=IMG_0002.JPG", "IMG_0003.JPG"],
    );
    check(
        vec![
            still("x_BURST001.jpg").at("12:00:00").model(None),
            still("x_BURST002_COVER.jpg").at("12:00:01").model(None),
            still("x_BURST003.jpg").at("12:00:02").model(None),
            still("x.jpg").at("12:00:00").model(None),
        ],
        &[
            "x.jpg",
            "x_BURST002_COVER.jpg burst=x_BURST001.jpg burst=x_BURST003.jpg",
        ],
    );
    check(
        vec![
            still("20240531_120000_002.jpg").at("12:00:00"),
            still("20240531_120000_001.jpg").at("12:00:00"),
            still("20240531_120000.jpg").at("12:00:00"),
        ],
        &[
            "20240531_120000.jpg",
            "20240531_120000_001.jpg burst=20240531_120000_002.jpg",
        ],
    );
    check(
        vec![
            still("00001IMG_00001_BURST20240531120000123.jpg").at("12:00:00"),
            still("00000IMG_00000_BURST20240531120000123_COVER.jpg").at("12:00:00"),
        ],
        &[
            "00000IMG_00000_BURST20240531120000123_COVER.jpg burst=00001IMG_00001_BURST20240531120000123.jpg",
        ],
    );
}

#[test]
fn the_video_that_takeout_cut_out_of_a_motion_photo() {
    for cut in ["PXL_20240531_100000123.MP", "PXL_20240531_100000123.MP~2"] {
        check(
            vec![
                still("PXL_20240531_100000123.jpg").at("12:00:00.123"),
                video(cut, 1600).at("12:00:00"),
            ],
            &[&format!("PXL_20240531_100000123.jpg motion={cut}")],
        );
    }
}

#[test]
fn names_of_other_folders_say_nothing() {
    let known = |member, group, is_beside| Known {
        member,
        group,
        arrived: Timestamp::UNIX_EPOCH,
        is_beside,
    };
    let files = [
        known(still("IMG_1234.HEIC").at("12:00:00"), 0, true),
        known(video("IMG_1234.MOV", 2900).at("12:00:00"), 1, false),
    ];
    assert_eq!(arrange(&files).len(), 2);
}

#[test]
fn what_is_in_a_group_stays_there() {
    let known = |member, group, is_beside| Known {
        member,
        group,
        arrived: Timestamp::UNIX_EPOCH,
        is_beside,
    };
    // The video and a note were joined to the photo elsewhere.
    let files = [
        known(still("IMG_E1234.JPG").at("12:00:00"), 0, true),
        known(still("IMG_1234.HEIC").at("12:00:00"), 1, true),
        known(video("other.mov", 2900), 1, false),
        known(sidecar("other.aae"), 1, false),
    ];
    let found = arrange(&files);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].lead, found[0].parts.len()), (0, 3));
}

#[test]
fn a_sidecar_of_a_name_that_is_used_again_is_with_the_photo_that_came_with_it() {
    const OLD: i64 = 1;
    const NOTE: i64 = 2;
    let groups = |note_group, note_came_on_day: i64| {
        let known = |member, group, day: i64, is_beside| Known {
            member,
            group,
            arrived: Timestamp::from_second(day * 86_400).unwrap(),
            is_beside,
        };
        let files = [
            known(still("IMG_0001.HEIC").at("13:00:00"), 9, 100, true),
            // Its name stands for the new one now.
            known(still("IMG_0001.HEIC").at("12:00:00"), OLD, 1, false),
            known(sidecar("IMG_0001.AAE"), note_group, note_came_on_day, true),
        ];
        let found = arrange(&files);
        let of_note = found.iter().find(|group| {
            let is_note = |part: &Part| part.file == 2;
            group.lead == 2 || group.parts.iter().any(is_note)
        });
        of_note.unwrap().lead
    };
    assert_eq!(groups(OLD, 1), 1, "it came with the old one");
    assert_eq!(groups(OLD, 100), 0, "it came with the new one");
    assert_eq!(groups(OLD, 50), 1, "it came with neither and stays");
    assert_eq!(groups(NOTE, 50), 0, "there is no other one");
}

/// Files of a few stems, times and identifiers, so that many of them meet.
fn any_file() -> impl Strategy<Value = Member> {
    let name = prop::sample::select(vec![
        "IMG_1234.HEIC",
        "IMG_1234.JPG",
        "IMG_1234.DNG",
        "IMG_1234.MOV",
        "IMG_1234_HEVC.MOV",
        "IMG_E1234.JPG",
        "IMG_E1234.MOV",
        "IMG_1234.AAE",
        "IMG_O1234.AAE",
        "IMG_1234.xmp",
        "IMG_1234.JPG.xmp",
        "IMG_1234-edited.jpg",
        "IMG_1234~2.jpg",
        "IMG_1234_BURST001.jpg",
        "IMG_1234_BURST002_COVER.jpg",
        "IMG_1234_BURST003.jpg",
        "IMG_1235.HEIC",
        "IMG_1235.MOV",
        "IMG_1235.xmp",
        "IMG_1234.MP",
        "IMG_1234.txt",
    ]);
    let id = || prop::option::weighted(0.4, prop::sample::select(vec!["A", "B"]));
    let time = prop::option::weighted(
        0.9,
        prop::sample::select(vec!["12:00:00", "12:00:01", "12:00:04", "12:10:00"]),
    );
    let model = prop::option::weighted(0.9, prop::sample::select(vec!["one", "two"]));
    (name, id(), id(), time, model, 1_u64..6000).prop_map(
        |(name, id, burst, time, model, length)| {
            let extension = name
                .rsplit('.')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            let mut file = match extension.as_str() {
                "mov" | "mp" => video(name, length),
                "dng" => raw(name),
                "aae" | "xmp" | "txt" => return sidecar(name),
                _ => still(name),
            };
            file.captured = time.and_then(|time| file.clone().at(time).captured);
            file.details.content_id = id.map(str::to_owned);
            file.details.burst_id = burst.filter(|_| extension == "heic").map(str::to_owned);
            file.model(model)
        },
    )
}

/// At most one file of each name, as in a folder.
fn any_folder() -> impl Strategy<Value = Vec<Member>> {
    prop::collection::vec(any_file(), 2..9).prop_map(|files| {
        let named: BTreeMap<String, Member> = files
            .into_iter()
            .map(|file| (file.name.clone(), file))
            .collect();
        named.into_values().collect()
    })
}

proptest! {
    #[test]
    fn any_order_of_arrival_gives_the_same_groups(
        (files, other) in any_folder().prop_flat_map(|files| (Just(files.clone()), Just(files).prop_shuffle()))
    ) {
        prop_assert_eq!(groups_of(&files), groups_of(&other));
    }

    #[test]
    fn files_of_different_names_times_and_identifiers_stay_apart(
        numbers in prop::collection::btree_set(0_u32..9999, 2..12), sorts in prop::collection::vec(0..4, 12)
    ) {
        let files: Vec<Member> = numbers.iter().zip(sorts).map(|(number, sort)| {
            let time = format!("{:02}:{:02}:00", number / 60 % 24, number % 60);
            match sort {
                0 => still(&format!("IMG_{number:04}.HEIC")).at(&time).id(&number.to_string()),
                1 => video(&format!("IMG_{number:04}.MOV"), 2900).at(&time),
                2 => raw(&format!("IMG_{number:04}.DNG")).at(&time),
                _ => sidecar(&format!("IMG_{number:04}.AAE")),
            }
        }).collect();
        let found = groups_of(&files);
        prop_assert_eq!(found.len(), files.len(), "{:?}", found);
    }
}
