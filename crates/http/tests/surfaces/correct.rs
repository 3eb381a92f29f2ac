//! The pages where dates are put right: what a browser without scripts sends, and what it is answered.

use safelight_engine::{Answer, Command};

use crate::{
    house::{Browser, House, csrf},
    household::{add, signed_in, upload},
};

/// The values of a page's hidden fields, as its first form for `action` sends them.
fn fields(page: &str, action: &str) -> Vec<(String, String)> {
    let form = page.split_once(&format!("action=\"{action}\"")).unwrap().1;
    let form = form.split_once("</form>").unwrap().0;
    form.split("<input type=\"hidden\" name=\"")
        .skip(1)
        .map(|field| {
            let (name, rest) = field.split_once("\" value=\"").unwrap();
            let value = rest.split_once('"').unwrap().0;
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

fn send(
    browser: &mut Browser,
    target: &str,
    fields: &[(String, String)],
) -> safelight_testkit::http::Response {
    let borrowed: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.post(target, &borrowed)
}

#[test]
fn from_a_wrong_date_to_a_right_one_and_back() {
    let house = House::new();
    let mut browser = house.browser();
    let mut phone = house.phone();
    phone.put("/dav/20190701_120000.jpg", b"one");
    phone.put("/dav/20190702_120000.jpg", b"two");
    let page = browser.get("/correct?photo=1&photo=2").text();
    assert!(
        page.contains("2 photos") && page.contains("20190701_120000.jpg"),
        "{page}"
    );
    let mut form = fields(&page, "/correct");
    for (name, value) in [
        ("how", "shift"),
        ("way", "later"),
        ("hours", "13"),
        ("date", "1999-01-01"),
    ] {
        form.push((name.to_owned(), value.to_owned()));
    }
    let preview = send(&mut browser, "/correct", &form).text();
    assert!(
        preview.contains("13h later") && preview.contains("2 Jul 2019, 01:00:00"),
        "{preview}"
    );
    assert!(
        browser
            .get("/photo/1")
            .text()
            .contains("1 Jul 2019, 12:00:00"),
        "nothing is done yet"
    );
    let confirmed = fields(&preview, "/correct/now");
    let again = send(&mut browser, "/correct/again", &confirmed).text();
    assert!(again.contains("value=\"13\""), "{again}");
    let done = send(&mut browser, "/correct/now", &confirmed);
    assert_eq!(
        (done.status, done.header("location")),
        (303, Some("/corrections/1"))
    );
    let photo = browser.get("/photo/1").text();
    assert!(
        photo.contains("2 Jul 2019, 01:00:00")
            && photo.contains("a person, who put the date right"),
        "{photo}"
    );
    assert!(
        photo.contains("The photo itself says 1 Jul 2019, 12:00:00"),
        "{photo}"
    );
    // The same form once more would move them twice: it is of another preview.
    let twice = send(&mut browser, "/correct/now", &confirmed);
    assert!(
        twice.text().contains("Something has changed"),
        "{}",
        twice.text()
    );
    let page = browser.get("/corrections/1").text();
    let back = browser.post("/corrections/1/undo", &[("csrf", &csrf(&page))]);
    assert_eq!(
        (back.status, back.header("location")),
        (303, Some("/corrections/1?kept=0"))
    );
    assert!(
        browser
            .get("/corrections/1?kept=0")
            .text()
            .contains("This was taken back")
    );
    assert!(
        browser
            .get("/photo/1")
            .text()
            .contains("1 Jul 2019, 12:00:00")
    );
    assert!(browser.get("/corrections").text().contains("taken back"));
}

#[test]
fn what_makes_no_sense_is_said_on_the_form_and_what_cannot_be_is_named() {
    let house = House::new();
    let mut browser = house.browser();
    let mut phone = house.phone();
    phone.put("/dav/IMG-20190701-WA0001.jpg", b"one");
    let token = csrf(&browser.get("/correct?photo=1").text());
    let mut ask = |fields: &[(&str, &str)]| {
        let all = [&[("csrf", token.as_str()), ("photos", "1")], fields].concat();
        browser.post("/correct", &all).text()
    };
    for (fields, told) in [
        (&[("how", "shift"), ("way", "later")][..], "clock was off"),
        (
            &[("how", "shift"), ("way", "later"), ("hours", "x")],
            "whole number",
        ),
        (&[("how", "zone"), ("place", "Atlantis")], "no time zone"),
        (&[("how", "zone")], "which time zone"),
        (&[("how", "set"), ("date", "2019-02-30")], "is no date"),
        (
            &[("how", "set"), ("date", "2019-02-03"), ("offset", "+02:00")],
            "time of day",
        ),
        (&[], "what is wrong"),
    ] {
        let page = ask(fields);
        assert!(
            page.contains("role=\"alert\"") && page.contains(told),
            "{fields:?}: {page}"
        );
    }
    let page = ask(&[("how", "shift"), ("way", "later"), ("hours", "1")]);
    assert!(
        page.contains("None of these dates") && page.contains("Only its day is known"),
        "{page}"
    );
    let page = ask(&[("how", "set"), ("date", "2190-01-01"), ("time", "12:00")]);
    assert!(page.contains("in the future"), "{page}");
    let nothing = browser
        .post("/correct", &[("csrf", &token), ("how", "reset")])
        .text();
    assert!(nothing.contains("Say which photos"), "{nothing}");
}

#[test]
fn a_member_sees_and_corrects_their_own_only() {
    let house = House::new();
    let mut owner = house.browser();
    let anna = add(&house, "Anna");
    upload(&house, "Anna", "20190701_120000.jpg", b"hers");
    upload(&house, "Owner", "20190702_120000.jpg", b"the owner's");
    let mut browser = signed_in(&house, &anna);
    let page = browser.get("/correct").text();
    assert!(
        page.contains("Anna's phone") || page.contains("Anna&#39;s phone"),
        "{page}"
    );
    assert!(!page.contains("Owner"), "{page}");
    let token = csrf(&page);
    let mut ask = |fields: &[(&str, &str)]| {
        let all = [
            &[
                ("csrf", token.as_str()),
                ("how", "set"),
                ("date", "2018-01-01"),
            ],
            fields,
        ]
        .concat();
        browser.post("/correct", &all)
    };
    let foreign = ask(&[("photos", "2")]).text();
    assert!(foreign.contains("There is no photo number 2"), "{foreign}");
    let all = ask(&[("from", "2019-01-01")]).text();
    assert!(
        all.contains("Anna/2019/07/20190701_120000.jpg") && !all.contains("20190702"),
        "{all}"
    );
    // What the owner did to everybody's is not hers to see.
    let command = Command::Correct {
        choice: safelight_engine::command::PhotoChoice {
            assets: vec![2],
            ..Default::default()
        },
        wish: safelight_engine::command::Wish::Reset,
        preview: false,
        expect: None,
    };
    assert!(matches!(house.run(command), Answer::Corrected(_)));
    let page = owner.get("/correct?photo=2").text();
    let mut form = fields(&page, "/correct");
    form.extend(
        [("how", "set"), ("date", "2018-01-01")]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let preview = send(&mut owner, "/correct", &form).text();
    let done = send(
        &mut owner,
        "/correct/now",
        &fields(&preview, "/correct/now"),
    );
    assert_eq!(done.header("location"), Some("/corrections/1"));
    assert_eq!(browser.get("/corrections/1").status, 404);
    let undo = browser.post("/corrections/1/undo", &[("csrf", &token)]);
    assert_eq!(undo.status, 404);
    assert!(browser.get("/corrections").text().contains("None so far"));
}

#[test]
fn photos_are_chosen_in_the_list_without_scripts() {
    let house = House::new();
    let mut browser = house.browser();
    let mut phone = house.phone();
    phone.put("/dav/20190701_120000.jpg", b"one");
    let list = browser.get("/photos").text();
    assert!(list.contains("href=\"/photos?choose=1\""), "{list}");
    let list = browser.get("/photos?choose=1").text();
    assert!(
        list.contains("type=\"checkbox\" name=\"photo\" value=\"1\""),
        "{list}"
    );
    assert!(
        list.contains("<form method=\"get\" action=\"/correct\">"),
        "{list}"
    );
    // A link of which nothing is true asks which photos, like the page without one.
    let nothing = browser.get("/correct?photo=99&photo=x");
    assert_eq!(nothing.status, 200);
}
