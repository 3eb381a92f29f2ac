//! What a person reads in the terminal. Answers go to standard output, everything else to standard error.

use std::{fmt::Write as _, io::Write as _, net::SocketAddr};

use safelight_engine::{
    Answer, Engine, Status,
    command::{FileFailure, Kit},
    reach::PlainHttp,
};
use safelight_http::tls::Identity;

use crate::{cli::Output, correct};

mod import;

/// The address as a browser takes it.
pub(crate) fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

/// What the server says when it is ready.
pub(crate) fn welcome(
    engine: &Engine,
    here: SocketAddr,
    lan: Option<SocketAddr>,
    identity: Option<&Identity>,
) -> anyhow::Result<()> {
    let mut text = format!(
        "Safelight is ready.\n\n  The page, on this machine:  {}/\n",
        url(here)
    );
    let reach = engine.reach();
    let plain = reach.plain_http != PlainHttp::RedirectOnly;
    if let Some(url) = &reach.public_url {
        writeln!(text, "  From everywhere:            {url}/")?;
    }
    match lan {
        Some(lan) => {
            if plain {
                writeln!(text, "  From phones and others:     {}/", url(lan))?;
            }
            let what = if plain {
                "The same, encrypted:   "
            } else {
                "From phones and others:"
            };
            writeln!(text, "  {what}     https://{lan}/")?;
        }
        None => text.push_str("  Only this machine can reach it (see --listen).\n"),
    }
    if let Some(identity) = identity {
        let (first, second) = identity.fingerprint().split_at(48);
        writeln!(
            text,
            "  Its certificate (SHA-256):  {first}\n                              {second}"
        )?;
    }
    match engine.library_dir() {
        Some(dir) => writeln!(text, "  The photos lie in:          {}", dir.display())?,
        None => text.push_str("  The photos' folder is chosen in the page.\n"),
    }
    if engine.owner_is_set()? {
        text.push_str(
            "\nOpen the page to see whether your photos are safe. Ctrl-C ends Safelight.\n",
        );
    } else {
        let what = if engine.library_dir().is_some() {
            "a password"
        } else {
            "a password and a folder"
        };
        writeln!(
            text,
            "\nNext: open the page and choose {what}. From another machine it also asks for this code: {}\n\
             Ctrl-C ends Safelight.",
            engine.setup_code()
        )?;
    }
    std::io::stderr().lock().write_all(text.as_bytes())?;
    Ok(())
}

