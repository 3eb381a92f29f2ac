//! What photos say of themselves is kept with them.

use std::time::Duration;

use safelight_core::{AssetId, Details, Position};
use safelight_library::Filing;

use crate::support::{Home, device, filing, put};

fn everything() -> Details {
    Details {
        reader: 1,
        mime: "image/heic".to_owned(),
        width: Some(3024),
        height: Some(4032),
        rotation: 90,
        duration: Some(Duration::from_millis(1234)),
        position: Position::new(-33.8568, 151.2153),
        make: Some("Apple".to_owned()),
        model: Some("iPhone 15".to_owned()),
        content_id: Some("ABCD-1".to_owned()),
        burst_id: Some("BRST-1".to_owned()),
        motion_video: Some(5_000_000_000),
    }
}

#[test]
fn an_upload_keeps_what_its_file_says() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let filing = Filing {
        details: Some(everything()),
        ..filing(phone, "IMG_1.HEIC")
    };
    let photo = put(&library, b"sunset", filing).unwrap().asset;
    assert_eq!(library.details(photo).unwrap(), Some(everything()));
    assert_eq!(library.not_described(AssetId(0), 10).unwrap(), []);
    assert_eq!(library.details(AssetId(99)).unwrap(), None);
}

#[test]
fn a_photo_that_nobody_has_read_is_described_later() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let [one, two] = ["IMG_1.HEIC", "IMG_2.HEIC"].map(|name| {
        put(&library, name.as_bytes(), filing(phone, name))
            .unwrap()
            .asset
    });
    assert_eq!(library.details(one).unwrap(), None);
    assert_eq!(library.not_described(AssetId(0), 10).unwrap(), [one, two]);
    assert_eq!(library.not_described(one, 10).unwrap(), [two]);
    let bare = Details {
        reader: 1,
        mime: "image/jpeg".to_owned(),
        ..Details::default()
    };
    let found = [
        (one, everything()),
        (two, bare.clone()),
        (AssetId(99), bare.clone()),
    ];
    library.keep_details(&found).unwrap();
    assert_eq!(library.details(one).unwrap(), Some(everything()));
    assert_eq!(library.details(two).unwrap(), Some(bare));
    assert_eq!(library.not_described(AssetId(0), 10).unwrap(), []);
}
