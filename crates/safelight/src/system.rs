//! The real clock, the real chance, the log.

use safelight_core::{Clock, Entropy, Timestamp};

/// The system's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that the others take as a parameter"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's random numbers.
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the chance that the others take as a parameter"
    )]
    #[expect(
        clippy::expect_used,
        reason = "a predictable secret is worse than a stopped program"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random numbers");
    }
}

/// Writes the log to standard error; `SAFELIGHT_LOG` chooses what, by default warnings and what Safelight itself does.
pub(crate) fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SAFELIGHT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,safelight=info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
}
