//! A browser without scripts: it keeps a cookie and fills in forms.

use std::net::SocketAddr;

use crate::{Client, Response};

/// Somebody's browser, at one server.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    /// The cookie that it was given last, as it sends it back.
    pub cookie: Option<String>,
}

impl Browser {
    /// One that has been nowhere yet.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self::over(Client::new(address))
    }

    /// As [`Self::new`], over such a connection.
    #[must_use]
    pub const fn over(client: Client) -> Self {
        Self {
            client,
            cookie: None,
        }
    }

    /// Sends a request with its cookie, and keeps the answer's.
    ///
    /// # Panics
    ///
    /// Without an answer.
    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Response {
        let cookie = self.cookie.clone();
        let mut all: Vec<(&str, &str)> = headers.to_vec();
        if let Some(cookie) = &cookie {
            all.push(("Cookie", cookie));
        }
        let answer = self.client.send(method, target, &all, body);
        let answer = answer.unwrap_or_else(|problem| panic!("{method} {target}: {problem}"));
        if let Some(set) = answer.header("set-cookie") {
            let pair = set.split(';').next().unwrap_or_default();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
        answer
    }

    /// Opens a page.
    ///
    /// # Panics
    ///
    /// As [`Self::send`].
    pub fn get(&mut self, target: &str) -> Response {
        self.send("GET", target, &[], b"")
    }

    /// Sends fields as they are.
    ///
    /// # Panics
    ///
    /// As [`Self::send`].
    pub fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Response {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        self.send("POST", target, &form, body.join("&").as_bytes())
    }

    /// Opens a page and sends a form with the token that it has.
    ///
    /// # Panics
    ///
    /// As [`Self::send`] and [`csrf`].
    pub fn fill(&mut self, page: &str, target: &str, fields: &[(&str, &str)]) -> Response {
        let csrf = csrf(&self.get(page).text());
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post(target, &all)
    }
}

/// The token in a page's first form.
///
/// # Panics
///
/// If there is none.
#[must_use]
pub fn csrf(html: &str) -> String {
    let (_, rest) = html
        .split_once("name=\"csrf\" value=\"")
        .expect("a form with a token");
    rest.split('"').next().unwrap_or_default().to_owned()
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
