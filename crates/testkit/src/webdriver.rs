//! A real browser: headless Chromium, told what to do over WebDriver (W3C, "WebDriver", in plain JSON).

use std::{net::SocketAddr, path::Path, process::Command};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Client,
    process::{Process, until},
    tools,
};

/// The key under which the protocol names an element (section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with a fresh profile and one window. Dropping it ends it.
#[derive(Debug)]
pub struct WebDriver {
    driver: Client,
    /// The session's address.
    session: String,
    // Ended before the profile goes.
    process: Process,
    profile: TempDir,
}

impl WebDriver {
    /// Starts one with a window of that size; `None`, and a line that says so, where Chromium or its driver is missing.
    ///
    /// # Panics
    ///
    /// If it is there and does not start.
    #[must_use]
    pub fn start(width: u32, height: u32) -> Option<Self> {
        let (chromium, chromedriver) =
            (tools::require("chromium")?, tools::require("chromedriver")?);
        let profile = tempfile::tempdir().expect("a folder for the browser's profile");
        let log = profile.path().join("log");
        let mut process = Process::start(
            "chromedriver",
            Command::new(chromedriver).arg("--port=0"),
            &log,
        )
        .expect("chromedriver");
        let port = process.wait_for("port", |process| {
            let printed = process.printed();
            let (_, rest) = printed.split_once("started successfully on port ")?;
            rest.split('.').next()?.parse::<u16>().ok()
        });
        let address =
            SocketAddr::from(([127, 0, 0, 1], port.unwrap_or_else(|why| panic!("{why}"))));
        let mut browser = Self {
            driver: Client::new(address),
            session: String::new(),
            process,
            profile,
        };
        browser.session = browser.begin(&chromium, width, height);
        Some(browser)
    }

    fn begin(&mut self, chromium: &Path, width: u32, height: u32) -> String {
        let profile = self.profile.path().join("profile");
        let arguments = [
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            format!("--user-data-dir={}", profile.display()),
            format!("--window-size={width},{height}"),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            // A page that asks whether it may be left is left.
            "unhandledPromptBehavior": "accept",
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
        }}});
        let begun = self.command("POST", "/session", &wanted);
        format!(
            "/session/{}",
            begun["sessionId"].as_str().expect("a session")
        )
    }

    /// Opens a page, and waits until it is loaded.
    pub fn open(&mut self, url: &str) {
        self.ask("POST", "/url", &json!({ "url": url }));
    }

    /// The address of the page that is open.
    pub fn address(&mut self) -> String {
        let url = self.ask("GET", "/url", &Value::Null);
        url.as_str().expect("an address").to_owned()
    }

    /// Presses what a selector finds.
    pub fn click(&mut self, selector: &str) {
        let element = self.element(selector);
        self.ask("POST", &format!("/element/{element}/click"), &json!({}));
    }

    /// Chooses files in an `<input type="file">`.
    pub fn choose(&mut self, selector: &str, files: &[&Path]) {
        let element = self.element(selector);
        let paths: Vec<String> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        let text = json!({ "text": paths.join("\n") });
        self.ask("POST", &format!("/element/{element}/value"), &text);
    }

    /// The text that is seen of what a selector finds; empty for what is hidden.
    pub fn text(&mut self, selector: &str) -> String {
        let element = self.element(selector);
        let text = self.ask("GET", &format!("/element/{element}/text"), &Value::Null);
        text.as_str().expect("a text").to_owned()
    }

    /// Waits until the text of what a selector finds has a part.
    ///
    /// # Panics
    ///
    /// If it never has.
    pub fn wait_for(&mut self, selector: &str, part: &str) -> String {
        until(&format!("{part:?} in {selector}"), || {
            let text = self.text(selector);
            text.contains(part).then_some(text)
        })
    }

    /// Runs a script in the page, and returns its value.
    pub fn run(&mut self, script: &str) -> Value {
        let call = json!({ "script": script, "args": [] });
        self.ask("POST", "/execute/sync", &call)
    }

    /// Has pages believe in a dark, or a light, room.
    pub fn dark(&mut self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let params = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        let call = json!({"cmd": "Emulation.setEmulatedMedia", "params": params});
        self.ask("POST", "/goog/cdp/execute", &call);
    }

    /// A picture of the window, as PNG.
    pub fn screenshot(&mut self) -> Vec<u8> {
        let picture = self.ask("GET", "/screenshot", &Value::Null);
        BASE64_STANDARD
            .decode(picture.as_str().expect("a picture"))
            .expect("Base64")
    }

    fn element(&mut self, selector: &str) -> String {
        let by = json!({"using": "css selector", "value": selector});
        let found = self.ask("POST", "/element", &by);
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    fn ask(&mut self, method: &str, what: &str, body: &Value) -> Value {
        let target = format!("{}{what}", self.session);
        self.command(method, &target, body)
    }

    fn command(&mut self, method: &str, target: &str, body: &Value) -> Value {
        let body = match method {
            "POST" => body.to_string(),
            _ => String::new(),
        };
        let kind = [("Content-Type", "application/json; charset=utf-8")];
        let answer = self
            .driver
            .send(method, target, &kind, body.as_bytes())
            .expect("chromedriver's answer");
        let text = answer.text();
        assert_eq!(answer.status, 200, "{method} {target} {body}: {text}");
        let mut value: Value = serde_json::from_str(&text).expect("JSON");
        value["value"].take()
    }
}

impl Drop for WebDriver {
    /// The driver ends its browser with the session; without one there is no browser.
    fn drop(&mut self) {
        if !self.session.is_empty() {
            // A driver that does not answer any more is killed next.
            drop(self.driver.send("DELETE", &self.session, &[], b""));
        }
        self.process.kill();
    }
}
