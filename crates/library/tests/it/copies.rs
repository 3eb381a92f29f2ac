//! Evidence, the rule of what is safe, and what must go offsite.

use jiff::Timestamp;
use safelight_core::{AssetId, CopyState, DestinationId, Evidence, Place, Proof, SafetyRule};
use safelight_library::{DestinationRow, Library, NewDestination, RowError, StoredPhoto, Whose};

use crate::support::{Home, check_tallies, device, dp, filing, found, lp, put};

pub(crate) fn destination(library: &Library, name: &str) -> DestinationRow {
    library
        .add_destination(NewDestination {
            name,
            url: "file:///backup",
            repository_id: "r",
        })
        .unwrap()
}

fn evidence(place: Place, state: CopyState, proof: Proof) -> Evidence {
    Evidence {
        place,
        state,
        proof,
        at: Timestamp::UNIX_EPOCH,
    }
}

/// Takes in what is pending, as a backup would.
pub(crate) fn back_up(library: &Library, to: DestinationId, snapshot: &str) -> usize {
    let pending = library.pending_offsite(to, AssetId(0), 1000).unwrap();
    let removals = library.pending_removals(to, 1000).unwrap();
    let stored: Vec<_> = pending
        .iter()
        .map(|photo| StoredPhoto {
            asset: photo.asset,
            home_read_back: true,
        })
        .collect();
    let removals: Vec<i64> = removals.iter().map(|(id, _)| *id).collect();
    library
        .finish_snapshot(to, snapshot, Timestamp::UNIX_EPOCH, &stored, &removals)
        .unwrap();
    stored.len()
}

#[test]
fn a_photo_becomes_safe_by_a_backup_that_read_it() {
    let home = Home::new();
    let library = home.ready();
    let early = put(&library, b"early", found("a.jpg")).unwrap();
    let cloud = destination(&library, "cloud");
    assert_eq!(cloud.pending, 1);
    home.clock.advance(60);
    let late = put(&library, b"late", found("b.jpg")).unwrap();
    let oldest = library.totals().unwrap().oldest_not_safe.unwrap();
    assert_eq!(oldest.0, early.asset);
    let pending = library.pending_offsite(cloud.id, AssetId(0), 10).unwrap();
    assert_eq!(
        pending
            .iter()
            .map(|p| (p.asset, p.size))
            .collect::<Vec<_>>(),
        [(early.asset, 5), (late.asset, 4)]
    );
    assert_eq!(pending[1].path, lp("2024/05/b.jpg"));
    let next = library.pending_offsite(cloud.id, early.asset, 10).unwrap();
    assert_eq!(next.len(), 1);
    check_tallies(&library);

    assert_eq!(back_up(&library, cloud.id, "s1"), 2);
    let totals = library.totals().unwrap();
    assert_eq!(
        (totals.safe, totals.not_yet_safe, totals.home_verified),
        (2, 0, 2)
    );
    assert_eq!(totals.oldest_not_safe, None);
    let row = library.destination_by_name("cloud").unwrap().unwrap();
    assert_eq!(
        (row.photos, row.pending, row.last_snapshot.as_deref()),
        (2, 0, Some("s1"))
    );
    assert_eq!(back_up(&library, cloud.id, "s2"), 0);
    check_tallies(&library);
}

#[test]
fn a_backup_that_did_not_read_home_back_is_not_enough() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"x", found("a.jpg")).unwrap();
    let cloud = destination(&library, "cloud").id;
    library.pending_offsite(cloud, AssetId(0), 10).unwrap();
    let stored = StoredPhoto {
        asset: receipt.asset,
        home_read_back: false,
    };
    library
        .finish_snapshot(cloud, "s", Timestamp::UNIX_EPOCH, &[stored], &[])
        .unwrap();
    assert_eq!(library.totals().unwrap().safe, 0);
    let home_read = evidence(Place::Home, CopyState::Good, Proof::ReadBack);
    library
        .record_evidence(&[(receipt.asset, home_read)])
        .unwrap();
    assert_eq!(library.totals().unwrap().safe, 1);
    assert_eq!(
        library
            .not_safe(Whose::Everybody, AssetId(0), 10)
            .unwrap()
            .len(),
        0
    );
    check_tallies(&library);
}

