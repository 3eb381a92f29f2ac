//! `cloud/user` and `cloud/users/ID`: who the app is signed in as. To us that is a device.

use safelight_engine::{Device, Room};
use serde_json::{Value, json};

use super::{Call, reply::Outcome};

/// "There is no limit but the disk" (nextcloud/server, `lib/public/Files/FileInfo.php`, `SPACE_UNLIMITED`).
const UNLIMITED: i64 = -3;
/// "Nobody knows", in the same place.
const UNKNOWN: i64 = -2;

pub(super) async fn user(call: &Call, device: &Device) -> Outcome {
    let room = call
        .app
        .engine
        .room()
        .await
        // The disk that the library is on is not there; the page says so, and each upload is told.
        .inspect_err(|error| tracing::debug!("The room on the disk is not known: {error}"));
    Ok(json!({
        "id": device.user,
        "enabled": true,
        "display-name": device.name,
        "displayname": device.name,
        "email": null,
        "groups": [],
        "language": "en",
        "quota": quota(room.ok()),
    }))
}

fn quota(room: Option<Room>) -> Value {
    let Some(Room { used, available }) = room else {
        return json!({ "free": UNKNOWN, "used": 0, "total": UNKNOWN, "relative": 0, "quota": UNLIMITED });
    };
    let total = used.saturating_add(available);
    #[expect(
        clippy::cast_precision_loss,
        reason = "a percentage with two decimals, for people"
    )]
    let relative = (used as f64 / total.max(1) as f64 * 10_000.0).round() / 100.0;
    json!({ "free": available, "used": used, "total": total, "relative": relative, "quota": UNLIMITED })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_is_the_disk() {
        let room = Room {
            used: 1,
            available: 2,
        };
        let told = quota(Some(room));
        assert_eq!((&told["free"], &told["total"]), (&json!(2), &json!(3)));
        assert_eq!(told["relative"], json!(33.33));
        assert_eq!(
            quota(Some(Room {
                used: 0,
                available: 0
            }))["relative"],
            json!(0.0)
        );
        assert_eq!(quota(None)["free"], json!(UNKNOWN));
    }
}
