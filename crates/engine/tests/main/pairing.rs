//! Phones that are let in by a code, or by the owner's word.

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use jiff::SignedDuration;
use safelight_engine::{
    AccessError, Answer, Asker, Command, EngineError, Grant, Invitation, Invited, LoginRequest,
    LoginStarted, TooManyLogins,
};

use crate::house::{HERE, House};

fn code(house: &House, id: i64) -> String {
    match house.engine.invitation(Asker::Owner, id) {
        Some(Invitation::Open { code, .. }) => code,
        other => panic!("not open: {other:?}"),
    }
}

fn try_begin(
    house: &House,
    client: &str,
    from: IpAddr,
    is_home: bool,
) -> Result<LoginStarted, TooManyLogins> {
    let request = LoginRequest {
        client: client.to_owned(),
        from,
        is_home,
    };
    house.engine.begin_login(request, "http://nas")
}

fn begun(house: &House, client: &str, from: IpAddr) -> LoginStarted {
    try_begin(house, client, from, true).unwrap()
}

/// Begins something and goes away, as a request's handler does when the client's connection ends.
async fn give_up<T>(house: &House, asked: impl Future<Output = T>) {
    {
        let mut asked = pin!(asked);
        let mut context = Context::from_waker(Waker::noop());
        assert!(asked.as_mut().poll(&mut context).is_pending());
    }
    tokio::task::yield_now().await;
    // Passwords are hashed one after the other: when this one was looked at, what was begun before has had its turn.
    let nobody = house.engine.device_by_password("nobody", "x", HERE).await;
    assert!(matches!(nobody, Err(AccessError::Wrong)));
}

#[tokio::test]
async fn a_code_is_good_once_and_only_for_its_user() {
    let house = House::new();
    let phone = house.add_device("phone");
    house.engine.invite(Asker::Owner, phone.id).unwrap();
    let code = code(&house, phone.id);
    assert_eq!(
        house.engine.invited(Asker::Owner),
        [Invited {
            id: phone.id,
            name: "phone".to_owned(),
            was_here: false,
        }]
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
        engine.invitation(Asker::Owner, phone.id),
        Some(Invitation::Accepted)
    );
    let again = engine.accept_invitation(Some("phone"), &code, HERE).await;
    assert!(matches!(again, Err(AccessError::Wrong)));
    assert!(engine.invited(Asker::Owner).is_empty() && !engine.is_invitation(&code));

    let old = engine
        .device_by_password("phone", &phone.password, HERE)
        .await;
    assert!(matches!(old, Err(AccessError::Wrong)));
    assert!(engine.device_by_token(&phone.token, HERE).await.is_err());
    assert_eq!(
        engine.invitation(Asker::Owner, phone.id),
        Some(Invitation::Accepted)
    );
    engine
        .device_by_password("phone", &renewed.password, HERE)
        .await
        .unwrap();
    assert_eq!(
        engine.invitation(Asker::Owner, phone.id),
        Some(Invitation::Connected)
    );
    engine.device_by_token(&renewed.token, HERE).await.unwrap();
}

#[tokio::test]
async fn a_code_does_not_last() {
    let house = House::new();
    let phone = house.add_device("phone");
    house.engine.invite(Asker::Owner, phone.id).unwrap();
    let code = code(&house, phone.id);
    house.clock.advance(SignedDuration::from_secs(14 * 60 + 59));
    let Some(Invitation::Open { minutes, .. }) = house.engine.invitation(Asker::Owner, phone.id)
    else {
        panic!("over too early")
    };
    assert_eq!(minutes, 1);
    house.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(house.engine.invitation(Asker::Owner, phone.id), None);
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
    house.engine.invite(Asker::Owner, phone.id).unwrap();
    let code = code(&house, phone.id);
    house.run(Command::DeviceRevoke { id: phone.id });
    assert_eq!(house.engine.invitation(Asker::Owner, phone.id), None);
    let late = house.engine.accept_invitation(None, &code, HERE).await;
    assert!(matches!(late, Err(AccessError::Wrong)));
    for id in [phone.id, 99] {
        let refused = house.engine.invite(Asker::Owner, id);
        assert!(matches!(refused, Err(EngineError::NotFound(_))), "{id}");
    }
}

