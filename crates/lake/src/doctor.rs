//! What is wrong with a lake: the catalog, every commit that a ref reaches, every file that its entries name.

use std::collections::BTreeSet;

use bywash_core::{Code, Error, ObjectId, Result};

use crate::Lake;
use crate::changes::TableState;
use crate::objects::{Entry, TableEntry};
use crate::tables::TableFiles;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: a ref, a table, a file.
    pub place: String,
    /// What.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

/// What was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkup {
    /// Refs.
    pub refs: usize,
    /// Commits below them.
    pub commits: usize,
    /// Different states of tables in those commits.
    pub tables: usize,
    /// Data files that current snapshots name.
    pub files: usize,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Checkup {
    fn find(&mut self, place: impl Into<String>, problem: impl Into<String>, remedy: &str) {
        self.findings.push(Finding { place: place.into(), problem: problem.into(), remedy: remedy.to_owned() });
    }
}

impl Lake {
    /// Looks at everything that a ref reaches.
    ///
    /// # Errors
    /// The catalog does not answer at all; anything less is a finding.
    pub async fn checkup(&self) -> Result<Checkup> {
        let mut checkup = Checkup::default();
        for problem in self.store().integrity().await? {
            checkup.find("catalog.db", problem, "restore the catalog from a backup; tables stay readable without it");
        }
        let mut commits = BTreeSet::new();
        for row in self.store().refs().await? {
            checkup.refs += 1;
            match self.ancestry(row.commit).await {
                Ok(below) => commits.extend(below),
                Err(error) => checkup.find(&row.name, error.message(), "move the ref to a commit that is whole"),
            }
        }
        checkup.commits = commits.len();
        let mut seen = BTreeSet::new();
        for id in commits {
            self.check_commit(id, &mut seen, &mut checkup).await;
        }
        checkup.tables = seen.len();
        Ok(checkup)
    }

    async fn check_commit(&self, id: ObjectId, seen: &mut BTreeSet<(String, Option<i64>)>, checkup: &mut Checkup) {
        let objects = self.objects();
        let entries = match self.commit(id).await {
            Ok(commit) => commit.tree.all(&objects).await,
            Err(error) => Err(error),
        };
        match entries {
            Ok(entries) => {
                for (name, entry) in entries {
                    let Entry::Table(table) = entry else { continue };
                    if seen.insert((table.metadata.clone(), table.snapshot_id)) {
                        self.check_table(&name, &table, checkup).await;
                    }
                }
            }
            Err(error) => {
                checkup.find(format!("commit {}", id.short()), error.message(), "restore the catalog from a backup")
            }
        }
    }

    async fn check_table(&self, name: &str, table: &TableEntry, checkup: &mut Checkup) {
        match self.check_files(table, checkup).await {
            Ok(problems) => {
                for problem in problems {
                    checkup.find(name, problem, "`bywash revert` the commit that wrote it, or restore the file");
                }
            }
            Err(error) => checkup.find(name, error.message(), "restore the table's metadata from a backup"),
        }
    }

    /// The snapshot must name the files of the set's tiles, and each must lie there in its full length.
    async fn check_files(&self, table: &TableEntry, checkup: &mut Checkup) -> Result<Vec<String>> {
        let snapshot = TableFiles::load(self.warehouse(), &table.metadata, table.snapshot_id).await?;
        let state = TableState::read(&self.objects(), table).await?;
        let planned: BTreeSet<&str> = state.files().map(|file| file.path.as_str()).collect();
        let named: BTreeSet<&str> = snapshot.files.iter().map(|file| file.path.as_str()).collect();
        let mut problems = Vec::new();
        if planned != named {
            problems.push("its snapshot and its set of changes name different files".to_owned());
        }
        for file in &snapshot.files {
            checkup.files += 1;
            match self.warehouse().size(&file.path).await {
                Ok(size) if size == file.file_size_in_bytes => {}
                Ok(size) => {
                    problems.push(format!("`{}` has {size} bytes instead of {}", file.path, file.file_size_in_bytes))
                }
                Err(error) => problems.push(missing(&file.path, &error)),
            }
        }
        Ok(problems)
    }
}

fn missing(path: &str, error: &Error) -> String {
    match error.code() {
        Code::MissingFile => format!("`{path}` is missing"),
        _ => error.message().to_owned(),
    }
}
