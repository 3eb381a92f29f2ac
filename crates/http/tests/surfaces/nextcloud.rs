//! What the Nextcloud apps ask for beside WebDAV, sent as they send it.

use std::net::SocketAddr;

use safelight_testkit::{Client, Response};
use serde_json::Value;

use crate::house::{Browser, House, csrf};

/// What Android says of itself when it signs in.
const ANDROID: &str = "Fairphone FP5 (Android)";
const IOS: &str = "Mozilla/5.0 (iOS) Nextcloud-iOS/7.4.1";
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

fn json(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("not JSON: {}", answer.text()))
}

fn path(address: &str, house: SocketAddr) -> String {
    let base = format!("http://{house}");
    address
        .strip_prefix(&base)
        .unwrap_or_else(|| panic!("{address} is not under {base}"))
        .to_owned()
}

fn begin(house: &House, client: &str) -> (String, String, String) {
    let answer = house
        .stranger()
        .send(
            "POST",
            "/index.php/login/v2",
            &[("User-Agent", client), FORM],
            b"",
        )
        .unwrap();
    assert_eq!(answer.status, 200);
    let begun = json(&answer);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (
        text(&begun["poll"]["token"]),
        path(&text(&begun["poll"]["endpoint"]), house.address),
        path(&text(&begun["login"]), house.address),
    )
}

/// Android polls with the token in the body.
fn poll_android(house: &House, endpoint: &str, token: &str) -> Response {
    let body = format!("token={token}");
    house
        .stranger()
        .send("POST", endpoint, &[FORM], body.as_bytes())
        .unwrap()
}

#[test]
fn a_server_is_found_and_its_network_is_open() {
    let house = House::new();
    let mut stranger = house.stranger();
    let status = stranger.send("GET", "/status.php", &[], b"").unwrap();
    assert_eq!(status.status, 200);
    let status = json(&status);
    assert_eq!(status["installed"], true);
    assert_eq!(status["maintenance"], false);
    assert_eq!(status["version"], "33.0.0.1");
    let product = status["productname"].as_str().unwrap().to_lowercase();
    assert!(!product.contains("owncloud"));

    for target in ["/index.php/204", "/204"] {
        let open = stranger.send("GET", target, &[], b"").unwrap();
        assert_eq!((open.status, open.body.len()), (204, 0), "{target}");
    }
    for target in ["/remote.php/dav", "/remote.php/dav/"] {
        let head = stranger.send("HEAD", target, &[], b"").unwrap();
        assert_eq!(head.status, 401, "{target}");
        assert_eq!(
            head.header("www-authenticate"),
            Some("Basic realm=\"Safelight\", charset=\"UTF-8\"")
        );
    }
    let mut phone = house.phone();
    assert_eq!(phone.ask("HEAD", "/remote.php/dav"), 200);
    assert_eq!(phone.ask("DELETE", "/remote.php/dav"), 405);
}

#[test]
fn apps_that_there_are_not_are_404() {
    let house = House::new();
    let mut stranger = house.stranger();
    for (method, target) in [
        ("POST", "/index.php/core/wipe/check"),
        ("GET", "/index.php/avatar/anna/128"),
        ("GET", "/avatar/anna/128"),
        ("GET", "/index.php/apps/notes"),
    ] {
        let answer = stranger.send(method, target, &[FORM], b"token=x").unwrap();
        assert_eq!((answer.status, answer.body.len()), (404, 0), "{target}");
    }
}

#[test]
fn android_signs_in_through_the_browser() {
    let house = House::new();
    let mut browser = house.browser();
    let (token, endpoint, login) = begin(&house, ANDROID);
    let pending = poll_android(&house, &endpoint, &token);
    assert_eq!((pending.status, pending.body.len()), (404, 0));

    let page = browser.get(&login).text();
    assert!(page.contains("value=\"Fairphone FP5\""), "{page}");
    assert!(page.contains(ANDROID), "{page}");
    let unnamed = browser.fill(&login, &login, &[("answer", "allow"), ("name", " ")]);
    assert!(
        unnamed.text().contains("role=\"alert\""),
        "{}",
        unnamed.text()
    );
    assert_eq!(poll_android(&house, &endpoint, &token).status, 404);
    let done = browser.fill(
        &login,
        &login,
        &[("answer", "allow"), ("name", "Anna\u{2019}s phone")],
    );
    assert!(
        done.text().contains("Anna\u{2019}s phone may add photos"),
        "{}",
        done.text()
    );

    let answer = poll_android(&house, &endpoint, &token);
    assert_eq!(answer.status, 200);
    let granted = json(&answer);
    assert_eq!(granted["server"], format!("http://{}", house.address));
    assert_eq!(granted["loginName"], "annas-phone");
    let password = granted["appPassword"].as_str().unwrap();
    let again = poll_android(&house, &endpoint, &token);
    assert_eq!((again.status, again.body.len()), (404, 0), "told only once");
    assert_eq!(browser.get(&login).status, 404);

    let mut phone = house.stranger().basic("annas-phone", password);
    let ocs = [("OCS-APIRequest", "true")];
    let user = phone
        .send("GET", "/ocs/v2.php/cloud/user?format=json", &ocs, b"")
        .unwrap();
    assert_eq!(json(&user)["ocs"]["data"]["id"], "annas-phone");
    let files = "/remote.php/dav/files/annas-phone/";
    assert_eq!(phone.send("HEAD", files, &[], b"").unwrap().status, 200);
    let photo = format!("{files}IMG_0001.JPG");
    assert_eq!(phone.send("PUT", &photo, &[], b"1").unwrap().status, 201);
}

