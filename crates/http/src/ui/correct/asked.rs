//! What the form about dates asks for.

use safelight_engine::command::{PhotoChoice, Wish};
use serde::Deserialize;

/// The form's fields as they were typed; those of the ways that were not chosen are ignored.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// The numbers of photos that were chosen one by one, separated by commas.
    photos: String,
    /// What the device signs in as.
    pub(super) device: String,
    pub(super) camera: String,
    pub(super) from: String,
    pub(super) until: String,
    /// `shift`, `zone`, `set` or `reset`.
    pub(super) how: String,
    /// `later` or `earlier`.
    pub(super) way: String,
    pub(super) days: String,
    pub(super) hours: String,
    pub(super) minutes: String,
    pub(super) place: String,
    pub(super) clock: String,
    pub(super) date: String,
    pub(super) time: String,
    pub(super) offset: String,
    /// The preview's that was looked at.
    pub(super) fingerprint: String,
}

impl Asked {
    /// The form about the photos that a link or a list names.
    pub(super) fn about(query: &[(String, String)]) -> Self {
        let values = |wanted: &'static str| {
            query
                .iter()
                .filter(move |(name, _)| name == wanted)
                .map(|(_, value)| value.as_str())
        };
        let first = |name| values(name).next().unwrap_or_default().to_owned();
        Self {
            photos: values("photo").collect::<Vec<_>>().join(","),
            device: first("device"),
            from: first("from"),
            until: first("until"),
            ..Self::default()
        }
    }

    /// The photos that were chosen one by one.
    pub(super) fn photos(&self) -> Vec<i64> {
        self.photos
            .split(',')
            .filter_map(|number| number.trim().parse().ok())
            .collect()
    }

    pub(super) fn is(&self, how: &str) -> bool {
        self.how == how || (self.how.is_empty() && how == "shift")
    }

    /// Everything that was typed, for the form that comes after the preview.
    pub(super) fn fields(&self) -> [(&'static str, &str); 15] {
        [
            ("photos", &self.photos),
            ("device", &self.device),
            ("camera", &self.camera),
            ("from", &self.from),
            ("until", &self.until),
            ("how", &self.how),
            ("way", &self.way),
            ("days", &self.days),
            ("hours", &self.hours),
            ("minutes", &self.minutes),
            ("place", &self.place),
            ("clock", &self.clock),
            ("date", &self.date),
            ("time", &self.time),
            ("offset", &self.offset),
        ]
    }

    /// What is asked of the engine, or what is missing.
    pub(super) fn read(&self) -> Result<(PhotoChoice, Wish), String> {
        Ok((self.choice(), self.wish()?))
    }

    fn choice(&self) -> PhotoChoice {
        let assets = self.photos();
        if !assets.is_empty() {
            return PhotoChoice {
                assets,
                ..PhotoChoice::default()
            };
        }
        PhotoChoice {
            device: said(&self.device),
            camera: said(&self.camera),
            from: said(&self.from),
            until: said(&self.until),
            ..PhotoChoice::default()
        }
    }

    fn wish(&self) -> Result<Wish, String> {
        match self.how.as_str() {
            "shift" => self.shift(),
            "zone" => Ok(Wish::Zone {
                place: said(&self.place).ok_or("Say in which time zone the photos were taken.")?,
                camera: said(&self.clock),
            }),
            "set" => self.set(),
            "reset" => Ok(Wish::Reset),
            _ => Err("Say what is wrong with the dates.".to_owned()),
        }
    }

    fn shift(&self) -> Result<Wish, String> {
        let sign = match self.way.as_str() {
            "later" => '+',
            "earlier" => '-',
            _ => return Err("Say whether the photos were taken later or earlier.".to_owned()),
        };
        let mut by = String::from(sign);
        let mut any = false;
        for (typed, unit) in [(&self.days, 'd'), (&self.hours, 'h'), (&self.minutes, 'm')] {
            let typed = typed.trim();
            let count: u32 = match typed {
                "" => 0,
                _ => typed.parse().map_err(|_| {
                    format!("{typed:?} is no whole number of days, hours or minutes.")
                })?,
            };
            any |= count > 0;
            by.push_str(&format!(" {count}{unit}"));
        }
        if !any {
            return Err("Say how far the camera\u{2019}s clock was off.".to_owned());
        }
        Ok(Wish::Shift { by })
    }

    fn set(&self) -> Result<Wish, String> {
        let date = said(&self.date).ok_or("Say on which day the photos were taken.")?;
        let date = match (said(&self.time), said(&self.offset)) {
            (None, None) => date,
            (None, Some(_)) => {
                return Err("Say the time of day, or leave out how far it was from UTC.".to_owned());
            }
            (Some(time), offset) => format!("{date} {time}{}", offset.unwrap_or_default()),
        };
        Ok(Wish::Set { date })
    }
}

fn said(typed: &str) -> Option<String> {
    let typed = typed.trim();
    (!typed.is_empty()).then(|| typed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(asked: &Asked) -> Result<Wish, String> {
        asked.read().map(|(_, wish)| wish)
    }

    #[test]
    fn only_the_fields_of_the_chosen_way_count() {
        let mut asked = Asked {
            how: "shift".into(),
            way: "earlier".into(),
            hours: " 2".into(),
            date: "2019-07-01".into(),
            time: "12:30".into(),
            offset: "+02:00".into(),
            place: "Europe/Rome".into(),
            ..Asked::default()
        };
        let by = "- 0d 2h 0m".to_owned();
        assert_eq!(wish(&asked), Ok(Wish::Shift { by }));
        asked.how = "set".into();
        let date = "2019-07-01 12:30+02:00".to_owned();
        assert_eq!(wish(&asked), Ok(Wish::Set { date }));
        asked.how = "zone".into();
        let zone = Wish::Zone {
            place: "Europe/Rome".into(),
            camera: None,
        };
        assert_eq!(wish(&asked), Ok(zone));
    }

    #[test]
    fn what_is_missing_is_said() {
        for how in ["", "shift", "zone", "set", "other"] {
            let asked = Asked {
                how: how.into(),
                ..Asked::default()
            };
            assert!(wish(&asked).is_err(), "{how:?}");
        }
        let odd = Asked {
            how: "shift".into(),
            way: "later".into(),
            hours: "-2".into(),
            ..Asked::default()
        };
        assert!(wish(&odd).is_err());
    }

    #[test]
    fn photos_of_a_list_are_chosen_by_number() {
        let query = [
            ("photo", "7"),
            ("other", "1"),
            ("photo", "9"),
            ("photo", "x"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let asked = Asked::about(&query);
        assert_eq!(asked.photos(), [7, 9]);
        assert_eq!(asked.choice().assets, [7, 9]);
    }
}
