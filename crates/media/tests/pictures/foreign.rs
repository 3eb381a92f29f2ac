//! Videos that only ffmpeg decodes.

use std::fs::File;

use safelight_media::pictures::NoPicture;
use safelight_testkit::{corpus, tools};

use crate::{BOTH, look::Picture, workers};

#[test]
fn ffmpeg_makes_what_nothing_here_can() {
    let Some(corpus) = corpus() else { return };
    let Some(ffmpeg) = tools::require("ffmpeg") else {
        return;
    };
    let without = workers();
    let workers = workers().with_ffmpeg(Some(ffmpeg));
    for (name, size) in [
        ("nom-exif/testdata__mkv_640x360.mkv", (640, 360)),
        (
            "metadata-extractor-images/mp4__sample_mpeg4.mp4",
            (190, 240),
        ),
    ] {
        let path = corpus.join(name);
        let mut video = File::open(&path).unwrap();
        for none in [
            workers.render(&mut video, BOTH),
            without.render_by_ffmpeg(&video, BOTH),
        ] {
            assert!(
                matches!(none, Err(NoPicture::NeedsFfmpeg)),
                "{name}: {none:?}"
            );
        }
        let made = workers.render_by_ffmpeg(&video, BOTH).unwrap();
        let preview = Picture::of_jpeg(&made.preview.unwrap());
        assert_eq!((preview.width, preview.height), size, "{name}");
    }
    let text = File::open(corpus.join("SOURCES.md")).unwrap();
    let none = workers.render_by_ffmpeg(&text, BOTH).unwrap_err();
    assert!(matches!(none, NoPicture::Undecodable { .. }), "{none:?}");
}
