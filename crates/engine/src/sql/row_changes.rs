//! `delete`, `update` and `merge into` become one query of the rows that change.
//!
//! ```text
//! delete from t where c            select t.file, t.row, false                  from t where c
//! update t set a = e from s        select t.file, t.row, true, e as a, t.b      from t, s where c
//!   where c
//! merge into t using s on j        select * from (
//!   when matched and c               select t.file, t.row,
//!     then delete                      case when «1» then false when «2» then true end as kept,
//!   when not matched                   case when «1» then null when «2» then s.x end as a, …
//!     then insert (a) values (s.x)   from t right join (select *, true as seen from s) as s on j
//!                                  ) where kept is not null
//! ```
//!
//! A row of the answer says which row of the table goes (`file` and `row`, both null for a row that is only added) and,
//! if `kept` is true, what stands there instead. Conditions are evaluated once, by the joins and filters of a query: the
//! planner's hooks for these statements lose conditions with subqueries on the way, and take no condition for every
//! row. Nothing is ever negated, so null behaves as it does in a query.

use bywash_core::{Code, Error, Result, TableRef, suggestion};
use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    Assignment, AssignmentTarget, BinaryOperator, CaseWhen, Delete, Expr, FromTable, Ident, Join, JoinConstraint,
    JoinOperator, Merge, MergeAction, MergeClause, MergeClauseKind, MergeInsertExpr, MergeInsertKind, ObjectName,
    ObjectNamePart, Query, Select, SelectItem, SetExpr, Spanned, Statement, TableAlias, TableFactor, TableWithJoins,
    Update, UpdateTableFromKind, Value, ValueWithSpan, VisitorMut,
};
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::Span;

use super::names::folded;
use super::walk::{GO_ON, Step, walk_mut};
use super::{DIALECT, Source};

/// The name under which the planner finds the table that is changed, with the places of its rows.
pub(crate) const CHANGED_TABLE: &str = "bywash.changed";

/// The column that says whether something stands in place of a row.
pub(crate) const KEPT_COLUMN: &str = "bywash.kept";

const SEEN_COLUMN: &str = "bywash.seen";

/// The table that a `delete`, `update` or `merge into` changes; refuses the clauses that are not supported.
pub(super) fn target<'a>(source: &Source, statement: &'a Statement) -> Result<&'a ObjectName> {
    let refuse = |what: &str, span: Span| {
        Err(Error::new(Code::NotYetSupported, format!("`{what}` is not supported here")).at(source.place(span)))
    };
    let factor = match statement {
        Statement::Delete(delete) => match delete {
            Delete { returning: Some(_), .. } | Delete { output: Some(_), .. } => {
                return refuse("returning", statement.span());
            }
            Delete { limit: Some(limit), .. } => return refuse("limit", limit.span()),
            Delete { order_by, .. } if !order_by.is_empty() => return refuse("order by", order_by[0].span()),
            Delete { tables, .. } if !tables.is_empty() => return refuse("delete of several tables", tables[0].span()),
            Delete { from: FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from), .. } => single(from),
        },
        Statement::Update(update) => match update {
            Update { returning: Some(_), .. } | Update { output: Some(_), .. } => {
                return refuse("returning", statement.span());
            }
            Update { or: Some(_), .. } => return refuse("update or", statement.span()),
            Update { limit: Some(limit), .. } => return refuse("limit", limit.span()),
            Update { order_by, .. } if !order_by.is_empty() => return refuse("order by", order_by[0].span()),
            Update { table, .. } => single(std::slice::from_ref(table)),
        },
        Statement::Merge(Merge { output: Some(_), .. }) => return refuse("output", statement.span()),
        Statement::Merge(merge) => Some(&merge.table),
        _ => None,
    };
    match factor {
        Some(TableFactor::Table { name, args: None, .. }) => Ok(name),
        _ => Err(Error::new(Code::InvalidSql, "this statement changes exactly one table")
            .at(source.place(statement.span()))
            .hint("name it alone, and other tables in `using` or `from`")),
    }
}

