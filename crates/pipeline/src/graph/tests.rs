//! From what YAML declares and the files in `tests/` to test nodes.

use std::collections::HashSet;
use std::sync::Arc;

use bywash_core::{Code, Error, Place, TableName, TableRef};

use super::names::{Names, Resolution};
use super::node::{Body, Node};
use crate::project::data_tests::{NAMESPACE, TestDeclaration};
use crate::project::{DataTest, Project, SqlTest, front_matter, model_sql};

/// Every test, by name.
pub(super) fn of(project: &Project, names: &Names, problems: &mut Vec<Error>) -> Vec<Node> {
    let mut builder = Builder { names, taken: HashSet::new(), tests: Vec::new(), problems };
    for test in &project.sql_tests {
        builder.add_file(test);
    }
    let resources = project.resources.iter().map(|resource| (&resource.name, &resource.tests));
    let seeds = project.seeds.iter().map(|seed| (&seed.name, &seed.tests));
    let models = project.models.iter().map(|model| (&model.name, &model.tests));
    for (table, tests) in resources.chain(seeds).chain(models) {
        tests.iter().for_each(|test| builder.add_declared(table, test));
    }
    let mut tests = builder.tests;
    tests.sort_by(|first, second| first.name.cmp(&second.name));
    tests.into_iter().map(|test| Node::new(test.name.clone(), Body::Test(Arc::new(test)))).collect()
}

struct Builder<'a> {
    names: &'a Names,
    taken: HashSet<String>,
    tests: Vec<DataTest>,
    problems: &'a mut Vec<Error>,
}

impl Builder<'_> {
    fn add_file(&mut self, test: &SqlTest) {
        if !self.taken.insert(test.name.name().to_lowercase()) {
            self.problems.push(self.doubled(&test.name, &test.place));
            return;
        }
        let reads = self.known(&test.parsed.references);
        self.tests.push(DataTest {
            name: test.name.clone(),
            node: reads.first().cloned(),
            sql: front_matter::body(test.parsed.text()).trim().trim_end_matches(';').to_owned(),
            severity: test.severity,
            description: test.description.clone(),
            place: test.place.clone(),
            reads,
            references: test.parsed.references.clone(),
        });
    }

    fn add_declared(&mut self, table: &TableName, test: &TestDeclaration) {
        let Some(name) = self.name(table, test) else { return };
        let own = TableRef { namespace: Some(table.namespace().into()), name: table.name().into(), at: None };
        let mut references = vec![(own, test.place.clone())];
        let other = test.other().map(|(other, place)| {
            references.push((other.clone(), place.clone()));
            match self.names.resolve(other) {
                Resolution::Node(_, name) => name.to_string(),
                _ => other.to_string(),
            }
        });
        let sql = test.sql(table, &other.unwrap_or_default());
        if test.filter.is_some() {
            // Only a `where` can hold anything unforeseen: it may even read tables of its own.
            match model_sql::check(&test.place.path, &sql) {
                Ok(parsed) => {
                    let own = |table: &TableRef| references.iter().any(|(known, _)| known == table);
                    let more = parsed.references.iter().filter(|(table, _)| !own(table));
                    let more: Vec<_> = more.map(|(table, _)| (table.clone(), test.place.clone())).collect();
                    references.extend(more);
                }
                Err(error) => {
                    let message = format!("the `where` of this test is not SQL: {}", error.message());
                    self.problems.push(Error::new(Code::InvalidTest, message).at(test.place.clone()));
                    return;
                }
            }
        }
        self.tests.push(DataTest {
            name,
            node: Some(table.clone()),
            sql,
            severity: test.severity,
            description: test.description.clone(),
            place: test.place.clone(),
            reads: self.known(&references),
            references,
        });
    }

    /// A name that no other test has: one that was written must be free, one that was made up gets a number.
    fn name(&mut self, table: &TableName, test: &TestDeclaration) -> Option<TableName> {
        let stem = test.stem(table);
        if self.taken.insert(stem.to_lowercase()) {
            return TableName::new(NAMESPACE, stem)
                .map_err(|error| self.problems.push(error.at(test.place.clone())))
                .ok();
        }
        if test.name.is_some() {
            let name = TableName::new(NAMESPACE, stem).ok()?;
            self.problems.push(self.doubled(&name, &test.place));
            return None;
        }
        let numbered = (2..).map(|number| format!("{stem}_{number}")).find(|name| !self.taken.contains(name))?;
        self.taken.insert(numbered.to_lowercase());
        TableName::new(NAMESPACE, numbered).ok()
    }

    fn doubled(&self, name: &TableName, place: &Place) -> Error {
        let error = Error::new(Code::DuplicateNode, format!("two tests are named `{}`", name.name()));
        let first = self.tests.iter().find(|test| test.name.name().eq_ignore_ascii_case(name.name()));
        let error = match first {
            Some(first) => error.at(first.place.clone().labelled("first here")),
            None => error,
        };
        error.at(place.clone()).hint("rename one of them")
    }

    /// The tables of the graph among these.
    fn known(&self, references: &[(TableRef, Place)]) -> Vec<TableName> {
        let mut known: Vec<TableName> = Vec::new();
        for (table, _) in references {
            if let Resolution::Node(_, name) = self.names.resolve(table)
                && !known.contains(&name)
            {
                known.push(name);
            }
        }
        known
    }
}
