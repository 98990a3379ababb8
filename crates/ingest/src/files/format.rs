//! What a file is: its format from its name, its compression from its name and its first bytes.

use bywash_core::{Code, Error, Place, Result};
use serde::{Deserialize, Serialize};

/// How the rows of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Delimited text: `.csv`, `.tsv`, `.txt`.
    #[serde(alias = "tsv", alias = "txt")]
    Csv,
    /// One JSON object a line: `.jsonl`, `.ndjson`.
    #[serde(alias = "jsonl", alias = "ndjson")]
    JsonLines,
    /// JSON documents: `.json`.
    Json,
    /// Parquet: `.parquet`.
    Parquet,
}

impl Format {
    /// The format that a name tells, looking under `.gz`, `.zst` and `.zip`.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let bare = [".gz", ".gzip", ".zst", ".zstd", ".zip"].iter().find_map(|end| name.strip_suffix(end));
        match bare.unwrap_or(&name).rsplit_once('.')?.1 {
            "csv" | "tsv" | "tab" | "txt" | "psv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "json" => Some(Self::Json),
            "parquet" | "pq" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// The error for a name that tells nothing.
    pub(crate) fn unknown(shown: &str) -> Error {
        Error::new(Code::UnreadableFile, format!("the name of `{shown}` does not tell its format"))
            .at(Place::file(shown))
            .hint("say it in the source: `format: csv`, `json_lines`, `json` or `parquet`")
    }

    /// The word for it in messages and in a source file.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "json_lines",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one member or several.
    Gzip,
    /// Zstandard, one frame or several.
    Zstd,
    /// A zip archive.
    Zip,
}

impl Compression {
    /// The compression that a name tells.
    #[must_use]
    pub fn of_name(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        if name.ends_with(".gz") || name.ends_with(".gzip") {
            Self::Gzip
        } else if name.ends_with(".zst") || name.ends_with(".zstd") {
            Self::Zstd
        } else if name.ends_with(".zip") {
            Self::Zip
        } else {
            Self::None
        }
    }

    /// The compression that the first bytes tell.
    #[must_use]
    pub fn of_head(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            _ => Self::None,
        }
    }

    /// What the content is packed with; the name only says what must not be missing.
    ///
    /// # Errors
    /// The name promises a packed file and the content is none.
    pub(crate) fn of(shown: &str, head: &[u8]) -> Result<Self> {
        let (named, found) = (Self::of_name(shown), Self::of_head(head));
        if named == Self::None || found != Self::None {
            return Ok(found);
        }
        let word = named.word();
        if head.is_empty() {
            return Err(truncated(shown).hint(format!("a {word} file is never empty")));
        }
        Err(Error::new(Code::UnreadableFile, format!("`{shown}` is named like a {word} file but is none"))
            .at(Place::file(shown))
            .hint("rename the file if it is not packed"))
    }

    /// The word for it in messages.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::None => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zip => "zip",
        }
    }
}

/// The error for a file that ends before its end.
pub(crate) fn truncated(shown: &str) -> Error {
    Error::new(Code::TruncatedFile, format!("`{shown}` ends too early: a part of it is missing"))
        .at(Place::file(shown))
        .hint("copy or download the file again")
}
