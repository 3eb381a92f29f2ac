//! Asking the person at the terminal for what must not stand on a command line.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, bail};
use safelight_engine::S3KeyPair;

/// The keys for an S3 store: from the environment, or asked for.
pub(crate) fn s3_keys() -> anyhow::Result<S3KeyPair> {
    let from_environment = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(access_key_id), Some(secret_access_key)) = (
        from_environment("AWS_ACCESS_KEY_ID"),
        from_environment("AWS_SECRET_ACCESS_KEY"),
    ) {
        return Ok(S3KeyPair {
            access_key_id,
            secret_access_key,
        });
    }
    if !std::io::stdin().is_terminal() {
        bail!(
            "An S3 store needs keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run this in a terminal"
        );
    }
    Ok(S3KeyPair {
        access_key_id: visible("Access key id")?,
        secret_access_key: hidden("Secret access key")?,
    })
}

/// Asks for the password of a repository that exists; without a terminal it is the first line of standard input.
pub(crate) fn repository_password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        hidden("The repository's password")
    } else {
        first_line().context("The repository's password could not be read from standard input")
    }
}

fn visible(what: &str) -> anyhow::Result<String> {
    let mut stderr = std::io::stderr().lock();
    write!(stderr, "{what}: ").and_then(|()| stderr.flush())?;
    first_line()
}

fn first_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let line = line.trim();
    if line.is_empty() {
        bail!("Nothing was entered");
    }
    Ok(line.to_owned())
}

fn hidden(what: &str) -> anyhow::Result<String> {
    let secret = rpassword::prompt_password(format!("{what}: "))?;
    if secret.is_empty() {
        bail!("Nothing was entered");
    }
    Ok(secret)
}
