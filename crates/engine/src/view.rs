//! What the page and `safelight status` show, in plain data.

use safelight_core::{AssetId, CopyState, DeviceId, Place, Precision, Timestamp};
use safelight_library::{Arrival, ArrivalId, Asset, Outcome, PictureState, RootState, Whose};

use crate::{
    corrections::iso,
    error::EngineError,
    model::{
        ArrivalRow, DestinationStatus, GroupMember, LibraryState, LibraryStatus, PhotoReceipt,
        PhotoRemarks, PhotoRow, Problem, ReceiptArrival, ReceiptCopy, Status,
    },
    people::Asker,
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
        let mut devices = library.devices()?;
        devices.retain(|row| row.revoked_at.is_none());
        let rows = library.destinations()?;
        let destinations = rows
            .iter()
            .map(|row| DestinationStatus {
                id: row.id.0,
                name: row.name.clone(),
                url: row.url.clone(),
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
        problems.extend(self.overdue(&rows, &devices)?);
        Ok(Status {
            library: status,
            photos: totals.photos,
            bytes: totals.bytes,
            home_verified: totals.home_verified,
            safe: totals.safe,
            not_yet_safe: totals.not_yet_safe,
            oldest_not_yet_safe: totals.oldest_not_safe.map(|(_, arrived)| text(arrived)),
            destinations,
            devices: self.standings(&devices)?,
            problems,
        })
    }

    /// As [`Self::status`], of what the asker may see: of a member's photos and devices nothing else is said.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn status_of(&self, asker: Asker) -> Result<Status, EngineError> {
        let Asker::Member(person) = asker else {
            return self.status();
        };
        let library = self.library();
        let mut devices = library.devices()?;
        devices.retain(|row| row.person == person && row.revoked_at.is_none());
        let row = self.person(person)?;
        let oldest = library.not_safe(asker.whose(), AssetId(0), 1)?;
        Ok(Status {
            library: LibraryStatus {
                path: None,
                message: None,
                ..self.library_status()
            },
            photos: row.photos,
            bytes: row.bytes,
            home_verified: 0,
            safe: row.photos - row.not_yet_safe,
            not_yet_safe: row.not_yet_safe,
            oldest_not_yet_safe: oldest.first().map(|asset| text(asset.added_at)),
            destinations: Vec::new(),
            problems: self.silent(&devices)?,
            devices: self.standings(&devices)?,
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

    /// The newest uploads that the asker may see, or those before a given one; of one device only, if one is named.
    ///
    /// # Errors
    ///
    /// The device is not the asker's; the catalogue cannot be read.
    pub fn recent(
        &self,
        asker: Asker,
        device: Option<i64>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<ArrivalRow>, EngineError> {
        let whose = self.whose(asker, device)?;
        let limit = limit.min(500) as usize;
        let rows = self.library().recent(whose, before.map(ArrivalId), limit)?;
        Ok(rows.into_iter().map(arrival_row).collect())
    }

    /// The photos that a device of the asker's may forget, by their latest uploads, or those before a given one.
    ///
    /// # Errors
    ///
    /// The device is not the asker's; the catalogue cannot be read.
    pub fn may_forget(
        &self,
        asker: Asker,
        device: i64,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<ArrivalRow>, EngineError> {
        let device = self.device_of(asker, DeviceId(device))?.id;
        let limit = limit.min(500) as usize;
        let rows = self
            .library()
            .safe_of(device, before.map(ArrivalId), limit)?;
        Ok(rows.into_iter().map(arrival_row).collect())
    }

    fn whose(&self, asker: Asker, device: Option<i64>) -> Result<Whose, EngineError> {
        Ok(match device {
            Some(device) => Whose::Device(self.device_of(asker, DeviceId(device))?.id),
            None => asker.whose(),
        })
    }

    /// Photos that are not yet safe and that the asker may see, the oldest first, after a given one; of one device only, if
    /// one is named.
    ///
    /// # Errors
    ///
    /// The device is not the asker's; the catalogue cannot be read.
    pub fn not_yet_safe(
        &self,
        asker: Asker,
        device: Option<i64>,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Vec<PhotoRow>, EngineError> {
        let whose = self.whose(asker, device)?;
        let after = AssetId(after.unwrap_or(0));
        let rows = self
            .library()
            .not_safe(whose, after, limit.min(500) as usize)?;
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

    /// All that is known of one photo's copies; none if there is no such photo that the asker may see. Of a photo that
    /// several people have, each sees their own arrivals.
    ///
    /// # Errors
    ///
    /// The catalogue cannot be read.
    pub fn receipt(
        &self,
        asker: Asker,
        asset: AssetId,
    ) -> Result<Option<PhotoReceipt>, EngineError> {
        let library = self.library();
        let Some(asset) = library.asset(asset)? else {
            return Ok(None);
        };
        if !self.may_see(asker, asset.id)? {
            return Ok(None);
        }
        let destinations = library.destinations()?;
        let copies = library.copies(asset.id)?;
        let said = library.said_of(asset.id)?;
        let mut arrivals = library.arrivals_of(asset.id)?;
        arrivals.retain(|arrival| asker.is_owner() || arrival.person == asker.person());
        // Another person may have called it otherwise.
        let name = match arrivals
            .first()
            .and_then(|first| first.device_path.as_deref())
        {
            Some(path) if !asker.is_owner() => path.rsplit('/').next().unwrap_or(path).to_owned(),
            _ => asset.original_name.clone(),
        };
        let arrivals: Vec<_> = arrivals
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
        let group = self.group_of(asker, &asset)?;
        Ok(Some(PhotoReceipt {
            asset: asset.id.0,
            hash: asset.hash.to_string(),
            name,
            path: asset.path.to_string(),
            size: asset.size,
            kind: asset.kind.as_str().into(),
            taken: asset.captured.map(|taken| taken.local.to_string()),
            taken_offset: asset
                .captured
                .and_then(|taken| taken.offset)
                .map(|offset| offset.to_string()),
            taken_day_only: asset
                .captured
                .is_some_and(|taken| taken.precision == Precision::Day),
            taken_from: asset.captured.map(|taken| taken.source.as_str().to_owned()),
            no_picture: self.no_picture(&asset)?,
            taken_by_itself: (said.own != asset.captured)
                .then(|| said.own.as_ref().map(iso).unwrap_or_default()),
            corrected: said.person.is_some(),
            remarks: PhotoRemarks {
                position: said
                    .collection
                    .position
                    .map(|at| (at.latitude, at.longitude)),
                description: said
                    .collection
                    .description
                    .map(|text| text.as_str().to_owned()),
                favourite: said.collection.favourite,
                albums: said
                    .collection
                    .albums
                    .iter()
                    .map(|album| album.as_str().to_owned())
                    .collect(),
            },
            safe: asset.safe,
            why_not_safe: self.why_not_safe(&asset, &copies, destinations.is_empty(), &group)?,
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
            group,
        }))
    }

    /// The files of a photo's group that somebody may see; none for a photo of its own.
    fn group_of(&self, asker: Asker, asset: &Asset) -> Result<Vec<GroupMember>, EngineError> {
        let library = self.library();
        let (rule, files) = (library.safety_rule(), library.group(asset.id)?);
        if files.len() < 2 {
            return Ok(Vec::new());
        }
        let mut group = Vec::with_capacity(files.len());
        for file in files {
            if self.may_see(asker, file.id)? {
                group.push(GroupMember {
                    asset: file.id.0,
                    name: file.original_name,
                    path: file.path.to_string(),
                    role: file.role.map(|role| role.as_str().to_owned()),
                    proved: rule.is_safe(&library.copies(file.id)?),
                });
            }
        }
        Ok(group)
    }

    /// Why there is no picture of a photo, if that is known.
    fn no_picture(&self, asset: &Asset) -> Result<Option<String>, EngineError> {
        let states = self.library().picture_states(&[asset.hash])?;
        Ok(states.into_iter().find_map(|state| match state {
            PictureState::Refused { reason } | PictureState::Later { reason } => Some(reason),
            PictureState::Undrawn | PictureState::Drawn { .. } => None,
        }))
    }

    fn why_not_safe(
        &self,
        asset: &Asset,
        copies: &[safelight_core::Evidence],
        no_destination: bool,
        group: &[GroupMember],
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
        let unproved: Vec<&str> = group
            .iter()
            .filter(|file| !file.proved && file.asset != asset.id.0)
            .map(|file| file.name.as_str())
            .collect();
        let others;
        if !unproved.is_empty() {
            others = format!(
                "what belongs to it is not safe yet: {}",
                unproved.join(", ")
            );
            reasons.push(&others);
        }
        Ok(Some(reasons.join(", and ")))
    }
}

fn arrival_row(row: Arrival) -> ArrivalRow {
    ArrivalRow {
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
    }
}

pub(crate) fn text(time: Timestamp) -> String {
    // Whole seconds: nobody reads more, and clocks are not better.
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}
