//! Importing in the page: the owner chooses a folder, sees what would happen, has it done, and reads what came of it.

use safelight_engine::{Answer, Command};
use safelight_testkit::{Browser, Collection, Photos, process::until};

use crate::house::House;

/// The page of an import once it is not at work any more.
fn rested(browser: &mut Browser, page: &str) -> String {
    until("the import is not at work", || {
        let text = browser.get(page).text();
        (!text.contains("/stop\"")).then_some(text)
    })
}

#[test]
fn a_folder_is_chosen_looked_at_and_brought_in_without_a_script() {
    let house = House::new();
    let made = Collection::make(std::path::Path::new(&house.beside("old & odd")), 3, 30).unwrap();
    let mut browser = house.browser();
    let beside = house.beside("");
    let choose = browser.get(&format!("/import/choose?in={beside}")).text();
    assert!(choose.contains("old &#38; odd"), "{choose}");
    assert!(choose.contains("old%20%26%20odd"), "{choose}");

    let path = made.root.to_str().unwrap();
    let begun = browser.fill("/import", "/import", &[("paths", path), ("way", "copy")]);
    assert_eq!(begun.status, 303, "{}", begun.text());
    let page = begun.header("location").unwrap().to_owned();
    let looked = rested(&mut browser, &page);
    let new = made.different();
    assert!(
        looked.contains(&format!("{new} new files would come in")),
        "{looked}"
    );
    assert!(looked.contains("Not photos: 2"), "{looked}");
    assert!(looked.contains("Nothing has been written yet"), "{looked}");
    assert_eq!(house.files(), 0);
    let others = browser
        .get(&format!("{page}/files?what=not-a-photo"))
        .text();
    assert!(others.contains("letter.txt"), "{others}");

    let done = browser.fill(&page, &format!("{page}/begin"), &[]);
    assert_eq!(done.header("location"), Some(&*page));
    let done = rested(&mut browser, &page);
    assert!(done.contains(&format!("{new} files came in")), "{done}");
    assert_eq!(house.files(), made.photos.len());
    let files = browser.get(&format!("{page}/files?what=new")).text();
    assert!(files.contains("2016/02/"), "{files}");
    assert!(!files.contains("\na\nb.jpg"), "{files}");
    let list = browser.get("/import").text();
    assert!(
        list.contains("old &#38; odd") && list.contains("done"),
        "{list}"
    );
}

#[test]
fn what_will_share_a_tile_is_said_before_and_after() {
    let house = House::new();
    let folder = house.beside("old");
    std::fs::create_dir(&folder).unwrap();
    let picture = Photos::new(9).next(900);
    picture.write(std::path::Path::new(&folder)).unwrap();
    let sidecar = format!("{folder}/{}.xmp", picture.name);
    std::fs::write(sidecar, "<x:xmpmeta/>").unwrap();
    let mut browser = house.browser();
    let begun = browser.fill("/import", "/import", &[("paths", &folder)]);
    let page = begun.header("location").unwrap().to_owned();
    let looked = rested(&mut browser, &page);
    let told = "<dt>Will share a tile</dt><dd>2</dd>";
    assert!(looked.contains(told), "{looked}");
    browser.fill(&page, &format!("{page}/begin"), &[]);
    let done = rested(&mut browser, &page);
    assert!(done.contains("<dt>Share a tile</dt><dd>2</dd>"), "{done}");
}

#[test]
fn what_makes_no_sense_is_said_in_the_form() {
    let house = House::new();
    let mut browser = house.browser();
    let library = house.library().display().to_string();
    for (paths, words) in [
        ("/not/there", "There is nothing at /not/there"),
        ("relative", "is not a whole path"),
        (&*library, "own folder"),
        (" ", "Name a folder"),
    ] {
        let answer = browser.fill("/import", "/import", &[("paths", paths)]);
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains(words), "{}", answer.text());
    }
    assert_eq!(browser.get("/import/7").status, 404);
    let nowhere = browser.get("/import/choose?in=/not/there").text();
    assert!(nowhere.contains("There is nothing at"), "{nowhere}");
}

#[test]
fn a_member_sees_no_folder_of_the_computer_and_imports_nothing() {
    let house = House::new();
    let mut owner = house.browser();
    assert_eq!(owner.get("/import").status, 200);
    let Answer::Person(anna) = house.run(Command::PersonAdd {
        name: "Anna".to_owned(),
        folder: None,
    }) else {
        panic!("no person")
    };
    let mut browser = Browser::new(house.address);
    let fields = [("name", &*anna.name), ("password", &*anna.password)];
    assert_eq!(browser.post("/sign-in", &fields).status, 303);
    for target in ["/import", "/import/choose?in=/", "/import/1"] {
        assert_eq!(browser.get(target).status, 403, "{target}");
    }
    let refused = browser.fill("/settings", "/import", &[("paths", "/")]);
    assert_eq!(refused.status, 403);
    assert!(house.engine.imports().unwrap().is_empty());
}
