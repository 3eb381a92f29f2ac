//! The people's way into the page: a password, then a session.

use std::net::IpAddr;

use safelight_core::PersonId;
use safelight_library::{NewSession, PersonRow};

use crate::{
    access::{AccessError, NOBODYS_HASH, hash_token, random_token},
    error::EngineError,
    model::SessionStatus,
    people::Asker,
    start::{Engine, blocking},
    view::text,
};

/// How long a session lives without a sign-in.
const SESSION: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 30);
/// The shortest password that a person may choose, in characters.
const SHORTEST_PASSWORD: usize = 8;
/// The longest name that is looked at, in bytes.
const LONGEST_NAME: usize = 256;

/// What a signed-in page's cookie holds.
pub struct SessionToken(pub String);

/// A signed-in page.
#[derive(Clone, Debug)]
pub struct Session {
    /// What each form of it must send back.
    pub csrf: String,
    /// Who is signed in.
    pub asker: Asker,
}

impl Engine {
    /// Whether the owner has chosen a password.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn owner_is_set(&self) -> Result<bool, EngineError> {
        Ok(self.person(PersonId::OWNER)?.secret_hash.is_some())
    }

    /// Sets the owner's password and ends the owner's sessions. The caller has made sure that it is the owner who asks.
    ///
    /// # Errors
    ///
    /// [`EngineError::Invalid`] if it is shorter than 8 characters; the catalogue cannot be written.
    pub async fn set_owner_password(&self, password: String) -> Result<(), EngineError> {
        self.set_password(PersonId::OWNER, password, None).await
    }

    /// Changes the password of who is signed in. Every other session of theirs ends.
    ///
    /// # Errors
    ///
    /// As [`Self::set_owner_password`].
    pub async fn change_password(
        &self,
        asker: Asker,
        password: String,
        cookie: &str,
    ) -> Result<(), EngineError> {
        self.set_password(asker.person(), password, Some(hash_token(cookie)))
            .await
    }

    async fn set_password(
        &self,
        person: PersonId,
        password: String,
        but: Option<String>,
    ) -> Result<(), EngineError> {
        if password.chars().count() < SHORTEST_PASSWORD {
            return Err(EngineError::Invalid(format!(
                "The password has fewer than {SHORTEST_PASSWORD} characters; choose a longer one"
            )));
        }
        let engine = self.clone();
        blocking(move || {
            let hash = engine.hash_password(&password)?;
            let library = &engine.0.library;
            library.set_person_secret(person, &hash, but.as_deref())?;
            Ok(())
        })
        .await
    }

    /// Signs a person in. Without a name it is the owner.
    ///
    /// # Errors
    ///
    /// [`AccessError::Wrong`], [`AccessError::SlowDown`], or the catalogue cannot be read.
    pub async fn sign_in(
        &self,
        name: &str,
        password: String,
        from: IpAddr,
    ) -> Result<SessionToken, AccessError> {
        if name.len() > LONGEST_NAME {
            return Err(AccessError::Wrong);
        }
        let person = self.who_signs_in(name.trim()).await?;
        // One name for all spellings of it, and none that a device could have.
        let counted = match &person {
            Some(person) => format!("\u{0}person {}", person.id),
            None => format!("\u{0}{}", name.trim().to_lowercase()),
        };
        let access = &self.0.access;
        access.pace.check(from, &counted, self.0.clock.now())?;
        let _turn = access.turn().await?;
        let now = self.0.clock.now();
        access.pace.check(from, &counted, now)?;
        // Who does not exist costs the same time as a wrong password, so that names cannot be probed.
        let stored = person
            .as_ref()
            .and_then(|person| person.secret_hash.clone());
        let looked_at = stored.clone().unwrap_or_else(|| NOBODYS_HASH.to_owned());
        let engine = self.clone();
        let right = blocking(move || engine.0.access.passwords.is(&looked_at, &password)).await;
        let (Some(person), Some(secret_hash), true) = (person, stored, right) else {
            access.pace.note_wrong(from, &counted, now);
            return Err(AccessError::Wrong);
        };
        access.pace.note_right(from, &counted, now);
        let cookie = random_token(self.0.entropy.as_ref());
        let expires = now
            .checked_add(SESSION)
            .map_err(|error| EngineError::Bug(error.to_string()))?;
        let (library, token_hash) = (self.library().clone(), hash_token(&cookie));
        let begun = blocking(move || {
            library.add_session(NewSession {
                token_hash: &token_hash,
                person: person.id,
                secret_hash: &secret_hash,
                from: &from.to_string(),
                expires,
            })
        });
        if begun.await.map_err(EngineError::from)? {
            Ok(SessionToken(cookie))
        } else {
            Err(AccessError::Wrong)
        }
    }

    async fn who_signs_in(&self, name: &str) -> Result<Option<PersonRow>, EngineError> {
        let (library, name) = (self.library().clone(), name.to_owned());
        blocking(move || {
            Ok(if name.is_empty() {
                library.person(PersonId::OWNER)?
            } else {
                library.person_by_name(&name)?
            })
        })
        .await
    }

    /// The session that a cookie belongs to, if it is still good. Its use, and from where, is noted.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read or written.
    pub fn session(&self, cookie: &str, from: IpAddr) -> Result<Option<Session>, EngineError> {
        let library = self.library();
        let Some(found) = library.session(&hash_token(cookie))? else {
            return Ok(None);
        };
        library.touch_session(&found, &from.to_string())?;
        Ok(Some(Session {
            csrf: hash_token(&format!("csrf {cookie}")),
            asker: Asker::of(found.person),
        }))
    }

    /// Where a person is signed in, the newest first.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn sessions(&self, asker: Asker, cookie: &str) -> Result<Vec<SessionStatus>, EngineError> {
        let library = self.library();
        let here = library.session(&hash_token(cookie))?.map(|row| row.id);
        Ok(library
            .sessions_of(asker.person())?
            .into_iter()
            .map(|row| SessionStatus {
                id: row.id,
                started_at: text(row.started_at),
                last_seen_at: text(row.last_seen_at),
                last_seen_from: row.last_seen_from,
                here: here == Some(row.id),
            })
            .collect())
    }

    /// Ends a session.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be written.
    pub fn sign_out(&self, cookie: &str) -> Result<(), EngineError> {
        Ok(self.library().remove_session(&hash_token(cookie))?)
    }

    /// Ends one of one's own sessions by its number.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be written.
    pub fn end_session(&self, asker: Asker, id: i64) -> Result<(), EngineError> {
        Ok(self.library().end_session(asker.person(), id)?)
    }

    /// Ends every session of a person's, this one too.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be written.
    pub fn sign_out_everywhere(&self, asker: Asker) -> Result<(), EngineError> {
        Ok(self.library().end_sessions(asker.person(), None)?)
    }
}
