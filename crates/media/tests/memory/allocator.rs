//! How much memory is in use at most while something is done, counted byte by byte.

#![expect(
    unsafe_code,
    reason = "an allocator is unsafe; this one only counts and hands everything on to the system's"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

#[global_allocator]
static COUNTING: Counting = Counting;

struct Counting;

thread_local! {
    /// Bytes in use by this thread, and the most that there were. Tests beside this one have counts of their own.
    static USED: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

/// Does something, and answers how many bytes were in use at most, beyond those that were in use before.
pub(crate) fn most_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = USED.get().0;
    USED.set((before, before));
    let done = work();
    let most = USED.get().1 - before;
    (done, usize::try_from(most).unwrap_or(0))
}

fn count(bytes: usize, is_more: bool) {
    let bytes = isize::try_from(bytes).unwrap_or(isize::MAX);
    // While a thread ends nothing is counted.
    USED.try_with(|used| {
        let (now, most) = used.get();
        let now = if is_more { now + bytes } else { now - bytes };
        used.set((now, most.max(now)));
    })
    .unwrap_or_default();
}

// SAFETY: everything is handed on to the system's allocator, as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), true);
        // SAFETY: the caller's promises are ours.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(layout.size(), false);
        // SAFETY: the caller's promises are ours.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), true);
        // SAFETY: the caller's promises are ours.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Both are there while the bytes are copied.
        count(size, true);
        count(layout.size(), false);
        // SAFETY: the caller's promises are ours.
        unsafe { System.realloc(at, layout, size) }
    }
}