/// Prints an answer.
pub(crate) fn answer(answer: &Answer, output: Output) -> anyhow::Result<()> {
    let text = if output.json {
        json(answer)?
    } else {
        plain(answer)?
    };
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// Prints why it failed.
pub(crate) fn error(error: &anyhow::Error) {
    let line = format!("safelight: {error:#}\n");
    // Nobody can be told that standard error is gone.
    drop(std::io::stderr().lock().write_all(line.as_bytes()));
}

fn json(answer: &Answer) -> anyhow::Result<String> {
    let mut value = match answer {
        Answer::Status(status) => serde_json::to_value(status)?,
        // One kit is the document itself; of several, each.
        Answer::Kit { kits } => match kits.as_slice() {
            [kit] => serde_json::to_value(kit)?,
            kits => serde_json::json!({ "kits": kits }),
        },
        other => serde_json::to_value(other)?,
    };
    if let Some(object) = value.as_object_mut() {
        object.remove("done");
    }
    Ok(format!("{}\n", serde_json::to_string_pretty(&value)?))
}

fn plain(answer: &Answer) -> anyhow::Result<String> {
    let mut text = String::new();
    match answer {
        Answer::Done => text.push_str("Done.\n"),
        Answer::Status(status) => describe_status(status, &mut text)?,
        Answer::Device(device) => {
            write!(
                text,
                "{} may add photos now. Type this into its app; it is shown only once:\n\n  \
             Address:   {}\n  User:      {}\n  Password:  {}\n\n\
             For scripts and shortcuts:\n\n  \
             Send to:   {}NAME\n  Header:    Authorization: Bearer {}\n",
                device.name,
                device.webdav_url,
                device.user,
                device.password,
                device.upload_url,
                device.token
            )?;
            if let Some(fingerprint) = &device.fingerprint {
                write!(
                    text,
                    "\nAn address that begins with https:// is encrypted. If the app then asks whether to trust the \
                     certificate, compare:\n\n  SHA-256:   {fingerprint}\n"
                )?;
            }
        }
        Answer::People { people } => {
            for person in people {
                let folder = if person.folder.is_empty() {
                    "the library itself"
                } else {
                    &person.folder
                };
                writeln!(
                    text,
                    "{}: {} photos ({}) in {folder}, {} devices{}",
                    person.name,
                    count(person.photos),
                    size(person.bytes),
                    person.devices,
                    if person.access {
                        ""
                    } else {
                        "; no access any more"
                    }
                )?;
            }
        }
        Answer::Person(person) => write!(
            text,
            "{} can sign in now. The password is shown only once:\n\n  \
             Address:   {}\n  Name:      {}\n  Password:  {}\n\n\
             New photos of {}'s devices go to the folder {}.\n",
            person.name, person.page_url, person.name, person.password, person.name, person.folder
        )?,
        Answer::Destination(destination) => write!(
            text,
            "{} is ready at {}; {} photos will go there.\n\
             Print its recovery kit now and keep it away from this machine: safelight kit --destination {:?}\n",
            destination.name,
            destination.url,
            count(destination.pending),
            destination.name
        )?,
        Answer::Backup { destinations } => {
            for outcome in destinations {
                match (&outcome.error, &outcome.snapshot) {
                    (Some(error), _) => writeln!(text, "{}: failed. {error}", outcome.name)?,
                    (None, None) if outcome.failed.is_empty() => {
                        writeln!(text, "{}: everything is there already.", outcome.name)?;
                    }
                    (None, _) => writeln!(
                        text,
                        "{}: {} photos are now there and compared, {} sent.",
                        outcome.name,
                        count(outcome.stored),
                        size(outcome.bytes_added)
                    )?,
                }
                failures(&outcome.failed, &mut text)?;
            }
        }
        Answer::Verify(found) => {
            writeln!(
                text,
                "home: {} photos ({}) were read and are good.",
                count(found.home_good),
                size(found.home_bytes)
            )?;
            for (destination, good) in &found.offsite_good {
                writeln!(text, "{destination}: {} photos are good.", count(*good))?;
            }
            failures(&found.failed, &mut text)?;
        }
        Answer::Rebuild(found) => {
            writeln!(
                text,
                "The catalogue has {} photos ({}) again.",
                count(found.photos),
                size(found.bytes)
            )?;
            failures(&found.failed, &mut text)?;
        }
        Answer::Restore(done) => {
            writeln!(
                text,
                "{} files ({}) are back from {}.",
                count(done.files),
                size(done.bytes),
                done.destination
            )?;
            failures(&done.failed, &mut text)?;
        }
        Answer::Corrected(outcome) => correct::outcome(outcome, &mut text)?,
        Answer::Undone(outcome) => correct::undone(outcome, &mut text)?,
        Answer::Corrections { corrections } => correct::list(corrections, &mut text)?,
        Answer::Import(outcome) => import::describe(outcome, &mut text)?,
        Answer::Settings(settings) => writeln!(
            text,
            "A phone that has not come for over {} days is a problem. New photos are filed in {}.",
            settings.silent_days, settings.folders
        )?,
        Answer::Kit { kits } => {
            for kit in kits {
                describe_kit(kit, &mut text)?;
            }
        }
    }
    Ok(text)
}

fn describe_status(status: &Status, text: &mut String) -> std::fmt::Result {
    if status.photos == 0 {
        writeln!(text, "There are no photos yet.")?;
    } else if status.not_yet_safe == 0 {
        writeln!(text, "All {} photos are safe.", count(status.photos))?;
    } else {
        writeln!(
            text,
            "{} of {} photos are not yet safe.",
            count(status.not_yet_safe),
            count(status.photos)
        )?;
    }
    writeln!(
        text,
        "  home: {} photos, {}; {} were read again and are good",
        count(status.photos),
        size(status.bytes),
        count(status.home_verified)
    )?;
    for destination in &status.destinations {
        writeln!(
            text,
            "  {}: {} photos, {} still to go; last snapshot {}",
            destination.name,
            count(destination.photos),
            count(destination.pending),
            destination.last_snapshot_at.as_deref().unwrap_or("never")
        )?;
    }
    if status.destinations.is_empty() {
        writeln!(
            text,
            "  offsite: no destination yet (safelight destination add)"
        )?;
    }
    for device in &status.devices {
        write!(
            text,
            "  {} ({}): {} photos, may forget {}",
            device.name,
            device.person,
            count(device.photos),
            count(device.releasable)
        )?;
        if let Some(oldest) = &device.oldest_not_yet_safe_at {
            write!(text, "; oldest not yet safe from {oldest}")?;
        }
        writeln!(
            text,
            "; last seen {}",
            device.last_seen_at.as_deref().unwrap_or("never")
        )?;
    }
    for problem in &status.problems {
        writeln!(text, "  ! {} {}", problem.path, problem.message)?;
    }
    Ok(())
}

fn describe_kit(kit: &Kit, text: &mut String) -> std::fmt::Result {
    writeln!(
        text,
        "Recovery kit for {:?}. Keep it where the photos are not; whoever has it can read them.\n\n\
         1. Install restic (restic.net).\n2. Type, in a terminal:\n",
        kit.destination
    )?;
    for (name, value) in &kit.environment {
        writeln!(text, "   export {name}='{value}'")?;
    }
    for command in &kit.commands {
        writeln!(text, "   {command}")?;
    }
    writeln!(text)
}

pub(crate) fn failures(failed: &[FileFailure], text: &mut String) -> std::fmt::Result {
    if failed.is_empty() {
        return Ok(());
    }
    writeln!(text, "{} had a problem:", count(failed.len() as u64))?;
    for file in failed {
        writeln!(text, "  {}: {}", file.path, file.message)?;
    }
    Ok(())
}

/// A number with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in decimal units, as disks are sold.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1000.0 {
            return if unit == "B" {
                format!("{bytes} B")
            } else {
                format!("{value:.1} {unit}")
            };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(3_400_000), "3.4 MB");
        assert_eq!(size(12_000_000_000_000), "12.0 TB");
    }
}
