//! Nextcloud's login flow, version 2 (nextcloud/server, `core/Controller/ClientFlowLoginV2Controller.php`): an app
//! begins it and gets two tokens. With one the owner opens a page and grants, with the other the app asks again and
//! again, and is told its password once.

use std::{net::IpAddr, time::Duration};

use safelight_core::Timestamp;

use crate::{
    access::{hash_token, random_token},
    command::NewDevice,
    error::EngineError,
    pace::network,
    people::Asker,
    start::{Engine, blocking, to_the_end},
};

/// How long a flow lives, from its beginning to the app's fetching its password.
const LIFE: jiff::SignedDuration = jiff::SignedDuration::from_mins(20);
/// Flows of one address at a time, or of one IPv6 network's 64 bits. A person needs one, and one more when the app was
/// closed. Nobody's flow makes room for another's: a stranger could end what the owner has just granted.
const OF_ONE_ADDRESS: usize = 5;
/// Flows of the home network's addresses, and of all others: strangers cannot take the household's room.
const IN_ALL: usize = 200;
/// What is kept of what an app says of itself, in characters.
const LONGEST_CLIENT: usize = 200;

/// What the app is told at the beginning.
pub struct LoginStarted {
    /// For the app: asks for the password.
    pub poll_token: String,
    /// For the owner's browser: opens the page.
    pub page_token: String,
}

/// Why no flow is begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Too many apps wait to be let in already. Allow or refuse those in the browser, or begin again in {} minutes",
    .retry_after.as_secs().div_ceil(60)
)]
pub struct TooManyLogins {
    /// When the first of the flows that stand in the way ends, if nobody answers it before.
    pub retry_after: Duration,
}

/// What the owner sees of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRequest {
    /// What the app says of itself (its `User-Agent`); empty if nothing.
    pub client: String,
    /// From which address it asks.
    pub from: IpAddr,
    /// Whether that is surely one of the home network's.
    pub is_home: bool,
}

/// What the app is told once the owner has granted.
pub struct LoginGranted {
    /// The server's base URL, as the app used it at the beginning.
    pub server: String,
    /// Its device's user name.
    pub user: String,
    /// Its device's password.
    pub password: String,
}

/// As which device the owner lets an app in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grant {
    /// As a new one of this name.
    New(String),
    /// As this one, which is invited already.
    Invited(i64),
}

#[derive(Default)]
pub(super) struct Logins(Vec<Flow>);

struct Flow {
    poll_hash: String,
    page_hash: String,
    request: LoginRequest,
    server: String,
    began: Timestamp,
    stage: Stage,
}

enum Stage {
    Waiting,
    /// Its device is being made. A second press of the button finds no flow that waits, and makes no second device.
    Granting,
    Granted {
        user: String,
        password: String,
    },
}

impl Logins {
    fn prune(&mut self, now: Timestamp) {
        self.0
            .retain(|flow| now.duration_since(flow.began).abs() < LIFE);
    }

    /// Flows are in the order in which they began, so the first that is in the way is the first to end.
    fn begin(&mut self, flow: Flow) -> Result<(), TooManyLogins> {
        let asks = |flow: &Flow| (network(flow.request.from), flow.request.is_home);
        let (address, is_home) = asks(&flow);
        self.room(OF_ONE_ADDRESS, flow.began, |other| asks(other).0 == address)?;
        self.room(IN_ALL, flow.began, |other| asks(other).1 == is_home)?;
        self.0.push(flow);
        Ok(())
    }

    fn room(
        &self,
        limit: usize,
        now: Timestamp,
        is_in_the_way: impl Fn(&Flow) -> bool,
    ) -> Result<(), TooManyLogins> {
        let mut in_the_way = self.0.iter().filter(|flow| is_in_the_way(flow));
        let Some(first) = in_the_way.next() else {
            return Ok(());
        };
        if 1 + in_the_way.count() < limit {
            return Ok(());
        }
        let left = LIFE - now.duration_since(first.began);
        let retry_after = Duration::try_from(left).unwrap_or_default();
        Err(TooManyLogins {
            retry_after: retry_after.max(Duration::from_secs(1)),
        })
    }

    fn waiting(&mut self, page_token: &str, now: Timestamp) -> Option<&mut Flow> {
        self.prune(now);
        let page_hash = hash_token(page_token);
        let mut flows = self.0.iter_mut();
        flows.find(|flow| flow.page_hash == page_hash && matches!(flow.stage, Stage::Waiting))
    }

