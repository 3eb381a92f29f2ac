//! Where Fujifilm's raw files keep their metadata: in a complete JPEG whose place stands in the header.

use crate::{
    claim::Claim,
    jpeg,
    reader::{Fields, Reader},
};

/// Where the header says where the JPEG is: its offset and its length.
const JPEG: u64 = 84;

/// What the file claims.
pub(crate) fn claims(reader: &mut Reader<'_>) -> Vec<Claim> {
    let whole = reader.whole();
    let mut fields = Fields::new(reader, whole.after(JPEG));
    let (Some(offset), Some(length)) = (fields.u32(), fields.u32()) else {
        return Vec::new();
    };
    match whole.part(u64::from(offset), u64::from(length)) {
        Some(span) => jpeg::claims(reader, span),
        None => Vec::new(),
    }
}
