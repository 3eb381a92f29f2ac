//! A phone's connection through the night: it breaks, answers get lost, and the system kills the app.

use std::io;

use crate::{Client, Random, Response};

/// How much goes wrong, in a thousand requests each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trouble {
    /// The connection breaks in the middle of what is sent.
    pub cuts: u64,
    /// Everything is sent, and the phone is gone before the answer comes.
    pub vanishings: u64,
    /// The answer is on its way, and never arrives. A MOVE is then sent again every other time, as network libraries and
    /// proxies do.
    pub lost_answers: u64,
    /// The system kills the app, with one of the above.
    pub kills: u64,
}

/// A connection to the server with trouble on it.
#[derive(Debug)]
pub struct Line {
    client: Client,
    random: Random,
    trouble: Trouble,
    is_killed: bool,
}

impl Line {
    /// A line of `client`'s whose trouble is decided by a seed.
    #[must_use]
    pub const fn new(client: Client, random: Random, trouble: Trouble) -> Self {
        Self {
            client,
            random,
            trouble,
            is_killed: false,
        }
    }

    /// Whether the system has killed the app: every further request fails, and what the app knew in memory is gone.
    #[must_use]
    pub const fn is_killed(&self) -> bool {
        self.is_killed
    }

    /// Whether the way to the server is open: the app for Android asks without its password, and takes any answer but
    /// 204 for a walled garden's (`ConnectivityServiceImpl.kt`).
    pub fn probe(&mut self) -> bool {
        let own = self.client.again();
        self.client = self.client.stranger();
        let answer = self.send("GET", "/index.php/204", &[], b"");
        self.client = own;
        answer.is_ok_and(|answer| answer.status == 204 && answer.body.is_empty())
    }

    /// Sends a request and reads the answer, if the line holds.
    ///
    /// # Errors
    ///
    /// The line broke; whether the server did what it was asked is unknown.
    pub fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Response> {
        if self.is_killed {
            return Err(broken("the app was killed"));
        }
        let Trouble {
            cuts,
            vanishings,
            lost_answers,
            kills,
        } = self.trouble;
        let mut chance = self.random.below(1_000);
        let mut happens = |in_thousand: u64| {
            let hit = chance < in_thousand;
            chance = chance.wrapping_sub(in_thousand);
            hit
        };
        let (killed, cut) = (happens(kills), happens(cuts));
        let (vanished, lost) = (happens(vanishings), happens(lost_answers));
        self.is_killed = killed;
        let length = body.len() as u64;
        // A killed app is cut off at any of these places.
        let kind = if killed { self.random.below(3) } else { 3 };
        if cut || kind == 0 {
            let sent = usize::try_from(self.random.below(length + 1)).unwrap_or(0);
            self.client
                .vanish(method, target, headers, length, &body[..sent])?;
            return Err(broken("the line broke while sending"));
        }
        if vanished || kind == 1 {
            self.client.vanish(method, target, headers, length, body)?;
            return Err(broken("the line broke before the answer"));
        }
        let answer = self.client.send(method, target, headers, body)?;
        if lost && method == "MOVE" && self.random.below(2) == 0 {
            return self.client.send(method, target, headers, body);
        }
        if lost || kind == 2 {
            return Err(broken("the answer was lost"));
        }
        Ok(answer)
    }
}

fn broken(how: &str) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, how)
}