#[test]
fn ios_polls_with_the_query_and_under_its_own_name_for_the_server() {
    let house = House::new();
    let mut browser = house.browser();
    let request = format!(
        "POST /index.php/login/v2 HTTP/1.1\r\nHost: nas.local:8420\r\nUser-Agent: {IOS}\r\nContent-Length: 0\r\n\r\n"
    );
    let begun = json(&house.stranger().raw(request.as_bytes()).unwrap());
    let endpoint = begun["poll"]["endpoint"].as_str().unwrap();
    let endpoint = endpoint.strip_prefix("http://nas.local:8420").unwrap();
    let login = begun["login"].as_str().unwrap();
    let login = login.strip_prefix("http://nas.local:8420").unwrap();
    let token = begun["poll"]["token"].as_str().unwrap();
    let target = format!("{endpoint}?token={token}");
    let mut phone = house.stranger();
    assert_eq!(phone.send("POST", &target, &[], b"").unwrap().status, 404);
    let page = browser.get(login).text();
    assert!(page.contains("value=\"iPhone\""), "{page}");
    browser.fill(login, login, &[("answer", "allow"), ("name", "Bo")]);
    let granted = json(&phone.send("POST", &target, &[], b"").unwrap());
    assert_eq!(granted["server"], "http://nas.local:8420");
    assert_eq!(granted["loginName"], "bo");
}

#[test]
fn who_is_refused_hears_nothing() {
    let house = House::new();
    let mut browser = house.browser();
    let (token, endpoint, login) = begin(&house, ANDROID);
    let refused = browser.fill(&login, &login, &[("answer", "refuse"), ("name", "x")]);
    assert!(
        refused.text().contains("It was refused"),
        "{}",
        refused.text()
    );
    let answer = poll_android(&house, &endpoint, &token);
    assert_eq!((answer.status, answer.body.len()), (404, 0));
    assert_eq!(browser.get(&login).status, 404);
    assert!(house.engine.devices().unwrap().is_empty());
}

#[test]
fn only_the_owner_lets_anybody_in() {
    let house = House::new();
    house.browser();
    let (token, endpoint, login) = begin(&house, ANDROID);
    let mut other = Browser::new(house.address);
    let sent_away = other.get(&login);
    let to = sent_away.header("location").unwrap().to_owned();
    assert_eq!(
        (sent_away.status, to.as_str()),
        (303, &*format!("/sign-in?next={login}"))
    );
    let grant = [("answer", "allow"), ("name", "x"), ("csrf", "0")];
    assert_eq!(
        other.post(&login, &grant).header("location"),
        Some("/sign-in")
    );
    assert_eq!(poll_android(&house, &endpoint, &token).status, 404);

    // The owner signs in on the phone, and comes back to the question.
    let page = other.get(&to).text();
    assert!(
        page.contains(&format!("name=\"next\" value=\"{login}\"")),
        "{page}"
    );
    let fields = [("password", crate::house::PASSWORD), ("next", &login)];
    assert_eq!(
        other.post("/sign-in", &fields).header("location"),
        Some(&*login)
    );
    assert_eq!(
        other.post(&login, &grant).status,
        400,
        "another session's form"
    );
    assert!(house.engine.devices().unwrap().is_empty());
    let csrf = csrf(&other.get(&login).text());
    let grant = [("answer", "allow"), ("name", "x"), ("csrf", &csrf)];
    assert_eq!(other.post(&login, &grant).status, 200);
    assert_eq!(poll_android(&house, &endpoint, &token).status, 200);
}

