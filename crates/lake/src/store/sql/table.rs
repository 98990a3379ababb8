//! The tables of the catalog by their columns, and the statements that follow from them.

use super::value::{Statement, Value};

/// Rows that one statement inserts at most: databases bound the number of values.
const MOST_ROWS: usize = 250;

/// A table of the catalog.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: &'static str,
    /// Every column that a writer gives.
    pub(in crate::store) columns: &'static [&'static str],
    /// The columns of its primary key.
    pub(in crate::store) key: &'static [&'static str],
}

/// What happens to a row whose key is there.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) enum Existing {
    /// It is an error.
    Refuse,
    /// It stays as it is.
    Keep,
    /// It is replaced as a whole.
    Replace,
}

impl Table {
    /// `select` with every column that a writer gives; `rest` is what follows the table's name.
    pub(in crate::store) fn select(&self, rest: &str) -> String {
        format!("select {} from {} {rest}", self.columns.join(", "), self.name)
    }

    /// Up to `limit` rows behind a key, or the first ones, in the order of keys: the key's columns, then all others.
    pub(in crate::store) fn page(&self, after: Option<Vec<Value>>, limit: usize) -> Statement {
        let (key, columns) = (self.key.join(", "), self.columns.join(", "));
        let after = after.unwrap_or_default();
        let places: Vec<String> = (1..=after.len()).map(|place| format!("${place}")).collect();
        let behind =
            if places.is_empty() { String::new() } else { format!(" where ({key}) > ({})", places.join(", ")) };
        Statement::new(
            format!("select {key}, {columns} from {}{behind} order by {key} limit {limit}", self.name),
            after,
        )
    }

    /// Statements that insert these rows, a few hundred each.
    pub(in crate::store) fn insert(&self, rows: Vec<Vec<Value>>, existing: Existing) -> Vec<Statement> {
        let mut statements = Vec::new();
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let some: Vec<Vec<Value>> = rows.by_ref().take(MOST_ROWS).collect();
            let sql = self.insert_sql(some.len(), existing);
            statements.push(Statement::new(sql, some.into_iter().flatten().collect::<Vec<_>>()));
        }
        statements
    }

    fn insert_sql(&self, rows: usize, existing: Existing) -> String {
        let width = self.columns.len();
        let row = |row: usize| {
            let values: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
            format!("({})", values.join(", "))
        };
        let rows: Vec<String> = (0..rows).map(row).collect();
        let conflict = match existing {
            Existing::Refuse => String::new(),
            Existing::Keep => " on conflict do nothing".to_owned(),
            Existing::Replace => {
                let others = self.columns.iter().filter(|column| !self.key.contains(column));
                let set: Vec<String> = others.map(|column| format!("{column} = excluded.{column}")).collect();
                format!(" on conflict ({}) do update set {}", self.key.join(", "), set.join(", "))
            }
        };
        format!("insert into {} ({}) values {}{conflict}", self.name, self.columns.join(", "), rows.join(", "))
    }
}
