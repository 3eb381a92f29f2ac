//! The timeline without scripts.

use crate::house::{House, Phone};

/// A file whose name says when it was taken.
fn put(phone: &mut Phone, taken: &str) {
    let target = format!("/dav/IMG_{taken}.jpg");
    assert_eq!(phone.put(&target, taken.as_bytes()).status, 201);
}

#[test]
fn an_empty_house_has_an_empty_timeline() {
    let house = House::new();
    let mut browser = house.browser();
    let answer = browser.get("/timeline");
    assert_eq!(answer.header("location"), Some("/timeline/undated"));
    assert!(
        browser
            .get("/timeline/undated")
            .text()
            .contains("There are no photos yet")
    );
}

#[test]
fn links_lead_from_the_year_to_each_photo() {
    let house = House::new();
    let mut browser = house.browser();
    let mut phone = house.phone();
    for taken in [
        "20240517_140309",
        "20240517_080000",
        "20240301_120000",
        "20231231_235959",
    ] {
        put(&mut phone, taken);
    }
    assert_eq!(
        browser.get("/timeline").header("location"),
        Some("/timeline/2024")
    );
    let year = browser.get("/timeline/2024").text();
    assert!(year.contains("3 photos"), "{year}");
    for link in [
        "/timeline/2023",
        "/timeline/2024-05",
        "/timeline/2024-05-17",
    ] {
        assert!(year.contains(&format!("href=\"{link}\"")), "{link}: {year}");
    }
    assert!(!year.contains("2023-12"), "{year}");
    let month = browser.get("/timeline/2024-05").text();
    assert!(
        month.contains("May 2024") && month.contains("2 photos"),
        "{month}"
    );
    let day = browser.get("/timeline/2024-05-17").text();
    assert!(day.contains("Friday, 17 May 2024"), "{day}");
    let (newer, older) = (day.find("href=\"/photo/1\""), day.find("href=\"/photo/2\""));
    assert!(newer.is_some() && newer < older, "{day}");
    assert!(!day.contains("href=\"/photo/3\""), "{day}");

    let slice = browser
        .get("/timeline/2024/tiles?day=2024-05-17&skip=1&count=2")
        .text();
    let tiles: Vec<serde_json::Value> = serde_json::from_str(&slice).unwrap();
    let found: Vec<_> = tiles
        .iter()
        .map(|tile| (tile["id"].as_i64().unwrap(), tile["day"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [(2, "2024-05-17"), (3, "2024-03-01")]);

    // From photo to photo.
    let photo = browser.get("/photo/2").text();
    assert!(photo.contains("href=\"/photo/1\" rel=\"prev\""), "{photo}");
    assert!(photo.contains("href=\"/photo/3\" rel=\"next\""), "{photo}");
}

#[test]
fn a_day_with_many_photos_has_pages() {
    let house = House::new();
    let mut browser = house.browser();
    let mut phone = house.phone();
    for number in 0..130 {
        put(
            &mut phone,
            &format!("20240517_12{:02}{:02}", number / 60, number % 60),
        );
    }
    let first = browser.get("/timeline/2024-05-17").text();
    assert_eq!(first.matches("href=\"/photo/").count(), 120);
    assert!(first.contains("?skip=120\" rel=\"next\""), "{first}");
    let second = browser.get("/timeline/2024-05-17?skip=120").text();
    assert_eq!(second.matches("href=\"/photo/").count(), 10);
    assert!(second.contains("?skip=0\" rel=\"prev\""), "{second}");
    let slice = browser.get("/timeline/2024/tiles?count=100000").text();
    assert_eq!(slice.matches("\"id\":").count(), 130);
}

#[test]
fn what_is_no_period_is_not_there() {
    let house = House::new();
    let mut browser = house.browser();
    for target in [
        "/timeline/2024-13",
        "/timeline/soon",
        "/timeline/2024-05-17-1",
        "/timeline/24/tiles",
    ] {
        assert_eq!(browser.get(target).status, 404, "{target}");
    }
    assert_eq!(browser.get("/timeline/2024/tiles?day=never").status, 400);
    assert_eq!(browser.get("/timeline/1850").status, 200);
    let stranger = house.stranger().send("GET", "/timeline/2024", &[], b"");
    assert_eq!(stranger.unwrap().header("location"), Some("/sign-in"));
}
