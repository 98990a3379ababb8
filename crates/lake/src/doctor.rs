//! What is wrong with a lake: the catalog, every commit that a ref reaches, every file that its entries name.

use std::collections::BTreeSet;

use bywash_core::{Code, Error, ObjectId, Result, RowSums};

use crate::changes::TableState;
use crate::objects::{Commit, Entry, TableEntry};
use crate::tables::TableFiles;
use crate::{ForeignTable, Lake, Leftovers};

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
    /// Different data files that those states name.
    pub files: usize,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Tables at the heads of branches and tags that record another place: other readers do not find them.
    pub foreign: Vec<ForeignTable>,
    /// Files that nothing refers to; not looked for where something is wrong.
    pub leftovers: Leftovers,
}

/// What was looked at already.
#[derive(Default)]
struct Seen {
    states: BTreeSet<(String, Option<i64>)>,
    files: BTreeSet<String>,
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
        let mut seen = Seen::default();
        for id in commits {
            self.check_commit(id, &mut seen, &mut checkup).await;
        }
        checkup.tables = seen.states.len();
        checkup.files = seen.files.len();
        if checkup.findings.is_empty() {
            checkup.foreign = self.foreign_tables().await?;
            checkup.leftovers = self.leftovers().await?;
        }
        Ok(checkup)
    }

    async fn check_commit(&self, id: ObjectId, seen: &mut Seen, checkup: &mut Checkup) {
        let objects = self.objects();
        let entries = match self.commit(id).await {
            Ok(commit) => self.check_project(&commit).await.and(commit.tree.all(&objects).await),
            Err(error) => Err(error),
        };
        match entries {
            Ok(entries) => {
                for (name, entry) in entries {
                    let Entry::Table(table) = entry else { continue };
                    if seen.states.insert((table.metadata.clone(), table.snapshot_id)) {
                        self.check_table(&name, &table, seen, checkup).await;
                    }
                }
            }
            Err(error) => {
                checkup.find(format!("commit {}", id.short()), error.message(), "restore the catalog from a backup");
            }
        }
    }

    /// The project's files that a commit names must be there.
    async fn check_project(&self, commit: &Commit) -> Result<()> {
        let contents = commit.files.all(&self.objects()).await?;
        let ids: Vec<_> = contents.values().map(|content| content.0).collect();
        let absent = self.store().absent(&ids).await?;
        let gone = contents.iter().find(|(_, content)| absent.contains(&content.0));
        gone.map_or(Ok(()), |(path, _)| {
            Err(Error::new(Code::ObjectMissing, format!("the project's file `{path}` is gone from the catalog")))
        })
    }

    async fn check_table(&self, name: &str, table: &TableEntry, seen: &mut Seen, checkup: &mut Checkup) {
        match self.check_files(table, &mut seen.files).await {
            Ok(problems) => {
                for problem in problems {
                    checkup.find(name, problem, "`bywash revert` the commit that wrote it, or restore the file");
                }
            }
            Err(error) => checkup.find(name, error.message(), "restore the table's metadata from a backup"),
        }
    }

    /// The snapshot must name the files of the set's tiles, and each must lie there in its full length; what the rows come
    /// to is what those of the files come to (rule R4).
    async fn check_files(&self, table: &TableEntry, seen: &mut BTreeSet<String>) -> Result<Vec<String>> {
        let snapshot = TableFiles::load(self.warehouse(), &table.metadata, table.snapshot_id).await?;
        let state = TableState::read(&self.objects(), table).await?;
        let planned: BTreeSet<&str> = state.files().map(|file| file.path.as_str()).collect();
        let named: BTreeSet<&str> = snapshot.files.iter().map(|file| file.path.as_str()).collect();
        let mut problems = Vec::new();
        if planned != named {
            problems.push("its snapshot and its set of changes name different files".to_owned());
        }
        let sums = RowSums::of_all(state.files().map(|file| file.row_sums.as_ref()));
        if table.row_sums.is_some() && table.row_sums != sums {
            problems.push("its rows come to something else than those of its files".to_owned());
        }
        for file in &snapshot.files {
            seen.insert(file.path.clone());
            match self.warehouse().size(&file.path).await {
                Ok(size) if size == file.file_size_in_bytes => {}
                Ok(size) => {
                    let (path, expected) = (self.warehouse().absolute(&file.path)?, file.file_size_in_bytes);
                    problems.push(format!("`{}` has {size} bytes instead of {expected}", path.display()));
                }
                Err(error) => problems.push(error.message().to_owned()),
            }
        }
        Ok(problems)
    }
}