#[test]
fn bad_news_makes_unsafe_and_sends_the_photo_offsite_again() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"x", found("a.jpg")).unwrap();
    let cloud = destination(&library, "cloud").id;
    back_up(&library, cloud, "s1");
    for state in [CopyState::Missing, CopyState::Damaged] {
        let bad = evidence(Place::Offsite(cloud), state, Proof::ReadBack);
        library.record_evidence(&[(receipt.asset, bad)]).unwrap();
        assert_eq!(library.totals().unwrap().safe, 0);
        assert_eq!(library.destinations().unwrap()[0].pending, 1);
        check_tallies(&library);
    }
    // That it is listed says nothing about bytes that were found damaged.
    let listed = evidence(
        Place::Offsite(cloud),
        CopyState::Good,
        Proof::SnapshotCompared,
    );
    library.record_evidence(&[(receipt.asset, listed)]).unwrap();
    assert_eq!(library.totals().unwrap().safe, 0);
    // A backup that began before the damage was found says nothing either; the next sends the bytes anew.
    let listed = library.pending_offsite(cloud, AssetId(0), 10).unwrap();
    let bad = evidence(Place::Offsite(cloud), CopyState::Damaged, Proof::ReadBack);
    library.record_evidence(&[(receipt.asset, bad)]).unwrap();
    let stored = StoredPhoto {
        asset: listed[0].asset,
        home_read_back: true,
    };
    library
        .finish_snapshot(cloud, "s2", Timestamp::UNIX_EPOCH, &[stored], &[])
        .unwrap();
    assert_eq!(library.totals().unwrap().safe, 0);
    assert_eq!(back_up(&library, cloud, "s3"), 1);
    assert_eq!(library.totals().unwrap().safe, 1);
    let read = evidence(Place::Offsite(cloud), CopyState::Good, Proof::ReadBack);
    library.record_evidence(&[(receipt.asset, read)]).unwrap();
    assert_eq!(library.totals().unwrap().safe, 1);
    // A weaker proof does not take a stronger one's place.
    let weaker = evidence(
        Place::Offsite(cloud),
        CopyState::Good,
        Proof::SnapshotCompared,
    );
    library.record_evidence(&[(receipt.asset, weaker)]).unwrap();
    assert!(library.copies(receipt.asset).unwrap().contains(&read));
    check_tallies(&library);
}

#[test]
fn a_problem_of_one_destinations_copy_is_settled_by_that_copy_alone() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"x", found("a.jpg")).unwrap();
    let path = receipt.path.as_str();
    let (one, two) = (
        destination(&library, "one").id,
        destination(&library, "two").id,
    );
    for place in [one, two] {
        back_up(&library, place, "s1");
        let bad = evidence(Place::Offsite(place), CopyState::Damaged, Proof::ReadBack);
        library.record_evidence(&[(receipt.asset, bad)]).unwrap();
        library
            .raise_offsite_problem(place, "offsite-copy", path, "damaged")
            .unwrap();
    }
    library.raise_problem("offsite-copy", path, "home").unwrap();
    let left = || library.problems().unwrap().len();
    assert_eq!(left(), 3);
    back_up(&library, two, "s2");
    library.settle_offsite_problems(one).unwrap();
    assert_eq!(left(), 3);
    library.settle_offsite_problems(two).unwrap();
    assert_eq!(left(), 2);
    library.clear_problem("offsite-copy", path).unwrap();
    assert_eq!(left(), 1);
    library.remove_destination(one).unwrap();
    assert_eq!(left(), 0);
}

