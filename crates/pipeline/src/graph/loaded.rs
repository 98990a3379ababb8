//! A project and its graph, read together, so that all their problems are reported together.

use std::path::Path;

use bywash_core::{Error, Result, TableName, TableRef};

use super::Graph;
use super::build::ambiguous;
use crate::project::reserved::is_reserved;
use crate::project::{Project, Unsaved, together};

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
    /// Finds the project around `start`, reads it with these files as they will be, and builds its graph; `before` is
    /// what was read of it some time ago.
    ///
    /// # Errors
    /// No project, or one whose `bywash.toml` cannot be opened. Everything else stands in `problems`.
    pub fn read(start: &Path, target: Option<&str>, unsaved: &Unsaved, before: Option<&Project>) -> Result<Self> {
        let (project, problems) = Project::read(start, target, unsaved, before)?;
        Ok(Self::of(project, problems))
    }

    /// Builds the graph of a project that has been read.
    #[must_use]
    pub fn of(project: Project, mut problems: Vec<Error>) -> Self {
        let (graph, found) = Graph::build(&project);
        problems.extend(found);
        Self { project, graph, problems }
    }

    /// The same, unless something is wrong with the settings: then not even the lake can be found.
    ///
    /// # Errors
    /// Every problem, as one error.
    pub fn settled(self) -> Result<Self> {
        match self.project.settings_error {
            Some(_) => Err(together(self.problems).unwrap_or_else(|| Error::bug("settings are wrong, and none is"))),
            None => Ok(self),
        }
    }

    /// The project and its graph, if nothing is wrong with them on a lake that holds `in_lake`.
    ///
    /// `is_there` tells whether a table at a branch, tag or commit (`t@ref`) is there.
    ///
    /// # Errors
    /// Every problem, as one error.
    pub fn check(self, in_lake: &[TableName], is_there: impl FnMut(&TableRef) -> bool) -> Result<(Project, Graph)> {
        let (project, graph, problems) = self.with_problems(in_lake, is_there);
        together(problems).map_or(Ok((project, graph)), Err)
    }

    /// The same for who looks for more problems: what can be used all the same, and all that is wrong with it.
    pub fn with_problems(
        mut self,
        in_lake: &[TableName],
        mut is_there: impl FnMut(&TableRef) -> bool,
    ) -> (Project, Graph, Vec<Error>) {
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
        (self.project, self.graph, self.problems)
    }
}

fn is_meant(name: &TableName, table: &TableRef) -> bool {
    name.name() == table.name && table.namespace.as_ref().is_none_or(|namespace| namespace == name.namespace())
}
