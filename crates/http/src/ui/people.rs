//! The household: who may look at the page, each with a folder and devices of their own.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use safelight_engine::{Answer, Command, Engine, Quiet, command::NewPassword, model::PersonStatus};
use serde::Deserialize;

use super::{
    address::Path,
    form::{Button, Sent},
    format::{bytes, number},
    page::{Page, Trouble, Visit, render},
};

#[derive(Template)]
#[template(path = "people.html")]
struct People {
    page: Page,
    people: Vec<PersonStatus>,
    error: Option<String>,
}

/// `GET /people`.
pub(crate) async fn list(visit: Visit) -> Result<Response, Trouble> {
    listed(visit, None).await
}

async fn listed(visit: Visit, error: Option<String>) -> Result<Response, Trouble> {
    let mut people = visit.ask(Engine::people).await?;
    people.sort_by_key(|person| !person.access);
    Ok(render(&People {
        page: visit.page,
        people,
        error,
    }))
}

/// A password that is shown this once. It is the answer to the form itself, and is kept nowhere.
#[derive(Template)]
#[template(path = "person-welcome.html")]
struct Welcome {
    page: Page,
    person: NewPassword,
}

/// The form that adds a person.
#[derive(Deserialize)]
pub(crate) struct NewPerson {
    name: String,
    #[serde(default)]
    folder: String,
}

/// `POST /people`.
pub(crate) async fn add(sent: Sent<NewPerson>) -> Result<Response, Trouble> {
    let Sent { visit, form, .. } = sent;
    let folder = form.folder.trim();
    let command = Command::PersonAdd {
        name: form.name,
        folder: (!folder.is_empty()).then(|| folder.to_owned()),
    };
    answered(visit, command).await
}

/// Runs a command that answers with a password.
async fn answered(visit: Visit, command: Command) -> Result<Response, Trouble> {
    match visit.ask(|engine| engine.run(command, &Quiet)).await {
        Ok(Answer::Person(person)) => Ok(render(&Welcome {
            page: visit.page,
            person,
        })),
        Ok(_) => Ok(Redirect::to("/people").into_response()),
        Err(trouble @ (Trouble::Refused(_) | Trouble::NotFound(_))) => {
            listed(visit, Some(trouble.message())).await
        }
        Err(trouble) => Err(trouble),
    }
}

/// The form that renames a person.
#[derive(Deserialize)]
pub(crate) struct NewName {
    name: String,
}

/// `POST /people/{id}/rename`.
pub(crate) async fn rename(Path(id): Path<i64>, sent: Sent<NewName>) -> Result<Response, Trouble> {
    let Sent { visit, form, .. } = sent;
    let name = name_of(&visit, id).await?;
    let to = form.name;
    answered(visit, Command::PersonRename { name, to }).await
}

/// `POST /people/{id}/reset`.
pub(crate) async fn reset(Path(id): Path<i64>, sent: Sent<Button>) -> Result<Response, Trouble> {
    let name = name_of(&sent.visit, id).await?;
    answered(sent.visit, Command::PersonReset { name }).await
}

/// `POST /people/{id}/remove`.
pub(crate) async fn remove(Path(id): Path<i64>, sent: Sent<Button>) -> Result<Response, Trouble> {
    let name = name_of(&sent.visit, id).await?;
    answered(sent.visit, Command::PersonRemove { name }).await
}

async fn name_of(visit: &Visit, id: i64) -> Result<String, Trouble> {
    let people = visit.ask(Engine::people).await?;
    people
        .into_iter()
        .find(|person| person.id == id)
        .map(|person| person.name)
        .ok_or_else(|| Trouble::NotFound(format!("There is no person number {id}.")))
}
