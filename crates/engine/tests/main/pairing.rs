//! Phones that are let in by a code, or by the owner's word.

use std::net::{IpAddr, Ipv4Addr};

use jiff::SignedDuration;
use safelight_engine::{AccessError, Command, EngineError, Grant, Invitation};

use crate::house::{HERE, House};

fn code(house: &House, id: i64) -> String {
    match house.engine.invitation(safelight_engine::Asker::Owner, id) {
        Some(Invitation::Open { code, .. }) => code,
        other => panic!("not open: {other:?}"),
    }
}

#[tokio::test]
async fn a_code_is_good_once_and_only_for_its_user() {
    let house = House::new();
    let phone = house.add_device("phone");
    house
        .engine
        .invite(safelight_engine::Asker::Owner, phone.id)
        .unwrap();
    let code = code(&house, phone.id);
    assert_eq!(
        house.engine.invited(safelight_engine::Asker::Owner),
        [(phone.id, "phone".to_owned())]
    );
    let engine = &house.engine;
    for (user, tried) in [(Some("other"), &*code), (Some("phone"), "x"), (None, "")] {
        let refused = engine.accept_invitation(user, tried, HERE).await;
        assert!(
            matches!(refused, Err(AccessError::Wrong)),
            "{user:?} {tried}"
        );
    }
    let renewed = engine
        .accept_invitation(Some("phone"), &code, HERE)
        .await
        .unwrap();
    assert_eq!((renewed.id, &*renewed.user), (phone.id, "phone"));
    assert_eq!(
        engine.invitation(safelight_engine::Asker::Owner, phone.id),
        Some(Invitation::Accepted)
    );
    let again = engine.accept_invitation(Some("phone"), &code, HERE).await;
    assert!(matches!(again, Err(AccessError::Wrong)));
    assert!(
        engine.invited(safelight_engine::Asker::Owner).is_empty() && !engine.is_invitation(&code)
    );

    let old = engine
        .device_by_password("phone", &phone.password, HERE)
        .await;
    assert!(matches!(old, Err(AccessError::Wrong)));
    assert!(engine.device_by_token(&phone.token, HERE).await.is_err());
    assert_eq!(
        engine.invitation(safelight_engine::Asker::Owner, phone.id),
        Some(Invitation::Accepted)
    );
    engine
        .device_by_password("phone", &renewed.password, HERE)
        .await
        .unwrap();
    assert_eq!(
        engine.invitation(safelight_engine::Asker::Owner, phone.id),
        Some(Invitation::Connected)
    );
    engine.device_by_token(&renewed.token, HERE).await.unwrap();
}

#[tokio::test]
async fn a_code_does_not_last() {
    let house = House::new();
    let phone = house.add_device("phone");
    house
        .engine
        .invite(safelight_engine::Asker::Owner, phone.id)
        .unwrap();
    let code = code(&house, phone.id);
    house.clock.advance(SignedDuration::from_secs(14 * 60 + 59));
    let Some(Invitation::Open { minutes, .. }) = house
        .engine
        .invitation(safelight_engine::Asker::Owner, phone.id)
    else {
        panic!("over too early")
    };
    assert_eq!(minutes, 1);
    house.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(
        house
            .engine
            .invitation(safelight_engine::Asker::Owner, phone.id),
        None
    );
    let late = house.engine.accept_invitation(None, &code, HERE).await;
    assert!(matches!(late, Err(AccessError::Wrong)));
    house
        .engine
        .device_by_password("phone", &phone.password, HERE)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_device_that_was_removed_is_not_invited() {
    let house = House::new();
    let phone = house.add_device("phone");
    house
        .engine
        .invite(safelight_engine::Asker::Owner, phone.id)
        .unwrap();
    let code = code(&house, phone.id);
    house.run(Command::DeviceRevoke { id: phone.id });
    assert_eq!(
        house
            .engine
            .invitation(safelight_engine::Asker::Owner, phone.id),
        None
    );
    let late = house.engine.accept_invitation(None, &code, HERE).await;
    assert!(matches!(late, Err(AccessError::Wrong)));
    for id in [phone.id, 99] {
        let refused = house.engine.invite(safelight_engine::Asker::Owner, id);
        assert!(matches!(refused, Err(EngineError::NotFound(_))), "{id}");
    }
}

#[tokio::test]
async fn a_granted_app_is_told_its_password_once() {
    let house = House::new();
    let engine = &house.engine;
    let flow = engine.begin_login("An app\u{7}", "http://nas:8420", HERE);
    assert!(engine.poll_login(&flow.poll_token).is_none());
    assert!(engine.poll_login(&flow.page_token).is_none());
    assert!(engine.login_request(&flow.poll_token).is_none());
    let request = engine.login_request(&flow.page_token).unwrap();
    assert_eq!((&*request.client, request.from), ("An app", HERE));

    let nameless = engine
        .grant_login(
            safelight_engine::Asker::Owner,
            &flow.page_token,
            Grant::New(" ".into()),
        )
        .await;
    assert!(matches!(nameless, Err(EngineError::Invalid(_))));
    let uninvited = engine
        .grant_login(
            safelight_engine::Asker::Owner,
            &flow.page_token,
            Grant::Invited(1),
        )
        .await;
    assert!(matches!(uninvited, Err(EngineError::NotFound(_))));
    let (first, second) = tokio::join!(
        engine.grant_login(
            safelight_engine::Asker::Owner,
            &flow.page_token,
            Grant::New("phone".into())
        ),
        engine.grant_login(
            safelight_engine::Asker::Owner,
            &flow.page_token,
            Grant::New("phone".into())
        ),
    );
    assert!(first.is_ok() && matches!(second, Err(EngineError::NotFound(_))));
    assert_eq!(engine.devices().unwrap().len(), 1);

    let granted = engine.poll_login(&flow.poll_token).unwrap();
    assert_eq!(
        (&*granted.server, &*granted.user),
        ("http://nas:8420", "phone")
    );
    assert!(engine.poll_login(&flow.poll_token).is_none());
    engine
        .device_by_password("phone", &granted.password, HERE)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_app_that_nobody_answers_is_forgotten() {
    let house = House::new();
    let engine = &house.engine;
    let waiting = engine.begin_login("", "http://nas", HERE);
    let granted = engine.begin_login("", "http://nas", HERE);
    engine
        .grant_login(
            safelight_engine::Asker::Owner,
            &granted.page_token,
            Grant::New("phone".into()),
        )
        .await
        .unwrap();
    house.clock.advance(SignedDuration::from_mins(20));
    assert!(engine.login_request(&waiting.page_token).is_none());
    assert!(engine.poll_login(&granted.poll_token).is_none());
}

#[test]
fn apps_that_begin_again_and_again_take_bounded_memory() {
    let house = House::new();
    let engine = &house.engine;
    let flows: Vec<_> = (0..6)
        .map(|_| engine.begin_login("x", "http://nas", HERE))
        .collect();
    let waits: Vec<bool> = flows
        .iter()
        .map(|flow| engine.login_request(&flow.page_token).is_some())
        .collect();
    assert_eq!(waits, [false, true, true, true, true, true]);
    let others: Vec<_> = (0..200)
        .map(|number| IpAddr::V4(Ipv4Addr::new(10, 0, 0, number)))
        .map(|other| engine.begin_login("x", "http://nas", other))
        .collect();
    assert!(engine.login_request(&others[0].page_token).is_some());
    for flow in &flows {
        assert!(engine.login_request(&flow.page_token).is_none());
    }
}
