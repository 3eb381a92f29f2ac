//! The answer in JSON to who sent a photo with a token: it is stored.

use safelight_engine::Receipt;
use serde::Serialize;

/// What is told of the photo. `docs/api.md` describes it.
#[derive(Serialize)]
pub(crate) struct Stored {
    id: i64,
    sha256: String,
    status: &'static str,
    /// Only of a photo that is new: another person may have brought the one that was known already.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

impl From<&Receipt> for Stored {
    fn from(receipt: &Receipt) -> Self {
        Self {
            id: receipt.asset.0,
            sha256: receipt.hash.to_string(),
            status: if receipt.duplicate {
                "duplicate"
            } else {
                "stored"
            },
            path: (!receipt.duplicate).then(|| receipt.path.to_string()),
        }
    }
}
