//! `merge into`: an outer join of the table with what it is merged with, and a choice among the clauses for each pair.

use bywash_core::{Code, Error, Result};
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Join, JoinConstraint, JoinOperator, Merge, MergeAction, MergeClause, MergeClauseKind, MergeInsertExpr,
    MergeInsertKind, Query, Spanned, TableFactor, TableWithJoins,
};

use super::assignments::{assignments, position, sets_every_column, twice};
use super::syntax::{and, boolean, case, column, named, null, plain, plain_alias, quoted, select, set, template};
use super::target::{alias_of, changed};
use super::{KEPT_COLUMN, places};
use crate::scan::ROW_COLUMN;
use crate::sql::Source;

/// The column that tells a row of the source from the nulls of an outer join.
const SEEN_COLUMN: &str = "bywash.seen";

/// The query of the rows that a `merge into` changes.
pub(super) fn query(source: &Source, columns: &[String], merge: Merge) -> Result<Query> {
    let (target, alias) = changed(source, Some(merge.table))?;
    let (other, other_alias) = marked_source(source, merge.source)?;
    let clauses = merge.clauses.into_iter().map(|clause| Clause::new(source, columns, &alias, &other_alias, clause));
    let clauses = clauses.collect::<Result<Vec<_>>>()?;
    let on = JoinConstraint::On(*merge.on);
    let inserts = clauses.iter().any(|clause| clause.side == Side::Source);
    let sweeps = clauses.iter().any(|clause| clause.side == Side::Target);
    let operator = match (inserts, sweeps) {
        (false, false) => JoinOperator::Inner(on),
        (true, false) => JoinOperator::Right(on),
        (false, true) => JoinOperator::Left(on),
        (true, true) => JoinOperator::FullOuter(on),
    };
    let join = Join { relation: other, global: false, join_operator: operator };
    let tables = vec![TableWithJoins { relation: target, joins: vec![join] }];
    let kept = case(clauses.iter().map(|clause| (clause.condition.clone(), boolean(clause.values.is_some()))));
    let mut projection = places(&alias, kept);
    if clauses.iter().any(|clause| clause.values.is_some()) {
        projection.extend(columns.iter().enumerate().map(|(at, name)| {
            let value = |clause: &Clause| clause.values.as_ref().map_or_else(null, |values| values[at].clone());
            named(case(clauses.iter().map(|clause| (clause.condition.clone(), value(clause)))), name)
        }));
    }
    let inner = select(projection, tables, None)?;
    let inner = TableFactor::Derived { lateral: false, subquery: Box::new(inner), alias: None, sample: None };
    let happens = Expr::IsNotNull(Box::new(Expr::Identifier(quoted(KEPT_COLUMN))));
    let mut query = template("select * from changes where true")?;
    set(&mut query, |select| {
        select.from = vec![plain(inner)];
        select.selection = Some(happens);
    });
    Ok(query)
}

/// Where the rows stand that a `when` is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Both,
    Source,
    Target,
}

/// One `when … then …`.
struct Clause {
    side: Side,
    /// When it applies.
    condition: Expr,
    /// What each column becomes; none if the row is deleted.
    values: Option<Vec<Expr>>,
}

