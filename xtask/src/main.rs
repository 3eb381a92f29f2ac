//! The project's own commands: `cargo xtask <command>`.

mod agreement;
mod arrows;
mod bench;
mod crash;
mod deny;
mod night;
mod run;
mod sync;
mod test;
mod tools;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask <command>

  test                         sets up what the tests need, then formatting, lints, documents, arrows, licences, tests
  tools                        only the setting up: real programs, unpacked into .tools
  arrows                       who may depend on whom
  deny                         licences, banned crates, sources (cargo-deny)
  advisories                   known weaknesses in what we depend on (cargo-deny; fetches its list from the network)
  agreement                    how far we and exiftool agree about the corpus of photos, as a table
  crash [--kills N] [--seed S] kills the server under load N times (default 300) and looks for losses
  night [--phones N] [--photos N] [--seed S]
                               simulated phones upload and delete through nights with a bad line (default 5 × 5000), and
                               nothing that they deleted may be missing
  sync [--files N] [--large N] [--megabytes N]
                               Nextcloud's desktop client keeps a folder alike (default 2000 files and 4 of 200 MB), with
                               changes and renames, and sends nothing twice
  bench [NAME…] [--scale F] [--rounds N]
                               speed beside other programs: facts, intake, chunked, memory, offsite, s3, latency, next, restore,
                               small, start, propfind; all by default";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ended = match words.as_slice() {
        ["test"] => test::test(),
        ["tools"] => tools::set_up().map(|_| ()),
        ["arrows"] => arrows::check(),
        ["deny"] => deny::check(),
        ["advisories"] => deny::advisories(),
        ["agreement"] => agreement::agreement(),
        ["crash", options @ ..] => crash::crash(options),
        ["night", options @ ..] => night::night(options),
        ["sync", options @ ..] => sync::sync(options),
        ["bench", options @ ..] => bench::bench(options),
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(u8::from(words != ["help"] && words != ["--help"]) * 2);
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}