#[test]
fn the_owners_rule_judges_every_photo() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"x", found("a.jpg")).unwrap();
    let (one, two) = (
        destination(&library, "one").id,
        destination(&library, "two").id,
    );
    back_up(&library, one, "s");
    assert_eq!(library.totals().unwrap().safe, 1);
    let strict = SafetyRule {
        offsite_copies: 2,
        ..SafetyRule::default()
    };
    library.set_safety_rule(strict).unwrap();
    assert_eq!(library.totals().unwrap().safe, 0);
    back_up(&library, two, "s");
    assert!(library.asset(receipt.asset).unwrap().unwrap().safe);
    library.remove_destination(one).unwrap();
    assert_eq!(library.totals().unwrap().safe, 0);
    check_tallies(&library);
    drop(library);
    assert_eq!(home.ready().safety_rule(), strict);
}

#[test]
fn a_renamed_photo_goes_offsite_again_under_its_new_name() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let cloud = destination(&library, "cloud").id;
    put(&library, b"x", filing(phone, "x.tmp")).unwrap();
    back_up(&library, cloud, "s1");
    library
        .move_entry(phone, &dp("x.tmp"), &dp("x.jpg"), false)
        .unwrap();
    assert_eq!(library.totals().unwrap().safe, 0);
    let pending = library.pending_offsite(cloud, AssetId(0), 10).unwrap();
    assert_eq!(pending[0].path, lp("2024/05/x.jpg"));
    // As long as no snapshot has the photo under its new name, the old one is all there is.
    assert!(library.pending_removals(cloud, 10).unwrap().is_empty());
    back_up(&library, cloud, "s2");
    assert_eq!(library.totals().unwrap().safe, 1);
    let removals = library.pending_removals(cloud, 10).unwrap();
    assert_eq!(removals.len(), 1);
    assert_eq!(removals[0].1, lp("2024/05/x.tmp"));
    back_up(&library, cloud, "s3");
    assert!(library.pending_removals(cloud, 10).unwrap().is_empty());
    check_tallies(&library);
}

#[test]
fn a_rename_during_a_backup_is_not_lost() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let cloud = destination(&library, "cloud").id;
    let receipt = put(&library, b"x", filing(phone, "x.tmp")).unwrap();
    let listed = library.pending_offsite(cloud, AssetId(0), 10).unwrap();
    library
        .move_entry(phone, &dp("x.tmp"), &dp("x.jpg"), false)
        .unwrap();
    // Another photo takes the old name: the next snapshot has that one there.
    put(&library, b"y", filing(phone, "x.tmp")).unwrap();
    assert!(library.pending_removals(cloud, 10).unwrap().is_empty());
    let stored = StoredPhoto {
        asset: listed[0].asset,
        home_read_back: true,
    };
    library
        .finish_snapshot(cloud, "s1", Timestamp::UNIX_EPOCH, &[stored], &[])
        .unwrap();
    assert!(!library.asset(receipt.asset).unwrap().unwrap().safe);
    assert_eq!(library.destinations().unwrap()[0].pending, 2);
    assert_eq!(back_up(&library, cloud, "s2"), 2);
    assert_eq!(library.totals().unwrap().safe, 2);
    check_tallies(&library);
}

#[test]
fn destinations_have_their_own_names_and_numbers() {
    let home = Home::new();
    let library = home.ready();
    let first = destination(&library, "cloud");
    let again = NewDestination {
        name: "cloud",
        url: "",
        repository_id: "",
    };
    assert!(matches!(
        library.add_destination(again),
        Err(RowError::NameTaken(_))
    ));
    library.remove_destination(first.id).unwrap();
    assert!(matches!(
        library.remove_destination(first.id),
        Err(RowError::NoDestination(_))
    ));
    // A number is never used again: old evidence cannot be taken for a new destination's.
    assert!(destination(&library, "cloud").id > first.id);
    let nowhere = library.finish_snapshot(first.id, "s", Timestamp::UNIX_EPOCH, &[], &[]);
    assert!(matches!(nowhere, Err(RowError::NoDestination(_))));
    let second = library.destinations().unwrap()[0].id;
    library
        .destination_verified(second, Timestamp::UNIX_EPOCH)
        .unwrap();
    assert!(
        library.destinations().unwrap()[0]
            .last_verified_at
            .is_some()
    );
}

