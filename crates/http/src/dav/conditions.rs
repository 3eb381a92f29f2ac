//! What a request must be true of before it does anything: its own `If` header, and the locks of other programs.

use std::sync::Arc;

use http::{StatusCode, header};
use safelight_core::DevicePath;

use super::{
    Call, Refusal,
    locks::{Agent, Lock},
    target::Mount,
};
use crate::if_header::{IfHeader, List, What};

/// What a request is about to change.
#[derive(Clone, Copy, Debug)]
pub(super) enum Touched<'a> {
    /// What is kept under a name: its content or its properties.
    Content(&'a DevicePath),
    /// The name itself, which comes or goes with all below it, and so changes the folder above.
    Name(&'a DevicePath),
}

impl Touched<'_> {
    /// Whether a lock forbids it to whoever does not have the lock (RFC 4918, sections 7.2 to 7.5).
    fn is_held(&self, lock: &Lock) -> bool {
        match self {
            Self::Content(path) => lock.covers(path),
            Self::Name(path) => {
                lock.covers(path)
                    || lock.path.is_within(path)
                    || path.parent().is_some_and(|folder| lock.covers(&folder))
            }
        }
    }
}

impl Call {
    /// Reads the `If` header and refuses the request if none of its lists holds.
    pub(super) async fn judge_conditions(&mut self) -> Result<(), Refusal> {
        let Some(header) = self.header("if") else {
            return Ok(());
        };
        let header = IfHeader::parse(header)?;
        let locks = self.locks.of(self.device.id, self.engine.now());
        let mut holds = false;
        for list in &header.0 {
            holds = holds || self.list_holds(list, &locks).await?;
        }
        if !holds {
            return Err(Refusal::new(
                StatusCode::PRECONDITION_FAILED,
                format!("{} is not as the header If says", self.path),
            ));
        }
        self.conditions = header;
        Ok(())
    }

    async fn list_holds(&self, list: &List, locks: &[Arc<Lock>]) -> Result<bool, Refusal> {
        let path = match &list.resource {
            None => self.path.clone(),
            Some(address) => match Mount::destination(address, &self.device.user) {
                Ok(path) => path,
                // Nothing is there that could have a lock or an etag.
                Err(_) => return Ok(list.conditions.iter().all(|condition| condition.not)),
            },
        };
        let names_etags = list
            .conditions
            .iter()
            .any(|condition| matches!(condition.what, What::Etag { .. }));
        let etag = if names_etags {
            let entry = self.engine.entry(self.device.id, path.clone()).await?;
            entry.map(|entry| entry.etag)
        } else {
            None
        };
        Ok(list.conditions.iter().all(|condition| {
            let is_true = match &condition.what {
                What::Token(token) => locks
                    .iter()
                    .any(|lock| lock.token == *token && lock.covers(&path)),
                What::Etag { tag, weak } => !weak && etag.as_ref() == Some(tag),
            };
            is_true != condition.not
        }))
    }

    /// The etags that the `If` header wants of what the request is about, where it has no other list that could hold. They
    /// held when it came; whoever writes asks again at the moment of writing.
    pub(super) fn only_etags(&self) -> Vec<String> {
        let [only] = self.conditions.0.as_slice() else {
            return Vec::new();
        };
        let is_own = only.resource.as_ref().is_none_or(|address| {
            Mount::destination(address, &self.device.user).is_ok_and(|path| path == self.path)
        });
        let etags = only.conditions.iter().filter(|condition| !condition.not);
        etags
            .filter_map(|condition| match &condition.what {
                What::Etag { tag, .. } if is_own => Some(tag.clone()),
                What::Etag { .. } | What::Token(_) => None,
            })
            .collect()
    }

    /// The program that asks, as it calls itself.
    pub(super) fn user_agent(&self) -> &str {
        self.header(header::USER_AGENT).unwrap_or_default()
    }

    /// The locks that bind it. See [`super::locks`] for whom locks bind.
    pub(super) fn binding_locks(&self) -> Vec<Arc<Lock>> {
        let agent = Agent::named(self.user_agent());
        self.locks.binding(self.device.id, agent, self.engine.now())
    }

    /// Refuses what another program's lock forbids.
    pub(super) async fn respect_locks(&self, touched: &[Touched<'_>]) -> Result<(), Refusal> {
        self.respect(&self.binding_locks(), touched).await
    }

    /// As [`Self::respect_locks`], of locks that were fetched already.
    pub(super) async fn respect(
        &self,
        locks: &[Arc<Lock>],
        touched: &[Touched<'_>],
    ) -> Result<(), Refusal> {
        let tokens: Vec<&str> = self.conditions.tokens().collect();
        for lock in locks {
            if !touched.iter().any(|touched| touched.is_held(lock)) {
                continue;
            }
            // One of several shared locks on the same is enough (section 6.2).
            let has_one = locks
                .iter()
                .any(|other| other.path == lock.path && tokens.contains(&other.token.as_str()));
            if !has_one {
                let entry = self.engine.entry(self.device.id, lock.path.clone()).await?;
                let is_folder = entry.is_some_and(|entry| entry.is_folder);
                return Err(Refusal::new(
                    StatusCode::LOCKED,
                    format!("{} is locked by another program", lock.path),
                )
                .with_condition_about(
                    "lock-token-submitted",
                    self.mount.href(&lock.path, is_folder),
                ));
            }
        }
        Ok(())
    }
}
