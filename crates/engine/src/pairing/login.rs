//! Nextcloud's login flow, version 2 (nextcloud/server, `core/Controller/ClientFlowLoginV2Controller.php`): an app
//! begins it and gets two tokens. With one the owner opens a page and grants, with the other the app asks again and
//! again, and is told its password once.

use std::net::IpAddr;

use safelight_core::{DeviceId, Timestamp};

use crate::{
    access::{hash_token, random_token},
    command::NewDevice,
    error::EngineError,
    people::Asker,
    start::{Engine, blocking},
};

/// How long a flow lives, from its beginning to the app's fetching its password.
const LIFE: jiff::SignedDuration = jiff::SignedDuration::from_mins(20);
/// Flows of one address at a time; the oldest makes room. A person needs one, and one more when the app was closed.
const OF_ONE_ADDRESS: usize = 5;
/// Flows in all; the oldest makes room.
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

/// What the owner sees of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRequest {
    /// What the app says of itself (its `User-Agent`); empty if nothing.
    pub client: String,
    /// From which address it asks.
    pub from: IpAddr,
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
    client: String,
    server: String,
    from: IpAddr,
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

    /// Flows are in the order in which they began, so the first that fits is the oldest.
    fn begin(&mut self, flow: Flow) {
        let same_address = |other: &Flow| other.from == flow.from;
        if self.0.iter().filter(|other| same_address(other)).count() >= OF_ONE_ADDRESS
            && let Some(oldest) = self.0.iter().position(same_address)
        {
            self.0.remove(oldest);
        } else if self.0.len() >= IN_ALL {
            self.0.remove(0);
        }
        self.0.push(flow);
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
    /// Begins a flow. `client` is what the app says of itself, `server` the base URL that it used.
    #[must_use]
    pub fn begin_login(&self, client: &str, server: &str, from: IpAddr) -> LoginStarted {
        let entropy = self.0.entropy.as_ref();
        let started = LoginStarted {
            poll_token: random_token(entropy),
            page_token: random_token(entropy),
        };
        let now = self.0.clock.now();
        let mut waiting = self.0.pairing.lock();
        waiting.logins.prune(now);
        waiting.logins.begin(Flow {
            poll_hash: hash_token(&started.poll_token),
            page_hash: hash_token(&started.page_token),
            client: client
                .chars()
                .filter(|c| !c.is_control())
                .take(LONGEST_CLIENT)
                .collect(),
            server: server.to_owned(),
            from,
            began: now,
            stage: Stage::Waiting,
        });
        started
    }

    /// The flow that waits for the owner under this page's token, if there is one.
    #[must_use]
    pub fn login_request(&self, page_token: &str) -> Option<LoginRequest> {
        let mut waiting = self.0.pairing.lock();
        let flow = waiting.logins.waiting(page_token, self.0.clock.now())?;
        Some(LoginRequest {
            client: flow.client.clone(),
            from: flow.from,
        })
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
        let granted = self.device_for(asker, grant).await;
        let stage = match &granted {
            Ok(device) => Stage::Granted {
                user: device.user.clone(),
                password: device.password.clone(),
            },
            Err(_) => Stage::Waiting,
        };
        self.0.pairing.lock().logins.set(page_token, stage);
        granted
    }

    async fn device_for(&self, asker: Asker, grant: Grant) -> Result<NewDevice, EngineError> {
        match grant {
            Grant::Invited(id) if self.invited(asker).iter().any(|(invited, _)| *invited == id) => {
                self.accept_for(DeviceId(id)).await
            }
            Grant::Invited(_) => Err(EngineError::NotFound(
                "This phone\u{2019}s code was used already, or its time is over. Choose another name, or show a new code"
                    .to_owned(),
            )),
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
