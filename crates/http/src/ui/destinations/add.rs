//! Adding an offsite copy: a folder, or a store that speaks S3. Both are tried before they are kept.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use safelight_engine::{Command, Quiet, S3KeyPair};
use serde::Deserialize;

use crate::ui::{
    form::Sent,
    page::{Page, Trouble, Visit, render},
};

/// What stays as it is in a path within an address.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The form for a folder: another disk, or another machine's folder that is mounted here.
#[derive(Default, Deserialize)]
pub(crate) struct Folder {
    name: String,
    path: String,
    #[serde(default)]
    password: String,
}

#[derive(Template)]
#[template(path = "destination-folder.html")]
struct FolderPage {
    page: Page,
    form: Folder,
    error: Option<String>,
}

/// `GET /destinations/folder`.
pub(crate) async fn folder_form(visit: Visit) -> Response {
    render(&FolderPage {
        page: visit.page,
        form: Folder::default(),
        error: None,
    })
}

/// `POST /destinations/folder`.
pub(crate) async fn add_folder(
    Sent { visit, form, .. }: Sent<Folder>,
) -> Result<Response, Trouble> {
    let path = form.path.trim();
    if !std::path::Path::new(path).is_absolute() {
        let error =
            "Write the folder\u{2019}s whole path, from the root of the disk on.".to_owned();
        return Ok(render(&FolderPage {
            page: visit.page,
            form,
            error: Some(error),
        }));
    }
    // Windows: C:\Backup becomes file:///C:/Backup.
    let path = path.replace('\\', "/");
    let url = format!(
        "file:///{}",
        utf8_percent_encode(path.trim_start_matches('/'), PATH)
    );
    let command = Command::DestinationAdd {
        name: form.name.trim().to_owned(),
        url,
        keys: None,
        password: filled(&form.password),
    };
    match visit.ask(|engine| engine.run(command, &Quiet)).await {
        Ok(_) => added(&visit),
        Err(trouble) => Ok(render(&FolderPage {
            page: visit.page,
            form,
            error: Some(trouble.message()),
        })),
    }
}

/// The form for a store that speaks S3.
#[derive(Default, Deserialize)]
pub(crate) struct S3 {
    name: String,
    endpoint: String,
    bucket: String,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    region: String,
    access_key_id: String,
    secret_access_key: String,
    #[serde(default)]
    password: String,
}

impl S3 {
    fn url(&self) -> String {
        let encode =
            |text: &str| utf8_percent_encode(text.trim().trim_matches('/'), PATH).to_string();
        let mut url = format!("s3://{}", encode(&self.bucket));
        if !self.prefix.trim().is_empty() {
            url.push('/');
            url.push_str(&encode(&self.prefix));
        }
        let region = match self.region.trim() {
            "" => "us-east-1",
            region => region,
        };
        let endpoint = utf8_percent_encode(self.endpoint.trim(), NON_ALPHANUMERIC);
        format!(
            "{url}?endpoint={endpoint}&region={}",
            utf8_percent_encode(region, NON_ALPHANUMERIC)
        )
    }
}

#[derive(Template)]
#[template(path = "destination-s3.html")]
struct S3Page {
    page: Page,
    form: S3,
    error: Option<String>,
}

/// `GET /destinations/s3`.
pub(crate) async fn s3_form(visit: Visit) -> Response {
    render(&S3Page {
        page: visit.page,
        form: S3::default(),
        error: None,
    })
}

/// `POST /destinations/s3`.
pub(crate) async fn add_s3(Sent { visit, form, .. }: Sent<S3>) -> Result<Response, Trouble> {
    let command = Command::DestinationAdd {
        name: form.name.trim().to_owned(),
        url: form.url(),
        keys: Some(S3KeyPair {
            access_key_id: form.access_key_id.trim().to_owned(),
            secret_access_key: form.secret_access_key.trim().to_owned(),
        }),
        password: filled(&form.password),
    };
    match visit.ask(|engine| engine.run(command, &Quiet)).await {
        Ok(_) => added(&visit),
        Err(trouble) => Ok(render(&S3Page {
            page: visit.page,
            form,
            error: Some(trouble.message()),
        })),
    }
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A new destination gets its first copies at once.
fn added(visit: &Visit) -> Result<Response, Trouble> {
    visit
        .engine
        .begin(visit.asker, Command::Backup { destination: None })?;
    Ok(Redirect::to("/destinations").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_an_address() {
        let mut form = S3 {
            bucket: " photos ".into(),
            endpoint: "https://s3.example:3900".into(),
            region: "garage".into(),
            ..S3::default()
        };
        assert_eq!(
            form.url(),
            "s3://photos?endpoint=https%3A%2F%2Fs3%2Eexample%3A3900&region=garage"
        );
        form.prefix = "/our house/".into();
        form.region = String::new();
        assert_eq!(
            form.url(),
            "s3://photos/our%20house?endpoint=https%3A%2F%2Fs3%2Eexample%3A3900&region=us%2Deast%2D1"
        );
    }
}
