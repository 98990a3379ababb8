//! Rows of the catalog, as the system tables `bywash.refs`, `reflog`, `runs`, `run_nodes`, `loads` and `tests` show
//! them.

use serde::{Deserialize, Serialize};

use bywash_core::{Code, Error, Micros, ObjectId, Result};

/// What a ref is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefKind {
    /// Moves forward with each commit.
    Branch,
    /// Stays.
    Tag,
    /// A run's own work, `refs/runs/<id>`.
    Run,
}

impl RefKind {
    /// The word in the catalog.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Branch => "branch",
            Self::Tag => "tag",
            Self::Run => "run",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// Another word.
    pub fn parse(text: &str) -> Result<Self> {
        match text {
            "branch" => Ok(Self::Branch),
            "tag" => Ok(Self::Tag),
            "run" => Ok(Self::Run),
            _ => Err(Error::new(Code::CatalogCorrupt, format!("`{text}` is no kind of ref"))),
        }
    }
}

/// A ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefRow {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: RefKind,
    /// Where it points.
    pub commit: ObjectId,
}

/// One move of a ref. Times strictly increase per ref (rule T2).
#[derive(Clone, Debug)]
pub struct ReflogRow {
    /// Order over all refs.
    pub sequence: i64,
    /// The ref.
    pub name: String,
    /// Where it pointed; `None` when it was created.
    pub old: Option<ObjectId>,
    /// Where it points since; `None` when it was deleted.
    pub new: Option<ObjectId>,
    /// When.
    pub time: Micros,
    /// Why.
    pub message: String,
    /// Which run moved it.
    pub run: Option<String>,
}

/// A run of the graph.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRow {
    /// Its id, which orders by time.
    pub id: String,
    /// `--run-key`.
    pub run_key: Option<String>,
    /// What was asked, in words.
    pub command: String,
    /// `running`, `published`, `unchanged`, `failed` or `cancelled`.
    pub status: String,
    /// The branch it publishes to.
    pub target: String,
    /// The head it began with.
    pub base: Option<ObjectId>,
    /// What it published.
    pub commit: Option<ObjectId>,
    /// How: `direct`, `rebased` or `replanned` (rule R1).
    pub publish: Option<String>,
    /// How often it planned.
    pub plans: i64,
    /// When it began.
    pub started: Micros,
    /// When it ended.
    pub finished: Option<Micros>,
    /// When it last said that it lives.
    pub heartbeat: Micros,
    /// Where it runs.
    pub host: String,
    /// As which process.
    pub process: i64,
    /// Why it failed.
    pub error: Option<String>,
}

/// A node of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunNodeRow {
    /// The run.
    pub run: String,
    /// The node.
    pub name: String,
    /// `resource`, `seed`, `table`, `view`, `incremental`.
    pub kind: String,
    /// `ran`, `reused`, `skipped` or `failed`.
    pub status: String,
    /// Why it ran, or from where it was reused.
    pub reason: String,
    /// Rows of its output.
    pub rows: i64,
    /// Rows that it read.
    pub rows_in: i64,
    /// Bytes of its output.
    pub bytes: i64,
    /// How long.
    pub ms: i64,
    /// Why it failed.
    pub error: Option<String>,
}

/// A file that a run loaded: rows read = written + filtered + quarantined + discarded (rule R9).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadRow {
    /// The run.
    pub run: String,
    /// The table.
    pub table: String,
    /// The file.
    pub path: String,
    /// Its content.
    pub content: String,
    /// Rows in the file.
    pub rows_read: i64,
    /// Rows in the table.
    pub rows_written: i64,
    /// Rows left out on purpose.
    pub rows_filtered: i64,
    /// Rows in `<table>__rejected`.
    pub rows_quarantined: i64,
    /// Rows thrown away.
    pub rows_discarded: i64,
    /// Bytes of the file.
    pub bytes: i64,
}

/// The result of a test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestRow {
    /// The run.
    pub run: String,
    /// The test.
    pub name: String,
    /// The table it guards.
    pub table: String,
    /// `passed`, `failed` or `warned`.
    pub status: String,
    /// How many rows are bad.
    pub bad_rows: i64,
    /// How long.
    pub ms: i64,
    /// The query that shows the bad rows.
    pub query: String,
}

/// A kept output: whoever computes this key again takes the entry instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The key of rule R3.
    pub key: ObjectId,
    /// The node.
    pub node: String,
    /// The object that holds its entry.
    pub entry: ObjectId,
    /// What the entry shows to a reader.
    pub version: ObjectId,
    /// The run that made it.
    pub run: String,
}
