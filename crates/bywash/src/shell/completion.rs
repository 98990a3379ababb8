//! What Tab offers: dot commands at the beginning of a line; in SQL the columns of the tables named so far, tables,
//! namespaces and key words, in this order.

use std::collections::BTreeSet;

use super::dot_command;
use super::runner::KnownTable;

/// Divided by commas.
const KEY_WORDS: &str = "alter table, and, as, asc, between, by, case, cast, create table, create view, cross join, \
    delete from, desc, describe, distinct, drop table, else, end, except, exists, explain, explain analyze, false, \
    from, full join, group by, group by all, having, in, inner join, insert into, intersect, interval, is not null, \
    is null, join, left join, like, limit, not, null, offset, on, or, order by, over, partition by, right join, \
    select, summarize, then, true, union, union all, update, using, values, when, where, with";

/// Where the word before the cursor begins, and what may stand in its place.
pub(super) fn complete(text: &str, cursor: usize, tables: &[KnownTable]) -> (usize, Vec<String>) {
    let before = text.get(..cursor).unwrap_or(text);
    let line = before.trim_start();
    if line.starts_with('.') && !line.contains(char::is_whitespace) {
        let names = dot_command::names().filter(|name| name.starts_with(line));
        return (before.len() - line.len(), names.map(str::to_owned).collect());
    }
    let typed = before.rsplit(|c: char| !is_part_of_name(c)).next().unwrap_or(before);
    let word = typed.to_lowercase();
    let mut found = Vec::new();
    let mut offer = |name: String| {
        if name.to_lowercase().starts_with(&word) && !found.contains(&name) {
            found.push(name);
        }
    };
    columns(text, &word, tables).into_iter().for_each(&mut offer);
    table_names(tables, &word).into_iter().for_each(&mut offer);
    if !word.is_empty() {
        let in_capitals = typed.chars().any(char::is_uppercase) && !typed.chars().any(char::is_lowercase);
        let spelt = |name: &str| if in_capitals { name.to_uppercase() } else { name.to_owned() };
        KEY_WORDS.split(", ").map(spelt).for_each(&mut offer);
    }
    (before.len() - typed.len(), found)
}

fn is_part_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '.' | '@')
}

/// Columns of the tables that the statement names; behind `table.` only those of that table.
fn columns(text: &str, word: &str, tables: &[KnownTable]) -> BTreeSet<String> {
    let named: BTreeSet<String> = text
        .split(|c: char| !is_part_of_name(c))
        .map(|name| name.split('@').next().unwrap_or(name).to_lowercase())
        .collect();
    let qualifier = word.rsplit_once('.').map(|(qualifier, _)| qualifier);
    let mut found = BTreeSet::new();
    for table in tables {
        let full = table.name.to_lowercase();
        let bare = full.rsplit('.').next().unwrap_or(&full).to_owned();
        for spelling in [full, bare] {
            let prefix = match qualifier {
                Some(qualifier) if qualifier == spelling => format!("{qualifier}."),
                None if named.contains(&spelling) => String::new(),
                _ => continue,
            };
            found.extend(table.columns.iter().map(|(column, _)| format!("{prefix}{column}")));
        }
    }
    found
}

/// Full names, and bare names where they are unique; behind `namespace.` only full names match.
fn table_names(tables: &[KnownTable], word: &str) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = tables.iter().map(|table| table.name.clone()).collect();
    if !word.is_empty() && !word.contains('.') {
        let bare = |table: &KnownTable| table.name.rsplit('.').next().map(str::to_owned);
        let all: Vec<String> = tables.iter().filter_map(bare).collect();
        found.extend(all.iter().filter(|name| all.iter().filter(|other| other == name).count() == 1).cloned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Vec<KnownTable> {
        let table = |name: &str, columns: &[&str]| KnownTable {
            name: name.to_owned(),
            kind: "table".to_owned(),
            columns: columns.iter().map(|column| ((*column).to_owned(), "string".to_owned())).collect(),
        };
        vec![table("raw.flights", &["carrier", "dep_delay"]), table("raw.planes", &["tailnum"])]
    }

    fn offered(text: &str) -> Vec<String> {
        complete(text, text.len(), &tables()).1
    }

    #[test]
    fn tables_columns_and_key_words_are_offered_where_they_fit() {
        assert_eq!(offered("from raw.f"), ["raw.flights"]);
        assert_eq!(offered("select * from fli"), ["flights"]);
        assert_eq!(offered("from raw.flights where dep"), ["dep_delay"]);
        assert_eq!(offered("select flights.ca"), ["flights.carrier"]);
        assert_eq!(offered("sel"), ["select"]);
        assert_eq!(offered("SEL"), ["SELECT"]);
        assert_eq!(offered(".ti"), [".timing"]);
    }

    #[test]
    fn a_word_begins_behind_the_last_letter_that_is_no_part_of_a_name() {
        assert_eq!(complete("select 'ä' (raw.p", 18, &tables()), (13, vec!["raw.planes".to_owned()]));
    }
}
