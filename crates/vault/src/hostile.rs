//! Trees that somebody else made, with the key, to lead a restore elsewhere.

use std::{fs, sync::Arc};

use serde_json::json;

use crate::{
    RepositoryPassword, Restore, Vault,
    format::{
        id::Id,
        index::{BlobKind, IndexFile},
        pack::PackBuilder,
        snapshot::{HOSTNAME, Snapshot, TAG},
    },
    repository::{self, Repository},
    store::{File, Folder, LocalStore, Store},
    testing::{SeededEntropy, SteppingClock},
};

/// A repository with one snapshot: a good photo, and `node` beside it.
fn repository_with(folder: &std::path::Path, node: &serde_json::Value) -> Vault {
    let store: Arc<dyn Store> = Arc::new(LocalStore::new(&folder.join("offsite")));
    let (password, state) = (RepositoryPassword::new("p"), folder.join("state"));
    let (clock, entropy) = (
        Arc::new(SteppingClock::new()),
        Arc::new(SeededEntropy::new(0)),
    );
    let repository = repository::create(store, "test", &password, &state, clock, entropy).unwrap();
    let good = b"a good photo";
    let data = store_pack(&repository, BlobKind::Data, good);
    let good_node =
        json!({"name": "good.jpg", "type": "file", "size": good.len(), "content": [data]});
    let list = serde_json::to_vec(&json!({"nodes": [good_node, node]})).unwrap();
    let tree = store_pack(&repository, BlobKind::Tree, &list);
    let snapshot = Snapshot {
        time: "2024-01-01T00:00:00Z".to_owned(),
        parent: None,
        tree,
        paths: None,
        hostname: HOSTNAME.to_owned(),
        username: String::new(),
        tags: Some(vec![TAG.to_owned()]),
        program_version: String::new(),
        summary: None,
    };
    repository.write_json(Folder::Snapshots, &snapshot).unwrap();
    Vault::of(repository, &state)
}

fn store_pack(repository: &Repository, kind: BlobKind, plain: &[u8]) -> Id {
    let id = Id::of(plain);
    let mut pack = PackBuilder::new(kind, Vec::new());
    pack.add(
        id,
        plain,
        None,
        &repository.cipher,
        repository.entropy.as_ref(),
    );
    let sealed = pack.seal(&repository.cipher, repository.entropy.as_ref());
    repository
        .store
        .write(
            File::In(Folder::Data, sealed.index.id),
            &sealed.bytes.into(),
        )
        .unwrap();
    repository
        .write_json(
            Folder::Index,
            &IndexFile {
                packs: vec![sealed.index],
            },
        )
        .unwrap();
    id
}

#[test]
fn names_that_lead_elsewhere_are_refused_and_the_rest_comes_back() {
    let photo = Id::of(b"a good photo");
    let file = |name: &str| json!({"name": name, "type": "file", "size": 12, "content": [photo]});
    let evil = [
        file("../escaped"),
        file(".."),
        file("."),
        file(""),
        file("/etc/escaped"),
        file("a/b"),
        file("nul\\x00byte"),
        file("\\u002e\\u002e"),
        json!({"name": "..", "type": "dir", "subtree": photo}),
        json!({"name": "link", "type": "symlink", "linktarget": "/etc"}),
        json!({"name": "lying.jpg", "type": "file", "size": 5, "content": [photo]}),
        json!({"name": "nothing.jpg", "type": "file", "size": 5, "content": [Id::of(b"nowhere")]}),
        json!({"name": "loop", "type": "dir", "subtree": Id::of(b"no list")}),
        json!({"type": "file"}),
    ];
    for node in evil {
        let folder = tempfile::tempdir().unwrap();
        let vault = repository_with(folder.path(), &node);
        let to = folder.path().join("a/b/target");
        let request = Restore {
            snapshot: None,
            paths: &[],
            also: &[],
            to: &to,
        };
        let report = vault.restore(&request, &()).unwrap();
        assert_eq!(
            (report.files, report.failures.len()),
            (1, 1),
            "{node} {:?}",
            report.failures
        );
        let there: Vec<_> = fs::read_dir(&to)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(there, ["good.jpg"], "{node}");
        assert_eq!(
            fs::read_dir(folder.path().join("a/b")).unwrap().count(),
            1,
            "{node}"
        );
    }
}
