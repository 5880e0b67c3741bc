//! The one error type of the core.

/// What can go wrong in the core. The message names the input and the rule it broke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
#[non_exhaustive]
pub enum Error {
    /// A canonical that breaks a rule of identity.
    InvalidKey {
        /// The beginning of the canonical, fit to be shown.
        key: String,
        /// The rule it breaks, as the rest of a sentence.
        rule: &'static str,
    },
    /// A value that cannot be stored.
    InvalidValue {
        /// What was given.
        what: String,
        /// The rule it breaks, as the rest of a sentence.
        rule: &'static str,
    },
    /// An option out of its range.
    InvalidConfig {
        /// Name of the option.
        option: &'static str,
        /// The value given.
        value: String,
        /// The values allowed.
        range: &'static str,
    },
    /// A body above `maxEntryBytes`, or metadata above what an archive carries.
    EntryTooLarge {
        /// The entry, or the part of it.
        what: String,
        /// Its size.
        bytes: usize,
        /// What the limit is called.
        rule: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A budget that holds only what may not be evicted.
    StorageFull {
        /// Which budget.
        what: &'static str,
        /// Bytes wanted.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// Bytes at rest that fail their check.
    Corrupt {
        /// What was read.
        what: String,
        /// The check that failed.
        rule: &'static str,
    },
    /// Bytes written by a newer version of the format.
    FormatTooNew {
        /// Version met.
        found: u32,
        /// Newest version this build reads.
        known: u32,
    },
    /// A record that could not be packed or unpacked.
    Serialization {
        /// What it was.
        what: &'static str,
    },
}

impl Error {
    /// [`Error::InvalidKey`] with as much of the key as a message can show.
    #[cold]
    pub fn invalid_key(key: &str, rule: &'static str) -> Box<Self> {
        let key = shown(key);
        Box::new(Self::InvalidKey { key, rule })
    }

    /// [`Error::InvalidValue`].
    #[cold]
    pub fn invalid_value(what: &str, rule: &'static str) -> Box<Self> {
        let what = what.into();
        Box::new(Self::InvalidValue { what, rule })
    }

    /// [`Error::EntryTooLarge`] for a body.
    #[cold]
    pub fn entry_too_large(entry: &str, bytes: usize, limit: usize) -> Box<Self> {
        Self::too_large(shown(entry), bytes, "maxEntryBytes", limit)
    }

    /// [`Error::EntryTooLarge`] for what is known of an entry.
    #[cold]
    pub fn metadata_too_large(entry: &str, bytes: usize, limit: usize) -> Box<Self> {
        let what = format!("the metadata of {}", shown(entry));
        Self::too_large(what, bytes, "the limit", limit)
    }

    fn too_large(what: String, bytes: usize, rule: &'static str, limit: usize) -> Box<Self> {
        Box::new(Self::EntryTooLarge {
            what,
            bytes,
            rule,
            limit,
        })
    }

    /// [`Error::StorageFull`].
    #[cold]
    pub fn storage_full(what: &'static str, bytes: usize, limit: usize) -> Box<Self> {
        Box::new(Self::StorageFull { what, bytes, limit })
    }

    /// [`Error::Corrupt`].
    #[cold]
    pub fn corrupt(what: &str, rule: &'static str) -> Box<Self> {
        let what = what.into();
        Box::new(Self::Corrupt { what, rule })
    }

    /// [`Error::FormatTooNew`].
    #[cold]
    pub fn format_too_new(found: u32, known: u32) -> Box<Self> {
        Box::new(Self::FormatTooNew { found, known })
    }

    /// [`Error::Serialization`].
    #[cold]
    pub fn serialization(what: &'static str) -> Box<Self> {
        Box::new(Self::Serialization { what })
    }

    /// The sentence.
    pub fn message(&self) -> String {
        match self {
            Self::InvalidKey { key, rule } => format!("canonical \"{key}\" {rule}"),
            Self::InvalidValue { what, rule } => format!("{what} {rule}"),
            Self::InvalidConfig {
                option,
                value,
                range,
            } => format!("option {option} is {value}, must be {range}"),
            Self::EntryTooLarge {
                what,
                bytes,
                rule,
                limit,
            } => {
                format!("{what} of {bytes} bytes exceeds {rule} of {limit}")
            }
            Self::StorageFull { what, bytes, limit } => {
                format!("{what} of {bytes} bytes does not fit the limit of {limit}")
            }
            Self::Corrupt { what, rule } => format!("{what} is damaged: {rule}"),
            Self::FormatTooNew { found, known } => {
                format!("format {found} is newer than {known}, the newest this version reads")
            }
            Self::Serialization { what } => format!("{what} could not be encoded or decoded"),
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

/// As much of a key as a message can show.
fn shown(key: &str) -> String {
    let shown = |letter: char| if letter.is_control() { ' ' } else { letter };
    key.chars().take(120).map(shown).collect()
}

/// What the core's fallible functions return. The error is boxed: what passes it on moves one word.
pub type Result<T, E = Box<Error>> = core::result::Result<T, E>;
