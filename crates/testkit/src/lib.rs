//! What tests need: photos made from a seed, real programs to judge us, servers that die with the test.
//!
//! Used from `tests/` and `benches/` folders only, never by the program itself.
//!
//! | for | look at |
//! |---|---|
//! | photos and videos, the same ones for the same seed | [`photos`] |
//! | a folder of photos collected over the years, and the truth about it | [`collection`] |
//! | phones with the Nextcloud apps, which delete what they believe is stored | [`phone`] |
//! | time and chance that the test decides | [`ambient`], [`random`] |
//! | real programs (`restic`, `rclone`, `garage`, …) and what happens without them | [`tools`] |
//! | the corpus of real photos | [`corpus()`] |
//! | an S3 server | [`s3`] |
//! | an authority for certificates | [`authority`] |
//! | a slow line, which also breaks | [`delay`] |
//! | the real `safelight`: its server and its command line | [`server`], [`cli`] |
//! | raw HTTP, also the wrong kind, plain or in TLS | [`http`] |
//! | a browser without scripts | [`browser`] |
//! | a real browser | [`webdriver`] |
//! | what lies in a folder | [`tree`] |
//! | exports of other services | [`exports`] |
//! | zip archives, also the wrong kind | [`zip`] |
//! | other processes, ended by their own id | [`process`] |

pub mod ambient;
pub mod authority;
pub mod browser;
pub mod cli;
pub mod collection;
pub mod corpus;
pub mod delay;
pub mod exports;
pub mod http;
pub mod phone;
pub mod photos;
pub mod process;
pub mod random;
pub mod s3;
pub mod server;
mod stream;
pub mod tools;
pub mod tree;
pub mod webdriver;
pub mod zip;

pub use ambient::{FakeClock, SeededEntropy};
pub use authority::Authority;
pub use browser::Browser;
pub use cli::{Cli, Ended};
pub use collection::Collection;
pub use corpus::corpus;
pub use delay::Delay;
pub use http::{Client, Response};
pub use photos::{Photos, Picture};
pub use random::Random;
pub use s3::S3Server;
pub use server::Server;
pub use webdriver::WebDriver;
