//! Time and chance as parameters, so that tests decide them.

use jiff::Timestamp;

/// Where the present time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// Where unpredictable bytes come from.
///
/// The implementation that ships draws from the operating system; tests use a seeded one.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes`. An implementation that cannot must panic: a predictable secret is worse than a stopped program.
    fn fill(&self, bytes: &mut [u8]);

    /// `N` unpredictable bytes.
    fn bytes<const N: usize>(&self) -> [u8; N]
    where
        Self: Sized,
    {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}
