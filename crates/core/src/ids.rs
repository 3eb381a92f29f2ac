//! Row numbers with a type, so that a device's number is never taken for a photo's.

macro_rules! id_types {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        ///
        /// Positive, given by the catalogue, never used again for something else.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

id_types! {
    /// One photo, video or other file of the owner's, known by its bytes.
    AssetId
    /// One phone, computer or program that may add photos.
    DeviceId
    /// One offsite repository.
    DestinationId
    /// One member of the household.
    PersonId
}

impl PersonId {
    /// The owner, who is there from the beginning.
    pub const OWNER: Self = Self(1);
}
