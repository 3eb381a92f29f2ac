//! Settings: how Safelight is reached. Its addresses and its certificate, what plain HTTP may do, the public address,
//! reverse proxies, the owner's own certificate or an authority's, and whether the home network hears of it.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, header};
use safelight_engine::{
    Engine, EngineError,
    reach::{Acme, CertificateFiles, FixedReach, Network, PlainHttp, Reach},
};
use serde::Deserialize;

use super::{
    form::Sent,
    page::{Page, Trouble, Visit, render},
};
use crate::{
    App, guard,
    tls::{Identity, Issuer},
};

#[derive(Template)]
#[template(path = "reach.html")]
struct ReachPage {
    page: Page,
    /// Name and port for other machines; the same port speaks both.
    here: String,
    /// The public address that stands now, whatever is typed into the form.
    public_url: Option<String>,
    answers_plain: bool,
    certificate: Option<Shown>,
    trouble: Option<String>,
    /// Whether an authority is to be asked, as it stands now.
    is_awaited: bool,
    form: ReachForm,
    fixed: FixedReach,
    error: Option<String>,
}

/// The certificate, for the page.
struct Shown {
    fingerprint: String,
    key_pin: String,
    valid_until: String,
    issuer: Issuer,
}

impl Shown {
    fn is_our_own(&self) -> bool {
        self.issuer == Issuer::Safelight
    }

    fn is_fetched(&self) -> bool {
        self.issuer == Issuer::Authority
    }

    fn of(identity: &Identity) -> Self {
        Self {
            fingerprint: identity.fingerprint().to_owned(),
            key_pin: identity.key_pin().to_owned(),
            valid_until: crate::stamps::to_rfc3339(identity.valid_until()),
            issuer: identity.issuer(),
        }
    }
}

/// The form, as it is shown and as it comes back.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ReachForm {
    #[serde(default)]
    plain_http: String,
    #[serde(default)]
    public_url: String,
    #[serde(default)]
    trusted_proxies: String,
    #[serde(default)]
    certificate: String,
    #[serde(default)]
    key: String,
    #[serde(default)]
    acme: Option<String>,
    #[serde(default)]
    acme_email: String,
    #[serde(default)]
    acme_directory: String,
    #[serde(default)]
    acme_trust: String,
    #[serde(default)]
    announced: Option<String>,
}

/// What a choice is called in the form.
const fn word(plain_http: PlainHttp) -> &'static str {
    match plain_http {
        PlainHttp::Everything => "everything",
        PlainHttp::HomeNetwork => "home-network",
        PlainHttp::RedirectOnly => "redirect-only",
    }
}

impl ReachForm {
    fn of(reach: &Reach) -> Self {
        let path = |path: &std::path::Path| path.display().to_string();
        let files = reach.certificate.as_ref();
        let acme = reach.acme.clone().unwrap_or_default();
        let proxies: Vec<String> = reach
            .trusted_proxies
            .iter()
            .map(Network::to_string)
            .collect();
        Self {
            plain_http: word(reach.plain_http).to_owned(),
            public_url: reach
                .public_url
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            trusted_proxies: proxies.join("\n"),
            certificate: files
                .map(|files| path(&files.certificate))
                .unwrap_or_default(),
            key: files.map(|files| path(&files.key)).unwrap_or_default(),
            acme: reach.acme.as_ref().map(|_| String::new()),
            acme_email: acme
                .email
                .map(|email| email.to_string())
                .unwrap_or_default(),
            acme_directory: acme.directory.to_string(),
            acme_trust: acme.trust.as_deref().map(path).unwrap_or_default(),
            announced: reach.announced.then(String::new),
        }
    }

    /// What it means, over what is stored: of what was fixed at the start the browser sends nothing.
    fn read(&self, stored: Reach, fixed: &FixedReach) -> Result<Reach, String> {
        let mut reach = stored;
        if fixed.plain_http.is_none() {
            reach.plain_http = [
                PlainHttp::Everything,
                PlainHttp::HomeNetwork,
                PlainHttp::RedirectOnly,
            ]
            .into_iter()
            .find(|choice| word(*choice) == self.plain_http)
            .ok_or("Choose what may be asked without encryption")?;
        }
        if fixed.public_url.is_none() {
            let typed = self.public_url.trim();
            reach.public_url = if typed.is_empty() {
                None
            } else {
                Some(typed.parse().map_err(|error| format!("{error}"))?)
            };
        }
        if fixed.trusted_proxies.is_empty() {
            reach.trusted_proxies = self
                .trusted_proxies
                .split([',', ' ', '\n', '\r', '\t'])
                .filter(|typed| !typed.is_empty())
                .map(str::parse)
                .collect::<Result<_, _>>()
                .map_err(|error| format!("{error}"))?;
        }
        if !fixed.fixes_certificate() {
            reach.certificate = self.files()?;
            reach.acme = self.authority()?;
            if reach.certificate.is_some() && reach.acme.is_some() {
                return Err(
                    "Choose one: a certificate of your own, or one that Safelight gets".to_owned(),
                );
            }
            if reach.acme.is_some() {
                let public_url = fixed.public_url.as_ref().or(reach.public_url.as_ref());
                Acme::name(public_url).map_err(|error| error.to_string())?;
            }
        }
        if fixed.announced.is_none() {
            reach.announced = self.announced.is_some();
        }
        Ok(reach)
    }

