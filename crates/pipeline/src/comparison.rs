//! What differs between the rows of two tables: two states of one table, or any two.
//!
//! With a key, rows of one key are one row that changed; without one, or where the key is not unique, whole rows are
//! counted on both sides. Only columns that both tables have are compared; the others are named. Every comparison is a
//! query: where the rows do not fit into memory, the engine spills them.

use std::fmt::Write as _;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, SchemaRef};
use bywash_core::{Code, Error, Result, suggestion};
use bywash_engine::sql::{Parameters, parse};
use bywash_engine::{Planned, Session};

/// Two tables, as SQL names them, and how their rows are told apart.
#[derive(Clone, Debug)]
pub struct Comparison {
    before: String,
    after: String,
    /// The columns whose values name a row; none where whole rows are compared.
    pub key: Vec<String>,
    /// The columns that are compared, the key's left out.
    pub columns: Vec<String>,
    /// Those of both that hold floating-point numbers.
    floats: Vec<String>,
    /// Columns that differ: `+new`, `-gone`, `kind: long → double`.
    pub column_changes: Vec<String>,
}

/// How many rows differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// Rows that only the table after has.
    pub added: u64,
    /// Rows that only the table before has.
    pub removed: u64,
    /// Rows of one key whose other values differ; unknown where whole rows are compared.
    pub changed: Option<u64>,
    /// Columns with differing values, and in how many of the changed rows.
    pub by_column: Vec<(String, u64)>,
}

impl Comparison {
    /// Looks at the columns of two tables, each a name or a file as it stands after `from`.
    ///
    /// `key` is what names a row, if something does; where it does not, because a value stands twice or the tables lack
    /// the column, whole rows are compared.
    ///
    /// # Errors
    /// A table that cannot be read.
    pub async fn plan(session: &Session, before: &str, after: &str, key: &[String]) -> Result<Self> {
        let sides = (columns(session, before).await?, columns(session, after).await?);
        Self::of(session, (before, after), sides, key).await
    }

    async fn of(
        session: &Session,
        (before, after): (&str, &str),
        (old, new): (SchemaRef, SchemaRef),
        key: &[String],
    ) -> Result<Self> {
        let is_key = |name: &String| key.contains(name);
        let common: Vec<String> = new
            .fields()
            .iter()
            .filter(|field| old.field_with_name(field.name()).is_ok())
            .map(|field| field.name().clone())
            .collect();
        let is_float = |name: &&String| new.field_with_name(name).is_ok_and(|field| field.data_type().is_floating());
        let floats = common.iter().filter(is_float).cloned().collect();
        let has_key = !key.is_empty() && key.iter().all(|name| common.contains(name));
        let mut comparison = Self {
            before: before.to_owned(),
            after: after.to_owned(),
            key: if has_key { key.to_vec() } else { Vec::new() },
            columns: common.into_iter().filter(|name| !(has_key && is_key(name))).collect(),
            floats,
            column_changes: column_changes(&old, &new),
        };
        if has_key && !comparison.is_unique(session).await? {
            comparison.columns = key.iter().cloned().chain(comparison.columns).collect();
            comparison.key = Vec::new();
        }
        Ok(comparison)
    }

    /// As [`Comparison::plan`], with a key that somebody asked for, and that must name rows.
    ///
    /// # Errors
    /// A column that a table lacks, or a value that stands twice.
    pub async fn by_key(session: &Session, before: &str, after: &str, key: &[String]) -> Result<Self> {
        let sides = (columns(session, before).await?, columns(session, after).await?);
        for (table, known) in [(before, &sides.0), (after, &sides.1)] {
            for name in key {
                if known.field_with_name(name).is_err() {
                    let names = known.fields().iter().map(|field| field.name().as_str());
                    return Err(Error::new(Code::UnknownColumn, format!("{table} has no column `{name}`"))
                        .maybe_hint(suggestion(name, names)));
                }
            }
        }
        let comparison = Self::of(session, (before, after), sides, key).await?;
        if comparison.key.is_empty() {
            let names = key.join(", ");
            return Err(Error::new(Code::WrongUsage, format!("`{names}` is no key: a value of it stands in two rows"))
                .hint("name more columns with `--key a,b`, or compare whole rows"));
        }
        Ok(comparison)
    }

    /// How rows were told apart, for people.
    #[must_use]
    pub fn how(&self) -> String {
        if self.key.is_empty() { "whole rows".to_owned() } else { format!("key {}", self.key.join(", ")) }
    }

