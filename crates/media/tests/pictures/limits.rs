//! Whatever a file makes of its worker: there is an answer, and the next file gets its picture.

use std::{io::Cursor, num::NonZeroUsize};

use safelight_media::pictures::{NoPicture, WorkerProgram, Workers};
use safelight_testkit::Photos;

use crate::{BOTH, workers};

#[test]
fn a_program_that_is_no_worker_says_nothing_about_the_photo() {
    for program in ["/does/not/exist", "true", "cat"] {
        let program = WorkerProgram {
            program: program.into(),
            arguments: Vec::new(),
        };
        let workers = Workers::new(program, Default::default(), NonZeroUsize::MIN);
        let photo = Photos::new(1).next(30_000);
        let none = workers
            .render(&mut Cursor::new(photo.bytes), BOTH)
            .unwrap_err();
        assert!(matches!(none, NoPicture::Trouble { .. }), "{none:?}");
        assert!(!none.is_lasting());
    }
}

#[test]
fn what_is_no_picture_is_a_fact_about_the_file() {
    let workers = workers();
    for bytes in [&b""[..], b"<html>", b"\xFF\xD8\xFF", b"\xFF\xD8\xFF\xD9"] {
        let none = workers.render(&mut Cursor::new(bytes), BOTH).unwrap_err();
        assert!(none.is_lasting(), "{none:?}");
    }
}
