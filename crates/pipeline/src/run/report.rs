//! What a run did, node by node: what `bywash run` prints and `-o json` gives.

use bywash_core::{Code, Error, ObjectId, TableName, counted};

use crate::events::NodeStatus;

/// What a run did with one node.
#[derive(Clone, Debug)]
pub struct NodeReport {
    /// The node.
    pub name: TableName,
    /// `source`, `seed`, `table`, `view`, `incremental` or `python`.
    pub kind: &'static str,
    /// What became of it.
    pub status: NodeStatus,
    /// Why it ran, or from where it was reused.
    pub reason: String,
    /// Rows of its output.
    pub rows: u64,
    /// Rows that it read from files, or that were new to it.
    pub rows_in: u64,
    /// Bytes of its output.
    pub bytes: u64,
    /// Milliseconds.
    pub ms: u64,
    /// What a person should know about what it read.
    pub warnings: Vec<String>,
    /// Why it failed.
    pub error: Option<Error>,
}

/// The result of a data test.
#[derive(Clone, Debug)]
pub struct TestReport {
    /// The test.
    pub name: String,
    /// The table that it guards.
    pub table: String,
    /// Rows that it found.
    pub bad_rows: u64,
    /// Whether bad rows block the publish.
    pub blocks: bool,
    /// The query that shows them.
    pub query: String,
    /// Milliseconds; 0 where the verdict was known.
    pub ms: u64,
}

impl TestReport {
    /// The word in the catalog.
    #[must_use]
    pub const fn status(&self) -> &'static str {
        match (self.bad_rows, self.blocks) {
            (0, _) => "passed",
            (_, true) => "failed",
            (_, false) => "warned",
        }
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// A commit became visible.
    Published,
    /// Everything was up to date already.
    Unchanged,
    /// Nothing became visible.
    Failed,
}

impl RunStatus {
    /// The word in JSON and in the catalog.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
        }
    }
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// The run.
    pub run: String,
    /// How it ended.
    pub status: RunStatus,
    /// The branch.
    pub target: String,
    /// The commit that it published, or that was there.
    pub commit: ObjectId,
    /// How it was published: `direct`, `rebased` or `replanned`.
    pub publish: Option<&'static str>,
    /// Its nodes in the order in which they finished.
    pub nodes: Vec<NodeReport>,
    /// Its tests.
    pub tests: Vec<TestReport>,
    /// Whether an earlier run with the same key is reported instead.
    pub earlier: bool,
    /// Milliseconds.
    pub ms: u64,
}

impl RunReport {
    /// The failures as one error, each with what led to it; `None` if there is none.
    #[must_use]
    pub fn error(&self) -> Option<Error> {
        let nodes = self.nodes.iter().filter_map(|node| node.error.clone());
        let tests = self.tests.iter().filter(|test| test.status() == "failed").map(failed_test);
        Error::all(nodes.chain(tests).collect())
    }
}

fn failed_test(test: &TestReport) -> Error {
    let rows = counted(test.bad_rows, "bad row");
    Error::new(Code::TestFailed, format!("test `{}` found {rows} in `{}`", test.name, test.table))
        .hint(format!("show them: {}", test.query))
}