#[test]
fn tokens_that_nobody_was_given_are_nothing() {
    let house = House::new();
    let mut browser = house.browser();
    for body in ["", "token=", "token=0000", "token=%00", "x"] {
        let mut client = house.stranger();
        let answer = client
            .send("POST", "/index.php/login/v2/poll", &[FORM], body.as_bytes())
            .unwrap();
        assert_eq!((answer.status, answer.body.len()), (404, 0), "{body}");
    }
    assert_eq!(browser.get("/index.php/login/v2/flow/0000").status, 404);
    let no_host = house
        .stranger()
        .raw(b"POST /index.php/login/v2 HTTP/1.1\r\nHost: a@b\r\nContent-Length: 0\r\n\r\n")
        .unwrap();
    assert_eq!(no_host.status, 400);
}

#[test]
fn a_flow_is_begun_and_asked_for_under_names_that_are_ours_only() {
    let house = House::new();
    house.reach(|reach| reach.public_url = Some("https://photos.example".parse().unwrap()));
    let ask = |host: &str, target: &str| {
        let request =
            format!("POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
        house.stranger().raw(request.as_bytes()).unwrap().status
    };
    for prefix in ["", "/index.php"] {
        let (begin, poll) = (
            format!("{prefix}/login/v2"),
            format!("{prefix}/login/v2/poll"),
        );
        for (host, begun, polled) in [
            ("rebound.example", 421, 421),
            ("photos.example", 200, 404),
            ("192.168.1.5:8420", 200, 404),
        ] {
            assert_eq!(ask(host, &begin), begun, "{host} {begin}");
            assert_eq!(ask(host, &poll), polled, "{host} {poll}");
        }
    }
}

#[test]
fn who_begins_too_often_is_told_when_to_come_again() {
    let house = House::new();
    for _ in 0..5 {
        begin(&house, ANDROID);
    }
    let mut client = house.stranger();
    let answer = client
        .send("POST", "/index.php/login/v2", &[FORM], b"")
        .unwrap();
    assert_eq!(answer.status, 503);
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=20 * 60).contains(&seconds), "{seconds}");
}

/// A signed-in app.
fn app(house: &House) -> (Client, String, String) {
    let device = house.device("Anna & Bo");
    let client = house.stranger().basic(&device.user, &device.password);
    (client, device.user, device.password)
}

#[test]
fn capabilities_have_what_the_apps_insist_on() {
    let house = House::new();
    let (mut phone, ..) = app(&house);
    // Android
    let target = "/ocs/v2.php/cloud/capabilities?format=json";
    let answer = phone
        .send("GET", target, &[("OCS-APIRequest", "true")], b"")
        .unwrap();
    assert_eq!(answer.status, 200);
    let ocs = &json(&answer)["ocs"];
    assert_eq!(ocs["meta"]["status"], "ok");
    assert_eq!(ocs["meta"]["statuscode"], 200);
    assert_eq!(ocs["meta"]["message"], "OK");
    let data = &ocs["data"];
    for number in ["major", "minor", "micro"] {
        assert!(data["version"][number].is_u64(), "{number}");
    }
    assert!(data["version"]["string"].is_string() && data["version"]["edition"].is_string());
    let capabilities = &data["capabilities"];
    assert!(capabilities["core"]["pollinterval"].is_u64());
    assert_eq!(capabilities["files"]["bigfilechunking"], true);
    assert_eq!(capabilities["dav"]["chunking"], "1.0");
    assert_eq!(capabilities["checksums"]["preferredUploadType"], "SHA1");

    let etag = answer.header("etag").unwrap();
    let known = phone
        .send("GET", target, &[("If-None-Match", etag)], b"")
        .unwrap();
    assert_eq!((known.status, known.body.len()), (304, 0));

    // nextcloudcmd and iOS
    let first = phone
        .send(
            "GET",
            "/ocs/v1.php/cloud/capabilities?format=json",
            &[],
            b"",
        )
        .unwrap();
    assert_eq!(json(&first)["ocs"]["meta"]["statuscode"], 100);
    let accept = [("Accept", "application/json")];
    let ios = phone
        .send("GET", "/ocs/v1.php/cloud/capabilities", &accept, b"")
        .unwrap();
    assert_eq!(json(&ios)["ocs"]["data"]["version"]["major"], 33);
}

