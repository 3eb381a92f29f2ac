//! Who is let in.

use jiff::SignedDuration;
use safelight_engine::{AccessError, Command, EngineError};

use crate::house::{HERE, House};

#[tokio::test]
async fn a_device_is_known_by_password_and_by_token_until_revoked() {
    let house = House::new();
    let phone = house.add_device("Anna's phone");
    assert_eq!(phone.user, "annas-phone");
    for _ in 0..2 {
        let device = house
            .engine
            .device_by_password(&phone.user, &phone.password, HERE)
            .await
            .unwrap();
        assert_eq!(device.id.0, phone.id);
    }
    house
        .engine
        .device_by_token(&phone.token, HERE)
        .await
        .unwrap();
    house.run(Command::DeviceRevoke { id: phone.id });
    assert!(matches!(
        house
            .engine
            .device_by_password(&phone.user, &phone.password, HERE)
            .await,
        Err(AccessError::Wrong)
    ));
    assert!(matches!(
        house.engine.device_by_token(&phone.token, HERE).await,
        Err(AccessError::Wrong)
    ));
}

#[tokio::test]
async fn wrong_tries_are_slowed_down_and_time_heals() {
    let house = House::new();
    let phone = house.add_device("phone");
    let mut slowed = None;
    for _ in 0..10 {
        match house
            .engine
            .device_by_password(&phone.user, "wrong", HERE)
            .await
        {
            Err(AccessError::Wrong) => {}
            Err(AccessError::SlowDown { retry_after }) => {
                slowed = Some(retry_after);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(
        slowed.is_some_and(|wait| wait.as_secs() <= 60),
        "{slowed:?}"
    );
    let elsewhere = "192.0.2.1".parse().unwrap();
    house
        .engine
        .device_by_password(&phone.user, &phone.password, elsewhere)
        .await
        .unwrap();
    house.clock.advance(SignedDuration::from_secs(61));
    house
        .engine
        .device_by_password(&phone.user, &phone.password, HERE)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_owner_signs_in_and_out() {
    let house = House::new();
    assert!(!house.engine.owner_is_set().unwrap());
    assert!(matches!(
        house.engine.sign_in("", "anything".into(), HERE).await,
        Err(AccessError::Wrong)
    ));
    assert!(matches!(
        house.engine.set_owner_password("short".into()).await,
        Err(EngineError::Invalid(_))
    ));
    house
        .engine
        .set_owner_password("correct horse".into())
        .await
        .unwrap();
    let cookie = house
        .engine
        .sign_in("", "correct horse".into(), HERE)
        .await
        .unwrap()
        .0;
    let session = house.engine.session(&cookie, HERE).unwrap().unwrap();
    assert_ne!(session.csrf, cookie);
    house.engine.sign_out(&cookie).unwrap();
    assert!(house.engine.session(&cookie, HERE).unwrap().is_none());
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let house = House::new();
    house
        .engine
        .set_owner_password("correct horse".into())
        .await
        .unwrap();
    let cookie = house
        .engine
        .sign_in("", "correct horse".into(), HERE)
        .await
        .unwrap()
        .0;
    house.clock.advance(SignedDuration::from_hours(24 * 31));
    assert!(house.engine.session(&cookie, HERE).unwrap().is_none());
}

#[test]
fn secrets_are_stored_hashed() {
    let house = House::new();
    let phone = house.add_device("phone");
    let mut stored = std::fs::read(house.data().join("catalogue.sqlite")).unwrap();
    stored.extend(std::fs::read(house.data().join("catalogue.sqlite-wal")).unwrap_or_default());
    for secret in [&phone.password, &phone.token] {
        assert!(
            !stored
                .windows(secret.len())
                .any(|window| window == secret.as_bytes())
        );
    }
    assert!(stored.windows(9).any(|window| window == b"$argon2id"));
}

#[tokio::test]
async fn an_endless_name_is_refused_without_a_look() {
    let house = House::new();
    let name = "x".repeat(200_000);
    for _ in 0..20 {
        let refused = house.engine.device_by_password(&name, "wrong", HERE).await;
        assert!(matches!(refused, Err(AccessError::Wrong)), "{refused:?}");
    }
}
