//! A repository's password.

use std::fmt;

use safelight_core::Entropy;

/// What opens a repository, here and in restic. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct RepositoryPassword(String);

/// Letters and digits without those that are taken for others on paper (0 and o, 1 and i and l, 5 and s, 2 and z).
const ALPHABET: &[u8; 27] = b"abcdefghjkmnpqrtuvwxy346789";

impl RepositoryPassword {
    /// Takes a password that a person has.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A new password: 6 groups of 5 signs out of 27, 142 bits.
    #[must_use]
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut text = String::with_capacity(35);
        let mut drawn = 0;
        while drawn < 30 {
            let mut byte = [0];
            entropy.fill(&mut byte);
            // 9 × 27 values of a byte are used, so that every sign is as likely as the others.
            if byte[0] >= 9 * 27 {
                continue;
            }
            if drawn > 0 && drawn % 5 == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(byte[0] % 27)]));
            drawn += 1;
        }
        Self(text)
    }

    /// The password itself, to be kept and to be printed on the recovery kit.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RepositoryPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RepositoryPassword(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededEntropy;

    #[test]
    fn can_be_copied_from_paper_and_differs_each_time() {
        let password = RepositoryPassword::generate(&SeededEntropy::new(1));
        let groups: Vec<&str> = password.reveal().split('-').collect();
        assert_eq!(groups.len(), 6);
        for group in groups {
            assert_eq!(group.len(), 5);
            assert!(
                group.bytes().all(|sign| ALPHABET.contains(&sign)),
                "{group}"
            );
        }
        assert_ne!(
            password,
            RepositoryPassword::generate(&SeededEntropy::new(2))
        );
        assert!(!format!("{password:?}").contains(password.reveal()));
    }
}