#[test]
fn evidence_about_an_unknown_photo_is_refused_as_a_whole() {
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"x", found("a.jpg")).unwrap();
    let read = evidence(Place::Home, CopyState::Good, Proof::ReadBack);
    assert!(
        library
            .record_evidence(&[(receipt.asset, read), (AssetId(99), read)])
            .is_err()
    );
    assert_eq!(library.totals().unwrap().home_verified, 0);
}

#[test]
fn evidence_about_an_offsite_copy_that_is_not_known_any_more_is_ignored() {
    let home = Home::new();
    let library = home.ready();
    let phone = device(&library, "phone");
    let renamed = put(&library, b"x", filing(phone, "x.tmp")).unwrap().asset;
    let kept = put(&library, b"y", filing(phone, "y.jpg")).unwrap().asset;
    let cloud = destination(&library, "cloud").id;
    back_up(&library, cloud, "s");
    // A verification saw both under their old paths, and comes to tell only now.
    library
        .move_entry(phone, &dp("x.tmp"), &dp("x.jpg"), false)
        .unwrap();
    let read = evidence(Place::Offsite(cloud), CopyState::Good, Proof::ReadBack);
    library
        .record_evidence(&[(renamed, read), (kept, read)])
        .unwrap();
    assert!(!library.asset(renamed).unwrap().unwrap().safe);
    assert!(library.asset(kept).unwrap().unwrap().safe);
    check_tallies(&library);

    library.remove_destination(cloud).unwrap();
    for state in [CopyState::Good, CopyState::Missing] {
        let late = evidence(Place::Offsite(cloud), state, Proof::ReadBack);
        library.record_evidence(&[(kept, late)]).unwrap();
        assert_eq!(library.copies(kept).unwrap().len(), 1);
        assert_eq!(library.totals().unwrap().safe, 0);
    }
    check_tallies(&library);
}

/// So many photos that they are not judged in one transaction.
const MANY: i64 = 5_000;

/// A catalogue of [`MANY`] photos that are all safe, by copies in one destination.
fn many_safe(home: &Home) -> (Library, DestinationId, rusqlite::Connection) {
    let library = home.ready();
    let cloud = destination(&library, "cloud").id;
    let direct = rusqlite::Connection::open(home.data().join("catalogue.sqlite")).unwrap();
    direct
        .execute_batch(&format!(
            "BEGIN;
             WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {MANY})
             INSERT INTO asset (hash, size, kind, path, folder_key, name_key, original_name, modified, added_at, safe)
             SELECT randomblob(32), 1, 'photo', 'x/' || n, 'x', n, n, 0, 0, 1 FROM number;
             INSERT INTO copy (asset, place, state, proof, at) SELECT id, 0, 'good', 'read-back', 0 FROM asset;
             INSERT INTO copy (asset, place, state, proof, at)
             SELECT id, {}, 'good', 'snapshot-compared', 0 FROM asset;
             COMMIT;",
            cloud.0
        ))
        .unwrap();
    assert_eq!(library.totals().unwrap().safe, MANY as u64);
    check_tallies(&library);
    (library, cloud, direct)
}

#[test]
fn what_concerns_every_photo_is_done_bit_by_bit_and_can_be_interrupted() {
    let home = Home::new();
    let (library, cloud, direct) = many_safe(&home);
    let fail_at_the_last = |on: bool| {
        direct
            .execute_batch(if on {
                "CREATE TRIGGER fail BEFORE UPDATE OF safe ON asset WHEN OLD.id > 4999
                 BEGIN SELECT raise(ABORT, 'as planned'); END"
            } else {
                "DROP TRIGGER fail"
            })
            .unwrap();
    };
    let safe = || library.totals().unwrap().safe;
    let row = || library.destinations().unwrap().remove(0);

    fail_at_the_last(true);
    let strict = SafetyRule {
        offsite_copies: 2,
        ..SafetyRule::default()
    };
    assert!(library.set_safety_rule(strict).is_err());
    assert!((1..MANY as u64).contains(&safe()));
    assert_eq!(library.safety_rule(), SafetyRule::default());
    fail_at_the_last(false);
    library.set_safety_rule(strict).unwrap();
    assert_eq!(safe(), 0);
    library.set_safety_rule(SafetyRule::default()).unwrap();
    assert_eq!(safe(), MANY as u64);

    fail_at_the_last(true);
    let at = Timestamp::UNIX_EPOCH;
    assert!(library.snapshot_lost(cloud, at).is_err());
    let left = safe();
    assert!((1..MANY as u64).contains(&left));
    // What does not count as being there waits to go there.
    assert_eq!((row().photos, row().pending), (left, MANY as u64 - left));
    assert!(library.remove_destination(cloud).is_err());
    assert_eq!((safe(), row().photos), (left, left));
    check_tallies(&library);
    fail_at_the_last(false);
    library.snapshot_lost(cloud, at).unwrap();
    assert_eq!((safe(), row().pending), (0, MANY as u64));
    library.remove_destination(cloud).unwrap();
    assert_eq!((safe(), library.destinations().unwrap().len()), (0, 0));
    check_tallies(&library);
}

