//! Who is let in, and how much anybody may send.

use crate::house::House;

#[test]
fn devices_need_their_password() {
    let house = House::new();
    let device = house.device("phone");
    let status = |user: &str, password: &str| {
        let mut client = house.stranger().basic(user, password);
        client
            .send("PROPFIND", "/dav/", &[("Depth", "0")], b"")
            .unwrap()
            .status
    };
    assert_eq!(status(&device.user, &device.password), 207);
    assert_eq!(status(&device.user, "wrong"), 401);
    assert_eq!(status("nobody", &device.password), 401);
    let answer = house.stranger().send("HEAD", "/dav/", &[], b"").unwrap();
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Basic realm=\"Safelight\", charset=\"UTF-8\"")
    );
}

#[test]
fn a_revoked_device_is_out_at_once() {
    let house = House::new();
    let device = house.device("phone");
    let mut client = house.stranger().basic(&device.user, &device.password);
    assert_eq!(
        client.send("PUT", "/dav/a.jpg", &[], b"1").unwrap().status,
        201
    );
    house.run(safelight_engine::Command::DeviceRevoke { id: device.id });
    assert_eq!(
        client.send("PUT", "/dav/b.jpg", &[], b"1").unwrap().status,
        401
    );
    let mut script = house.stranger().bearer(&device.token);
    assert_eq!(
        script
            .send("PUT", "/upload/b.jpg", &[], b"1")
            .unwrap()
            .status,
        401
    );
}

#[test]
fn other_devices_files_are_theirs() {
    let house = House::new();
    let (mut one, two) = (house.phone(), house.device("other"));
    let theirs = format!("/remote.php/dav/files/{}/a.jpg", two.user);
    for method in ["GET", "PUT", "DELETE", "PROPFIND"] {
        assert_eq!(one.ask(method, &theirs), 403, "{method}");
    }
}

#[test]
fn a_wrong_password_is_heard_even_behind_a_large_body() {
    let house = House::new();
    let mut client = house.stranger().basic("nobody", "nothing");
    let answer = client
        .send("PUT", "/dav/a.jpg", &[], &vec![1; 5_000_000])
        .unwrap();
    assert_eq!(answer.status, 401);
}

#[test]
fn oversized_heads_are_refused() {
    let house = House::new();
    let long = "x".repeat(600_000);
    let client = house.stranger();
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n");
    assert_eq!(client.raw(request.as_bytes()).unwrap().status, 431);
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    assert_eq!(client.raw(request.as_bytes()).unwrap().status, 431);
}
