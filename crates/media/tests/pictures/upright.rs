//! However a photo is stored, it is shown upright.

use std::fs::File;

use safelight_testkit::corpus;

use crate::{BOTH, look::Picture, workers};

#[test]
fn the_eight_orientations_of_one_photo_look_the_same() {
    let Some(corpus) = corpus() else { return };
    let workers = workers();
    let shown: Vec<Picture> = (1..=8)
        .map(|number| {
            let name = format!("exif-orientation-examples/Landscape_{number}.jpg");
            let mut file = File::open(corpus.join(name)).unwrap();
            let made = workers.render(&mut file, BOTH).unwrap();
            Picture::of_jpeg(&made.thumbnail.unwrap())
        })
        .collect();
    let first = &shown[0];
    assert!(first.width > first.height);
    for (number, other) in (1..).zip(&shown) {
        let apart = first.distance(other);
        assert!(
            apart < 4.0,
            "Landscape_{number} is {apart:.1} from Landscape_1"
        );
    }
}