impl Clause {
    fn new(source: &Source, columns: &[String], alias: &Ident, other: &Ident, clause: MergeClause) -> Result<Self> {
        let side = match clause.clause_kind {
            MergeClauseKind::Matched => Side::Both,
            MergeClauseKind::NotMatched | MergeClauseKind::NotMatchedByTarget => Side::Source,
            MergeClauseKind::NotMatchedBySource => Side::Target,
        };
        let place = source.place(clause.when_token.0.span);
        let refuse = |what: &str| Err(Error::new(Code::InvalidSql, what.to_owned()).at(place.clone()));
        let values = match clause.action {
            MergeAction::Insert(_) if side != Side::Source => {
                return refuse("rows are inserted only `when not matched`");
            }
            MergeAction::Update(_) | MergeAction::Delete { .. } if side == Side::Source => {
                return refuse("a row that is not in the table can only be inserted");
            }
            MergeAction::Insert(insert) => Some(inserted(source, columns, other, insert)?),
            MergeAction::Delete { .. } => None,
            MergeAction::Update(update) => {
                if update.update_predicate.is_some() || update.delete_predicate.is_some() {
                    return refuse("`where` is not supported here: write `when matched and …`");
                }
                if sets_every_column(&update.assignments) {
                    Some(columns.iter().map(|name| column(other, name)).collect())
                } else {
                    let set = assignments(source, columns, update.assignments)?.into_iter();
                    Some(set.zip(columns).map(|(new, name)| new.unwrap_or_else(|| column(alias, name))).collect())
                }
            }
        };
        let there = |alias: &Ident, name: &str| Expr::IsNotNull(Box::new(column(alias, name)));
        let absent = |alias: &Ident, name: &str| Expr::IsNull(Box::new(column(alias, name)));
        let (row, seen) = (ROW_COLUMN, SEEN_COLUMN);
        let mut condition = match side {
            Side::Both => and(there(alias, row), there(other, seen)),
            Side::Source => absent(alias, row),
            Side::Target => absent(other, seen),
        };
        if let Some(predicate) = clause.predicate {
            condition = and(condition, Expr::Nested(Box::new(predicate)));
        }
        Ok(Self { side, condition, values })
    }
}

/// What an `insert` of a `merge into` gives each column of the table.
fn inserted(source: &Source, columns: &[String], other: &Ident, insert: MergeInsertExpr) -> Result<Vec<Expr>> {
    let place = source.place(insert.insert_token.0.span);
    if insert.insert_predicate.is_some() {
        return Err(
            Error::new(Code::InvalidSql, "`where` is not supported here: write `when not matched and …`").at(place)
        );
    }
    let named: Vec<usize> = if insert.columns.is_empty() {
        (0..columns.len()).collect()
    } else {
        let mut places = Vec::new();
        for name in &insert.columns {
            let at = position(source, columns, name)?;
            if places.contains(&at) {
                return Err(twice(source, name));
            }
            places.push(at);
        }
        places
    };
    let values = match insert.kind {
        MergeInsertKind::Row => named.iter().map(|at| column(other, &columns[*at])).collect(),
        MergeInsertKind::Values(mut values) => match (values.rows.pop(), values.rows.len()) {
            (Some(row), 0) => row.content,
            _ => return Err(Error::new(Code::InvalidSql, "exactly one row of values stands here").at(place)),
        },
    };
    if values.len() != named.len() {
        let (given, wanted) = (values.len(), named.len());
        return Err(Error::new(Code::InvalidSql, format!("{given} values for {wanted} columns")).at(place));
    }
    let mut all: Vec<Expr> = columns.iter().map(|_| null()).collect();
    for (at, value) in named.into_iter().zip(values) {
        all[at] = value;
    }
    Ok(all)
}

/// What a `merge into` reads, with a column that tells a row of it from the nulls of an outer join.
fn marked_source(source: &Source, mut factor: TableFactor) -> Result<(TableFactor, Ident)> {
    let span = factor.span();
    let called = match &mut factor {
        TableFactor::Table { name, alias, .. } => alias_of(name, alias),
        TableFactor::Derived { alias: Some(alias), .. } => alias.name.clone(),
        _ => {
            return Err(Error::new(Code::InvalidSql, "what a `merge` uses needs a name")
                .at(source.place(span))
                .hint("write `using (select …) as s`"));
        }
    };
    let mut query = template(&format!("select *, true as \"{SEEN_COLUMN}\" from s"))?;
    set(&mut query, |select| select.from = vec![plain(factor)]);
    let alias = Some(plain_alias(called.clone()));
    Ok((TableFactor::Derived { lateral: false, subquery: Box::new(query), alias, sample: None }, called))
}
