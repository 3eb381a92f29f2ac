//! Formats to samples. Only a worker comes here.
//!
//! Each decoder hands its samples to [`super::plane::Shrinking`] as they come, and says in a [`Decoded`] what they mean.

mod jpeg;

use std::io::{self, Read};

use super::{
    order::{Container, Order, Source},
    samples::Decoded,
};

/// Decodes what an order's bytes hold, as far as `target` pixels on the longest side need it; `Err` says why not, in words
/// for people.
pub(super) fn decode(order: &Order, bytes: &mut impl Read, target: u32) -> Result<Decoded, String> {
    match order.source {
        Source::File(container) => {
            let file = read_all(order, bytes)?;
            match container {
                Container::Jpeg => jpeg::decode(&file, target),
            }
        }
    }
}

fn read_all(order: &Order, bytes: &mut impl Read) -> Result<Vec<u8>, String> {
    let length = usize::try_from(order.payload()).map_err(|_| "it is too large".to_owned())?;
    let mut file = Vec::new();
    file.try_reserve_exact(length)
        .map_err(|_| "it needs too much memory".to_owned())?;
    let read = bytes.take(order.payload()).read_to_end(&mut file);
    read.map_err(|error: io::Error| error.to_string())?;
    Ok(file)
}
