//! What a statement does, and to which table.

use bywash_core::{Code, Error, Place, Result, TableRef};
use datafusion::sql::sqlparser::ast::{
    CreateTable, Delete, Expr, Insert, ObjectType, Query, Select, SetExpr, Statement, TableObject, Truncate,
    WrappedCollection,
};
use datafusion::sql::sqlparser::parser::Parser;

use super::{DIALECT, Source, row_changes, table_ref};

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// Gives rows.
    Query,
    /// Gives one row for each column of a query: its type, extremes, averages, nulls.
    Summarize,
    /// Gives one row for each column of a table: its name and type.
    Describe,
    /// Gives the plan of a statement; with `analyze` it runs it and gives what was measured.
    Explain {
        /// Whether it runs.
        analyze: bool,
    },
    /// Adds the rows of a query to a table.
    Insert,
    /// Replaces all rows of a table by those of a query.
    InsertOverwrite,
    /// Makes an empty table.
    CreateTable {
        /// Whether a table of that name is replaced.
        or_replace: bool,
        /// Whether a table of that name is left as it is.
        if_not_exists: bool,
    },
    /// Makes a table of the rows of a query.
    CreateTableAs {
        /// Whether a table of that name is replaced.
        or_replace: bool,
        /// Whether a table of that name is left as it is.
        if_not_exists: bool,
    },
    /// Removes rows of a table.
    Delete,
    /// Gives rows of a table new values.
    Update,
    /// Changes, removes and adds rows of a table, as they match those of a query.
    Merge,
    /// Removes all rows of a table.
    Truncate,
    /// Changes the columns of a table, or how its files are cut and sorted.
    AlterTable {
        /// Whether a missing table is no error.
        if_exists: bool,
    },
    /// Removes a table.
    DropTable {
        /// Whether a missing table is no error.
        if_exists: bool,
    },
    /// Anything else, by its leading words; the caller refuses it with [`StatementKind::refusal`].
    Unsupported {
        /// Such as `delete` or `merge`.
        what: String,
        /// What to do instead.
        hint: &'static str,
    },
}

impl StatementKind {
    /// Whether it gives rows and changes nothing.
    #[must_use]
    pub const fn reads_only(&self) -> bool {
        matches!(self, Self::Query | Self::Summarize | Self::Describe | Self::Explain { .. })
    }

    /// Whether it adds rows to a table that exists.
    #[must_use]
    pub const fn is_insert(&self) -> bool {
        matches!(self, Self::Insert | Self::InsertOverwrite)
    }

    /// The error that says so, of a statement that is not supported.
    #[must_use]
    pub fn refusal(&self) -> Option<Error> {
        match self {
            Self::Unsupported { what, hint } => {
                Some(Error::new(Code::NotYetSupported, format!("`{what}` is not supported yet")).hint(*hint))
            }
            _ => None,
        }
    }
}

/// The kind, and the statement to plan: what stands behind `explain`, the query behind `describe`.
pub(super) fn of(statement: Statement, summarize: bool) -> (StatementKind, Statement) {
    if summarize {
        return (StatementKind::Summarize, statement);
    }
    match statement {
        Statement::Explain { analyze, statement, .. } => (StatementKind::Explain { analyze }, *statement),
        Statement::ExplainTable { ref table_name, .. } => match select_all(&table_name.to_string()) {
            Some(query) => (StatementKind::Describe, query),
            None => (unsupported(&statement), statement),
        },
        other => (plain(&other), other),
    }
}

fn plain(statement: &Statement) -> StatementKind {
    match statement {
        Statement::Query(query) if !writes(query) => StatementKind::Query,
        Statement::Insert(Insert { source: Some(_), overwrite: true, .. }) => StatementKind::InsertOverwrite,
        Statement::Insert(Insert { source: Some(_), replace_into: false, on: None, returning: None, .. }) => {
            StatementKind::Insert
        }
        Statement::CreateTable(CreateTable { temporary: false, external: false, like: None, clone: None, .. }) => {
            create_table(statement)
        }
        Statement::Delete(Delete { selection: None, using: None, .. }) => StatementKind::Truncate,
        Statement::Delete(_) => StatementKind::Delete,
        Statement::Update(_) => StatementKind::Update,
        Statement::Merge(_) => StatementKind::Merge,
        Statement::Truncate(Truncate { table_names, partitions: None, .. }) if table_names.len() == 1 => {
            StatementKind::Truncate
        }
        Statement::Drop { object_type: ObjectType::Table, names, if_exists, .. } if names.len() == 1 => {
            StatementKind::DropTable { if_exists: *if_exists }
        }
        Statement::AlterTable(alter) => StatementKind::AlterTable { if_exists: alter.if_exists },
        other => unsupported(other),
    }
}

fn create_table(statement: &Statement) -> StatementKind {
    match statement {
        Statement::CreateTable(CreateTable { or_replace, if_not_exists, query: Some(_), .. }) => {
            StatementKind::CreateTableAs { or_replace: *or_replace, if_not_exists: *if_not_exists }
        }
        Statement::CreateTable(CreateTable { or_replace, if_not_exists, .. }) => {
            StatementKind::CreateTable { or_replace: *or_replace, if_not_exists: *if_not_exists }
        }
        other => unsupported(other),
    }
}