#[tokio::test]
async fn a_granted_app_is_told_its_password_once() {
    let house = House::new();
    let engine = &house.engine;
    let flow = begun(&house, "An app\u{7}", HERE);
    assert!(engine.poll_login(&flow.poll_token).is_none());
    assert!(engine.poll_login(&flow.page_token).is_none());
    assert!(engine.login_request(&flow.poll_token).is_none());
    let request = engine.login_request(&flow.page_token).unwrap();
    assert_eq!((&*request.client, request.from), ("An app", HERE));

    let nameless = engine
        .grant_login(Asker::Owner, &flow.page_token, Grant::New(" ".into()))
        .await;
    assert!(matches!(nameless, Err(EngineError::Invalid(_))));
    let uninvited = engine
        .grant_login(Asker::Owner, &flow.page_token, Grant::Invited(1))
        .await;
    assert!(matches!(uninvited, Err(EngineError::NotFound(_))));
    let (first, second) = tokio::join!(
        engine.grant_login(Asker::Owner, &flow.page_token, Grant::New("phone".into())),
        engine.grant_login(Asker::Owner, &flow.page_token, Grant::New("phone".into())),
    );
    assert!(first.is_ok() && matches!(second, Err(EngineError::NotFound(_))));
    assert_eq!(engine.devices().unwrap().len(), 1);

    let granted = engine.poll_login(&flow.poll_token).unwrap();
    assert_eq!((&*granted.server, &*granted.user), ("http://nas", "phone"));
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
    let waiting = begun(&house, "", HERE);
    let granted = begun(&house, "", HERE);
    engine
        .grant_login(
            Asker::Owner,
            &granted.page_token,
            Grant::New("phone".into()),
        )
        .await
        .unwrap();
    house.clock.advance(SignedDuration::from_mins(20));
    assert!(engine.login_request(&waiting.page_token).is_none());
    assert!(engine.poll_login(&granted.poll_token).is_none());
}

#[tokio::test]
async fn apps_that_begin_again_and_again_end_nobody_elses_flow() {
    let house = House::new();
    let engine = &house.engine;
    let granted = begun(&house, "x", HERE);
    engine
        .grant_login(
            Asker::Owner,
            &granted.page_token,
            Grant::New("phone".into()),
        )
        .await
        .unwrap();
    house.clock.advance(SignedDuration::from_mins(1));
    let waiting: Vec<_> = (0..4).map(|_| begun(&house, "x", HERE)).collect();
    let refused = try_begin(&house, "x", HERE, true).err().unwrap();
    assert_eq!(refused.retry_after, Duration::from_secs(19 * 60));
    for flow in &waiting {
        assert!(engine.login_request(&flow.page_token).is_some());
    }
    assert!(engine.poll_login(&granted.poll_token).is_some());
    engine.refuse_login(&waiting[0].page_token);
    for _ in 0..2 {
        begun(&house, "x", HERE);
    }
    assert!(try_begin(&house, "x", HERE, true).is_err());
    house.clock.advance(SignedDuration::from_mins(20));
    begun(&house, "x", HERE);
}

#[test]
fn an_ipv6_network_is_one_address() {
    let house = House::new();
    let of = |network: u128, host: u128| Ipv6Addr::from_bits(network << 64 | host).into();
    for host in 0..5 {
        try_begin(&house, "x", of(0x2001_0db8_0000_0001, host), false).unwrap();
    }
    assert!(try_begin(&house, "x", of(0x2001_0db8_0000_0001, 99), false).is_err());
    try_begin(&house, "x", of(0x2001_0db8_0000_0002, 0), false).unwrap();
}

#[test]
fn strangers_take_bounded_memory_and_not_the_households_room() {
    let house = House::new();
    let stranger = |number: u32| IpAddr::V4(Ipv4Addr::from_bits(0x0800_0000 + number));
    let waiting = begun(&house, "x", HERE);
    let begun_by_strangers = (0..1000)
        .take_while(|number| try_begin(&house, "x", stranger(*number), false).is_ok())
        .count();
    assert_eq!(begun_by_strangers, 200);
    assert!(house.engine.login_request(&waiting.page_token).is_some());
    begun(&house, "x", HERE);
}

