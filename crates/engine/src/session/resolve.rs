//! From the names in a statement to what the planner scans; views become plans, so that the optimizer sees through.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bywash_core::{Code, Error, Place, Result, TableRef, suggestion};
use datafusion::datasource::{MemTable, TableProvider, ViewTable, provider_as_source};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::TableSource;
use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::sync::Mutex;

use super::columns_read::NoRows;
use super::names::Known;
use super::resolver::{LakeTable, Resolved, TableResolver};
use super::stream_table;
use crate::scan::LakeProvider;
use crate::sql::{CHANGED_TABLE, FILE_PREFIX, Parameters, Parsed, parse};

/// The lookups of one statement. A view that is read on several ways is planned once.
pub(super) struct Lookup<'a> {
    resolver: &'a dyn TableResolver,
    state: &'a SessionState,
    found: Mutex<HashMap<String, Arc<dyn TableSource>>>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(resolver: &'a dyn TableResolver, state: &'a SessionState) -> Self {
        Self { resolver, state, found: Mutex::default() }
    }

    /// Everything that the statement reads, and the table that it writes if it exists.
    pub(super) async fn tables_of(&self, parsed: &Parsed) -> Result<Known> {
        self.tables_within(parsed, None, &[]).await
    }

    /// Tables that name no ref are those at `at`; `path` holds the views that lead here, outermost first.
    fn tables_within<'s>(
        &'s self,
        parsed: &'s Parsed,
        at: Option<&'s str>,
        path: &'s [String],
    ) -> BoxFuture<'s, Result<Known>> {
        async move {
            let mut known = Known::new();
            let written = parsed.target.iter().filter(|_| parsed.kind.is_insert());
            for (table, place) in parsed.references.iter().chain(written) {
                if let Entry::Vacant(unknown) = known.entry(table.to_string()) {
                    let at = table.at.clone().or_else(|| at.map(str::to_owned));
                    let table = TableRef { at, ..table.clone() };
                    unknown.insert(self.table(&table, place, path).await?);
                }
            }
            if let Some((table, place)) = parsed.target.as_ref().filter(|_| parsed.changes_rows()) {
                let table = self.lake_table(table, place).await?;
                known.insert(CHANGED_TABLE.to_owned(), provider_as_source(Arc::new(LakeProvider::with_places(table)?)));
            }
            for (file, place) in &parsed.files {
                let name = format!("{FILE_PREFIX}{file}");
                if !known.contains_key(&name) {
                    known.insert(name.clone(), self.file(file, &name, place, path).await?);
                }
            }
            Ok(known)
        }
        .boxed()
    }

    async fn table(&self, table: &TableRef, place: &Place, path: &[String]) -> Result<Arc<dyn TableSource>> {
        let name = table.to_string();
        if let Some(found) = self.found.lock().await.get(&name) {
            return Ok(Arc::clone(found));
        }
        if path.contains(&name) {
            return Err(cycle(path, &name).at(place.clone()));
        }
        let resolved = match self.resolver.resolve(table).await {
            Ok(resolved) => resolved,
            Err(error) => return Err(self.placed(error, &name, place).await),
        };
        self.source(resolved, name, path).await
    }

    /// A table whose rows can be changed.
    async fn lake_table(&self, table: &TableRef, place: &Place) -> Result<LakeTable> {
        let name = table.to_string();
        match self.resolver.resolve(table).await {
            Ok(Resolved::Lake(table)) => Ok(table),
            Err(error) => Err(self.placed(error, &name, place).await),
            Ok(_) => {
                Err(Error::new(Code::NodeTable, format!("`{name}` is no table of the lake whose rows can be changed"))
                    .at(place.clone()))
            }
        }
    }

    async fn file(&self, file: &str, name: &str, place: &Place, path: &[String]) -> Result<Arc<dyn TableSource>> {
        if let Some(found) = self.found.lock().await.get(name) {
            return Ok(Arc::clone(found));
        }
        let resolved = match self.resolver.resolve_file(file).await {
            Ok(resolved) => resolved,
            Err(error) => return Err(self.placed(error, file, place).await),
        };
        self.source(resolved, name.to_owned(), path).await
    }

    async fn source(&self, resolved: Resolved, name: String, path: &[String]) -> Result<Arc<dyn TableSource>> {
        let provider: Arc<dyn TableProvider> = match resolved {
            Resolved::Lake(table) => Arc::new(LakeProvider::new(table)?),
            Resolved::Batches(schema, batches) => {
                Arc::new(MemTable::try_new(schema, vec![batches]).map_err(|error| {
                    Error::bug(format!("rows of `{name}` differ in their columns")).caused_by(error)
                })?)
            }
            Resolved::Stream(table) => stream_table::provider(table)?,
            Resolved::Columns(name, columns) => Arc::new(NoRows::new(name, columns)),
            Resolved::View { sql, origin, at } => {
                let parsed = parse(origin, &sql)?;
                let mut path = path.to_vec();
                path.push(name.clone());
                let known = self.tables_within(&parsed, at.as_deref(), &path).await?;
                let plan = super::logical_plan(self.state, &parsed, &Parameters::new(), known)?.plan;
                Arc::new(ViewTable::new(plan, Some(sql)))
            }
        };
        let source = provider_as_source(provider);
        self.found.lock().await.insert(name, Arc::clone(&source));
        Ok(source)
    }

    /// Adds what the resolver cannot know: where the name stands, and which name was perhaps meant.
    async fn placed(&self, error: Error, name: &str, place: &Place) -> Error {
        let hint = if error.code() == Code::UnknownTable && error.hints().is_empty() {
            let known = self.resolver.known_tables().await.unwrap_or_default();
            suggestion(name, known.iter().map(String::as_str))
        } else {
            None
        };
        error.or_at(place).maybe_hint(hint)
    }
}

fn cycle(path: &[String], name: &str) -> Error {
    let from = path.iter().position(|view| view == name).unwrap_or_default();
    let way: Vec<_> = path[from..].iter().chain([&name.to_owned()]).map(|view| format!("`{view}`")).collect();
    Error::new(Code::CyclicModels, format!("views read each other in a circle: {}", way.join(" → ")))
        .hint("let one of them read a table instead")
}
