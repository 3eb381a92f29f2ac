//! What we write, read by `rustic_core`: an implementation of the format that is not ours.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use proptest::{
    collection::vec,
    prelude::{ProptestConfig, any},
    prop_assert_eq, proptest,
};
use rustic_core::{
    Credentials, FileType, RepairIndexOptions, Repository as RusticRepository, RepositoryBackends,
    RepositoryOptions,
};

use crate::{
    RepositoryPassword,
    format::{
        id::Id,
        index::{BlobKind, IndexFile},
        pack::PackBuilder,
    },
    repository::{self, Adapter, Repository},
    store::{File, Folder, LocalStore, Store},
    testing::{SeededEntropy, SteppingClock},
};

fn create(folder: &Path) -> Repository {
    let store: Arc<dyn Store> = Arc::new(LocalStore::new(&folder.join("offsite")));
    let (password, state) = (RepositoryPassword::new("p"), folder.join("state"));
    let (clock, entropy) = (
        Arc::new(SteppingClock::new()),
        Arc::new(SeededEntropy::new(0)),
    );
    repository::create(store, "test", &password, &state, clock, entropy).unwrap()
}

fn indexes(repository: &Repository) -> Vec<Id> {
    let found = repository.store.list(Folder::Index).unwrap();
    found.into_iter().map(|(id, _)| id).collect()
}

proptest! {
    // Deriving the key takes most of the time.
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// rustic finds in our packs' headers what we would write into an index, and every blob's bytes.
    #[test]
    fn rustic_reads_our_packs(blobs in vec((vec(any::<u8>(), 0..5000), any::<bool>(), any::<bool>()), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let ours = create(folder.path());
        let mut expected = BTreeMap::new();
        let mut plain = BTreeMap::new();
        for kind in [BlobKind::Data, BlobKind::Tree] {
            let mut pack = PackBuilder::new(kind, Vec::new());
            for (bytes, compress, _) in blobs.iter().filter(|(_, _, tree)| *tree == (kind == BlobKind::Tree)) {
                let packed = compress.then(|| zstd::bulk::compress(bytes, 1).unwrap()).filter(|_| !bytes.is_empty());
                pack.add(Id::of(bytes), bytes, packed.as_deref(), &ours.cipher, ours.entropy.as_ref());
                plain.insert((kind == BlobKind::Tree, Id::of(bytes)), bytes.clone());
            }
            if pack.is_empty() {
                continue;
            }
            let sealed = pack.seal(&ours.cipher, ours.entropy.as_ref());
            ours.store.write(File::In(Folder::Data, sealed.index.id), &sealed.bytes.into()).unwrap();
            expected.insert(sealed.index.id, sealed.index.blobs);
        }

        let backends = RepositoryBackends::new(Arc::new(Adapter::new(ours.store.clone(), "test")), None);
        let rustic = RusticRepository::new(&RepositoryOptions::default().no_cache(true), &backends).unwrap();
        let rustic = rustic.open(&Credentials::password("p")).unwrap();
        rustic.repair_index(&RepairIndexOptions::default(), false).unwrap();

        // Its index, read by us.
        let mut found = BTreeMap::new();
        for id in indexes(&ours) {
            let index: IndexFile = ours.read_json(Folder::Index, id).unwrap();
            found.extend(index.packs.into_iter().map(|pack| (pack.id, pack.blobs)));
        }
        prop_assert_eq!(found, expected);
        // Our blobs, read by it.
        let rustic = rustic.to_indexed().unwrap();
        for ((tree, id), bytes) in plain {
            let kind = if tree { rustic_core::repofile::BlobType::Tree } else { rustic_core::repofile::BlobType::Data };
            prop_assert_eq!(rustic.cat_blob(kind, &id.to_string()).unwrap().to_vec(), bytes);
        }
        let keys = ours.store.list(Folder::Keys).unwrap();
        prop_assert_eq!(rustic.list::<rustic_core::repofile::KeyId>().unwrap().count(), keys.len());
        let config = rustic.cat_file(FileType::Config, "").unwrap();
        prop_assert_eq!(std::str::from_utf8(&config).unwrap().contains(&ours.id), true);
    }
}
