//! A repository in a bucket of an S3-compatible store.

use std::{future::Future, sync::mpsc, time::Duration};

use bytes::Bytes;
use opendal::{ErrorKind, Operator, options, services::S3};
use tokio::runtime::Runtime;

use super::{File, Folder, Store, StoreError, Trouble};
use crate::{config::S3Keys, format::id::Id};

/// How long one request may take. A pack of 17 MiB passes a line of 0.5 Mbit/s in this time.
const REQUEST_TIME: Duration = Duration::from_secs(5 * 60);
/// The waits between attempts, so that a restarting server or a router's hiccup is not yet a failure.
const WAITS: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_millis(800),
    Duration::from_secs(3),
    Duration::from_secs(8),
    Duration::from_secs(20),
];
/// Only the first waits are spent on a server that nobody has reached yet: a wrong address should be told at once.
const FIRST_CONTACT_WAITS: usize = 2;

/// A repository in a bucket.
pub(crate) struct S3Store {
    operator: Operator,
    /// `None` only while it is being dropped.
    runtime: Option<Runtime>,
}

impl S3Store {
    /// The repository below `prefix` in `bucket`.
    pub(crate) fn new(
        bucket: &str,
        prefix: &str,
        endpoint: Option<&str>,
        region: Option<&str>,
        keys: Option<&S3Keys>,
    ) -> Result<Self, StoreError> {
        // The HTTP client; may be asked for any number of times.
        opendal::install_default();
        let region = region.unwrap_or("us-east-1");
        let mut builder = S3::default()
            .bucket(bucket)
            .root(&format!("/{prefix}"))
            .region(region)
            .disable_config_load()
            .disable_ec2_metadata();
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint(endpoint);
        }
        builder = match keys {
            Some(keys) => builder
                .access_key_id(&keys.access_key_id)
                .secret_access_key(&keys.secret_access_key),
            None => builder.skip_signature(),
        };
        let operator = Operator::new(builder)
            .map_err(|error| failure("Preparing access to the bucket", &error))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("vault-s3")
            .enable_all()
            .build()
            .map_err(|error| StoreError {
                trouble: Trouble::Other,
                attempt: "Starting the threads for the network".to_owned(),
                reason: error.to_string(),
            })?;
        Ok(Self {
            operator,
            runtime: Some(runtime),
        })
    }

    /// Does one request, again if it failed in passing, and waits for its end.
    ///
    /// The work is done on the runtime's own threads, so that the caller may be any thread, even one of another
    /// runtime.
    fn run<T, F>(
        &self,
        attempt: &str,
        request: impl Fn(Operator) -> F + Send + Sync + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Future<Output = opendal::Result<T>> + Send + 'static,
    {
        let (answer, wait) = mpsc::sync_channel(1);
        let operator = self.operator.clone();
        let stopped = || StoreError {
            trouble: Trouble::Other,
            attempt: attempt.to_owned(),
            reason: "the network threads have stopped".to_owned(),
        };
        let runtime = self.runtime.as_ref().ok_or_else(stopped)?;
        let task_attempt = attempt.to_owned();
        runtime.spawn(async move {
            // The receiver waits below; if its thread is gone there is nobody to tell.
            drop(answer.send(with_patience(&task_attempt, || request(operator.clone())).await));
        });
        wait.recv().map_err(|_| stopped())?
    }
}

