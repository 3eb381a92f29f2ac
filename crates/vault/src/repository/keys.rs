//! Making and opening repositories: `rustic_core` does it, and the master key is kept so that it is done once.

use std::{error::Error, fs, io, path::Path, sync::Arc};

use rustic_core::{
    ConfigOptions, Credentials, KeyOptions, OpenStatus, Repository as RusticRepository,
    RepositoryBackends, RepositoryOptions, RusticError, repofile::MasterKey,
};
use safelight_core::{Clock, Entropy};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Repository, adapter::Adapter};
use crate::{
    error::VaultError,
    format::{crypto::Cipher, file, id::Id},
    password::RepositoryPassword,
    store::{File, Folder, Store, StoreError, Trouble},
};

/// The file in the state folder with the master key.
const KEPT: &str = "key";
/// The only repository format that is written.
const VERSION: u32 = 2;

#[derive(Deserialize)]
struct Config {
    version: u32,
    id: String,
}

#[derive(Serialize, Deserialize)]
struct KeptKey {
    salt: String,
    /// A [`MasterKey`] as JSON, encrypted with the salted password.
    sealed: String,
}

/// Makes a repository.
pub(crate) fn create(
    store: Arc<dyn Store>,
    url: &str,
    password: &RepositoryPassword,
    state: &Path,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Repository, VaultError> {
    let there = store
        .size(File::Config)
        .map_err(|error| VaultError::from_store(url, error))?;
    if there.is_some() {
        return Err(VaultError::AlreadyThere {
            url: url.to_owned(),
        });
    }
    let opened = rustic(&store, url)?
        .init(
            &Credentials::password(password.reveal()),
            &KeyOptions::default()
                .hostname("safelight".to_owned())
                .username("safelight".to_owned()),
            // No options of rustic's own: the config holds what restic's holds, and nothing else.
            &ConfigOptions::default(),
        )
        .map_err(|error| from_rustic(url, "Creating a repository", &error))?;
    keep(state, password, &opened.key(), entropy.as_ref())
        .map_err(|error| state_error(url, state, &error))?;
    finish(store, url, &opened, clock, entropy)
}

/// Opens a repository.
pub(crate) fn open(
    store: Arc<dyn Store>,
    url: &str,
    password: &RepositoryPassword,
    state: &Path,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Repository, VaultError> {
    let sealed = store
        .read(File::Config)
        .map_err(|error| match error.trouble {
            Trouble::NotFound => VaultError::NotARepository {
                url: url.to_owned(),
                reason: "it has no file `config`".to_owned(),
            },
            _ => VaultError::from_store(url, error),
        })?;
    if let Some(cipher) = kept(state, password)
        && let Ok(config) = file::open_json::<Config>(&cipher, sealed)
    {
        return with_config(store, url, config, cipher, clock, entropy);
    }
    let opened = rustic(&store, url)?
        .open(&Credentials::password(password.reveal()))
        .map_err(|error| match error.is_code("C002") {
            true => no_key_fits(store.as_ref(), url),
            false => from_rustic(url, "Opening the repository", &error),
        })?;
    keep(state, password, &opened.key(), entropy.as_ref())
        .map_err(|error| state_error(url, state, &error))?;
    finish(store, url, &opened, clock, entropy)
}

fn rustic(store: &Arc<dyn Store>, url: &str) -> Result<RusticRepository<()>, VaultError> {
    let backends = RepositoryBackends::new(Arc::new(Adapter::new(Arc::clone(store), url)), None);
    RusticRepository::new(&RepositoryOptions::default().no_cache(true), &backends)
        .map_err(|error| from_rustic(url, "Opening the repository", &error))
}

fn finish(
    store: Arc<dyn Store>,
    url: &str,
    opened: &RusticRepository<OpenStatus>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Repository, VaultError> {
    let cipher = cipher(&opened.key()).ok_or_else(|| VaultError::Damaged {
        url: url.to_owned(),
        what: "the master key has a wrong length".to_owned(),
    })?;
    let config = Config {
        version: opened.config().version,
        id: opened.config().id.to_hex().as_str().to_owned(),
    };
    with_config(store, url, config, cipher, clock, entropy)
}

fn with_config(
    store: Arc<dyn Store>,
    url: &str,
    config: Config,
    cipher: Cipher,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<Repository, VaultError> {
    if config.version != VERSION {
        return Err(VaultError::NotARepository {
            url: url.to_owned(),
            reason: format!(
                "it has format version {}, not {VERSION}; `restic migrate upgrade_repo_v2` changes that",
                config.version
            ),
        });
    }
    Ok(Repository {
        url: url.to_owned(),
        id: config.id,
        store,
        cipher,
        entropy,
        clock,
    })
}

fn cipher(key: &MasterKey) -> Option<Cipher> {
    Cipher::new(&key.encrypt, &key.mac.k, &key.mac.r)
}

/// The key that protects the kept master key. One SHA-256 suffices: who can read the state folder can read the
/// password's own file beside it. What this is for is that a wrong password opens nothing.
fn wrapping(password: &RepositoryPassword, salt: &[u8]) -> Option<Cipher> {
    let half = |number: u8| {
        Sha256::new()
            .chain_update([number])
            .chain_update(salt)
            .chain_update(password.reveal())
            .finalize()
    };
    let second = half(2);
    Cipher::new(&half(1), &second[..16], &second[16..])
}

fn kept(state: &Path, password: &RepositoryPassword) -> Option<Cipher> {
    // Whatever is wrong with this file, the repository's own keys are asked instead.
    let kept: KeptKey = serde_json::from_slice(&fs::read(state.join(KEPT)).ok()?).ok()?;
    let wrapping = wrapping(password, &hex::decode(kept.salt).ok()?)?;
    let key: MasterKey = file::open_json(&wrapping, hex::decode(kept.sealed).ok()?).ok()?;
    cipher(&key)
}

fn keep(
    state: &Path,
    password: &RepositoryPassword,
    key: &MasterKey,
    entropy: &dyn Entropy,
) -> io::Result<()> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    let Some(wrapping) = wrapping(password, &salt) else {
        return Ok(());
    };
    let kept = KeptKey {
        salt: hex::encode(salt),
        sealed: hex::encode(file::seal_json(&wrapping, key, entropy)),
    };
    fs::create_dir_all(state)?;
    crate::state::replace_file(&state.join(KEPT), &serde_json::to_vec(&kept)?)
}

/// Tells a wrong password from keys that are damaged: a key's name is the SHA-256 of its file.
fn no_key_fits(store: &dyn Store, url: &str) -> VaultError {
    let damaged = |what: String| VaultError::Damaged {
        url: url.to_owned(),
        what,
    };
    let keys = match store.list(Folder::Keys) {
        Ok(keys) => keys,
        Err(error) => return VaultError::from_store(url, error),
    };
    if keys.is_empty() {
        return damaged("it has a config and no key".to_owned());
    }
    for (id, _) in keys {
        let file = File::In(Folder::Keys, id);
        match store.read(file) {
            Ok(bytes) if Id::of(&bytes) == id => {}
            Ok(_) => {
                return damaged(format!(
                    "{} was changed, so no password opens it",
                    file.path()
                ));
            }
            Err(error) => return VaultError::from_store(url, error),
        }
    }
    VaultError::WrongPassword {
        url: url.to_owned(),
    }
}

fn state_error(url: &str, state: &Path, error: &io::Error) -> VaultError {
    VaultError::Io {
        url: url.to_owned(),
        attempt: format!("Writing the key to {}", state.display()),
        reason: error.to_string(),
    }
}

fn from_rustic(url: &str, attempt: &str, error: &RusticError) -> VaultError {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(inner) = cause {
        if let Some(store) = inner.downcast_ref::<StoreError>() {
            return VaultError::from_store(url, store.clone());
        }
        cause = inner.source();
    }
    VaultError::Damaged {
        url: url.to_owned(),
        what: format!("{attempt} failed: {}", error.display_log()),
    }
}