fn single(tables: &[TableWithJoins]) -> Option<&TableFactor> {
    match tables {
        [TableWithJoins { relation, joins }] if joins.is_empty() => Some(relation),
        _ => None,
    }
}

/// The query of the rows that change; `columns` are those of the table.
///
/// # Errors
/// A column that the table does not have or that is set twice, or a clause that is not supported.
pub(crate) fn as_query(
    source: &Source,
    statement: &Statement,
    table: &TableRef,
    columns: &[String],
) -> Result<Statement> {
    let mut statement = statement.clone();
    walk_mut(&mut statement, &mut ShortNames(table));
    let query = match statement {
        Statement::Delete(delete) => of_delete(source, delete)?,
        Statement::Update(update) => of_update(source, columns, update)?,
        Statement::Merge(merge) => of_merge(source, columns, merge)?,
        _ => return Err(Error::bug("a statement that changes no rows was taken for one that does")),
    };
    Ok(Statement::Query(Box::new(query)))
}

fn of_delete(source: &Source, delete: Delete) -> Result<Query> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = delete.from;
    let (target, alias) = changed(source, from.into_iter().next().map(|table| table.relation))?;
    let mut tables = vec![plain(target)];
    tables.extend(delete.using.unwrap_or_default());
    select(places(&alias, boolean(false)), tables, delete.selection)
}

fn of_update(source: &Source, columns: &[String], update: Update) -> Result<Query> {
    let (target, alias) = changed(source, Some(update.table.relation))?;
    let set = assignments(source, columns, update.assignments)?;
    let mut tables = vec![plain(target)];
    if let Some(UpdateTableFromKind::BeforeSet(from) | UpdateTableFromKind::AfterSet(from)) = update.from {
        tables.extend(from);
    }
    let mut projection = places(&alias, boolean(true));
    projection.extend(columns.iter().zip(set).map(|(name, new)| {
        let value = new.unwrap_or_else(|| column(&alias, name));
        named(value, name)
    }));
    select(projection, tables, update.selection)
}

fn of_merge(source: &Source, columns: &[String], merge: Merge) -> Result<Query> {
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
                let set = assignments(source, columns, update.assignments)?.into_iter();
                Some(set.zip(columns).map(|(new, name)| new.unwrap_or_else(|| column(alias, name))).collect())
            }
        };
        let there = |alias: &Ident, name: &str| Expr::IsNotNull(Box::new(column(alias, name)));
        let absent = |alias: &Ident, name: &str| Expr::IsNull(Box::new(column(alias, name)));
        let (row, seen) = (crate::scan::ROW_COLUMN, SEEN_COLUMN);
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

/// The new value of each column of the table, if it is set.
fn assignments(source: &Source, columns: &[String], set: Vec<Assignment>) -> Result<Vec<Option<Expr>>> {
    let mut values: Vec<Option<Expr>> = columns.iter().map(|_| None).collect();
    for Assignment { target, value } in set {
        let name = match target {
            AssignmentTarget::ColumnName(name) => name,
            AssignmentTarget::Tuple(names) => {
                let span = names.first().map_or_else(Span::empty, Spanned::span);
                return Err(Error::new(Code::NotYetSupported, "several columns cannot be set at once")
                    .at(source.place(span))
                    .hint("write `a = …, b = …`"));
            }
        };
        let at = position(source, columns, &name)?;
        if values[at].replace(value).is_some() {
            return Err(twice(source, &name));
        }
    }
    Ok(values)
}

fn position(source: &Source, columns: &[String], name: &ObjectName) -> Result<usize> {
    let wanted = name.0.last().and_then(ObjectNamePart::as_ident).map(folded).unwrap_or_default();
    columns.iter().position(|column| *column == wanted).ok_or_else(|| {
        Error::new(Code::UnknownColumn, format!("there is no column `{wanted}`"))
            .at(source.place(name.span()))
            .maybe_hint(suggestion(&wanted, columns.iter().map(String::as_str)))
    })
}

fn twice(source: &Source, name: &ObjectName) -> Error {
    Error::new(Code::InvalidSql, format!("`{name}` is set twice")).at(source.place(name.span()))
}

