//! "Add a phone", from the first button to the first photo.

use safelight_testkit::Response;

use crate::house::{Browser, House};

/// Reads the code in a page's picture, as a camera would: from black and white.
fn scan(page: &str) -> String {
    const DOT: usize = 4;
    let (_, svg) = page
        .split_once("<svg class=\"qr\" viewBox=\"0 0 ")
        .expect("a code");
    let side: usize = svg.split(' ').next().unwrap().parse().unwrap();
    let (_, path) = svg.split_once("d=\"").unwrap();
    let path = path.split('"').next().unwrap();
    let mut black = vec![false; side * side];
    for bar in path.split('M').filter(|bar| !bar.is_empty()) {
        let (at, rest) = bar.split_once('h').unwrap();
        let (x, y) = at.split_once(' ').unwrap();
        let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
        let wide: usize = rest.split('v').next().unwrap().parse().unwrap();
        black[y * side + x..][..wide].fill(true);
    }
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * DOT, side * DOT, |x, y| {
        if black[y / DOT * side + x / DOT] {
            0
        } else {
            255
        }
    });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code");
    grids[0].decode().unwrap().1
}

fn added(browser: &mut Browser, platform: &str, program: &str) -> String {
    let form = format!("/devices/add/{platform}");
    let fields = [
        ("name", "Anna\u{2019}s phone"),
        ("platform", platform),
        ("program", program),
    ];
    let answer = browser.fill(&form, "/devices", &fields);
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").unwrap().to_owned()
}

/// `user`, `password` and `server` of a code, as the apps take it apart.
fn onetime(code: &str) -> (String, String, String) {
    let rest = code.strip_prefix("nc://onetime-login/").expect(code);
    let parts: Vec<&str> = rest.split('&').collect();
    let [user, password, server] = parts[..] else {
        panic!("not three parts: {code}")
    };
    let value = |part: &str, key: &str| part.strip_prefix(key).expect(code).to_owned();
    (
        value(user, "user:"),
        value(password, "password:"),
        value(server, "server:"),
    )
}

fn exchange(house: &House, user: &str, code: &str) -> Response {
    house
        .stranger()
        .basic(user, code)
        .send("GET", "/ocs/v2.php/core/getapppassword-onetime", &[], b"")
        .unwrap()
}

fn apppassword(answer: &Response) -> String {
    let text = answer.text();
    let (_, rest) = text.split_once("<apppassword>").expect(&text);
    rest.split('<').next().unwrap().to_owned()
}

#[test]
fn a_phone_scans_and_its_photos_are_counted() {
    let house = House::new();
    let mut browser = house.browser();
    assert!(
        browser
            .get("/devices")
            .text()
            .contains("href=\"/devices/add\"")
    );
    assert!(
        browser
            .get("/devices/add")
            .text()
            .contains("href=\"/devices/add/android\"")
    );
    let page = added(&mut browser, "android", "nextcloud");
    let open = browser.get(&page).text();
    let code = scan(&open);
    assert!(
        open.contains(&format!("href=\"{}\"", code.replace('&', "&#38;"))),
        "{open}"
    );
    assert_eq!(
        scan(&browser.get(&page).text()),
        code,
        "looking again changes nothing"
    );

    let (user, password, server) = onetime(&code);
    assert_eq!(user, "annas-phone");
    assert_eq!(server, format!("http://{}", house.address));
    assert_eq!(
        house
            .stranger()
            .basic(&user, &password)
            .send("HEAD", "/remote.php/dav", &[], b"")
            .unwrap()
            .status,
        401,
        "the code is no password"
    );
    assert_eq!(exchange(&house, "somebody", &password).status, 401);
    let answer = exchange(&house, &user, &password);
    assert_eq!(answer.status, 200);
    let own = apppassword(&answer);
    assert_ne!(own, password);
    assert_eq!(exchange(&house, &user, &password).status, 401, "good once");
    let waiting = browser.get(&page).text();
    assert!(waiting.contains("Waiting for Anna"), "{waiting}");
    assert!(
        !waiting.contains(&own),
        "the password is nobody's but the phone's"
    );

    let mut phone = house.stranger().basic(&user, &own);
    let target = "/ocs/v2.php/cloud/user?format=json";
    assert_eq!(phone.send("GET", target, &[], b"").unwrap().status, 200);
    let connected = browser.get(&page).text();
    assert!(
        connected.contains("Anna\u{2019}s phone is connected"),
        "{connected}"
    );
    assert!(connected.contains("No photo has come yet"), "{connected}");
    for number in 1..=2 {
        let photo = format!("/remote.php/dav/files/{user}/IMG_{number}.JPG");
        let body = [number];
        assert_eq!(phone.send("PUT", &photo, &[], &body).unwrap().status, 201);
    }
    let counted = browser.get(&page).text();
    assert!(counted.contains("2 photos have come"), "{counted}");
}