async fn with_patience<T, F>(attempt: &str, request: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = opendal::Result<T>>,
{
    let mut waits = WAITS.iter();
    loop {
        let error = match tokio::time::timeout(REQUEST_TIME, request()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => {
                let passing = error.is_temporary() || error.kind() == ErrorKind::RateLimited;
                let failure = failure(attempt, &error);
                if !passing {
                    return Err(failure);
                }
                failure
            }
            Err(_) => StoreError {
                trouble: Trouble::Unreachable,
                attempt: attempt.to_owned(),
                reason: format!("no answer within {} seconds", REQUEST_TIME.as_secs()),
            },
        };
        match waits.next() {
            Some(wait)
                if !is_refused(&error) || waits.len() + FIRST_CONTACT_WAITS >= WAITS.len() =>
            {
                tokio::time::sleep(*wait).await;
            }
            _ => return Err(error),
        }
    }
}

/// Whether nobody listens at the address, or it has no address: waiting long rarely helps.
fn is_refused(error: &StoreError) -> bool {
    error.reason.contains("onnection refused") || error.reason.contains("dns error")
}

impl Store for S3Store {
    fn prepare(&self) -> Result<(), StoreError> {
        Ok(()) // A bucket has no folders.
    }

    fn list(&self, folder: Folder) -> Result<Vec<(Id, u64)>, StoreError> {
        let entries = self.run(
            &format!("Listing {}", folder.name()),
            move |operator| async move {
                let path = format!("{}/", folder.name());
                let all = options::ListOptions {
                    recursive: true,
                    ..options::ListOptions::default()
                };
                operator.list_options(&path, all).await
            },
        )?;
        let id_of = |entry: &opendal::Entry| {
            Some((
                entry.name().parse().ok()?,
                entry.metadata().content_length(),
            ))
        };
        Ok(entries.iter().filter_map(id_of).collect())
    }

    fn size(&self, file: File) -> Result<Option<u64>, StoreError> {
        let found = self.run(
            &format!("Looking at {}", file.path()),
            move |operator| async move { operator.stat(&file.path()).await },
        );
        match found {
            Ok(metadata) => Ok(Some(metadata.content_length())),
            Err(error) if error.trouble == Trouble::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn read(&self, file: File) -> Result<Vec<u8>, StoreError> {
        self.run(
            &format!("Reading {}", file.path()),
            move |operator| async move { Ok(operator.read(&file.path()).await?.to_vec()) },
        )
    }

    fn read_range(&self, file: File, offset: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        let attempt = format!("Reading {}", file.path());
        let bytes = self.run(&attempt, move |operator| async move {
            let path = file.path();
            let range = operator
                .read_with(&path)
                .range(offset..offset + length as u64);
            Ok(range.await?.to_vec())
        })?;
        if bytes.len() == length {
            return Ok(bytes);
        }
        Err(StoreError {
            trouble: Trouble::TooShort,
            attempt,
            reason: format!("{} bytes came instead of {length}", bytes.len()),
        })
    }

    fn write(&self, file: File, bytes: &Bytes) -> Result<(), StoreError> {
        let bytes = bytes.clone();
        self.run(&format!("Writing {}", file.path()), move |operator| {
            let bytes = bytes.clone();
            async move { operator.write(&file.path(), bytes).await.map(|_| ()) }
        })
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(()) // An S3 store answers when the object is safe, name and all.
    }

    fn remove(&self, file: File) -> Result<(), StoreError> {
        self.run(
            &format!("Removing {}", file.path()),
            move |operator| async move { operator.delete(&file.path()).await },
        )
    }

    fn parallel(&self) -> usize {
        6
    }
}

impl Drop for S3Store {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // A plain drop would panic on a thread of another runtime.
            runtime.shutdown_background();
        }
    }
}

fn failure(attempt: &str, error: &opendal::Error) -> StoreError {
    // Only the innermost text: opendal's own Display repeats the request with its context over many lines.
    let mut reason = error.message().to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    let says = |word: &str| reason.contains(word);
    let trouble = if says("NoSuchBucket") {
        Trouble::NoPlace
    } else if says("InvalidAccessKeyId")
        || says("SignatureDoesNotMatch")
        || says("AccessDenied")
        || says("Forbidden")
    {
        Trouble::Denied
    } else if says("QuotaExceeded")
        || says("InsufficientStorage")
        || says("XMinioStorageFull")
        || says("EntityTooLarge")
    {
        Trouble::Full
    } else {
        match error.kind() {
            ErrorKind::NotFound => Trouble::NotFound,
            ErrorKind::PermissionDenied => Trouble::Denied,
            ErrorKind::RangeNotSatisfied => Trouble::TooShort,
            ErrorKind::RateLimited => Trouble::Unreachable,
            _ if error.is_temporary() || error.is_persistent() || says("error sending request") => {
                Trouble::Unreachable
            }
            _ => Trouble::Other,
        }
    };
    StoreError {
        trouble,
        attempt: attempt.to_owned(),
        reason: servers_words(&reason).unwrap_or(reason),
    }
}

/// What the server itself said, out of `S3Error { code: "…", message: "…", … }`.
fn servers_words(reason: &str) -> Option<String> {
    let value = |key| Some(reason.split_once(key)?.1.split_once('"')?.0);
    let (code, message) = (value("code: \"")?, value("message: \"")?);
    Some(if message.is_empty() {
        code.to_owned()
    } else {
        format!("{code}: {message}")
    })
}
