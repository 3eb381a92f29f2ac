//! The JSON API, for scripts, Shortcuts and agents, with a device's bearer token. `docs/api.md` describes it.

pub(crate) mod releasable;
