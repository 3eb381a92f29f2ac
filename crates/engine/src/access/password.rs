//! Passwords as Argon2id hashes, in PHC's string form (RFC 9106 for Argon2).

use std::sync::{Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        self,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};

use super::same;

/// Argon2id of a password that nobody has.
pub(crate) const NOBODYS_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FmZWxpZ2h0LW5vYm9keQ$PdCq9NDQHDFpPBHVQAxGF6mpyy7Rp5NVwFGbAnMUHkw";

/// Computes the hashes, one at a time, all in the same memory: 19 MiB, which is kept from the first on. Memory of its own
/// for each would be what an upload at the same time needs, since allocators give so much back only when it pleases them.
#[derive(Default)]
pub(crate) struct Passwords {
    memory: Mutex<Vec<Block>>,
}

impl Passwords {
    /// The form in which a password is stored.
    pub(crate) fn hash(&self, password: &str, salt: &[u8]) -> password_hash::Result<String> {
        let (algorithm, version, params) =
            (Algorithm::default(), Version::default(), Params::default());
        let hash = PasswordHash {
            algorithm: algorithm.into(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: None,
        };
        let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
        let argon2 = Argon2::new(algorithm, version, params);
        self.compute(&argon2, password, salt, &mut output)?;
        let output = Some(Output::new(&output)?);
        Ok(PasswordHash {
            hash: output,
            ..hash
        }
        .to_string())
    }

    /// Whether a password has this stored form.
    pub(crate) fn is(&self, stored: &str, sent: &str) -> bool {
        self.verify(stored, sent).unwrap_or(false)
    }

    fn verify(&self, stored: &str, sent: &str) -> password_hash::Result<bool> {
        let stored = PasswordHash::new(stored)?;
        let (Some(salt), Some(right)) = (&stored.salt, &stored.hash) else {
            return Ok(false);
        };
        let argon2 = Argon2::new(
            Algorithm::try_from(stored.algorithm.as_str())?,
            stored
                .version
                .map(Version::try_from)
                .transpose()?
                .unwrap_or_default(),
            Params::try_from(&stored)?,
        );
        let mut output = vec![0; right.len()];
        self.compute(&argon2, sent, salt, &mut output)?;
        Ok(same(&output, right.as_bytes()))
    }

    fn compute(
        &self,
        argon2: &Argon2<'_>,
        password: &str,
        salt: &[u8],
        output: &mut [u8],
    ) -> password_hash::Result<()> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let count = argon2.params().block_count();
        if memory.len() < count {
            memory.resize(count, Block::new());
        }
        argon2.hash_password_into_with_memory(
            password.as_bytes(),
            salt,
            output,
            &mut memory[..count],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordVerifier;

    use super::*;

    #[test]
    fn a_name_that_nobody_has_costs_a_real_hash() {
        assert!(PasswordHash::new(NOBODYS_HASH).is_ok());
        let passwords = Passwords::default();
        assert!(!passwords.is(NOBODYS_HASH, ""));
        let parameters = NOBODYS_HASH.rsplitn(3, '$').last().unwrap();
        assert!(
            passwords
                .hash("a", &[1; 16])
                .unwrap()
                .starts_with(parameters)
        );
    }

    #[test]
    fn hashes_in_the_same_memory_are_those_that_any_argon2_computes() {
        let passwords = Passwords::default();
        let one = passwords.hash("one", &[1; 16]).unwrap();
        let two = passwords.hash("two", &[2; 16]).unwrap();
        for (hash, right) in [(&one, "one"), (&two, "two")] {
            let judge = Argon2::default();
            assert!(
                judge
                    .verify_password(right.as_bytes(), hash.as_str())
                    .is_ok()
            );
        }
        assert!(passwords.is(&one, "one") && passwords.is(&two, "two"));
        assert!(!passwords.is(&one, "two") && !passwords.is(&two, "one"));
        assert!(passwords.is(&one, "one"), "also after others");
        for broken in [
            "",
            "$argon2id$",
            "$argon2id$v=19$m=19456,t=2,p=1$c2FmZWxpZ2h0LW5vYm9keQ",
            "one",
        ] {
            assert!(!passwords.is(broken, "one"), "{broken}");
        }
    }

    #[test]
    fn other_parameters_are_read_from_the_hash() {
        let weaker = Argon2::from(Params::new(64, 1, 1, Some(24)).unwrap());
        let hash =
            argon2::PasswordHasher::hash_password_with_salt(&weaker, b"one", &[3; 16]).unwrap();
        let passwords = Passwords::default();
        assert!(passwords.is(&hash.to_string(), "one"));
        assert!(!passwords.is(&hash.to_string(), "two"));
    }
}
