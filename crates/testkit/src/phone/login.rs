//! How an app gets its password: by the one-time code in a QR picture, or through the owner's browser.
//!
//! Sources: `AuthenticatorActivity.java`, `GetServerInfoOperation.java` and `GenerateOneTimeAppPasswordRemoteOperation.java`
//! of nextcloud/android; `NextcloudKit+Login.swift` and `NCLoginFlowPoller.swift` of iOS.

use serde_json::Value;

use crate::{Client, Response};

/// What an app signs in with from then on.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name.
    pub user: String,
    /// The app's own password.
    pub password: String,
}

/// Signs in with a scanned `nc://onetime-login/user:U&password:P&server:S`, as the app for Android does.
///
/// # Panics
///
/// If the server does not let it in.
#[must_use]
pub fn by_code(client: &Client, code: &str) -> Account {
    let parts: Vec<&str> = code
        .strip_prefix("nc://onetime-login/")
        .unwrap_or_else(|| panic!("no code for the app: {code}"))
        .split('&')
        .collect();
    let [user, password, server] = parts[..] else {
        panic!("not three parts: {code}")
    };
    assert!(server.starts_with("server:http"), "{code}");
    let user = user.strip_prefix("user:").expect("a user").to_owned();
    let once = password.strip_prefix("password:").expect("a password");
    look_at_server(client);
    let target = "/ocs/v2.php/core/getapppassword-onetime?format=json";
    let headers = [("OCS-APIRequest", "true")];
    let answer = client
        .again()
        .basic(&user, once)
        .send("GET", target, &headers, b"")
        .expect("an answer");
    let password = json(&answer)["ocs"]["data"]["apppassword"]
        .as_str()
        .unwrap_or_else(|| panic!("no password: {}", answer.text()))
        .to_owned();
    welcome(client, Account { user, password })
}

/// Signs in with login flow version 2, as the app for iOS does: it polls until `allow`, which is given the address that the
/// app opens in a browser, has let it in.
///
/// # Panics
///
/// If the server does not let it in.
#[must_use]
pub fn by_browser(client: &Client, allow: impl FnOnce(&str)) -> Account {
    look_at_server(client);
    let mut stranger = client.again();
    let begun = stranger.send("POST", "/index.php/login/v2", &[], b"");
    let begun = json(&begun.expect("an answer"));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let endpoint = text(&begun["poll"]["endpoint"]);
    let target = format!(
        "{}?token={}",
        path(&endpoint),
        text(&begun["poll"]["token"])
    );
    let mut poll = || stranger.send("POST", &target, &[], b"").expect("an answer");
    assert_eq!(poll().status, 404, "nobody has allowed it yet");
    allow(path(&text(&begun["login"])));
    let granted = json(&poll());
    let account = Account {
        user: text(&granted["loginName"]),
        password: text(&granted["appPassword"]),
    };
    welcome(client, account)
}

/// What both apps look at before they ask anybody to sign in.
fn look_at_server(client: &Client) {
    let mut stranger = client.again();
    let status = stranger.send("GET", "/status.php", &[], b"");
    let status = json(&status.expect("an answer"));
    assert_eq!(status["installed"], true, "{status}");
    assert_eq!(status["maintenance"], false, "{status}");
    let asked = stranger.send("HEAD", "/remote.php/dav", &[], b"");
    assert_eq!(asked.expect("an answer").status, 401);
}

/// What both ask with their new password before they show anything.
fn welcome(client: &Client, account: Account) -> Account {
    let mut own = client.again().basic(&account.user, &account.password);
    let target = "/ocs/v2.php/cloud/user?format=json";
    let user = own.send("GET", target, &[("OCS-APIRequest", "true")], b"");
    let user = json(&user.expect("an answer"));
    assert_eq!(user["ocs"]["meta"]["statuscode"], 200, "{user}");
    let tree = super::address(&account.user, "");
    let seen = own.send("HEAD", &tree, &[], b"").expect("an answer");
    assert_eq!(seen.status, 200, "{tree}");
    account
}

fn json(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|problem| {
        panic!(
            "{} is not JSON ({problem}): {}",
            answer.status,
            answer.text()
        )
    })
}

/// The part of an address after the host.
fn path(address: &str) -> &str {
    let (_, rest) = address.split_once("://").expect("an absolute address");
    &rest[rest.find('/').expect("a path")..]
}
