//! What a device's 2xx means.

use std::time::Duration;

use safelight_core::DeviceId;
use safelight_engine::{Command, NotAcknowledged, Quiet, Receipt, command::Meaning};

use crate::house::House;

/// Long enough for any machine; only ends a test that fails.
const PATIENT: Duration = Duration::from_secs(120);

fn offsite_device(house: &House) -> i64 {
    let phone = house.add_device("phone");
    house.run(Command::DeviceSet {
        device: "phone".into(),
        acknowledge: Some(Meaning::Offsite),
        tell_silence: None,
    });
    phone.id
}

async fn acknowledged(
    house: &House,
    device: i64,
    receipt: &Receipt,
    patience: Duration,
) -> Result<(), NotAcknowledged> {
    house
        .engine
        .acknowledged(DeviceId(device), receipt, patience)
        .await
}

#[tokio::test]
async fn home_is_answered_at_once_and_offsite_not_before_it_is_true() {
    let house = House::new();
    let home = house.add_device("home");
    let receipt = house.upload(home.id, "a.jpg", b"a").await.unwrap();
    // Without a look into the catalogue, hence at the first poll.
    let mut answer = std::pin::pin!(acknowledged(&house, home.id, &receipt, Duration::ZERO));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let answered = Future::poll(answer.as_mut(), &mut context);
    assert!(matches!(answered, std::task::Poll::Ready(Ok(()))));

    let phone = offsite_device(&house);
    let receipt = house.upload(phone, "b.jpg", b"b").await.unwrap();
    assert!(matches!(
        acknowledged(&house, phone, &receipt, PATIENT).await,
        Err(NotAcknowledged::NoDestination)
    ));
    let problems = house.status().problems;
    assert_eq!(
        (problems[0].kind.as_str(), problems[0].path.as_str()),
        ("no-destination", "phone")
    );

    house.add_folder_destination("offsite");
    assert_eq!(house.status().problems, []);
    assert!(matches!(
        acknowledged(&house, phone, &receipt, Duration::ZERO).await,
        Err(NotAcknowledged::NotYet)
    ));
    house.back_up();
    // The phone sends the same bytes again.
    let again = house.upload(phone, "b.jpg", b"b").await.unwrap();
    acknowledged(&house, phone, &again, Duration::ZERO)
        .await
        .unwrap();
    acknowledged(&house, phone, &receipt, Duration::ZERO)
        .await
        .unwrap();
}

#[tokio::test]
async fn uploads_that_wait_have_a_backup_made_and_share_it() {
    let house = House::new();
    house.add_folder_destination("offsite");
    let phone = offsite_device(&house);
    house.engine.start().unwrap();
    let mut receipts = Vec::new();
    for number in 0..8_u8 {
        let name = format!("{number}.jpg");
        receipts.push(house.upload(phone, &name, &[number]).await.unwrap());
    }
    let mut waiting = tokio::task::JoinSet::new();
    for receipt in receipts {
        let engine = house.engine.clone();
        waiting.spawn(async move {
            let answer = engine
                .acknowledged(DeviceId(phone), &receipt, PATIENT)
                .await;
            let asker = safelight_engine::Asker::Owner;
            let safe = engine.receipt(asker, receipt.asset).unwrap().unwrap().safe;
            answer.map(|()| safe)
        });
    }
    for answer in waiting.join_all().await {
        assert!(answer.unwrap(), "acknowledged, and not safe");
    }
    house.engine.shut_down().unwrap();
    let snapshots = std::fs::read_dir(house.dir.path().join("offsite/snapshots"))
        .unwrap()
        .count();
    // The scheduled backup may have made one before those who wait had theirs.
    assert!(snapshots <= 3, "{snapshots} snapshots for 8 photos");
}

#[tokio::test]
async fn a_held_answer_hears_of_a_revocation_and_of_a_change_of_mind() {
    let house = House::new();
    house.add_folder_destination("offsite");
    for revoked in [true, false] {
        let phone = offsite_device(&house);
        let receipt = house.upload(phone, "b.jpg", b"b").await.unwrap();
        let hold = acknowledged(&house, phone, &receipt, PATIENT);
        let engine = house.engine.clone();
        let decide = tokio::task::spawn_blocking(move || {
            let command = if revoked {
                Command::DeviceRevoke { id: phone }
            } else {
                Command::DeviceSet {
                    device: "phone-2".into(),
                    acknowledge: Some(Meaning::Home),
                    tell_silence: None,
                }
            };
            engine.run(command, &Quiet).unwrap();
        });
        let (answer, decided) = tokio::join!(hold, decide);
        decided.unwrap();
        match answer {
            Err(NotAcknowledged::Revoked) => assert!(revoked),
            Ok(()) => assert!(!revoked),
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn an_upload_under_way_ends_with_its_devices_access() {
    let house = House::new();
    let phone = house.add_device("phone");
    let mut receiving = house
        .engine
        .receive(safelight_engine::UploadRequest {
            device: DeviceId(phone.id),
            path: safelight_core::DevicePath::parse("a.jpg").unwrap(),
            promised: None,
            checksum: None,
            modified: None,
            created: None,
            precondition: safelight_engine::Precondition::None,
            create_parents: true,
        })
        .await
        .unwrap();
    receiving
        .write(b"first half".as_slice().into())
        .await
        .unwrap();
    house.run(Command::DeviceRevoke { id: phone.id });
    assert!(receiving.finish().await.is_err());
    assert_eq!(house.status().photos, 0);
}
