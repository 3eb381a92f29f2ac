//! The recovery kit: all that a person needs to bring the photos back with nothing but `restic`.

use askama::Template;
use axum::response::Response;
use safelight_engine::{Answer, Command, Quiet, command::Kit};

use super::name_of;
use crate::ui::{
    address::Path,
    page::{Page, Trouble, Visit, render},
};

#[derive(Template)]
#[template(path = "kit.html")]
struct KitPage {
    page: Page,
    kit: Kit,
}

/// A value as a shell reads it: in single quotes, whatever is in it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// `GET /destinations/{id}/kit`: the recovery kit, to print.
pub(crate) async fn show(visit: Visit, Path(id): Path<i64>) -> Result<Response, Trouble> {
    let destination = Some(name_of(&visit, id).await?);
    let answer = visit
        .ask(|engine| engine.run(Command::Kit { destination }, &Quiet))
        .await?;
    let Answer::Kit { mut kits } = answer else {
        return Err(Trouble::Failed(
            "The recovery kit could not be put together".to_owned(),
        ));
    };
    let kit = kits
        .pop()
        .ok_or_else(|| Trouble::NotFound("There is no such offsite copy.".to_owned()))?;
    Ok(render(&KitPage {
        page: visit.page,
        kit,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_what_was_meant() {
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