#[test]
fn an_app_that_cannot_scan_is_told_what_to_type_once() {
    let house = House::new();
    let mut browser = house.browser();
    let page = added(&mut browser, "iphone", "photosync");
    let link = scan(&browser.get(&page).text());
    let target = link
        .strip_prefix(&format!("http://{}", house.address))
        .unwrap();
    let mut phone = Browser::new(house.address);
    for _ in 0..2 {
        let asked = phone.get(target);
        assert!(
            asked.text().contains("<form method=\"post\">"),
            "{}",
            asked.text()
        );
    }
    let told = phone.post(target, &[]).text();
    let value = |id: &str| {
        let (_, rest) = told.split_once(&format!("<output id=\"{id}\"")).expect(id);
        let (_, rest) = rest.split_once('>').unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    assert_eq!(value("address"), format!("http://{}/dav/", house.address));
    assert_eq!(phone.post(target, &[]).status, 404);
    assert_eq!(phone.get(target).status, 404);
    let mut client = house.stranger().basic(&value("user"), &value("password"));
    assert_eq!(
        client.send("PUT", "/dav/a.jpg", &[], b"1").unwrap().status,
        201
    );
    let connected = browser.get(&page).text();
    assert!(connected.contains("1 photo has come"), "{connected}");
}

#[test]
fn without_a_camera_the_owner_reads_it_off_the_page() {
    let house = House::new();
    let mut browser = house.browser();
    let page = added(&mut browser, "computer", "script");
    let target = format!("{page}/password");
    let shown = browser.fill(&page, &target, &[]).text();
    let (_, rest) = shown.split_once(">Bearer ").expect(&shown);
    let token = rest.split('<').next().unwrap();
    assert!(
        !shown.contains("id=\"code\" data-live"),
        "it stays on the page"
    );
    assert!(
        browser
            .get(&target)
            .text()
            .contains("id=\"pairing\" data-live")
    );
    let again = browser.fill(&page, &target, &[]).text();
    assert!(
        again.contains("shown only once") && !again.contains(token),
        "{again}"
    );
    let mut script = house.stranger().bearer(token);
    assert_eq!(
        script
            .send("PUT", "/upload/a.jpg", &[], b"1")
            .unwrap()
            .status,
        201
    );
}

#[test]
fn a_new_code_takes_the_old_password_back_when_it_is_used() {
    let house = House::new();
    let mut browser = house.browser();
    let device = house.device("phone");
    let mut old = house.stranger().basic(&device.user, &device.password);
    assert_eq!(
        old.send("PUT", "/dav/a.jpg", &[], b"1").unwrap().status,
        201
    );
    let again = browser
        .get(&format!("/devices/{}/connect", device.id))
        .text();
    let page = format!("/devices/{}/connect/android/nextcloud", device.id);
    assert!(again.contains(&page), "{again}");
    browser.fill(&page, &format!("{page}/code"), &[]);
    let (user, first, _) = onetime(&scan(&browser.get(&page).text()));
    house
        .engine
        .invite(safelight_engine::Asker::Owner, device.id)
        .unwrap();
    let (_, second, _) = onetime(&scan(&browser.get(&page).text()));
    assert_eq!(exchange(&house, &user, &first).status, 401, "replaced");
    assert_eq!(
        old.send("PUT", "/dav/b.jpg", &[], b"2").unwrap().status,
        201
    );
    let own = apppassword(&exchange(&house, &user, &second));
    assert_eq!(
        old.send("PUT", "/dav/c.jpg", &[], b"3").unwrap().status,
        401
    );
    let mut new = house.stranger().basic(&user, &own);
    assert_eq!(
        new.send("PUT", "/dav/c.jpg", &[], b"3").unwrap().status,
        201
    );
    assert_eq!(
        new.send("GET", "/dav/a.jpg", &[], b"").unwrap().status,
        200,
        "its tree stays"
    );
}

fn from(house: &House) -> safelight_engine::LoginRequest {
    safelight_engine::LoginRequest {
        client: "x".to_owned(),
        from: house.address.ip(),
        is_home: true,
    }
}

#[test]
fn nobody_gets_a_phones_place_because_its_code_is_open() {
    let house = House::new();
    let mut browser = house.browser();
    let anna = house.device("Anna\u{2019}s phone");
    let mut old = house.stranger().basic(&anna.user, &anna.password);
    assert_eq!(
        old.send("PUT", "/dav/a.jpg", &[], b"1").unwrap().status,
        201
    );
    house
        .engine
        .invite(safelight_engine::Asker::Owner, anna.id)
        .unwrap();
    let started = house
        .engine
        .begin_login(from(&house), "http://nas")
        .unwrap();
    let login = format!("/index.php/login/v2/flow/{}", started.page_token);
    let asked = browser.get(&login).text();
    assert!(
        asked.contains("Connect Anna\u{2019}s phone again") && !asked.contains("just added"),
        "{asked}"
    );
    assert_eq!(asked.matches(" checked").count(), 1, "{asked}");
    assert!(asked.contains("name=\"device\" value=\"\" checked"));
    // What a browser sends when the person only presses Allow.
    let untouched = [("answer", "allow"), ("device", ""), ("name", "Bob")];
    assert_eq!(browser.fill(&login, &login, &untouched).status, 200);
    let granted = house.engine.poll_login(&started.poll_token).unwrap();
    assert_eq!(granted.user, "bob");
    assert_eq!(old.send("GET", "/dav/a.jpg", &[], b"").unwrap().status, 200);
    let mut bob = house.stranger().basic("bob", &granted.password);
    assert_eq!(bob.send("GET", "/dav/a.jpg", &[], b"").unwrap().status, 404);
}

#[test]
fn a_phone_that_was_added_may_sign_in_through_the_browser_instead() {
    let house = House::new();
    let mut browser = house.browser();
    let page = added(&mut browser, "android", "nextcloud");
    let code = scan(&browser.get(&page).text());
    let started = house
        .engine
        .begin_login(from(&house), "http://nas")
        .unwrap();
    let login = format!("/index.php/login/v2/flow/{}", started.page_token);
    let asked = browser.get(&login).text();
    assert!(
        asked.contains("Anna\u{2019}s phone, which you have just added"),
        "{asked}"
    );
    let id = house.engine.devices().unwrap()[0].id.to_string();
    let granted = browser.fill(&login, &login, &[("answer", "allow"), ("device", &id)]);
    assert_eq!(granted.status, 200, "{}", granted.text());
    let granted = house.engine.poll_login(&started.poll_token).unwrap();
    assert_eq!(granted.user, "annas-phone");
    assert_eq!(house.engine.devices().unwrap().len(), 1, "no second device");
    let (user, spent, _) = onetime(&code);
    assert_eq!(exchange(&house, &user, &spent).status, 401);
    let mut phone = house.stranger().basic(&user, &granted.password);
    assert_eq!(
        phone
            .send("HEAD", "/remote.php/dav", &[], b"")
            .unwrap()
            .status,
        200
    );
    assert!(browser.get(&page).text().contains("is connected"));
}

#[test]
fn what_cannot_be_is_refused() {
    let house = House::new();
    let mut browser = house.browser();
    let form = "/devices/add/iphone";
    let send = |browser: &mut Browser, name: &str, program: &str| {
        let fields = [("name", name), ("platform", "iphone"), ("program", program)];
        browser.fill(form, "/devices", &fields)
    };
    let nameless = send(&mut browser, " ", "photosync");
    assert!(
        nameless.text().contains("role=\"alert\""),
        "{}",
        nameless.text()
    );
    assert_eq!(send(&mut browser, "x", "foldersync").status, 404);
    assert_eq!(send(&mut browser, "x", "carrier-pigeon").status, 400);
    assert!(house.engine.devices().unwrap().is_empty());
    let device = house.device("phone");
    for missing in [
        "/devices/add/fridge",
        "/devices/99/connect",
        "/devices/99/connect/android/nextcloud",
    ] {
        let status = browser.get(missing).status;
        assert!([400, 404].contains(&status), "{missing}: {status}");
    }
    house.run(safelight_engine::Command::DeviceRevoke { id: device.id });
    let page = format!("/devices/{}/connect/android/nextcloud", device.id);
    assert_eq!(browser.get(&page).status, 404, "it was removed");
    let mut stranger = Browser::new(house.address);
    assert_eq!(stranger.get("/connect/photosync/abcde-fghij").status, 404);
    assert_eq!(
        stranger.post("/connect/photosync/abcde-fghij", &[]).status,
        404
    );
    for target in ["/devices/add", "/devices/add/android", &page] {
        assert_eq!(
            stranger.get(target).header("location"),
            Some("/sign-in"),
            "{target}"
        );
    }
}
