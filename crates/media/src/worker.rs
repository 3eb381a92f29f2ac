//! A worker that makes pictures, alone, for tests and benchmarks.

fn main() -> std::io::Result<()> {
    safelight_media::pictures::work()
}
