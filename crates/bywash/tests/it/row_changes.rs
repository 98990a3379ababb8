//! `delete`, `update`, `merge into`: on random histories the table holds what a plain list of rows holds, and sets of
//! changes with such statements merge, revert and load as rule T4 says.

use std::fmt::Write as _;

use bywash_testkit::Dice;

use crate::sandbox;
use crate::shop::{head, orders, rows, shop};

/// A row of the list: `id`, `k`, `name`.
#[derive(Clone, Debug, PartialEq)]
struct Row(i64, Option<i64>, Option<String>);

/// A condition as SQL, and which rows it is true for; null is not true, also when it is negated.
type Condition = (String, Box<dyn Fn(&Row, &[Row]) -> bool>);

fn condition(dice: &mut Dice) -> Condition {
    let (a, b) = (dice.roll(40), dice.roll(4));
    match dice.roll(8) {
        0 => (format!("id between {a} and {}", a + 8), Box::new(move |row, _| (a..=a + 8).contains(&row.0))),
        1 => (format!("k = {b}"), Box::new(move |row, _| row.1 == Some(b))),
        2 => (format!("not (k = {b})"), Box::new(move |row, _| row.1.is_some_and(|k| k != b))),
        3 => ("k is null".to_owned(), Box::new(|row, _| row.1.is_none())),
        4 => (format!("k not in ({b}, null)"), Box::new(|_, _| false)),
        5 => (
            format!("id in (select id + 1 from raw.t where k = {b})"),
            Box::new(move |row, all| all.iter().any(|other| other.1 == Some(b) && other.0 + 1 == row.0)),
        ),
        6 => (
            format!("id not in (select k from raw.t where id < {a})"),
            Box::new(move |row, all| {
                let listed: Vec<_> = all.iter().filter(|other| other.0 < a).map(|other| other.1).collect();
                listed.iter().all(|k| k.is_some_and(|k| k != row.0))
            }),
        ),
        _ => (
            format!("name like '%{b}' or id = {a}"),
            Box::new(move |row, _| row.2.as_ref().is_some_and(|name| name.ends_with(&b.to_string())) || row.0 == a),
        ),
    }
}

/// One statement: its SQL, and the list of rows after it.
fn statement(dice: &mut Dice, table: &[Row], next_id: &mut i64) -> (String, Vec<Row>) {
    let mut after = table.to_vec();
    let (text, holds) = condition(dice);
    match dice.roll(5) {
        0 => {
            let count = dice.roll(6) + 1;
            let new: Vec<_> =
                (*next_id..*next_id + count).map(|id| Row(id, Some(id % 4), Some(format!("n{id}")))).collect();
            *next_id += count;
            let values: Vec<_> = new.iter().map(|row| format!("({}, {}, 'n{}')", row.0, row.0 % 4, row.0)).collect();
            after.extend(new);
            (format!("insert into raw.t values {}", values.join(", ")), after)
        }
        1 => {
            after.retain(|row| !holds(row, table));
            (format!("delete from raw.t where {text}"), after)
        }
        2 | 3 => {
            let to_null = dice.roll(3) == 0;
            for row in after.iter_mut().filter(|row| holds(row, table)) {
                row.1 = if to_null { None } else { row.1.map(|k| (k + 1) % 4) };
                row.2 = row.2.as_ref().map(|name| format!("{name}{}", row.0 % 4));
            }
            let k = if to_null { "null" } else { "(k + 1) % 4" };
            (format!("update raw.t set k = {k}, name = name || (id % 4) where {text}"), after)
        }
        _ => {
            let (low, high) = (dice.roll(30), 30 + dice.roll(20));
            let deleted = dice.roll(4);
            for id in low..=high {
                match after.iter().position(|row| row.0 == id) {
                    Some(at) if after[at].1 == Some(deleted) => {
                        after.remove(at);
                    }
                    Some(at) => after[at].2 = Some(format!("s{id}")),
                    None => after.push(Row(id, None, Some(format!("s{id}")))),
                }
            }
            *next_id = (*next_id).max(high + 1);
            let sql = format!(
                "merge into raw.t using (select value as v from generate_series({low}, {high})) as s on t.id = s.v \
                 when matched and t.k = {deleted} then delete \
                 when matched then update set name = 's' || s.v \
                 when not matched then insert (id, name) values (s.v, 's' || s.v)"
            );
            (sql, after)
        }
    }
}

fn lines(table: &[Row]) -> Vec<String> {
    let text = |row: &Row| {
        let k = row.1.map(|k| k.to_string()).unwrap_or_default();
        format!("{},{k},{}", row.0, row.2.clone().unwrap_or_default())
    };
    let mut lines: Vec<String> = table.iter().map(text).collect();
    lines.sort();
    lines
}

/// A random history, played on the lake and on a list.
fn play(seed: u64, layout: &str) {
    let sandbox = sandbox();
    sandbox.write("bywash.toml", "[project]\nname = \"histories\"\n");
    let mut dice = Dice::new(seed * 7919 + 1);
    let mut table: Vec<Row> = (1..=20).map(|id| Row(id, Some(id % 4), Some(format!("n{id}")))).collect();
    let mut next_id = 21;
    sandbox.run(["query", &format!("create table raw.t (id bigint, k bigint, name varchar) {layout}")]).success();
    let first = "insert into raw.t select value, value % 4, 'n' || value from generate_series(1, 20)";
    sandbox.run(["query", first]).success();
    let (mut history, mut commits) = (String::new(), Vec::new());
    for _ in 0..14 {
        let (sql, after) = statement(&mut dice, &table, &mut next_id);
        writeln!(history, "{sql};").expect("text");
        sandbox.run(["query", &sql]).success();
        assert_eq!(rows(&sandbox, "from raw.t"), lines(&after), "seed {seed}, {layout}\n{history}");
        commits.push((head(&sandbox), after.len()));
        table = after;
    }
    for (commit, count) in commits {
        let sql = format!("select count(*) from \"raw.t@{commit}\"");
        assert_eq!(rows(&sandbox, &sql), [count.to_string()], "every commit can still be read");
    }
    sandbox.run(["doctor"]).success();
}