    fn authority(&self) -> Result<Option<Acme>, String> {
        if self.acme.is_none() {
            return Ok(None);
        }
        let mut acme = Acme::default();
        let typed = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        if let Some(directory) = typed(&self.acme_directory) {
            acme.directory = directory.parse().map_err(|error| format!("{error}"))?;
        }
        if let Some(email) = typed(&self.acme_email) {
            acme.email = Some(email.parse().map_err(|error| format!("{error}"))?);
        }
        acme.trust = typed(&self.acme_trust).map(Into::into);
        if acme.trust.as_ref().is_some_and(|file| file.is_relative()) {
            return Err("Write the whole path of the file that vouches for the authority, from the root of the disk on".to_owned());
        }
        Ok(Some(acme))
    }

    fn files(&self) -> Result<Option<CertificateFiles>, String> {
        match (self.certificate.trim(), self.key.trim()) {
            ("", "") => Ok(None),
            ("", _) | (_, "") => Err(
                "A certificate of your own needs both files, the certificate and its key"
                    .to_owned(),
            ),
            (certificate, key) => {
                let files = CertificateFiles {
                    certificate: certificate.into(),
                    key: key.into(),
                };
                if files.certificate.is_absolute() && files.key.is_absolute() {
                    Ok(Some(files))
                } else {
                    Err(
                        "Write the whole path of each file, from the root of the disk on"
                            .to_owned(),
                    )
                }
            }
        }
    }
}

/// `GET /settings/reach`.
pub(crate) async fn show(State(app): State<App>, visit: Visit, headers: HeaderMap) -> Response {
    let form = ReachForm::of(&app.engine.reach());
    shown(&app, visit.page, &headers, form, None)
}

fn shown(
    app: &App,
    page: Page,
    headers: &HeaderMap,
    form: ReachForm,
    error: Option<String>,
) -> Response {
    let reach = app.engine.reach();
    render(&ReachPage {
        page,
        public_url: reach.public_url.as_ref().map(ToString::to_string),
        answers_plain: reach.plain_http != PlainHttp::RedirectOnly,
        here: here(app, headers),
        certificate: app.options.tls.shown().as_deref().map(Shown::of),
        trouble: app.engine.certificate_trouble(),
        is_awaited: reach.acme.is_some() && reach.certificate.is_none(),
        form,
        fixed: app.engine.fixed_reach(),
        error,
    })
}

/// The name and the port under which this page was asked for; on the server's own machine, where that leads nobody else
/// to it, those that phones are told.
fn here(app: &App, headers: &HeaderMap) -> String {
    let asked = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = guard::without_port(asked);
    let is_loopback = name.eq_ignore_ascii_case("localhost")
        || name
            .parse()
            .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    let told = app.engine.address();
    match told.split_once("://") {
        Some((_, told)) if is_loopback && app.engine.reach().public_url.is_none() => {
            told.to_owned()
        }
        _ => asked.to_owned(),
    }
}

/// `POST /settings/reach`.
pub(crate) async fn set(
    State(app): State<App>,
    headers: HeaderMap,
    Sent { visit, form, .. }: Sent<ReachForm>,
) -> Result<Response, Trouble> {
    let sent = form.clone();
    match visit.ask(move |engine| change(engine, &sent)).await {
        Ok(()) => Ok(Redirect::to("/settings/reach").into_response()),
        Err(Trouble::Failed(message)) => Err(Trouble::Failed(message)),
        Err(trouble) => {
            // What is fixed was not sent and is shown as it stands.
            let fixed = app.engine.fixed_reach();
            let now = ReachForm::of(&app.engine.reach());
            let form = form.with_fixed(&fixed, now);
            Ok(shown(
                &app,
                visit.page,
                &headers,
                form,
                Some(trouble.message()),
            ))
        }
    }
}

impl ReachForm {
    fn with_fixed(mut self, fixed: &FixedReach, now: Self) -> Self {
        if fixed.plain_http.is_some() {
            self.plain_http = now.plain_http;
        }
        if fixed.public_url.is_some() {
            self.public_url = now.public_url;
        }
        if !fixed.trusted_proxies.is_empty() {
            self.trusted_proxies = now.trusted_proxies;
        }
        if fixed.fixes_certificate() {
            (self.certificate, self.key) = (now.certificate, now.key);
            self.acme = now.acme;
            self.acme_email = now.acme_email;
            self.acme_directory = now.acme_directory;
            self.acme_trust = now.acme_trust;
        }
        if fixed.announced.is_some() {
            self.announced = now.announced;
        }
        self
    }
}

/// Checks and stores. A certificate that could not be used is refused here, rather than found out by the phones.
fn change(engine: &Engine, form: &ReachForm) -> Result<(), EngineError> {
    let fixed = engine.fixed_reach();
    let reach = form
        .read(engine.stored_reach(), &fixed)
        .map_err(EngineError::Invalid)?;
    if !fixed.fixes_certificate()
        && let Some(files) = &reach.certificate
    {
        let (certificate, key) = files
            .read()
            .map_err(|error| EngineError::Invalid(error.to_string()))?;
        Identity::from_pem(Issuer::Owner, &certificate, &key).map_err(|error| {
            EngineError::Invalid(format!("Your certificate cannot be used: {error}"))
        })?;
    }
    engine.set_reach(reach)
}
