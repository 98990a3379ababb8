//! The SQL front: text in, one checked statement out, without a session and without reading anything.
//!
//! What always holds of a [`Parsed`]: our sugar is gone from its statement, every clause that the planner would
//! silently ignore was refused, and each table or file that it reads is listed once for each place where it stands.

mod alter;
mod canonical;
mod from_first;
mod functions;
mod insert;
mod kind;
mod merge_star;
mod names;
mod naming;
mod numbers;
mod parameters;
mod refused;
mod row_changes;
mod source;
mod sugar;
mod syntax_error;
mod tables;
mod tokens;
mod volatile;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bywash_core::{Code, Error, Place, Result, TableRef};
use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Location, TokenWithSpan};

pub use alter::{Alteration, Position};
pub use kind::StatementKind;
pub use parameters::{ParameterValue, Parameters};

pub(crate) use insert::{query_of_nulls, written_names};
pub(crate) use names::{FILE_PREFIX, table_ref};
pub(crate) use naming::{another as another_name, name_columns};
pub(crate) use numbers::keep_digits;
pub(crate) use parameters::bind;
pub(crate) use row_changes::{CHANGED_TABLE, KEPT_COLUMN, as_query as row_changes_query};
pub(crate) use source::Source;
pub(crate) use sugar::is_aggregate;
pub(crate) use volatile::find as find_volatile;
pub(crate) use walk::{GO_ON, STOP, Step, walk};

use tokens::Piece;

/// The grammar: DataFusion's default, a superset of many dialects.
const DIALECT: GenericDialect = GenericDialect {};

/// One statement, ready to be planned.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What it does.
    pub kind: StatementKind,
    /// The table that it writes, creates or drops.
    pub target: Option<(TableRef, Place)>,
    /// The tables that it reads, in the order of the text; names that a `with` defines are not among them.
    pub references: Vec<(TableRef, Place)>,
    /// The files that it reads: names and globs in single quotes.
    pub files: Vec<(String, Place)>,
    /// The names of its `$parameters`, in the order of the text, each once.
    pub parameters: Vec<String>,
    /// The names of the functions that it calls, each once.
    pub functions: Vec<String>,
    /// Why two runs on the same data may differ (rule R5), if they may.
    pub volatile: Option<String>,
    /// The text that keys are made of: formatting, comments and the case of what is not quoted never count.
    pub canonical: String,
    /// `partition by` of a `create table`, each as text.
    pub partition_by: Vec<String>,
    /// `cluster by` of a `create table`, each as text.
    pub cluster_by: Vec<String>,
    /// What an `alter table` does, each with its place.
    pub alterations: Vec<(Alteration, Place)>,
    /// Whether an `insert overwrite … partition (…)` replaces only the partitions that its rows lie in.
    pub overwrites_partitions: bool,
    pub(crate) source: Source,
    pub(crate) statement: Statement,
}

impl Parsed {
    /// The file or `<query>` that it stands in.
    #[must_use]
    pub fn origin(&self) -> &Path {
        self.source.path()
    }

    /// The whole text of that file.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        self.source.text()
    }

    /// Whether it, or what it explains, changes rows one by one.
    pub(crate) const fn changes_rows(&self) -> bool {
        matches!(self.statement, Statement::Delete(_) | Statement::Update(_) | Statement::Merge(_))
    }

    /// The statement as SQL that would run, over several lines, with the values of its parameters.
    ///
    /// # Errors
    /// A parameter without a value.
    pub fn formatted(&self, parameters: &Parameters) -> Result<String> {
        let mut statement = self.statement.clone();
        bind(&self.source, &mut statement, parameters)?;
        Ok(format!("{statement:#}"))
    }

    /// The statement as SQL after our rewrites, in one line.
    #[must_use]
    pub fn sql(&self) -> String {
        self.statement.to_string()
    }
}

/// Reads exactly one statement; `origin` is how errors name the text.
///
/// # Errors
/// What is not SQL, more or less than one statement, or a clause that would be ignored.
pub fn parse(origin: impl Into<PathBuf>, text: &str) -> Result<Parsed> {
    let source = Source::new(origin, text);
    let mut pieces = tokens::split(&source)?.into_iter();
    let first = pieces.next().ok_or_else(|| no_statement(&source))?;
    if let Some(second) = pieces.next() {
        return Err(Error::new(Code::InvalidSql, "more than one statement where one is expected")
            .at(source.place(second.span()).labelled("the second begins here"))
            .hint("keep the first and remove what follows its `;`"));
    }
    parse_piece(&source, first)
}

/// Reads statements separated by `;`.
///
/// # Errors
/// As [`parse`], except that there may be several.
pub fn parse_all(origin: impl Into<PathBuf>, text: &str) -> Result<Vec<Parsed>> {
    let source = Source::new(origin, text);
    let pieces = tokens::split(&source)?;
    if pieces.is_empty() {
        return Err(no_statement(&source));
    }
    pieces.into_iter().map(|piece| parse_piece(&source, piece)).collect()
}

fn no_statement(source: &Source) -> Error {
    Error::new(Code::InvalidSql, "no SQL statement here")
        .at(Place::file(source.path()))
        .hint("write a query, such as `select * from raw.flights`")
}

fn parse_piece(source: &Source, piece: Piece) -> Result<Parsed> {
    let canonical = canonical::text(source, &piece.tokens);
    let end = piece.end();
    let (tokens, summarize) = sugar::summarize_prefix(piece.tokens);
    let tokens = merge_star::complete(from_first::complete(tokens));
    let strings = tokens::strings(&tokens);
    let (mut statement, alterations) = match alter::parse(source, &tokens, end)? {
        Some(alter) => (alter.statement, alter.alterations),
        None => (plain_statement(source, tokens, end)?, Vec::new()),
    };
    let layout = kind::take_layout(&mut statement);
    let (kind, mut statement) = kind::of(statement, summarize);
    let target = kind::target(source, &statement)?;
    sugar::rewrite(source, &mut statement)?;
    refused::check(source, &statement)?;
    let tables = tables::collect(source, &mut statement, &strings)?;
    let volatile = volatile::find(&statement).map(|found| found.reason);
    Ok(Parsed {
        kind,
        target,
        references: tables.references,
        files: tables.files,
        parameters: parameters::names(&statement),
        functions: functions::called(&statement),
        volatile,
        canonical,
        partition_by: layout.partition_by,
        cluster_by: layout.cluster_by,
        alterations,
        overwrites_partitions: layout.overwrites_partitions,
        source: source.clone(),
        statement,
    })
}

fn plain_statement(source: &Source, tokens: Vec<TokenWithSpan>, end: Location) -> Result<Statement> {
    Parser::new(&DIALECT)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| syntax_error::explain(source, &error, end))?
        .pop()
        .ok_or_else(|| no_statement(source))
}