    fn set(&mut self, page_token: &str, stage: Stage) {
        let page_hash = hash_token(page_token);
        if let Some(flow) = self.0.iter_mut().find(|flow| flow.page_hash == page_hash) {
            flow.stage = stage;
        }
    }
}

impl Engine {
    /// Begins a flow. `server` is the base URL that the app used.
    ///
    /// # Errors
    ///
    /// [`TooManyLogins`] if as many flows as there may be wait already.
    pub fn begin_login(
        &self,
        mut request: LoginRequest,
        server: &str,
    ) -> Result<LoginStarted, TooManyLogins> {
        let entropy = self.0.entropy.as_ref();
        let started = LoginStarted {
            poll_token: random_token(entropy),
            page_token: random_token(entropy),
        };
        let client = request.client.chars().filter(|c| !c.is_control());
        request.client = client.take(LONGEST_CLIENT).collect();
        let now = self.0.clock.now();
        let mut waiting = self.0.pairing.lock();
        waiting.logins.prune(now);
        waiting.logins.begin(Flow {
            poll_hash: hash_token(&started.poll_token),
            page_hash: hash_token(&started.page_token),
            request,
            server: server.to_owned(),
            began: now,
            stage: Stage::Waiting,
        })?;
        Ok(started)
    }

    /// The flow that waits for the owner under this page's token, if there is one.
    #[must_use]
    pub fn login_request(&self, page_token: &str) -> Option<LoginRequest> {
        let mut waiting = self.0.pairing.lock();
        let flow = waiting.logins.waiting(page_token, self.0.clock.now())?;
        Some(flow.request.clone())
    }

    /// Lets the app in that began the flow, as a device of the asker's.
    ///
    /// # Errors
    ///
    /// [`EngineError::NotFound`] if no flow waits under this token, or if the invited device is none; a name that cannot
    /// be; the catalogue cannot be written. The flow goes on waiting then.
    pub async fn grant_login(
        &self,
        asker: Asker,
        page_token: &str,
        grant: Grant,
    ) -> Result<NewDevice, EngineError> {
        {
            let mut waiting = self.0.pairing.lock();
            let Some(flow) = waiting.logins.waiting(page_token, self.0.clock.now()) else {
                return Err(EngineError::NotFound(
                    "No app waits here any more. Begin again in the app".to_owned(),
                ));
            };
            flow.stage = Stage::Granting;
        }
        let (engine, page_token) = (self.clone(), page_token.to_owned());
        to_the_end(async move {
            let granted = engine.device_for(asker, grant).await;
            let stage = match &granted {
                Ok(device) => Stage::Granted {
                    user: device.user.clone(),
                    password: device.password.clone(),
                },
                Err(_) => Stage::Waiting,
            };
            engine.0.pairing.lock().logins.set(&page_token, stage);
            granted
        })
        .await
    }

    async fn device_for(&self, asker: Asker, grant: Grant) -> Result<NewDevice, EngineError> {
        match grant {
            Grant::Invited(id) => self.accept_for(asker, id).await,
            Grant::New(name) => {
                let _turn = self.0.access.turn().await?;
                let (engine, person) = (self.clone(), asker.person());
                let device = blocking(move || engine.add_device(&name, person, None)).await?;
                self.note_accepted(&device, person);
                Ok(device)
            }
        }
    }

    /// Ends a flow that waits; the app goes on hearing nothing.
    pub fn refuse_login(&self, page_token: &str) {
        let page_hash = hash_token(page_token);
        let mut waiting = self.0.pairing.lock();
        waiting
            .logins
            .0
            .retain(|flow| flow.page_hash != page_hash || !matches!(flow.stage, Stage::Waiting));
    }

    /// What the app asks again and again: its password, once the owner has granted, and then never again.
    #[must_use]
    pub fn poll_login(&self, poll_token: &str) -> Option<LoginGranted> {
        let poll_hash = hash_token(poll_token);
        let mut waiting = self.0.pairing.lock();
        waiting.logins.prune(self.0.clock.now());
        let flows = &mut waiting.logins.0;
        let found = flows.iter().position(|flow| {
            flow.poll_hash == poll_hash && matches!(flow.stage, Stage::Granted { .. })
        })?;
        let flow = flows.remove(found);
        let Stage::Granted { user, password } = flow.stage else {
            return None;
        };
        Some(LoginGranted {
            server: flow.server,
            user,
            password,
        })
    }
}
