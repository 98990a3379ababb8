//! Which tables and files a statement reads; and names in it that the planner finds again.
//!
//! `t@ref` and files get one quoted name each, and an alias where none is written, so that `flights.origin` works
//! after `from raw.flights@dev` and `x.a` after `from 'data/x.csv'`:
//!
//! ```text
//! from raw.flights@dev join 'data/x.csv' …
//! from "raw.flights@dev" as flights join "file:data/x.csv" as x …
//! ```
//!
//! A name that a `with` defines hides a table from the end of its definition (from its beginning when recursive) to
//! the end of its query, so what is hidden is told by where a name stands in the text.

use bywash_core::{Error, Place, Result, TableRef};
use datafusion::sql::sqlparser::ast::{
    Ident, ObjectName, ObjectNamePart, Query, Spanned, Statement, TableAlias, TableFactor, VisitorMut,
};
use datafusion::sql::sqlparser::tokenizer::{Location, Span};

use super::names::{file_of, folded};
use super::walk::{GO_ON, STOP, Step, walk_mut};
use super::{FILE_PREFIX, Source, table_ref};

/// What a statement reads.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) references: Vec<(TableRef, Place)>,
    pub(super) files: Vec<(String, Place)>,
}

/// Collects and renames the tables of a statement.
pub(super) fn collect(source: &Source, statement: &mut Statement, strings: &[(String, Span)]) -> Result<Tables> {
    let mut collector = Collector { source, strings, scopes: Vec::new(), tables: Tables::default(), failed: None };
    walk_mut(statement, &mut collector);
    collector.failed.map_or(Ok(collector.tables), Err)
}

struct Collector<'a> {
    source: &'a Source,
    strings: &'a [(String, Span)],
    /// For each open query the names it defines and from where on they are seen.
    scopes: Vec<Vec<(String, Location)>>,
    tables: Tables,
    failed: Option<Error>,
}

impl VisitorMut for Collector<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> Step {
        self.scopes.push(defined_names(query));
        GO_ON
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> Step {
        self.scopes.pop();
        GO_ON
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> Step {
        let TableFactor::Table { name, alias, args: None, .. } = factor else { return GO_ON };
        if let Some(file) = file_of(name).map(str::to_owned) {
            self.add_file(file, name, alias);
            return GO_ON;
        }
        if self.is_hidden(name) {
            return GO_ON;
        }
        match table_ref(self.source, name) {
            Ok((table, place)) => {
                rename(&table, name, alias);
                self.tables.references.push((table, place));
                GO_ON
            }
            Err(error) => {
                self.failed = Some(error);
                STOP
            }
        }
    }
}

impl Collector<'_> {
    fn add_file(&mut self, file: String, name: &mut ObjectName, alias: &mut Option<TableAlias>) {
        let span = self.strings.iter().find(|(text, _)| *text == file).map_or_else(Span::empty, |(_, span)| *span);
        let quoted = Ident { value: format!("{FILE_PREFIX}{file}"), quote_style: Some('"'), span };
        *name = ObjectName(vec![ObjectNamePart::Identifier(quoted)]);
        if alias.is_none() {
            *alias = stem(&file).map(plain_alias);
        }
        self.tables.files.push((file, self.source.place(span)));
    }

    fn is_hidden(&self, name: &ObjectName) -> bool {
        let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else { return false };
        let (wanted, at) = (folded(ident), ident.span.start);
        self.scopes.iter().flatten().any(|(defined, from)| *defined == wanted && (at.line == 0 || at > *from))
    }
}

fn defined_names(query: &Query) -> Vec<(String, Location)> {
    let Some(with) = &query.with else { return Vec::new() };
    with.cte_tables
        .iter()
        .map(|cte| {
            let from = if with.recursive { cte.alias.name.span.start } else { cte.closing_paren_token.0.span().start };
            (folded(&cte.alias.name), from)
        })
        .collect()
}

fn rename(table: &TableRef, name: &mut ObjectName, alias: &mut Option<TableAlias>) {
    let whole = name.0.len() == 1 && table.namespace.is_some();
    if table.at.is_none() && !whole {
        return;
    }
    let span = name.span();
    let quoted = Ident { value: table.to_string(), quote_style: Some('"'), span };
    *name = ObjectName(vec![ObjectNamePart::Identifier(quoted)]);
    if alias.is_none() {
        *alias = Some(plain_alias(table.name.clone()));
    }
}

fn plain_alias(name: String) -> TableAlias {
    TableAlias { explicit: true, name: Ident::with_quote('"', name), columns: Vec::new(), at: None }
}

/// `data/2026/x.csv.gz` → `x`; nothing for a name with wildcards.
fn stem(file: &str) -> Option<String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.split('.').next().unwrap_or(name);
    let fits = !stem.is_empty() && stem.chars().all(|c| c.is_alphanumeric() || c == '_');
    fits.then(|| stem.to_lowercase())
}
