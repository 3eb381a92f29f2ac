//! What the page and `safelight status` show, in plain data.

use safelight_core::{AssetId, CopyState, DeviceId, Place, Timestamp};
use safelight_library::{ArrivalId, Asset, DeviceRow, Outcome, RootState};

use crate::{
    error::EngineError,
    model::{
        ArrivalRow, DestinationStatus, DeviceStatus, LibraryState, LibraryStatus, PhotoReceipt,
        PhotoRow, Problem, ReceiptArrival, ReceiptCopy, Status,
    },
    start::Engine,
};

impl Engine {
    /// How safe the photos are. Its cost does not grow with the library.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn status(&self) -> Result<Status, EngineError> {
        let library = self.library();
        let totals = library.totals()?;
        let destinations = library
            .destinations()?
            .into_iter()
            .map(|row| DestinationStatus {
                id: row.id.0,
                name: row.name,
                url: row.url,
                photos: row.photos,
                pending: row.pending,
                last_snapshot_at: row.last_snapshot_at.map(text),
                last_verified_at: row.last_verified_at.map(text),
            })
            .collect();
        let mut problems: Vec<Problem> = library
            .problems()?
            .into_iter()
            .map(|problem| Problem {
                kind: problem.kind,
                message: problem.message,
                path: problem.path,
                since: text(problem.first_seen),
            })
            .collect();
        let status = self.library_status();
        if let (LibraryState::Unavailable, Some(message)) = (status.state, &status.message) {
            problems.insert(
                0,
                Problem {
                    kind: "library".into(),
                    message: message.clone(),
                    path: status.path.clone().unwrap_or_default(),
                    since: text(self.0.clock.now()),
                },
            );
        }
        Ok(Status {
            library: status,
            photos: totals.photos,
            bytes: totals.bytes,
            home_verified: totals.home_verified,
            safe: totals.safe,
            not_yet_safe: totals.not_yet_safe,
            oldest_not_yet_safe: totals.oldest_not_safe.map(|(_, arrived)| text(arrived)),
            destinations,
            devices: library
                .devices()?
                .iter()
                .filter(|row| row.revoked_at.is_none())
                .count() as u64,
            problems,
        })
    }

    fn library_status(&self) -> LibraryStatus {
        match self.library().root_state() {
            RootState::NotChosen => LibraryStatus::default(),
            RootState::Ready(path) => LibraryStatus {
                state: LibraryState::Ready,
                path: Some(path.display().to_string()),
                message: None,
            },
            RootState::Unavailable { path, reason } => LibraryStatus {
                state: LibraryState::Unavailable,
                message: Some(format!(
                    "The library folder {} cannot be used: {reason}. No photo is taken in until it is back; \
                     phones keep theirs and try again",
                    path.display()
                )),
                path: Some(path.display().to_string()),
            },
        }
    }

    /// The devices, the newest first.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn devices(&self) -> Result<Vec<DeviceStatus>, EngineError> {
        Ok(self
            .library()
            .devices()?
            .into_iter()
            .map(device_status)
            .collect())
    }

    /// One device; none if there is no such device.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn device(&self, id: i64) -> Result<Option<DeviceStatus>, EngineError> {
        Ok(self.library().device(DeviceId(id))?.map(device_status))
    }

    /// The newest uploads, or those before a given one.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn recent(&self, before: Option<i64>, limit: u32) -> Result<Vec<ArrivalRow>, EngineError> {
        let rows = self
            .library()
            .recent(before.map(ArrivalId), limit.min(500) as usize)?;
        Ok(rows
            .into_iter()
            .map(|row| ArrivalRow {
                id: row.id.0,
                asset: row.asset.id.0,
                name: row
                    .device_path
                    .as_ref()
                    .and_then(|path| path.rsplit('/').next())
                    .unwrap_or(&row.asset.original_name)
                    .to_owned(),
                path: row.asset.path.to_string(),
                size: row.asset.size,
                kind: row.asset.kind.as_str().into(),
                device: row.device.map(|(_, name)| name),
                arrived_at: text(row.at),
                taken: row.asset.captured.map(|taken| taken.local.to_string()),
                safe: row.asset.safe,
                duplicate: row.outcome == Outcome::Duplicate,
            })
            .collect())
    }

    /// Photos that are not yet safe, the oldest first, after a given one.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn not_yet_safe(
        &self,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<PhotoRow>, EngineError> {
        let rows = self
            .library()
            .not_safe(AssetId(after.unwrap_or(0)), limit.min(500) as usize)?;
        Ok(rows
            .into_iter()
            .map(|asset| PhotoRow {
                asset: asset.id.0,
                path: asset.path.to_string(),
                size: asset.size,
                kind: asset.kind.as_str().into(),
                added_at: text(asset.added_at),
                safe: asset.safe,
            })
            .collect())
    }

    /// All that is known of one photo's copies; none if there is no such photo.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn receipt(&self, asset: AssetId) -> Result<Option<PhotoReceipt>, EngineError> {
        let library = self.library();
        let Some(asset) = library.asset(asset)? else {
            return Ok(None);
        };
        let destinations = library.destinations()?;
        let copies = library.copies(asset.id)?;
        let arrivals = library
            .arrivals_of(asset.id)?
            .into_iter()
            .map(|arrival| ReceiptArrival {
                device: arrival.device.map(|(_, name)| name),
                path: arrival
                    .device_path
                    .unwrap_or_else(|| asset.path.to_string()),
                at: text(arrival.at),
            })
            .collect();
        let place_name = |place: Place| match place {
            Place::Home => "home".to_owned(),
            Place::Offsite(id) => destinations
                .iter()
                .find(|row| row.id == id)
                .map_or_else(|| format!("destination {id}"), |row| row.name.clone()),
        };
        Ok(Some(PhotoReceipt {
            asset: asset.id.0,
            hash: asset.hash.to_string(),
            name: asset.original_name.clone(),
            path: asset.path.to_string(),
            size: asset.size,
            kind: asset.kind.as_str().into(),
            taken: asset.captured.map(|taken| taken.local.to_string()),
            taken_from: asset.captured.map(|taken| taken.source.as_str().to_owned()),
            safe: asset.safe,
            why_not_safe: self.why_not_safe(&asset, &copies, destinations.is_empty())?,
            arrivals,
            copies: copies
                .iter()
                .map(|copy| ReceiptCopy {
                    place: place_name(copy.place),
                    state: copy.state.as_str().into(),
                    proof: copy.proof.as_str().into(),
                    at: text(copy.at),
                })
                .collect(),
        }))
    }

    fn why_not_safe(
        &self,
        asset: &Asset,
        copies: &[safelight_core::Evidence],
        no_destination: bool,
    ) -> Result<Option<String>, EngineError> {
        if asset.safe {
            return Ok(None);
        }
        let rule = self.library().safety_rule();
        let home = copies.iter().find(|copy| copy.place == Place::Home);
        let at_home = match home {
            Some(copy) if copy.state == CopyState::Missing => Some("the file at home is missing"),
            Some(copy) if copy.state == CopyState::Damaged => {
                Some("the file at home is not what was taken in")
            }
            Some(copy) if copy.proof < rule.home => Some("the file at home was not yet read again"),
            Some(_) => None,
            None => Some("there is no copy at home"),
        };
        let mut reasons: Vec<&str> = at_home.into_iter().collect();
        let good_offsite = copies
            .iter()
            .filter(|copy| {
                copy.place != Place::Home
                    && copy.state == CopyState::Good
                    && copy.proof >= rule.offsite
            })
            .count();
        if no_destination {
            reasons.push("no offsite destination was added yet");
        } else if good_offsite < usize::from(rule.offsite_copies.max(1)) {
            reasons.push("there are not yet enough proved offsite copies");
        }
        Ok(Some(reasons.join(", and ")))
    }
}

fn device_status(row: DeviceRow) -> DeviceStatus {
    DeviceStatus {
        id: row.id.0,
        name: row.name,
        user: row.user,
        created_at: text(row.created_at),
        last_seen_at: row.last_seen_at.map(text),
        last_seen_from: row.last_seen_from,
        photos: row.photos,
        revoked: row.revoked_at.is_some(),
    }
}

fn text(time: Timestamp) -> String {
    // Whole seconds: nobody reads more, and clocks are not better.
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}
