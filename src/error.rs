//! The one error type of the core.

/// What can go wrong in the core. The message names the input and the rule it broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A canonical that breaks a rule of identity.
    #[error("canonical \"{key}\" {rule}")]
    InvalidKey {
        /// The beginning of the canonical, fit to be shown.
        key: String,
        /// The rule it breaks, as the rest of a sentence.
        rule: &'static str,
    },
    /// A value that cannot be stored.
    #[error("{what} {rule}")]
    InvalidValue {
        /// What was given.
        what: String,
        /// The rule it breaks, as the rest of a sentence.
        rule: &'static str,
    },
    /// An option out of its range.
    #[error("option {option} is {value}, must be {range}")]
    InvalidConfig {
        /// Name of the option.
        option: &'static str,
        /// The value given.
        value: String,
        /// The values allowed.
        range: &'static str,
    },
    /// A body above `maxEntryBytes`.
    #[error("entry of {bytes} bytes exceeds maxEntryBytes of {limit}")]
    EntryTooLarge {
        /// Size of the body.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A budget that holds only what may not be evicted.
    #[error("{what} of {bytes} bytes does not fit the limit of {limit}")]
    StorageFull {
        /// Which budget.
        what: &'static str,
        /// Bytes wanted.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Bytes at rest that fail their check.
    #[error("{what} is damaged: {rule}")]
    Corrupt {
        /// What was read.
        what: String,
        /// The check that failed.
        rule: &'static str,
    },
    /// Bytes written by a newer version of the format.
    #[error("format {found} is newer than {known}, the newest known here")]
    FormatTooNew {
        /// Version met.
        found: u32,
        /// Newest version this build reads.
        known: u32,
    },
    /// A record that could not be packed or unpacked.
    #[error("{what} could not be packed or unpacked")]
    Serialization {
        /// What it was.
        what: &'static str,
    },
}

impl Error {
    /// [`Error::InvalidKey`] with as much of the key as a message can show.
    pub fn invalid_key(key: &str, rule: &'static str) -> Self {
        let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
        Self::InvalidKey {
            key: key.chars().take(120).map(shown).collect(),
            rule,
        }
    }

    /// The code callers branch on; the same word as in the TypeScript `ErrorCode`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidKey { .. } => "INVALID_KEY",
            Self::InvalidValue { .. } => "INVALID_VALUE",
            Self::InvalidConfig { .. } => "INVALID_CONFIG",
            Self::EntryTooLarge { .. } => "ENTRY_TOO_LARGE",
            Self::StorageFull { .. } => "STORAGE_FULL",
            Self::Corrupt { .. } => "CORRUPT",
            Self::FormatTooNew { .. } => "FORMAT_TOO_NEW",
            Self::Serialization { .. } => "SERIALIZATION",
        }
    }
}

/// What the core's fallible functions return.
pub type Result<T, E = Error> = core::result::Result<T, E>;