#[test]
fn users_are_devices_and_their_quota_is_the_disk() {
    let house = House::new();
    let (mut phone, user, _) = app(&house);
    let accept = [("Accept", "application/json")];
    for target in [
        "/ocs/v2.php/cloud/user",
        &format!("/ocs/v2.php/cloud/users/{user}"),
    ] {
        let answer = json(&phone.send("GET", target, &accept, b"").unwrap());
        assert_eq!(answer["ocs"]["meta"]["statuscode"], 200, "{target}");
        let data = &answer["ocs"]["data"];
        assert_eq!(data["id"], user.as_str());
        assert_eq!(data["display-name"], "Anna & Bo");
        assert_eq!(data["enabled"], true);
        assert!(data["quota"]["free"].as_u64().unwrap() > 0, "{data}");
        assert_eq!(data["quota"]["used"], 0);
    }
    // nextcloudcmd
    let first = phone
        .send("GET", "/ocs/v1.php/cloud/user?format=json", &[], b"")
        .unwrap();
    assert_eq!(json(&first)["ocs"]["meta"]["statuscode"], 100);
    let text = phone
        .send("GET", "/ocs/v1.php/cloud/user", &[], b"")
        .unwrap();
    assert_eq!(
        text.header("content-type"),
        Some("application/xml; charset=utf-8")
    );
    assert!(
        text.text()
            .contains("<display-name>Anna &amp; Bo</display-name>"),
        "{}",
        text.text()
    );

    let other = house.device("other");
    let target = format!("/ocs/v2.php/cloud/users/{}", other.user);
    assert_eq!(
        phone.send("GET", &target, &accept, b"").unwrap().status,
        404
    );
}

#[test]
fn strangers_and_unknown_addresses_are_told_in_the_asked_format() {
    let house = House::new();
    let mut stranger = house.stranger();
    for target in ["/ocs/v1.php/cloud/user", "/ocs/v2.php/core/getapppassword"] {
        let answer = stranger.send("GET", target, &[], b"").unwrap();
        assert_eq!(answer.status, 401, "{target}");
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .starts_with("Basic ")
        );
        assert!(
            answer.text().contains("<statuscode>997</statuscode>"),
            "{}",
            answer.text()
        );
    }
    let (mut phone, ..) = app(&house);
    for (method, target) in [
        ("GET", "/ocs/v2.php/apps/notifications/api/v2/notifications"),
        (
            "GET",
            "/ocs/v2.php/apps/user_status/api/v1/predefined_statuses",
        ),
        ("PUT", "/ocs/v2.php/cloud/user"),
        ("GET", "/ocs/v3.php/cloud/user"),
    ] {
        let answer = phone.send(method, target, &[], b"").unwrap();
        assert_eq!(answer.status, 404, "{target}");
        assert!(answer.text().starts_with("<?xml"), "{}", answer.text());
        assert!(
            answer.text().contains("<statuscode>404</statuscode>"),
            "{}",
            answer.text()
        );
    }
    let answer = phone
        .send(
            "GET",
            "/ocs/v2.php/apps/files_sharing/api/v1/shares?format=json",
            &[],
            b"",
        )
        .unwrap();
    assert_eq!(answer.status, 404);
    assert_eq!(json(&answer)["ocs"]["meta"]["statuscode"], 404);
    assert_eq!(json(&answer)["ocs"]["meta"]["status"], "failure");
}

#[test]
fn an_app_password_is_confirmed_and_given_back() {
    let house = House::new();
    let (mut phone, _, password) = app(&house);
    // iOS asks without a format.
    let answer = phone
        .send("GET", "/ocs/v2.php/core/getapppassword", &[], b"")
        .unwrap();
    let expected = format!("<data><apppassword>{password}</apppassword></data></ocs>");
    assert!(answer.text().contains(&expected), "{}", answer.text());

    let target = "/ocs/v2.php/core/apppassword";
    let gone = phone
        .send("DELETE", target, &[("OCS-APIRequest", "true")], b"")
        .unwrap();
    assert_eq!(gone.status, 200);
    assert!(house.engine.devices().unwrap()[0].revoked);
    assert_eq!(phone.send("DELETE", target, &[], b"").unwrap().status, 401);
    let wiped = phone
        .send("POST", "/index.php/core/wipe/check", &[FORM], b"token=x")
        .unwrap();
    assert_eq!(wiped.status, 404, "nothing on the phone is wiped");
}

#[test]
fn names_that_no_header_and_no_device_has_are_only_wrong() {
    let house = House::new();
    for user in [
        "",
        "a:b",
        "\u{0}owner",
        "\u{1F4F7}",
        "../anna",
        &"x".repeat(500),
    ] {
        let mut client = house.stranger().basic(user, "x");
        let answer = client
            .send("GET", "/ocs/v2.php/cloud/user", &[], b"")
            .unwrap();
        assert_eq!(answer.status, 401, "{user:?}");
        let answer = client
            .send("GET", "/ocs/v2.php/core/getapppassword-onetime", &[], b"")
            .unwrap();
        assert_eq!(answer.status, 401, "{user:?}");
    }
}

#[test]
fn guessing_a_code_is_slowed_down_without_making_a_phone_give_up() {
    let house = House::new();
    let statuses: Vec<u16> = (0..8)
        .map(|_| {
            let mut client = house.stranger().basic("annas-phone", "guess");
            let target = "/ocs/v2.php/core/getapppassword-onetime?format=json";
            client.send("GET", target, &[], b"").unwrap().status
        })
        .collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 503, 503, 503]);
}