/// The table that is changed, under the name that the planner knows it by, and what the statement calls it.
fn changed(source: &Source, factor: Option<TableFactor>) -> Result<(TableFactor, Ident)> {
    let Some(mut factor) = factor else { return Err(Error::bug("a statement changes no table")) };
    let span = factor.span();
    let TableFactor::Table { name, alias, .. } = &mut factor else {
        return Err(Error::new(Code::InvalidSql, "only a table can be changed").at(source.place(span)));
    };
    let called = alias_of(name, alias);
    *name = ObjectName(vec![ObjectNamePart::Identifier(Ident { span, ..quoted(CHANGED_TABLE) })]);
    *alias = Some(plain_alias(called.clone()));
    Ok((factor, called))
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

fn alias_of(name: &ObjectName, alias: &Option<TableAlias>) -> Ident {
    let own = || name.0.last().and_then(ObjectNamePart::as_ident).map(folded).unwrap_or_default();
    quoted(&alias.as_ref().map_or_else(own, |alias| folded(&alias.name)))
}

fn places(alias: &Ident, kept: Expr) -> Vec<SelectItem> {
    let own = |name: &str| named(column(alias, name), name);
    vec![own(crate::scan::FILE_COLUMN), own(crate::scan::ROW_COLUMN), named(kept, KEPT_COLUMN)]
}

fn select(projection: Vec<SelectItem>, from: Vec<TableWithJoins>, selection: Option<Expr>) -> Result<Query> {
    let mut query = template("select 1 from t")?;
    set(&mut query, |select| {
        select.projection = projection;
        select.from = from;
        select.selection = selection;
    });
    Ok(query)
}

fn template(sql: &str) -> Result<Query> {
    let parsed = Parser::parse_sql(&DIALECT, sql).ok().and_then(|mut statements| statements.pop());
    match parsed {
        Some(Statement::Query(query)) => Ok(*query),
        _ => Err(Error::bug(format!("`{sql}` is no query"))),
    }
}

fn set(query: &mut Query, change: impl FnOnce(&mut Select)) {
    if let SetExpr::Select(select) = query.body.as_mut() {
        change(select);
    }
}

fn plain(relation: TableFactor) -> TableWithJoins {
    TableWithJoins { relation, joins: Vec::new() }
}

fn plain_alias(name: Ident) -> TableAlias {
    TableAlias { explicit: true, name, columns: Vec::new(), at: None }
}

fn named(expr: Expr, name: &str) -> SelectItem {
    SelectItem::ExprWithAlias { expr, alias: quoted(name) }
}

fn column(alias: &Ident, name: &str) -> Expr {
    Expr::CompoundIdentifier(vec![alias.clone(), quoted(name)])
}

fn quoted(name: &str) -> Ident {
    Ident::with_quote('"', name)
}

fn boolean(value: bool) -> Expr {
    Expr::Value(ValueWithSpan { value: Value::Boolean(value), span: Span::empty() })
}

fn null() -> Expr {
    Expr::Value(ValueWithSpan { value: Value::Null, span: Span::empty() })
}

fn and(left: Expr, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op: BinaryOperator::And, right: Box::new(right) }
}

fn case(branches: impl Iterator<Item = (Expr, Expr)>) -> Expr {
    let conditions = branches.map(|(condition, result)| CaseWhen { condition, result }).collect();
    Expr::Case {
        case_token: AttachedToken::empty(),
        end_token: AttachedToken::empty(),
        operand: None,
        conditions,
        else_result: None,
    }
}

/// `raw.t.x` becomes `t.x`: in the query the table stands under its short name.
struct ShortNames<'a>(&'a TableRef);

impl VisitorMut for ShortNames<'_> {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> Step {
        if let Expr::CompoundIdentifier(parts) = expression
            && let [namespace, name, _, ..] = parts.as_slice()
            && self.0.namespace.as_ref().is_some_and(|own| *own == folded(namespace))
            && folded(name) == self.0.name
        {
            parts.remove(0);
        }
        GO_ON
    }
}
