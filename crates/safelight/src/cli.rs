//! The command line.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::{Args, Parser, Subcommand, ValueEnum};
use safelight_engine::{
    Command,
    command::{Meaning, VerifyScope},
    import::{Request, Way},
};

use crate::{ask, correct::Correct, folders, inspect, print, reach, serve, talk};

/// Your photos: from the phone to your own disk, encrypted to storage of your choice, and back again.
#[derive(Parser)]
#[command(
    name = "safelight",
    version,
    about,
    args_conflicts_with_subcommands = false
)]
pub(crate) struct Cli {
    /// The folder of Safelight's own data (not of the photos).
    #[arg(long, global = true, env = "SAFELIGHT_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Word>,
}

#[derive(Subcommand)]
enum Word {
    /// Start the server: the page, and the address that phones upload to. The same as no command at all.
    Serve(Serve),
    /// Phones and other devices that may add photos.
    #[command(subcommand)]
    Device(Device),
    /// The household: people with a folder, devices and a way into the page of their own.
    #[command(subcommand)]
    Person(Person),
    /// The places that the offsite copies go to.
    #[command(subcommand)]
    Destination(Destination),
    /// Copy what is new to the destinations.
    Backup {
        /// To this destination only.
        #[arg(long, value_name = "NAME")]
        destination: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Read the copies again and compare them with what they should be.
    Verify {
        /// Only the library folder.
        #[arg(long, conflicts_with = "listed")]
        home: bool,
        /// Offsite, only compare the snapshots' lists, without fetching the photos.
        #[arg(long)]
        listed: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Make the catalogue anew from the library folder.
    Rebuild {
        /// The library folder, if the data folder does not know it any more.
        #[arg(long, value_name = "DIR")]
        library: Option<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// How safe the photos are.
    Status {
        #[command(flatten)]
        output: Output,
    },
    /// Bring photos back from a destination.
    Restore {
        /// The folder to write them to.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// From this destination; by default from the one with the newest snapshot.
        #[arg(long, value_name = "NAME")]
        destination: Option<String>,
        /// From this snapshot; by default from the newest.
        #[arg(long, value_name = "ID")]
        snapshot: Option<String>,
        /// Files or folders, as they are called in the library; none for everything.
        #[arg(value_name = "PATH")]
        paths: Vec<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Bring in photos that exist: folders, a camera's card, a phone that is mounted as a drive, a Google Takeout, Apple's
    /// copy of iCloud Photos. The originals stay as they are. Ctrl-C stops it; the same command goes on.
    Import(Import),
    /// What Safelight reads from photos and videos, wherever they lie. Needs no server and no data folder.
    Inspect {
        /// Files, or folders with all that is in them.
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        output: Output,
    },
    /// Make pictures of what comes on the standard input; started by the server, of no use to people.
    #[command(name = safelight_engine::MEDIA_WORKER, hide = true)]
    MediaWorker,
    /// Put wrong dates right: beside the photos, never in them.
    Correct(Correct),
    /// How the house is run; what is named is set.
    Settings {
        /// After how many days a phone's silence is a problem, 1 to 365.
        #[arg(long, value_name = "DAYS")]
        silent_days: Option<u16>,
        /// The folders that new photos are filed in, such as `{YYYY}/{MM}`.
        #[arg(long, value_name = "PATTERN")]
        folders: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// What is needed to restore with nothing but `restic`. Keep it where the photos are not.
    Kit {
        /// For this destination only.
        #[arg(long, value_name = "NAME")]
        destination: Option<String>,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Args)]
pub(crate) struct Serve {
    /// The library folder, where the photos will lie as ordinary files.
    #[arg(long, value_name = "DIR")]
    pub(crate) library: Option<PathBuf>,
    /// Where to listen. By default on every network of this machine.
    #[arg(long, value_name = "ADDR:PORT", default_value_t = serve::DEFAULT_LISTEN)]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) reach: reach::Flags,
}

#[derive(Args)]
struct Import {
    /// Folders, single files, or all the zip parts of an export.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only tell what would happen: how many are new, known, paired, undated, unreadable.
    #[arg(long)]
    preview: bool,
    /// Let the files become photos where they lie: the folder is in the library folder, or becomes it.
    #[arg(long, conflicts_with = "link")]
    in_place: bool,
    /// Take no room twice: clones where the file system has them, else hard links, which share every later change with the
    /// original; copies where it has neither.
    #[arg(long)]
    link: bool,
    /// Bring in files that are neither photos nor videos, too.
    #[arg(long)]
    everything: bool,
    /// Whose the photos are; yours if nobody is named.
    #[arg(long, value_name = "NAME")]
    person: Option<String>,
    #[command(flatten)]
    output: Output,
}

impl Import {
    fn command(self) -> anyhow::Result<(Vec<Command>, Output)> {
        let way = match (self.in_place, self.link) {
            (true, _) => Way::InPlace,
            (_, true) => Way::Link,
            _ => Way::Copy,
        };
        let request = Request {
            paths: self
                .paths
                .iter()
                .map(|path| absolute(path))
                .collect::<anyhow::Result<_>>()?,
            way,
            everything: self.everything,
        };
        let command = Command::Import {
            request,
            person: self.person,
            preview: self.preview,
        };
        Ok((vec![command], self.output))
    }
}

#[derive(Subcommand)]
enum Device {
    /// Let a device add photos; prints what to type into its app, once.
    Add {
        /// Your name for it.
        name: String,
        /// Whose it is; yours if nobody is named.
        #[arg(long, value_name = "NAME")]
        person: Option<String>,
        /// What "stored" means to it.
        #[arg(long, value_enum)]
        acknowledge: Option<Acknowledge>,
        #[command(flatten)]
        output: Output,
    },
    /// Set a device up; what is not named stays.
    Set {
        /// Its name, or its user name.
        name: String,
        /// What "stored" means to it.
        #[arg(long, value_enum)]
        acknowledge: Option<Acknowledge>,
        /// Whether it is a problem when it has not come for some days.
        #[arg(long, value_enum)]
        tell_silence: Option<Switch>,
        #[command(flatten)]
        output: Output,
    },
    /// Take a device's password and token back, at once. What it sent stays.
    Remove {
        /// Its name, or its user name.
        name: String,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Acknowledge {
    /// The photo is at home for good.
    Home,
    /// The photo is offsite too.
    Offsite,
}

impl From<Acknowledge> for Meaning {
    fn from(acknowledge: Acknowledge) -> Self {
        match acknowledge {
            Acknowledge::Home => Self::Home,
            Acknowledge::Offsite => Self::Offsite,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Subcommand)]
enum Person {
    /// Give somebody a folder in the library and a way into the page; prints their password, once.
    Add {
        /// What they sign in as.
        name: String,
        /// The folder of their photos; called like the name if none is given.
        #[arg(long, value_name = "FOLDER")]
        folder: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Everybody, and how many photos are whose.
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Call somebody by another name. Their folder stays.
    Rename {
        /// The name of before.
        name: String,
        /// The new one.
        to: String,
        #[command(flatten)]
        output: Output,
    },
    /// Give somebody a new password; prints it, once.
    Reset {
        /// Their name.
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Take somebody's access back: the page, and their devices. Their photos stay.
    Remove {
        /// Their name.
        name: String,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Subcommand)]
enum Destination {
    /// Copy the photos to one more place.
    Add {
        /// Your name for it.
        name: String,
        /// `file:///path` or `s3://bucket/prefix?endpoint=URL&region=R`.
        url: String,
        /// There is a repository already; take it over. Asks for its password.
        #[arg(long)]
        existing: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Forget a destination. What lies there stays there.
    Remove {
        /// Your name for it.
        name: String,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Args, Clone, Copy)]
pub(crate) struct Output {
    /// Print one JSON document to standard output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Runs what was typed; answers the exit code.
pub(crate) fn run(cli: Cli) -> anyhow::Result<u8> {
    if let Some(Word::Inspect { paths, output }) = &cli.command {
        return inspect::inspect(paths, *output);
    }
    if let Some(Word::MediaWorker) = &cli.command {
        safelight_engine::media_worker().context("This worker cannot make pictures")?;
        return Ok(0);
    }
    let data = folders::data_dir(cli.data)?;
    let (command, output) = match cli.command {
        None => {
            return serve::serve(
                &data,
                Serve {
                    library: None,
                    listen: serve::DEFAULT_LISTEN,
                    reach: reach::Flags::default(),
                },
            );
        }
        Some(Word::Serve(options)) => return serve::serve(&data, options),
        Some(word) => command(word)?,
    };
    let answer = talk::ask(&data, command)?;
    print::answer(&answer, output)?;
    Ok(answer.exit_code())
}

fn command(word: Word) -> anyhow::Result<(Vec<Command>, Output)> {
    let one = |command, output| Ok((vec![command], output));
    match word {
        Word::Serve(_) | Word::Inspect { .. } | Word::MediaWorker => {
            unreachable!("serving, inspecting and decoding are no commands to a server")
        }
        Word::Device(device) => Ok(device_command(device)),
        Word::Person(person) => Ok(person_command(person)),
        Word::Destination(Destination::Add {
            name,
            url,
            existing,
            output,
        }) => {
            let keys = url.starts_with("s3:").then(ask::s3_keys).transpose()?;
            let password = existing.then(ask::repository_password).transpose()?;
            one(
                Command::DestinationAdd {
                    name,
                    url,
                    keys,
                    password,
                },
                output,
            )
        }
        Word::Destination(Destination::Remove { name, output }) => {
            one(Command::DestinationRemove { name }, output)
        }
        Word::Backup {
            destination,
            output,
        } => one(Command::Backup { destination }, output),
        Word::Verify {
            home,
            listed,
            output,
        } => {
            let scope = match (home, listed) {
                (true, _) => VerifyScope::Home,
                (_, true) => VerifyScope::Listed,
                _ => VerifyScope::Everything,
            };
            one(Command::Verify { scope }, output)
        }
        Word::Rebuild { library, output } => {
            let mut commands = Vec::new();
            if let Some(library) = library {
                let path = absolute(&library)?;
                commands.push(Command::SetLibrary { path });
            }
            commands.push(Command::Rebuild);
            Ok((commands, output))
        }
        Word::Status { output } => one(Command::Status, output),
        Word::Restore {
            to,
            destination,
            snapshot,
            paths,
            output,
        } => one(
            Command::Restore {
                to: absolute(&to)?,
                destination,
                snapshot,
                paths,
            },
            output,
        ),
        Word::Correct(correct) => {
            let output = correct.output;
            one(correct.command(), output)
        }
        Word::Import(import) => import.command(),
        Word::Settings {
            silent_days,
            folders,
            output,
        } => one(
            Command::Settings {
                silent_days,
                folders,
            },
            output,
        ),
        Word::Kit {
            destination,
            output,
        } => one(Command::Kit { destination }, output),
    }
}

fn device_command(device: Device) -> (Vec<Command>, Output) {
    let (command, output) = match device {
        Device::Add {
            name,
            person,
            acknowledge,
            output,
        } => (
            Command::DeviceAdd {
                name,
                person,
                acknowledge: acknowledge.map(Meaning::from),
            },
            output,
        ),
        Device::Set {
            name,
            acknowledge,
            tell_silence,
            output,
        } => (
            Command::DeviceSet {
                device: name,
                acknowledge: acknowledge.map(Meaning::from),
                tell_silence: tell_silence.map(|switch| switch == Switch::On),
            },
            output,
        ),
        Device::Remove { name, output } => (Command::DeviceRemove { device: name }, output),
    };
    (vec![command], output)
}

fn person_command(person: Person) -> (Vec<Command>, Output) {
    let (command, output) = match person {
        Person::Add {
            name,
            folder,
            output,
        } => (Command::PersonAdd { name, folder }, output),
        Person::List { output } => (Command::People, output),
        Person::Rename { name, to, output } => (Command::PersonRename { name, to }, output),
        Person::Reset { name, output } => (Command::PersonReset { name }, output),
        Person::Remove { name, output } => (Command::PersonRemove { name }, output),
    };
    (vec![command], output)
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path)
        .with_context(|| format!("The folder {} cannot be used", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
