//! `POST /control`.

use crate::house::House;

#[test]
fn the_token_of_this_machine_is_needed() {
    let house = House::new();
    let token = house.engine.make_control_token().to_owned();
    let status = br#"{"do":"status"}"#;
    let ask = |headers: &[(&str, &str)]| {
        house
            .stranger()
            .send("POST", "/control", headers, status)
            .unwrap()
            .status
    };
    let right = format!("Bearer {token}");
    assert_eq!(ask(&[("Authorization", &right)]), 200);
    assert_eq!(ask(&[]), 401);
    assert_eq!(ask(&[("Authorization", "Bearer wrong")]), 401);
    assert_eq!(
        ask(&[
            ("Authorization", &right),
            ("X-Forwarded-For", "203.0.113.9")
        ]),
        403
    );
}

#[test]
fn the_last_line_is_the_answer_or_the_error() {
    let house = House::new();
    let mut client = house.stranger().bearer(house.engine.make_control_token());
    let mut ask = |body: &str| {
        let answer = client
            .send("POST", "/control", &[], body.as_bytes())
            .unwrap();
        let last = answer.text().lines().last().unwrap().to_owned();
        (
            answer.status,
            serde_json::from_str::<serde_json::Value>(&last).unwrap(),
        )
    };
    let (status, line) = ask(r#"{"do":"device-add","name":"cli"}"#);
    assert_eq!((status, &line["answer"]["done"]), (200, &"device".into()));
    let (status, line) = ask(r#"{"do":"device-revoke","id":999}"#);
    assert_eq!(status, 200);
    assert!(
        line["error"]["message"].as_str().unwrap().contains("999"),
        "{line}"
    );
    let (status, line) = ask("nonsense");
    assert_eq!(status, 400);
    assert!(
        line["error"]["message"]
            .as_str()
            .unwrap()
            .contains("not a command"),
        "{line}"
    );
}
