//! `/up` in a real browser, over a line that breaks.

use std::{fs::File, path::PathBuf, time::Duration};

use safelight_engine::{Asker, Command, Invitation, command::VerifyScope};
use safelight_testkit::{Delay, Photos, WebDriver, process::until};
use tempfile::TempDir;

use crate::house::House;

/// A phone's camera roll, its browser and its line.
struct Phone {
    browser: WebDriver,
    line: Delay,
    roll: TempDir,
}

impl Phone {
    /// Connected by a code. `None` where there is no Chromium.
    fn new(house: &House) -> Option<Self> {
        let mut browser = WebDriver::start(500, 900)?;
        let line = Delay::start(house.address, Duration::from_millis(1)).unwrap();
        let device = house.device("Anna\u{2019}s browser");
        house.engine.invite(Asker::Owner, device.id).unwrap();
        let Some(Invitation::Open { code, .. }) = house.engine.invitation(Asker::Owner, device.id)
        else {
            panic!("no code");
        };
        let address = line.address();
        browser.open(&format!("http://{address}/connect/browser/{code}"));
        browser.click("form button");
        let page = format!("http://{address}/up");
        until("the page", || (browser.address() == page).then_some(()));
        Some(Self {
            browser,
            line,
            roll: tempfile::tempdir().unwrap(),
        })
    }

    fn photos(&self, count: usize) -> Vec<PathBuf> {
        let photos = Photos::new(3).take(count, 20_000, 60_000);
        photos
            .iter()
            .map(|photo| {
                let path = self.roll.path().join(&photo.name);
                std::fs::write(&path, &photo.bytes).unwrap();
                path
            })
            .collect()
    }

    /// Larger than what goes in one request.
    fn film(&self, bytes: u64) -> PathBuf {
        let path = self.roll.path().join("film.mp4");
        File::create(&path).unwrap().set_len(bytes).unwrap();
        path
    }

    fn send(&mut self, files: &[PathBuf]) {
        let files: Vec<&std::path::Path> = files.iter().map(PathBuf::as_path).collect();
        self.browser.choose("#files", &files);
        self.browser.click("#send button");
    }
}

#[test]
fn photos_are_sent_and_what_is_safe_is_told() {
    let house = House::new();
    let Some(mut phone) = Phone::new(&house) else {
        return;
    };
    let photos = phone.photos(5);
    phone.send(&photos);
    phone.browser.wait_for("#home", "5 files should stay");
    assert_eq!(phone.browser.text("#safe"), "");
    assert_eq!(phone.browser.text("#failed"), "");
    assert_eq!(house.files(), 5);

    house.run(Command::DestinationAdd {
        name: "disk".into(),
        url: format!("file://{}", house.beside("offsite")),
        keys: None,
        password: None,
    });
    house.run(Command::Backup { destination: None });
    house.run(Command::Verify {
        scope: VerifyScope::Home,
    });
    // In a page that was loaded anew, which sends none of them again.
    let address = format!("http://{}/up", phone.line.address());
    phone.browser.open(&address);
    let before = phone.line.carried();
    phone.send(&photos);
    let safe = phone.browser.wait_for("#safe", "may be deleted");
    assert!(
        safe.contains("5 files may be deleted from the phone"),
        "{safe}"
    );
    assert!(
        phone.line.carried() - before < 20_000,
        "nothing is sent again"
    );
}

#[test]
fn a_film_goes_on_after_a_broken_line_and_after_a_reload() {
    // So large that beginning anew costs more than what a browser sends again by itself before it is told that it need not.
    const SIZE: u64 = 48_000_000;
    let house = House::new();
    let Some(mut phone) = Phone::new(&house) else {
        return;
    };
    let film = phone.film(SIZE);
    phone.line.break_after(SIZE / 4 * 3);
    phone.send(std::slice::from_ref(&film));
    let stored = phone.browser.wait_for("#summary", "Done");
    assert!(stored.contains("1 file stored"), "{stored}");
    let carried = phone.line.carried();
    assert!((SIZE..SIZE / 2 * 3).contains(&carried), "{carried}");

    // Another one, given up in the middle by loading the page again.
    let mut other = vec![0; film.metadata().unwrap().len() as usize];
    other[0] = 1;
    std::fs::write(&film, other).unwrap();
    phone.send(std::slice::from_ref(&film));
    until("most of it has gone", || {
        (phone.line.carried() - carried > SIZE / 4 * 3).then_some(())
    });
    let address = format!("http://{}/up", phone.line.address());
    phone.browser.open(&address);
    assert_eq!(house.files(), 1, "it was not whole yet");
    phone.send(std::slice::from_ref(&film));
    phone.browser.wait_for("#summary", "Done");
    let carried = phone.line.carried() - carried;
    assert!((SIZE..SIZE / 2 * 3).contains(&carried), "{carried}");
    assert_eq!(house.files(), 2, "the same name, and two photos");
}

#[test]
fn what_cannot_be_stored_is_told_and_tried_again() {
    let house = House::new();
    let Some(mut phone) = Phone::new(&house) else {
        return;
    };
    let photos = phone.photos(2);
    let devices = house.engine.devices().unwrap();
    house.run(Command::DeviceRevoke { id: devices[0].id });
    phone.send(&photos);
    let failed = phone.browser.wait_for("#failed", "2 files must stay");
    assert!(failed.contains("may not add photos any more"), "{failed}");
    assert!(failed.contains("Try these again"), "{failed}");
    assert_eq!(house.files(), 0);
}
