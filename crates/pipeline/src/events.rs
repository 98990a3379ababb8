//! What a run tells while it works. Whoever starts a run passes a listener; drawing bars, writing lines or logs is
//! the listener's business, and nothing in a run depends on it.

use std::time::Duration;

/// What happened to a node in a run, as `bywash run -o json` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeStatus {
    /// Its rows were computed.
    Ran,
    /// What it would compute was there already.
    Reused,
    /// It was not tried, because something before it failed.
    Skipped,
    /// It failed.
    Failed,
}

impl NodeStatus {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ran => "ran",
            Self::Reused => "reused",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

/// One thing that happened. Names are full: `namespace.table`.
#[derive(Clone, Debug)]
pub enum Event {
    /// A node began to work.
    NodeStarted {
        /// The node.
        name: String,
        /// What it is: `source`, `seed`, `table`, `view`, `incremental`, `python`, `test`.
        kind: String,
    },
    /// How far a node is: totals so far, not steps.
    NodeProgress {
        /// The node.
        name: String,
        /// How far it is.
        so_far: SoFar,
    },
    /// A node is done. Nodes that are reused or skipped finish without having started.
    NodeFinished {
        /// The node.
        name: String,
        /// What it is.
        kind: String,
        /// What happened to it.
        status: NodeStatus,
        /// Rows of the result.
        rows: u64,
        /// Bytes of the result.
        bytes: u64,
        /// How long it took.
        elapsed: Duration,
        /// A few words: why it ran, what was new, what failed.
        note: Option<String>,
    },
    /// Something about a node that deserves attention and keeps nothing from going on.
    Warning {
        /// The node.
        name: String,
        /// One line.
        text: String,
    },
    /// A line that a node's function wrote.
    Line {
        /// The node.
        name: String,
        /// The line.
        text: String,
    },
    /// Something else to say: one line.
    Message(String),
}

/// How far a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SoFar {
    /// Rows that it has read of a source, or given.
    pub rows: u64,
    /// Bytes of its result that are written.
    pub bytes: u64,
    /// Bytes of tables that it has read.
    pub bytes_read: u64,
}

/// Hears what happens. Called from several threads at once, and must not block.
pub trait Listener: Send + Sync {
    /// Something happened.
    fn hear(&self, event: Event);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silence;

impl Listener for Silence {
    fn hear(&self, _event: Event) {}
}
