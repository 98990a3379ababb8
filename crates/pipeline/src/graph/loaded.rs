//! A project and its graph, read together, so that all their problems are reported together.

use std::path::Path;

use bywash_core::{Error, Result, TableName, TableRef};

use super::Graph;
use super::build::ambiguous;
use crate::project::reserved::is_reserved;
use crate::project::{Project, together};

/// A project as it was found, sound or not.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What its files say.
    pub project: Project,
    /// What follows from that.
    pub graph: Graph,
    /// What is wrong with both.
    pub problems: Vec<Error>,
}

impl Loaded {
    /// Finds the project around `start`, reads it and builds its graph.
    ///
    /// # Errors
    /// No project, or one whose `bywash.toml` cannot be opened. Everything else stands in `problems`.
    pub fn read(start: &Path, target: Option<&str>) -> Result<Self> {
        let (project, problems) = Project::read(start, target)?;
        Ok(Self::of(project, problems))
    }

    /// Builds the graph of a project that has been read.
    #[must_use]
    pub fn of(project: Project, mut problems: Vec<Error>) -> Self {
        let (graph, found) = Graph::build(&project);
        problems.extend(found);
        Self { project, graph, problems }
    }

    /// The project and its graph, if nothing is wrong with them on a lake that holds `in_lake`.
    ///
    /// `is_there` tells whether a table at a branch, tag or commit (`t@ref`) is there.
    ///
    /// # Errors
    /// Every problem, as one error.
    pub fn check(
        mut self,
        in_lake: &[TableName],
        mut is_there: impl FnMut(&TableRef) -> bool,
    ) -> Result<(Project, Graph)> {
        for external in self.graph.external() {
            let table = &external.table;
            let found: Vec<TableName> = in_lake.iter().filter(|name| is_meant(name, table)).cloned().collect();
            let elsewhere = table.at.is_some() || table.namespace.as_deref().is_some_and(is_reserved);
            match found.as_slice() {
                _ if elsewhere && is_there(table) => {}
                [_] if !elsewhere => {}
                [_, _, ..] if !elsewhere => self.problems.push(ambiguous(table, &external.place, &found)),
                _ => self.problems.push(self.graph.unknown_table(table, &external.place, in_lake)),
            }
        }
        match together(self.problems) {
            Some(error) => Err(error),
            None => Ok((self.project, self.graph)),
        }
    }
}

fn is_meant(name: &TableName, table: &TableRef) -> bool {
    name.name() == table.name && table.namespace.as_ref().is_none_or(|namespace| namespace == name.namespace())
}