#[test]
fn photos_are_found_by_place() {
    let home = Home::new();
    let library = home.ready();
    for (name, year) in [
        ("a.jpg", 2023),
        ("b.jpg", 2024),
        ("C.jpg", 2024),
        ("d.jpg", 2025),
    ] {
        let mut filing = found(name);
        filing.captured = Some(crate::support::taken(year, 5, 1));
        put(&library, name.as_bytes(), filing).unwrap();
    }
    let under = |folder: &str, after: Option<&str>, limit| {
        let after = after.map(lp);
        let found = library.assets_under(folder, after.as_ref(), limit).unwrap();
        found
            .iter()
            .map(|asset| asset.path.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(under("2024", None, 10), ["2024/05/b.jpg", "2024/05/C.jpg"]);
    assert_eq!(
        under("2024/05", Some("2024/05/b.jpg"), 10),
        ["2024/05/C.jpg"]
    );
    assert_eq!(under("", None, 2), ["2023/05/a.jpg", "2024/05/b.jpg"]);
    assert_eq!(
        under("", Some("2024/05/b.jpg"), 2),
        ["2024/05/C.jpg", "2025/05/d.jpg"]
    );
    assert!(under("202", None, 10).is_empty());
    assert!(under("..", None, 10).is_empty());
    assert!(
        library
            .asset_by_path(&lp("2024/05/C.jpg"))
            .unwrap()
            .is_some()
    );
    assert!(
        library
            .asset_by_path(&lp("2024/05/c.jpg"))
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_home_copy_is_checked_against_its_bytes_its_size_and_its_time() {
    use safelight_library::HomeCheck;
    use std::fs;
    let home = Home::new();
    let library = home.ready();
    let receipt = put(&library, b"precious", found("a.jpg")).unwrap();
    let check = || library.verify_home(receipt.asset).unwrap();
    assert!(matches!(check(), HomeCheck::Good));
    let path = home.root().join("2024/05/a.jpg");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, "preciouX").unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(time)
        .unwrap();
    assert!(matches!(check(), HomeCheck::Damaged { found } if found != receipt.hash));
    fs::write(&path, "preciouX").unwrap();
    assert!(
        matches!(check(), HomeCheck::Changed { .. }),
        "its time has changed"
    );
    fs::write(&path, "shorter").unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(time)
        .unwrap();
    assert!(
        matches!(check(), HomeCheck::Changed { .. }),
        "its size has changed"
    );
    fs::remove_file(&path).unwrap();
    assert!(matches!(check(), HomeCheck::Missing));
    fs::create_dir(&path).unwrap();
    assert!(matches!(check(), HomeCheck::Unreadable(_)));
    #[cfg(target_os = "linux")]
    {
        // A file whose first page no disk has.
        fs::remove_dir(&path).unwrap();
        std::os::unix::fs::symlink("/proc/self/mem", &path).unwrap();
        assert!(matches!(check(), HomeCheck::Failing(_)));
    }
    // Nothing of it was noted.
    assert_eq!(
        library.copies(receipt.asset).unwrap()[0].state,
        CopyState::Good
    );
    assert!(library.verify_home(AssetId(77)).is_err());
}
