//! Several items in hand at once: while one waits for the disk, others are read. One thread lists, the others work.

use std::{
    ops::ControlFlow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::sync_channel,
    },
};

use super::{
    item::Found,
    source::{Opener, Source},
};
use crate::error::EngineError;

/// How many items are in hand at once. Uploads that wait for a flush of the disk share it: more of them, fewer flushes.
pub(crate) const HANDS: usize = 16;

/// Listed items that wait for a free hand.
const WAITING: usize = 64;

/// Has each thing of the collections worked on, several at once, in no certain order. Ends early when `is_over`, and at
/// the first error, which is returned; what is in hand then is finished.
pub(crate) fn for_each(
    sources: &[Source],
    is_over: &(dyn Fn() -> bool + Sync),
    work: &(dyn Fn(&mut Opener, Found) -> Result<(), EngineError> + Sync),
) -> Result<(), EngineError> {
    let (listed, next) = sync_channel::<Found>(WAITING);
    let next = Mutex::new(next);
    let failed = AtomicBool::new(false);
    let first_error = Mutex::new(None);
    let ends = || failed.load(Ordering::Relaxed) || is_over();
    std::thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                let mut opener = Opener::default();
                loop {
                    let found = next.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    // The list is at its end. What is left of it after an early end is taken off and not worked on.
                    let Ok(found) = found else { return };
                    if ends() {
                        continue;
                    }
                    if let Err(error) = work(&mut opener, found) {
                        failed.store(true, Ordering::Relaxed);
                        first_error
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .get_or_insert(error);
                    }
                }
            });
        }
        for source in sources {
            let listing = source.list(&ends, &mut |found| {
                if ends() || listed.send(found).is_err() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            if listing.is_break() {
                break;
            }
        }
        drop(listed);
    });
    match first_error
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
    {
        Some(error) => Err(error),
        None => Ok(()),
    }
}