fn unsupported(statement: &Statement) -> StatementKind {
    let (what, hint) = match statement {
        Statement::Truncate { .. } => ("truncate of several tables".to_owned(), "truncate one table at a time"),
        Statement::Insert(Insert { on: Some(_), .. }) => {
            ("insert … on conflict".to_owned(), "write `merge into t using (…) as s on t.key = s.key when … then …`")
        }
        Statement::Insert(Insert { replace_into: true, .. }) => {
            ("replace into".to_owned(), "write `merge into t using (…) as s on t.key = s.key when … then …`")
        }
        Statement::Insert(Insert { returning: Some(_), .. }) => {
            ("insert … returning".to_owned(), "insert first, then query the table")
        }
        Statement::Insert(Insert { source: None, .. }) => {
            ("insert … default values".to_owned(), "write the values: `insert into t values (…)`")
        }
        Statement::Query(query) if writes(query) && query.with.is_some() => (
            format!("with … {}", first_word_of(&query.body.to_string())),
            "put the `with` into its subquery: `… in (with q as (…) select …)`, `insert into t with q as (…) select …`",
        ),
        Statement::ShowTables { .. } => ("show tables".to_owned(), "write `from bywash.tables`"),
        Statement::CreateView(_) => ("create view".to_owned(), "write a model with `kind: view` in its front matter"),
        Statement::Drop { names, .. } if names.len() > 1 => {
            ("drop of several tables".to_owned(), "drop one table at a time")
        }
        other => (
            first_word(other),
            "write a query, `insert`, `update`, `delete`, `merge into`, `create table … as`, `alter table` or `drop table`",
        ),
    };
    StatementKind::Unsupported { what, hint }
}

fn first_word(statement: &Statement) -> String {
    first_word_of(&statement.to_string())
}

fn first_word_of(text: &str) -> String {
    let text = text.to_lowercase();
    let mut words = text.split_whitespace();
    match (words.next(), words.next()) {
        (Some(first @ ("alter" | "create" | "drop" | "merge" | "show")), Some(second)) => format!("{first} {second}"),
        (Some(first), _) => first.to_owned(),
        _ => "this statement".to_owned(),
    }
}

/// `with … insert …` is a query to the parser.
fn writes(query: &Query) -> bool {
    match query.body.as_ref() {
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => true,
        SetExpr::Select(select) => matches!(select.as_ref(), Select { into: Some(_), .. }),
        _ => false,
    }
}

fn select_all(table: &str) -> Option<Statement> {
    Parser::parse_sql(&DIALECT, &format!("select * from {table}")).ok()?.pop()
}

/// The table that a statement writes.
pub(super) fn target(source: &Source, statement: &Statement) -> Result<Option<(TableRef, Place)>> {
    let name = match statement {
        Statement::Insert(Insert { table: TableObject::TableName(name), .. }) => name,
        Statement::CreateTable(create) => &create.name,
        Statement::AlterTable(alter) => &alter.name,
        Statement::Delete(_) | Statement::Update(_) | Statement::Merge(_) => {
            let name = row_changes::target(source, statement)?;
            return table_ref(source, name).map(Some);
        }
        Statement::Truncate(Truncate { table_names, .. }) => match table_names.first() {
            Some(table) => &table.name,
            None => return Ok(None),
        },
        Statement::Drop { names, .. } => match names.first() {
            Some(name) => name,
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    table_ref(source, name).map(Some)
}

/// How a `create table` wants its rows to lie.
#[derive(Default)]
pub(super) struct Layout {
    pub(super) partition_by: Vec<String>,
    pub(super) cluster_by: Vec<String>,
    pub(super) overwrites_partitions: bool,
}

/// Takes `partition by` and `cluster by` out of a `create table`, and `partition (…)` out of an `insert overwrite`:
/// the planner knows none of them.
pub(super) fn take_layout(statement: &mut Statement) -> Layout {
    if let Statement::Insert(Insert { overwrite: true, partitioned, .. }) = statement {
        return Layout { overwrites_partitions: partitioned.take().is_some(), ..Layout::default() };
    }
    let Statement::CreateTable(create) = statement else { return Layout::default() };
    let partition_by = match create.partition_by.take().map(|expression| *expression) {
        Some(part) => texts(&[part]),
        None => Vec::new(),
    };
    let cluster_by = match create.cluster_by.take() {
        Some(WrappedCollection::NoWrapping(parts) | WrappedCollection::Parentheses(parts)) => texts(&parts),
        None => Vec::new(),
    };
    Layout { partition_by, cluster_by, overwrites_partitions: false }
}

fn texts(expressions: &[Expr]) -> Vec<String> {
    expressions
        .iter()
        .flat_map(|expression| match expression {
            Expr::Tuple(parts) => texts(parts),
            Expr::Nested(part) => vec![part.to_string()],
            part => vec![part.to_string()],
        })
        .collect()
}
