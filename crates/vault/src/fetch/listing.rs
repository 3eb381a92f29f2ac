//! Which files a snapshot has.

use safelight_core::{LibraryPath, Timestamp};

use super::FileFailure;
use crate::{
    error::VaultError,
    format::{id::Id, snapshot::Snapshot, tree},
    repository::{BlobIndex, Repository},
    state,
};

/// A file of a snapshot.
pub(crate) struct Listed {
    pub(crate) path: String,
    pub(crate) size: u64,
    pub(crate) modified: Option<Timestamp>,
    pub(crate) content: Vec<Id>,
}

/// Finds a snapshot of ours by the beginning of its id, or the latest.
pub(crate) fn find(
    repository: &Repository,
    wish: Option<&str>,
) -> Result<(Id, Snapshot), VaultError> {
    let mut broken = Vec::new();
    let mut snapshots = repository.our_snapshots(&mut broken)?;
    if let Some(wish) = wish {
        snapshots.retain(|(id, _)| id.to_string().starts_with(wish) && wish.len() >= 4);
        // The beginning of two ids is as good as none.
        if snapshots.len() > 1 {
            snapshots.clear();
        }
    }
    match (snapshots.pop(), broken.pop()) {
        (Some(found), _) => Ok(found),
        (None, Some(broken)) => Err(repository.damaged(broken)),
        (None, None) => Err(VaultError::NoSnapshot {
            url: repository.url.clone(),
            wish: wish.unwrap_or("of Safelight's").to_owned(),
        }),
    }
}

/// Lists the files of a snapshot that are wished for (all, if `paths` is empty). What cannot be listed goes to
/// `failures`.
pub(crate) fn files(
    repository: &Repository,
    index: &BlobIndex,
    root: Id,
    paths: &[LibraryPath],
    failures: &mut Vec<FileFailure>,
) -> Result<Vec<Listed>, VaultError> {
    let wishes = Wishes::new(paths);
    let mut files = Vec::new();
    let mut waiting = vec![(String::new(), root)];
    while let Some((folder, id)) = waiting.pop() {
        let shown = |name: &str| {
            if name.is_empty() {
                "/".to_owned()
            } else {
                name.to_owned()
            }
        };
        let mut fail = |path: String, message: String| failures.push(FileFailure { path, message });
        let json = match index.read_tree(repository, id) {
            Ok((json, _)) => json,
            Err(VaultError::Damaged { what, .. }) => {
                fail(
                    shown(&folder),
                    format!("The folder's list cannot be read, so nothing in it: {what}"),
                );
                continue;
            }
            Err(error) => return Err(error),
        };
        let nodes = match tree::read_each(&json) {
            Ok(nodes) => nodes,
            Err(error) => {
                fail(
                    shown(&folder),
                    format!("The folder's list cannot be read, so nothing in it: {error}"),
                );
                continue;
            }
        };
        for node in nodes {
            let node = match node {
                Ok(node) => node,
                Err(error) => {
                    fail(
                        shown(&folder),
                        format!("An entry of this folder cannot be restored: {error}"),
                    );
                    continue;
                }
            };
            let path = state::join(&folder, &node.name);
            match (node.subtree, wishes.look(&path)) {
                (_, Wish::No) => {}
                (Some(subtree), _) => waiting.push((path, subtree)),
                (None, Wish::Below) => {}
                (None, Wish::Yes) if node.is_file() => files.push(Listed {
                    path,
                    size: node.size,
                    modified: node.modified(),
                    content: node.content.unwrap_or_default(),
                }),
                (None, Wish::Yes) => fail(
                    path,
                    format!("Neither a file nor a folder but a {}", node.kind),
                ),
            }
        }
    }
    Ok(files)
}

/// Which paths are wished for.
struct Wishes(Vec<String>);

enum Wish {
    No,
    /// Something below it is.
    Below,
    Yes,
}

impl Wishes {
    fn new(paths: &[LibraryPath]) -> Self {
        let mut all: Vec<String> = paths.iter().map(|path| path.as_str().to_owned()).collect();
        all.sort_unstable();
        Self(all)
    }

    fn look(&self, path: &str) -> Wish {
        let has = |path: &str| {
            self.0
                .binary_search_by(|wish| wish.as_str().cmp(path))
                .is_ok()
        };
        let above = path.match_indices('/').map(|(at, _)| &path[..at]);
        if self.0.is_empty() || has(path) || above.into_iter().any(has) {
            return Wish::Yes;
        }
        let below = format!("{path}/");
        let next = self
            .0
            .partition_point(|wish| wish.as_str() < below.as_str());
        if self
            .0
            .get(next)
            .is_some_and(|wish| wish.starts_with(&below))
        {
            Wish::Below
        } else {
            Wish::No
        }
    }
}

/// The wished paths that nothing was found for.
pub(crate) fn not_found(paths: &[LibraryPath], files: &[Listed], failures: &mut Vec<FileFailure>) {
    let mut found: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    found.sort_unstable();
    for path in paths {
        let path = path.as_str();
        let next = found.partition_point(|found| *found < path);
        let is_file = found.get(next) == Some(&path);
        let below = format!("{path}/");
        let next = found.partition_point(|found| *found < below.as_str());
        let is_folder = found
            .get(next)
            .is_some_and(|found| found.starts_with(&below));
        if !is_file && !is_folder && !failures.iter().any(|failure| failure.path == path) {
            failures.push(FileFailure {
                path: path.to_owned(),
                message: "The snapshot does not have it".to_owned(),
            });
        }
    }
}
