//! How many connections there are at a time, and who may have how many of them: strangers that come from outside of the home
//! network, all together or one of them, cannot keep the household out.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

use crate::plain_http::is_home;

/// Connections in all. A phone opens up to six; a household's worth of phones, and room.
const ALL: usize = 512;
/// Those from outside of the home network.
const FROM_OUTSIDE: usize = 256;
/// Those of one address outside, or of one IPv6 network's 64 bits: a household that is travelling, behind one address.
const OF_ONE_OUTSIDE: usize = 64;

/// All places.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    outside: Arc<Outside>,
}

/// How many places which network outside has.
#[derive(Debug, Default)]
struct Outside(Mutex<HashMap<IpAddr, usize>>);

impl Outside {
    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place, as long as this lives.
#[derive(Debug)]
pub(crate) struct Place {
    _one_of_all: OwnedSemaphorePermit,
    outside: Option<(Arc<Outside>, IpAddr)>,
}

impl Places {
    pub(crate) fn new() -> Self {
        Self {
            all: Arc::new(Semaphore::new(ALL)),
            outside: Arc::default(),
        }
    }

    /// Waits for a place; for whom, is not known yet.
    pub(crate) async fn free(&self) -> Result<OwnedSemaphorePermit, AcquireError> {
        Arc::clone(&self.all).acquire_owned().await
    }

    /// Gives the place to who came, at which address of ours. None if too many from outside have one.
    pub(crate) fn give(
        &self,
        free: OwnedSemaphorePermit,
        peer: IpAddr,
        local: IpAddr,
    ) -> Option<Place> {
        if is_home(peer, local) {
            return Some(Place {
                _one_of_all: free,
                outside: None,
            });
        }
        let network = network(peer);
        let mut outside = self.outside.lock();
        let all: usize = outside.values().sum();
        let one = outside.entry(network).or_default();
        if all >= FROM_OUTSIDE || *one >= OF_ONE_OUTSIDE {
            outside.retain(|_, count| *count > 0);
            return None;
        }
        *one += 1;
        Some(Place {
            _one_of_all: free,
            outside: Some((Arc::clone(&self.outside), network)),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((outside, network)) = &self.outside else {
            return;
        };
        let mut outside = outside.lock();
        if let Some(count) = outside.get_mut(network) {
            *count -= 1;
            if *count == 0 {
                outside.remove(network);
            }
        }
    }
}

/// Who has one address of an IPv6 network has all 2⁶⁴ of it.
fn network(from: IpAddr) -> IpAddr {
    match from {
        IpAddr::V4(_) => from,
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const OURS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 5));

    fn come(places: &Places, count: usize, from: impl Fn(u32) -> IpAddr) -> Vec<Place> {
        let numbers = 0..u32::try_from(count).unwrap();
        numbers
            .map_while(|number| {
                let free = Arc::clone(&places.all).try_acquire_owned().ok()?;
                places.give(free, from(number), OURS)
            })
            .collect()
    }

    #[test]
    fn strangers_do_not_keep_the_household_out() {
        let places = Places::new();
        let one = come(&places, ALL, |_| Ipv4Addr::new(203, 0, 113, 9).into());
        assert_eq!(one.len(), OF_ONE_OUTSIDE);
        let network = |number| Ipv6Addr::from_bits((0x2001_0db8 << 96) | u128::from(number));
        let six = come(&places, ALL, |number| network(number).into());
        assert_eq!(six.len(), OF_ONE_OUTSIDE, "one network is one stranger");
        let many = come(&places, ALL, |number| {
            Ipv4Addr::from_bits(0x0800_0000 + number).into()
        });
        assert_eq!(one.len() + six.len() + many.len(), FROM_OUTSIDE);
        let home = come(&places, ALL, |_| Ipv4Addr::new(192, 168, 1, 9).into());
        assert_eq!(home.len(), ALL - FROM_OUTSIDE);
    }

    #[test]
    fn a_place_that_is_left_is_free_again() {
        let places = Places::new();
        let stranger = |_| Ipv4Addr::new(203, 0, 113, 9).into();
        drop(come(&places, ALL, stranger));
        assert!(places.outside.lock().is_empty());
        assert_eq!(come(&places, ALL, stranger).len(), OF_ONE_OUTSIDE);
        assert_eq!(places.all.available_permits(), ALL);
        assert_eq!(come(&places, ALL, |_| OURS).len(), ALL, "or a proxy's all");
    }
}
