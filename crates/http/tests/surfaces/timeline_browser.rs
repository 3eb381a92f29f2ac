//! The timeline in a real browser.

use safelight_testkit::{WebDriver, process::until};
use serde_json::json;

use crate::house::{House, PASSWORD};

/// Photos in the house: each day of 2024 so many, from its files' names.
const DAYS: u32 = 40;
const A_DAY: u32 = 15;

fn fill(house: &House) {
    let mut phone = house.phone();
    for number in 0..DAYS * A_DAY {
        let (day, minute) = (number / A_DAY, number % A_DAY);
        let target = format!(
            "/dav/IMG_2024{:02}{:02}_12{minute:02}00.jpg",
            1 + day / 20,
            1 + day % 20
        );
        let bytes = format!("not a picture, and number {number}");
        assert_eq!(phone.put(&target, bytes.as_bytes()).status, 201);
    }
}

fn signed_in(house: &House) -> Option<WebDriver> {
    let mut browser = WebDriver::start(1000, 800)?;
    drop(house.browser());
    let base = format!("http://{}", house.address);
    browser.open(&format!("{base}/sign-in"));
    let script = format!(
        "const field = document.querySelector('input[type=password]'); field.value = {}; field.form.submit();",
        json!(PASSWORD)
    );
    browser.run(&script);
    let home = format!("{base}/");
    until("the first page", || {
        (browser.address() == home).then_some(())
    });
    Some(browser)
}

#[test]
fn a_year_is_scrolled_through_with_few_tiles_in_the_page() {
    let house = House::new();
    fill(&house);
    let Some(mut browser) = signed_in(&house) else {
        return;
    };
    browser.open(&format!("http://{}/timeline/2024", house.address));
    let first = |browser: &mut WebDriver| {
        let label = browser.run("return document.querySelector('.tile[href]')?.ariaLabel ?? ''");
        let label = label.as_str().unwrap().to_owned();
        (!label.is_empty()).then_some(label)
    };
    let label = until("tiles", || first(&mut browser));
    assert!(label.contains("20 February 2024, 12:14"), "{label}");
    let count = |browser: &mut WebDriver| {
        let count = browser.run("return document.querySelectorAll('.tile').length");
        count.as_u64().unwrap()
    };
    let before = count(&mut browser);
    assert!((10..=300).contains(&before), "{before}");

    // To the end: what is there is the last photo, and the page has no more tiles than before.
    browser.run("scrollTo(0, document.body.scrollHeight)");
    let last = until("the last tile", || {
        let label = browser
            .run("return [...document.querySelectorAll('.tile[href]')].at(-1)?.ariaLabel ?? ''");
        let label = label.as_str().unwrap().to_owned();
        label.contains("1 January 2024, 12:00").then_some(label)
    });
    assert!(last.starts_with("File of"), "{last}");
    assert!(count(&mut browser) <= 300);

    // The keyboard goes where the eye goes.
    browser.run("document.querySelectorAll('.tile[href]')[5].focus()");
    let index = |browser: &mut WebDriver| {
        let index = browser.run("return Number(document.activeElement.dataset.index)");
        index.as_u64().unwrap()
    };
    let press = |browser: &mut WebDriver, key: &str| {
        browser.run(&format!(
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))"
        ));
    };
    let at = index(&mut browser);
    press(&mut browser, "ArrowRight");
    assert_eq!(index(&mut browser), at + 1);
    press(&mut browser, "Home");
    assert_eq!(index(&mut browser), 0);
    press(&mut browser, "End");
    assert_eq!(index(&mut browser), u64::from(DAYS * A_DAY) - 1);

    // Rows stand in the page in the order of the photos.
    let sorted = browser.run(
        "const all = [...document.querySelectorAll('.tile')].map((tile) => Number(tile.dataset.index));
         return all.every((index, at) => at === 0 || all[at - 1] < index)",
    );
    assert_eq!(sorted, true);
}

#[test]
fn photos_that_arrive_appear() {
    let house = House::new();
    let mut phone = house.phone();
    phone.put("/dav/IMG_20240517_140309.jpg", b"one");
    let Some(mut browser) = signed_in(&house) else {
        return;
    };
    browser.open(&format!("http://{}/timeline/2024", house.address));
    let tiles = |browser: &mut WebDriver, count: u64| {
        let found = browser.run("return document.querySelectorAll('.tile[href]').length");
        (found.as_u64() == Some(count)).then_some(())
    };
    until("a tile", || tiles(&mut browser, 1));
    phone.put("/dav/IMG_20240517_140310.jpg", b"two");
    until("another tile", || tiles(&mut browser, 2));
    browser.click(".tile");
    until("the photo", || {
        browser.address().contains("/photo/").then_some(())
    });
}