#[test]
fn random_histories_give_what_a_list_of_rows_gives() {
    for seed in 0..4 {
        play(seed, "");
        play(seed + 100, "partition by (bucket(3, id)) cluster by (name)");
    }
}

#[test]
fn t4_a_nightly_load_on_main_merges_with_a_clean_up_on_a_branch() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "clean"]).success();
    shop.run(["query", "delete from raw.orders where id <= 10"]).success();
    shop.run(["query", "update raw.orders set amount = 0 where id = 11"]).success();
    shop.run(["checkout", "main"]).success();
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    shop.run(["merge", "clean"]).success();
    assert_eq!(rows(&shop, "select count(*), min(id), max(id) from raw.orders"), ["60,11,70"]);
    assert_eq!(rows(&shop, "select amount from raw.orders where id = 11"), ["0"]);
    let events = rows(&shop, "select id, points from marts.events");
    assert_eq!(events, rows(&shop, "select id, amount * 2 from raw.orders"), "nodes follow the merged rows");
    shop.run(["run", "--full-refresh"]).success();
    assert_eq!(rows(&shop, "select id, points from marts.events"), events);
    shop.run(["doctor"]).success();
}

#[test]
fn t4_two_edits_that_did_not_see_each_other_are_a_conflict() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    shop.run(["query", "update raw.customers set name = 'Anna' where id = 1"]).success();
    shop.run(["checkout", "main"]).success();
    shop.run(["query", "delete from raw.customers where id = 3"]).success();
    let before = rows(&shop, "from raw.customers");
    shop.run(["merge", "dev"]).failure("merge-conflict");
    assert_eq!(rows(&shop, "from raw.customers"), before);
    shop.run(["revert", "HEAD"]).success();
    shop.run(["merge", "dev"]).success();
    assert_eq!(rows(&shop, "from raw.customers"), ["1,Anna,n", "2,Bob,s", "3,Cid,n"]);
}

#[test]
fn t4_an_insert_that_reads_its_own_table_stands_with_what_it_read() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    shop.run(["query", "insert into raw.customers select id + 10, name, code from raw.customers"]).success();
    shop.run(["checkout", "main"]).success();
    shop.run(["query", "update raw.customers set name = upper(name)"]).success();
    shop.run(["merge", "dev"]).failure("merge-conflict");
}

#[test]
fn r8_a_changed_file_whose_rows_were_edited_by_hand_is_a_conflict() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["query", "update raw.customers set name = 'Anna' where id = 1"]).success();
    shop.write("data/customers.csv", "id,name,code\n1,Ann,n\n2,Bob,s\n3,Cid,n\n4,Dan,s\n");
    let refused = shop.run(["run"]).failure("merge-conflict");
    assert!(refused.stderr.contains("customers.csv"), "{refused}");
    assert_eq!(rows(&shop, "select name from raw.customers where id = 1"), ["Anna"]);
}

#[test]
fn a_statement_that_fails_leaves_the_table_as_it_was() {
    let shop = shop();
    shop.run(["run"]).success();
    let before = rows(&shop, "from raw.customers");
    let twice = "merge into raw.customers c using (values (1), (1)) as s (id) on c.id = s.id \
                 when matched then update set name = 'x'";
    shop.run(["query", twice]).failure("matched-twice");
    shop.run(["query", "update raw.customers set nam = 'x'"]).failure("unknown-column");
    shop.run(["query", "update raw.customers set id = 10 / (id - 2)"]).failure("query-failed");
    shop.run(["query", "delete from marts.by_region where region = 'north'"]).failure("node-table");
    assert_eq!(rows(&shop, "from raw.customers"), before);
    shop.run(["doctor"]).success();
}

#[test]
fn new_values_are_assigned_and_never_changed() {
    let shop = shop();
    shop.run(["query", "create table raw.t (id bigint, day date, price decimal(6, 2))"]).success();
    shop.run(["query", "insert into raw.t values (1, date '2026-01-01', 1.5)"]).success();
    shop.run(["query", "update raw.t set day = '2026-02-01', price = 2.25, id = 4 / 2"]).success();
    assert_eq!(rows(&shop, "from raw.t"), ["2,2026-02-01,2.25"]);
    shop.run(["query", "update raw.t set id = 1.5"]).failure("invalid-value");
    shop.run(["query", "update raw.t set price = 1.005"]).failure("invalid-value");
    let merge = "merge into raw.t using (values ('2', '2026-03-01'), ('3', 'soon')) as s (id, day) on t.id = s.id \
                 when matched then update set day = s.day when not matched and s.day <> 'soon' then insert (id, day) values (s.id, s.day)";
    shop.run(["query", merge]).success();
    assert_eq!(rows(&shop, "from raw.t"), ["2,2026-03-01,2.25"]);
}

#[test]
fn instants_have_zones_and_are_stored_to_the_microsecond() {
    let shop = shop();
    shop.run(["query", "create table raw.t (id bigint, at timestamptz, local timestamp)"]).success();
    shop.run(["query", "insert into raw.t values (1, now(), '2026-01-01T10:00:00')"]).success();
    shop.run(["query", "update raw.t set at = '2026-01-01T10:00:00+02:00'::timestamptz"]).success();
    assert_eq!(rows(&shop, "from raw.t"), ["1,2026-01-01T08:00:00Z,2026-01-01T10:00:00"]);
}