    /// Counts what differs.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn counts(&self, session: &Session) -> Result<RowCounts> {
        let sql = if self.key.is_empty() { self.counts_of_rows() } else { self.counts_by_key() };
        let found = numbers(&rows(session, &sql).await?);
        let number = |at: usize| found.get(at).copied().unwrap_or_default();
        if self.key.is_empty() {
            return Ok(RowCounts { added: number(0), removed: number(1), ..RowCounts::default() });
        }
        let by_column = self.columns.iter().cloned().zip(found.iter().skip(3).copied());
        Ok(RowCounts {
            added: number(0),
            removed: number(1),
            changed: Some(number(2)),
            by_column: by_column.filter(|(_, count)| *count > 0).collect(),
        })
    }

    /// Whether whole rows that differ do so in the last digits of floating-point numbers alone: then they pair up, once
    /// both sides are sorted by everything else first.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn is_rounding(&self, session: &Session) -> Result<bool> {
        if self.floats.is_empty() || !self.key.is_empty() {
            return Ok(false);
        }
        let found = numbers(&rows(session, &self.unlike_pairs()).await?);
        Ok(found.first() == Some(&0))
    }

    /// The first rows that differ, with what happened to each; changed values read `before → after`.
    ///
    /// # Errors
    /// The tables cannot be read.
    pub async fn sample(&self, session: &Session, limit: usize) -> Result<Planned> {
        let sql = if self.key.is_empty() { self.sample_of_rows(limit) } else { self.sample_by_key(limit) };
        session.plan(&parse("<diff>", &sql)?, &Parameters::new()).await
    }

    async fn is_unique(&self, session: &Session) -> Result<bool> {
        let key = listed(&self.key, "");
        for table in [&self.before, &self.after] {
            let sql = format!("select 1 from {table} group by {key} having count(*) > 1 limit 1");
            if rows(session, &sql).await?.iter().any(|batch| batch.num_rows() > 0) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn pairs(&self) -> String {
        let on = self.key.iter().map(|name| format!("(b.{0} is not distinct from a.{0})", quoted(name)));
        format!(
            "(select *, true as \"bywash.before\" from {}) as b \
             full join (select *, true as \"bywash.after\" from {}) as a on {}",
            self.before,
            self.after,
            on.collect::<Vec<_>>().join(" and ")
        )
    }

    fn counts_by_key(&self) -> String {
        let differs: Vec<_> = self.columns.iter().map(|name| differs(name)).collect();
        let any = if differs.is_empty() { "false".to_owned() } else { differs.join(" or ") };
        let mut sql = format!(
            "select count(*) filter (where {NOT_BEFORE}), count(*) filter (where {NOT_AFTER}), \
             count(*) filter (where {BOTH} and ({any}))"
        );
        for (at, differs) in differs.iter().enumerate() {
            // Writing into a text cannot fail.
            let _ = write!(sql, ", count(*) filter (where {BOTH} and {differs}) as \"c{at}\"");
        }
        format!("{sql} from {}", self.pairs())
    }

    /// One row for each distinct row that stands more often on one side, with how much more often.
    fn surplus(&self) -> String {
        let names = listed(&self.columns, "");
        format!(
            "(select {names}, sum(side) as \"bywash.more\" from (select {names}, 1 as side from {} union all \
             select {names}, -1 as side from {}) group by {names} having sum(side) <> 0)",
            self.after, self.before
        )
    }

    /// Counts the places at which the surplus of the two sides, sorted, has rows that are not alike.
    fn unlike_pairs(&self) -> String {
        let (floats, others): (Vec<&String>, Vec<&String>) =
            self.columns.iter().partition(|name| self.floats.contains(name));
        let order = others.iter().chain(&floats).map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let side = |times: &str| {
            format!(
                "(select *, {times} as \"bywash.times\", row_number() over (order by {order}) as \"bywash.place\" from \
                 {} where {times} > 0)",
                self.surplus()
            )
        };
        let exact = others.iter().map(|name| quoted(name)).chain(["\"bywash.times\"".to_owned()]);
        let exact = exact.map(|name| format!("(b.{name} is not distinct from a.{name})"));
        let close = floats.iter().map(|name| {
            let name = quoted(name);
            let larger = format!("greatest(abs(b.{name}), abs(a.{name}))");
            format!(
                "((b.{name} is not distinct from a.{name}) or \
                 coalesce(abs(b.{name} - a.{name}) <= {LAST_DIGITS} * {larger}, false))"
            )
        });
        let alike = exact.chain(close).collect::<Vec<_>>().join(" and ");
        format!(
            "select count(*) from {} as b full join {} as a on b.\"bywash.place\" = a.\"bywash.place\" \
             where b.\"bywash.place\" is null or a.\"bywash.place\" is null or not ({alike})",
            side("-\"bywash.more\""),
            side("\"bywash.more\"")
        )
    }

    fn counts_of_rows(&self) -> String {
        if self.columns.is_empty() {
            return "select 0, 0 as none".to_owned();
        }
        format!(
            "select coalesce(sum(case when \"bywash.more\" > 0 then \"bywash.more\" end), 0) as added, \
             coalesce(-sum(case when \"bywash.more\" < 0 then \"bywash.more\" end), 0) as removed from {}",
            self.surplus()
        )
    }

    fn sample_by_key(&self, limit: usize) -> String {
        let keys = self.key.iter().map(|name| format!("coalesce(a.{0}, b.{0}) as {0}", quoted(name)));
        let values = self.columns.iter().map(|name| {
            let (name, differs) = (quoted(name), differs(name));
            let text = |side: &str| format!("coalesce(cast({side}.{name} as varchar), 'null')");
            format!(
                "case when {NOT_AFTER} then {before} when {BOTH} and {differs} then {before} || ' → ' || {after} \
                 else {after} end as {name}",
                before = text("b"),
                after = text("a")
            )
        });
        let shown = keys.chain(values).collect::<Vec<_>>().join(", ");
        let differing: Vec<_> = self.columns.iter().map(|name| differs(name)).collect();
        let any = if differing.is_empty() { "false".to_owned() } else { differing.join(" or ") };
        format!(
            "select case when {NOT_BEFORE} then 'added' when {NOT_AFTER} then 'removed' else 'changed' end as change, \
             {shown} from {} where {NOT_BEFORE} or {NOT_AFTER} or {any} order by {} limit {limit}",
            self.pairs(),
            (2..2 + self.key.len()).map(|place| place.to_string()).collect::<Vec<_>>().join(", ")
        )
    }

    fn sample_of_rows(&self, limit: usize) -> String {
        if self.columns.is_empty() {
            return "select 'none' as change where false".to_owned();
        }
        format!(
            "select case when \"bywash.more\" > 0 then 'added' else 'removed' end as change, \
             abs(\"bywash.more\") as times, {} from {} limit {limit}",
            listed(&self.columns, ""),
            self.surplus()
        )
    }
}

/// How far sums of the same numbers in another order may lie apart, of the larger one.
const LAST_DIGITS: f64 = 1e-9;
const NOT_BEFORE: &str = "b.\"bywash.before\" is null";
const NOT_AFTER: &str = "a.\"bywash.after\" is null";
const BOTH: &str = "b.\"bywash.before\" is not null and a.\"bywash.after\" is not null";

fn differs(name: &str) -> String {
    format!("(b.{0} is distinct from a.{0})", quoted(name))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn listed(names: &[String], prefix: &str) -> String {
    names.iter().map(|name| format!("{prefix}{}", quoted(name))).collect::<Vec<_>>().join(", ")
}

fn column_changes(old: &SchemaRef, new: &SchemaRef) -> Vec<String> {
    let kind = |kind: &DataType| kind.to_string().to_lowercase();
    let added = |field: &Field| old.field_with_name(field.name()).is_err();
    let mut changes: Vec<String> =
        new.fields().iter().filter(|field| added(field)).map(|field| format!("+{}", field.name())).collect();
    for field in old.fields() {
        match new.field_with_name(field.name()) {
            Err(_) => changes.push(format!("-{}", field.name())),
            Ok(now) if now.data_type() != field.data_type() => {
                changes.push(format!("{}: {} → {}", field.name(), kind(field.data_type()), kind(now.data_type())));
            }
            Ok(_) => {}
        }
    }
    changes
}

async fn columns(session: &Session, table: &str) -> Result<SchemaRef> {
    let planned = session.plan(&parse("<diff>", &format!("select * from {table}"))?, &Parameters::new()).await?;
    Ok(planned.schema())
}

async fn rows(session: &Session, sql: &str) -> Result<Vec<RecordBatch>> {
    session.plan(&parse("<diff>", sql)?, &Parameters::new()).await?.collect().await
}

/// The whole numbers of the one row of an answer.
fn numbers(batches: &[RecordBatch]) -> Vec<u64> {
    let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Vec::new() };
    let number = |array: &arrow::array::ArrayRef| {
        let whole = array.as_primitive_opt::<Int64Type>().filter(|array| array.is_valid(0));
        whole.and_then(|array| u64::try_from(array.value(0)).ok()).unwrap_or_default()
    };
    batch.columns().iter().map(number).collect()
}
