//! Ctrl-C while a command is at work that can be stopped and go on later.

use crate::serve::told_to_end;

/// Has `stop` called at the first Ctrl-C, or the system's request to end; the second one ends the program at once. Without
/// this, the first one does.
pub(crate) fn on_interrupt(stop: impl FnOnce() + Send + 'static) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("interrupt".to_owned())
        .spawn(move || {
            runtime.block_on(told_to_end());
            tracing::warn!("Stopping; what is in hand is finished first");
            stop();
            runtime.block_on(told_to_end());
            std::process::exit(130);
        })?;
    Ok(())
}