#[tokio::test]
async fn what_was_begun_is_ended_when_nobody_waits_for_it() {
    let house = House::new();
    let engine = &house.engine;
    let flow = begun(&house, "x", HERE);
    let granting = engine.grant_login(Asker::Owner, &flow.page_token, Grant::New("new".into()));
    give_up(&house, granting).await;
    let granted = engine.poll_login(&flow.poll_token).unwrap();
    engine
        .device_by_password("new", &granted.password, HERE)
        .await
        .unwrap();

    for by_code in [true, false] {
        let phone = house.add_device(&format!("phone {by_code}"));
        engine.invite(Asker::Owner, phone.id).unwrap();
        let code = code(&house, phone.id);
        if by_code {
            give_up(&house, engine.accept_invitation(None, &code, HERE)).await;
        } else {
            give_up(&house, engine.accept_for(Asker::Owner, phone.id)).await;
        }
        assert_eq!(
            engine.invitation(Asker::Owner, phone.id),
            Some(Invitation::Accepted)
        );
        let old = engine
            .device_by_password(&phone.user, &phone.password, HERE)
            .await;
        assert!(matches!(old, Err(AccessError::Wrong)), "{by_code}");
    }
}

#[tokio::test]
async fn wrong_codes_slow_down_wrong_codes_only() {
    let house = House::new();
    let engine = &house.engine;
    let phone = house.add_device("phone");
    engine.invite(Asker::Owner, phone.id).unwrap();
    for user in [None, Some("phone"), None, Some("phone"), None] {
        let wrong = engine.accept_invitation(user, "x", HERE).await;
        assert!(matches!(wrong, Err(AccessError::Wrong)));
    }
    let slowed = engine.accept_invitation(None, "x", HERE).await;
    assert!(matches!(slowed, Err(AccessError::SlowDown { .. })));
    let scanned = code(&house, phone.id);
    engine
        .accept_invitation(Some("phone"), &scanned, HERE)
        .await
        .unwrap();
    engine.invite(Asker::Owner, phone.id).unwrap();
    let renewed = engine.accept_for(Asker::Owner, phone.id).await.unwrap();
    engine
        .device_by_password("phone", &renewed.password, HERE)
        .await
        .unwrap();
    for gone in [phone.id, 99] {
        let again = engine.accept_for(Asker::Owner, gone).await;
        assert!(matches!(again, Err(EngineError::NotFound(_))), "{gone}");
    }
}

#[tokio::test]
async fn a_member_accepts_only_for_devices_of_their_own() {
    let house = House::new();
    let engine = &house.engine;
    let phone = house.add_device("phone");
    engine.invite(Asker::Owner, phone.id).unwrap();
    let bo = Asker::Member(safelight_core::PersonId(2));
    let refused = engine.accept_for(bo, phone.id).await;
    assert!(matches!(refused, Err(EngineError::NotFound(_))));
    code(&house, phone.id);
}

#[tokio::test]
async fn who_has_no_access_any_more_invites_nothing() {
    let house = House::new();
    let engine = &house.engine;
    let anna = Command::PersonAdd {
        name: "Anna".into(),
        folder: None,
    };
    house.run(anna);
    let phone = Command::DeviceAdd {
        name: "hers".into(),
        person: Some("Anna".into()),
        acknowledge: None,
    };
    let Answer::Device(phone) = house.run(phone) else {
        panic!("not a device")
    };
    engine.invite(Asker::Owner, phone.id).unwrap();
    let code = code(&house, phone.id);
    house.run(Command::PersonRemove {
        name: "Anna".into(),
    });
    assert!(engine.invited(Asker::Owner).is_empty() && !engine.is_invitation(&code));
    let late = engine.accept_invitation(None, &code, HERE).await;
    assert!(matches!(late, Err(AccessError::Wrong)));
}

#[tokio::test]
async fn who_invites_a_device_that_was_here_is_told_so() {
    let house = House::new();
    let engine = &house.engine;
    let phone = house.add_device("phone");
    engine
        .device_by_password("phone", &phone.password, HERE)
        .await
        .unwrap();
    engine.invite(Asker::Owner, phone.id).unwrap();
    assert!(engine.invited(Asker::Owner)[0].was_here);
}
