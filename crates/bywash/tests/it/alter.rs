//! `alter table`: on random histories a table reads as a plain list of rows says, in the columns of every commit, and
//! changes of columns merge and revert as rules T3 and T4 say.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bywash_testkit::{Dice, Sandbox};

use crate::sandbox;
use crate::shop::{head, orders, rows, shop};

/// The columns of the list by name, each with its identity and type; and its rows by identity.
#[derive(Clone, Default)]
struct List {
    columns: Vec<(String, usize, &'static str)>,
    rows: Vec<BTreeMap<usize, i64>>,
    identities: usize,
}

impl List {
    fn lines(&self) -> Vec<String> {
        let text = |row: &BTreeMap<usize, i64>| -> String {
            let cell = |(_, identity, kind): &(String, usize, &str)| match row.get(identity) {
                Some(value) if *kind == "double" => format!("{value}.0"),
                Some(value) => value.to_string(),
                None => String::new(),
            };
            self.columns.iter().map(cell).collect::<Vec<_>>().join(",")
        };
        let mut lines: Vec<String> = self.rows.iter().map(text).collect();
        lines.sort();
        lines
    }

    fn header(&self) -> String {
        self.columns.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join(",")
    }

    fn free_name(&self, dice: &mut Dice) -> Option<String> {
        let names: Vec<_> = ["a", "b", "c", "d", "e", "f"].map(str::to_owned).into_iter().collect();
        let free: Vec<_> =
            names.into_iter().filter(|name| self.columns.iter().all(|(taken, ..)| taken != name)).collect();
        (!free.is_empty()).then(|| free[dice.roll(free.len())].clone())
    }

    /// One statement, done to the list as well; nothing where it would not fit.
    fn statement(&mut self, dice: &mut Dice) -> Option<String> {
        let at = 1 + dice.roll((self.columns.len() - 1).max(1));
        match dice.roll(9) {
            0 | 1 => {
                let (name, kind) = (self.free_name(dice)?, ["int", "bigint", "float", "double"][dice.roll(4)]);
                let place = if dice.roll(2) == 0 { self.columns.len() } else { 1 };
                let position = if place == 1 { format!(" after {}", self.columns[0].0) } else { String::new() };
                self.identities += 1;
                self.columns.insert(place, (name.clone(), self.identities, shown(kind)));
                Some(format!("alter table raw.t add column {name} {kind}{position}"))
            }
            2 if at < self.columns.len() => {
                let (name, ..) = self.columns.remove(at);
                Some(format!("alter table raw.t drop column {name}"))
            }
            3 if at < self.columns.len() => {
                let (old, new) = (self.columns[at].0.clone(), self.free_name(dice)?);
                new.clone_into(&mut self.columns[at].0);
                Some(format!("alter table raw.t rename column {old} to {new}"))
            }
            4 if at < self.columns.len() => {
                let column = self.columns.remove(at);
                let statement = format!("alter table raw.t alter column {} after id", column.0);
                self.columns.insert(1, column);
                Some(statement)
            }
            5 if at < self.columns.len() => {
                let wider = if self.columns[at].2 == "double" { "double" } else { "bigint" };
                Some(format!("alter table raw.t alter column {} type {wider}", self.columns[at].0))
            }
            6 if at < self.columns.len() => {
                let (name, identity, _) = &self.columns[at];
                for row in self.rows.iter_mut().filter(|row| row[&0] % 3 == 0) {
                    row.insert(*identity, 7);
                }
                Some(format!("update raw.t set {name} = 7 where id % 3 = 0"))
            }
            _ => {
                let id = i64::try_from(self.rows.len()).expect("few");
                let row: BTreeMap<_, _> = self.columns.iter().map(|(_, identity, _)| (*identity, id * 10)).collect();
                let values: Vec<_> = self
                    .columns
                    .iter()
                    .map(|(name, ..)| (name.clone(), if name == "id" { id } else { id * 10 }))
                    .collect();
                let names = values.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
                let cells = values.iter().map(|(_, value)| value.to_string()).collect::<Vec<_>>().join(", ");
                self.rows.push(BTreeMap::from_iter(row.into_iter().chain([(0, id)])));
                Some(format!("insert into raw.t ({names}) values ({cells})"))
            }
        }
    }
}

/// How values of a type are printed.
fn shown(kind: &'static str) -> &'static str {
    if matches!(kind, "float" | "double") { "double" } else { "bigint" }
}

fn header(sandbox: &Sandbox, table: &str) -> String {
    let output = sandbox.run(["query", &format!("from {table}"), "-o", "csv"]).success();
    output.stdout.lines().next().unwrap_or_default().to_owned()
}

fn play(seed: u64) {
    let sandbox = sandbox();
    sandbox.write("bywash.toml", "[project]\nname = \"histories\"\n");
    sandbox.run(["query", "create table raw.t (id bigint, a int, b float)"]).success();
    let mut dice = Dice::new(seed * 7919 + 1);
    let columns = [("id", 0, "bigint"), ("a", 1, "bigint"), ("b", 2, "double")];
    let columns = columns.map(|(name, identity, kind)| (name.to_owned(), identity, kind)).into_iter().collect();
    let mut list = List { columns, identities: 2, ..List::default() };
    let (mut history, mut past) = (String::new(), Vec::new());
    for _ in 0..18 {
        let Some(sql) = list.statement(&mut dice) else { continue };
        writeln!(history, "{sql};").expect("text");
        sandbox.run(["query", &sql]).success();
        assert_eq!(header(&sandbox, "raw.t"), list.header(), "seed {seed}\n{history}");
        assert_eq!(rows(&sandbox, "from raw.t"), list.lines(), "seed {seed}\n{history}");
        past.push((head(&sandbox), list.clone()));
    }
    for (commit, list) in past.iter().step_by(3) {
        let table = format!("\"raw.t@{commit}\"");
        assert_eq!(header(&sandbox, &table), list.header(), "every commit keeps its columns\n{history}");
        assert_eq!(rows(&sandbox, &format!("from {table}")), list.lines(), "seed {seed}\n{history}");
    }
    sandbox.run(["doctor"]).success();
}

#[test]
fn t3_random_changes_of_columns_give_what_a_list_of_rows_gives() {
    (0..5).for_each(play);
}

/// A project with a table `raw.t` of three rows.
fn table() -> Sandbox {
    let sandbox = sandbox();
    sandbox.write("bywash.toml", "[project]\nname = \"columns\"\n");
    sandbox.run(["query", "create table raw.t as select 1 as id, 'one' as name, 1.5::float as x"]).success();
    sandbox.run(["query", "insert into raw.t values (2, 'two', 2.5)"]).success();
    sandbox
}

fn sql(sandbox: &Sandbox, text: &str) {
    sandbox.run(["query", text]).success();
}

#[test]
fn t3_a_column_that_comes_again_does_not_show_what_the_old_one_held() {
    let lake = table();
    sql(&lake, "alter table raw.t drop column name");
    sql(&lake, "alter table raw.t add column name text");
    assert_eq!(rows(&lake, "select id, name from raw.t"), ["1,", "2,"]);
    assert_eq!(rows(&lake, "select count(*) from raw.t where name = 'one'"), ["0"]);
    sql(&lake, "alter table raw.t rename column x to y, rename column name to x, add column z int");
    assert_eq!(rows(&lake, "select id, y, x, z from raw.t"), ["1,1.5,,", "2,2.5,,"]);
    assert_eq!(rows(&lake, "select id from raw.t where y > 2"), ["2"]);
    lake.run(["doctor"]).success();
}

#[test]
fn t3_a_wider_column_keeps_its_values_and_statistics() {
    let lake = table();
    sql(&lake, "create table raw.n as select 5::int as n, 1.25::decimal(6, 2) as d");
    sql(&lake, "alter table raw.n alter column n type bigint, alter column d type decimal(12, 2)");
    sql(&lake, "insert into raw.n values (5000000000, 1234567890.25)");
    assert_eq!(rows(&lake, "select min(n), max(n), min(d), max(d) from raw.n"), ["5,5000000000,1.25,1234567890.25"]);
    assert_eq!(rows(&lake, "select n from raw.n where n > 4"), ["5", "5000000000"]);
    assert_eq!(rows(&lake, "select n from raw.n where n = 5"), ["5"]);
    let refused = lake.run(["query", "alter table raw.t alter column name type bigint"]).failure("schema-change");
    assert!(refused.stderr.contains("cast(name as"), "{refused}");
    lake.run(["query", "alter table raw.n alter column n type int"]).failure("schema-change");
}

#[test]
fn t3_parts_of_nested_columns_change_like_columns() {
    let lake = table();
    sql(&lake, "create table raw.p as select 1 as id, {street: 'a', no: 1::int} as home, [{k: 1::int}] as tags");
    sql(&lake, "alter table raw.p add column home.zip text, rename column home.street to road");
    sql(&lake, "alter table raw.p alter column home.no type bigint, add column tags.element.v text");
    sql(&lake, "insert into raw.p values (2, {road: 'b', no: 5000000000, zip: 'z'}, [{k: 2, v: 'w'}])");
    assert_eq!(rows(&lake, "select id, home.road, home.no, home.zip from raw.p"), ["1,a,1,", "2,b,5000000000,z"]);
    assert_eq!(rows(&lake, "select id from raw.p where home.road = 'a'"), ["1"]);
    assert_eq!(rows(&lake, "select tags[1]['k'], tags[1]['v'] from raw.p"), ["1,", "2,w"]);
    sql(&lake, "alter table raw.p drop column home.no");
    assert_eq!(rows(&lake, "select home.road from raw.p"), ["a", "b"]);
    lake.run(["query", "alter table raw.p add column id.x int"]).failure("schema-change");
    lake.run(["query", "alter table raw.p drop column tags.element"]).failure("schema-change");
}

#[test]
fn t4_a_rename_beside_a_load_and_a_wider_type_beside_a_rename_merge() {
    let shop = shop();
    shop.run(["run", "-s", "raw.customers"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    sql(&shop, "alter table raw.customers rename column name to called");
    sql(&shop, "alter table raw.customers add column note text");
    shop.run(["checkout", "main"]).success();
    sql(&shop, "insert into raw.customers values (9, 'Zoe', 'n')");
    sql(&shop, "alter table raw.customers alter column code first");
    shop.run(["merge", "dev"]).success();
    assert_eq!(header(&shop, "raw.customers"), "code,id,called,note");
    assert_eq!(rows(&shop, "select called from raw.customers"), ["Ann", "Bob", "Cid", "Zoe"]);
    shop.run(["checkout", "dev"]).success();
    shop.run(["merge", "main"]).success();
    assert_eq!(header(&shop, "raw.customers"), "code,id,called,note");
    shop.run(["doctor"]).success();
}

#[test]
fn t3_the_same_column_on_two_branches_is_one_unless_it_was_given_up() {
    let lake = table();
    lake.run(["branch", "create", "dev"]).success();
    sql(&lake, "alter table raw.t add column c int");
    lake.run(["query", "--ref", "dev", "alter table raw.t add column c int"]).success();
    lake.run(["query", "--ref", "dev", "insert into raw.t values (3, 'three', 3.5, 33)"]).success();
    lake.run(["merge", "dev"]).success();
    assert_eq!(rows(&lake, "select id, c from raw.t"), ["1,", "2,", "3,33"]);

    lake.run(["branch", "create", "old"]).success();
    sql(&lake, "alter table raw.t drop column c");
    sql(&lake, "alter table raw.t add column c int");
    lake.run(["query", "--ref", "old", "alter table raw.t add column d int"]).success();
    sql(&lake, "alter table raw.t add column d text");
    let refused = lake.run(["merge", "old"]).failure("merge-conflict");
    assert!(refused.stderr.contains("two columns") && refused.stderr.contains("add column d"), "{refused}");
}

#[test]
fn t4_a_column_renamed_in_two_ways_is_a_conflict_that_says_what_each_side_did() {
    let lake = table();
    lake.run(["branch", "create", "dev"]).success();
    sql(&lake, "alter table raw.t rename column name to title");
    lake.run(["query", "--ref", "dev", "alter table raw.t drop column name"]).success();
    let refused = lake.run(["merge", "dev"]).failure("merge-conflict");
    assert!(
        refused.stderr.contains("rename column name to title") && refused.stderr.contains("drop column name"),
        "{refused}"
    );
    lake.run(["revert", "HEAD"]).success();
    lake.run(["merge", "dev"]).success();
    assert_eq!(header(&lake, "raw.t"), "id,x");
}

#[test]
fn t4_changes_of_columns_are_reverted_or_say_why_not() {
    let lake = table();
    sql(&lake, "alter table raw.t drop column name");
    lake.run(["revert", "HEAD"]).success();
    assert_eq!(rows(&lake, "select id, name from raw.t"), ["1,one", "2,two"]);
    sql(&lake, "alter table raw.t rename column x to y");
    sql(&lake, "insert into raw.t values (3, 'three', 3.5)");
    lake.run(["revert", "HEAD~1"]).success();
    assert_eq!(rows(&lake, "select id, x from raw.t"), ["1,1.5", "2,2.5", "3,3.5"]);

    sql(&lake, "alter table raw.t alter column x type double");
    lake.run(["revert", "HEAD"]).success();
    sql(&lake, "alter table raw.t alter column x type double");
    let widened = head(&lake);
    sql(&lake, "insert into raw.t values (4, 'four', 0.1)");
    let refused = lake.run(["revert", &widened]).failure("revert-conflict");
    assert!(refused.stderr.contains("wider type"), "{refused}");
    assert_eq!(rows(&lake, "select x from raw.t where id = 4"), ["0.1"]);
    lake.run(["doctor"]).success();
}

#[test]
fn t3_files_are_cut_and_sorted_anew_from_a_change_of_layout_on() {
    let lake = table();
    sql(&lake, "alter table raw.t set partitioned by (bucket(4, id)), set clustered by (name)");
    sql(&lake, "insert into raw.t select value, 'n' || value, value from generate_series(3, 40)");
    assert_eq!(rows(&lake, "select count(*), sum(id) from raw.t"), ["40,820"]);
    assert_eq!(rows(&lake, "select name from raw.t where id = 17"), ["n17"]);
    lake.run(["query", "alter table raw.t drop column name"]).failure("schema-change");
    sql(&lake, "alter table raw.t rename column id to number");
    sql(&lake, "update raw.t set x = 0 where number < 3");
    sql(&lake, "alter table raw.t reset clustered by, reset partitioned by");
    sql(&lake, "alter table raw.t drop column name");
    sql(&lake, "insert into raw.t values (41, 1.0)");
    assert_eq!(rows(&lake, "select count(*), sum(number) from raw.t"), ["41,861"]);
    let refused = lake.run(["revert", "HEAD~2"]).failure("revert-conflict");
    assert!(refused.stderr.contains("sorted by a column that was dropped"), "{refused}");
    lake.run(["revert", "HEAD~1"]).success();
    lake.run(["revert", "HEAD~3"]).success();
    let shown = lake.run(["table", "show", "raw.t"]).success();
    assert!(shown.stderr.contains("bucket(4, number)"), "{shown}");
    lake.run(["doctor"]).success();
}

#[test]
fn t4_a_layout_on_one_branch_merges_with_rows_on_the_other() {
    let lake = table();
    lake.run(["branch", "create", "dev"]).success();
    lake.run(["query", "--ref", "dev", "alter table raw.t set partitioned by (truncate(2, name))"]).success();
    lake.run(["query", "--ref", "dev", "insert into raw.t values (3, 'three', 1)"]).success();
    sql(&lake, "insert into raw.t values (4, 'four', 1)");
    lake.run(["merge", "dev"]).success();
    sql(&lake, "insert into raw.t values (5, 'five', 1)");
    assert_eq!(rows(&lake, "select id from raw.t where name >= 'four'"), ["1", "2", "3", "4"]);
    lake.run(["branch", "create", "two"]).success();
    sql(&lake, "alter table raw.t set partitioned by (id)");
    lake.run(["query", "--ref", "two", "alter table raw.t reset partitioned by"]).success();
    let refused = lake.run(["merge", "two"]).failure("merge-conflict");
    assert!(refused.stderr.contains("set partitioned by (id)"), "{refused}");
}

#[test]
fn what_alter_table_cannot_do_is_refused_by_name() {
    let shop = shop();
    shop.run(["run"]).success();
    let refusals = [
        ("alter table marts.events add column a int", "node-table"),
        ("alter table raw.customers drop column nam", "unknown-column"),
        ("alter table raw.customers add column name text", "schema-change"),
        ("alter table raw.customers rename column id to name", "schema-change"),
        ("alter table raw.customers rename to raw.clients", "not-yet-supported"),
        ("alter table raw.customers add column a int not null", "invalid-sql"),
        ("alter table raw.customers add column a int default 1", "not-yet-supported"),
        ("alter table raw.customers add column a integr", "unsupported-type"),
        ("alter table raw.customers alter column id set not null", "not-yet-supported"),
        ("alter table raw.customers set partitioned by (day(id))", "unsupported-type"),
        ("alter table raw.customers paint it black", "invalid-sql"),
        ("alter table raw.nobody add column a int", "unknown-table"),
    ];
    let before = head(&shop);
    for (statement, code) in refusals {
        shop.run(["query", statement]).failure(code);
    }
    shop.run(["query", "alter table if exists raw.nobody add column a int"]).success();
    shop.run(["query", "alter table raw.customers add column if not exists name text"]).success();
    assert_eq!(head(&shop), before, "nothing was committed");
}

#[test]
fn loads_go_on_after_a_change_of_columns() {
    let shop = shop();
    shop.run(["run"]).success();
    sql(&shop, "alter table raw.orders add column note text, alter column note after id");
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*), count(note), max(id) from raw.orders"), ["70,0,70"]);
    shop.write("data/orders3.csv", "id,customer,amount,day,note\n71,1,5,2026-01-01,hello\n");
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select id, note from raw.orders where note is not null"), ["71,hello"]);
    assert_eq!(rows(&shop, "select count(*) from marts.events"), ["71"]);
}

#[test]
fn t3_columns_that_models_and_files_bring_keep_their_ids() {
    let shop = shop();
    shop.run(["run"]).success();
    let location =
        |table: &str| rows(&shop, &format!("select metadata_location from bywash.tables where name = '{table}'"));
    let folder = |table: &str| location(table)[0].rsplit_once("/metadata/").expect("a folder").0.to_owned();
    let before = (folder("marts.by_region"), head(&shop));
    shop.write(
        "models/marts/by_region.sql",
        "select r.region, max(c.day) as latest, count(*)::double as orders\nfrom staging.clean c\n\
         join raw.customers k on k.id = c.customer\njoin seeds.regions r on r.code = k.code\ngroup by r.region\n",
    );
    shop.write("models/marts/top.sql", "select region, orders from marts.by_region\n");
    shop.run(["run"]).success();
    assert_eq!(folder("marts.by_region"), before.0, "the same Iceberg table");
    assert_eq!(header(&shop, "marts.by_region"), "region,latest,orders");
    assert_eq!(header(&shop, &format!("\"marts.by_region@{}\"", before.1)), "region,orders,amount");

    shop.write("seeds/regions.csv", "code,region,size\nn,north,1\ns,south,2\n");
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select code, size from seeds.regions"), ["n,1", "s,2"]);

    let wider = "id,customer,amount,day,gate\n80,1,5000000000.5,2026-01-01,A1\n";
    shop.write("data/orders4.csv", wider);
    let refused = shop.run(["run"]).failure("schema-change");
    assert!(refused.stderr.contains("schema_contract: evolve"), "{refused}");
    let source = shop.read("sources/raw.yml").replace("partition_by", "schema_contract: evolve\n    partition_by");
    shop.write("sources/raw.yml", source);
    shop.write("data/orders4.csv", wider.replace("5000000000.5", "5"));
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select id, amount, gate from raw.orders where gate is not null"), ["80,5,A1"]);
    assert_eq!(rows(&shop, "select count(*), count(gate) from raw.orders"), ["61,1"]);
    shop.run(["revert", "HEAD"]).success();
    assert_eq!(header(&shop, "raw.orders"), "id,customer,amount,day");
    shop.run(["doctor"]).success();
}

/// Files know nothing of what was done to the table: the name that they have is a new column.
#[test]
fn t3_columns_that_were_dropped_or_renamed_come_again_with_files_that_have_them() {
    let shop = shop();
    let source = shop.read("sources/raw.yml").replace("partition_by", "schema_contract: evolve\n    partition_by");
    shop.write("sources/raw.yml", source);
    shop.run(["load"]).success();
    shop.run(["query", "alter table raw.orders drop column amount, rename column customer to who"]).success();
    orders(&shop, 2, 61, 62);
    let load = shop.run(["load"]).success();
    assert!(load.stderr.contains("add column customer, add column amount"), "{load}");
    assert_eq!(header(&shop, "raw.orders"), "id,who,day,customer,amount");
    let counts = "select count(*), count(who), count(customer), count(amount) from raw.orders";
    assert_eq!(rows(&shop, counts), ["62,60,2,2"], "what the old ones held does not come back");
    shop.run(["doctor"]).success();
}

#[test]
fn an_overwrite_of_partitions_beside_files_of_another_cut_is_refused() {
    let lake = sandbox();
    lake.write("bywash.toml", "[project]\nname = \"p\"\n");
    lake.run(["query", "create table raw.p (id int, part int) partition by (id)"]).success();
    lake.run(["query", "insert into raw.p values (1, 1), (2, 2)"]).success();
    lake.run(["query", "alter table raw.p set partitioned by (part)"]).success();
    let overwrite = "insert overwrite raw.p (id, part) partition (part) values (3, 1)";
    let refused = lake.run(["query", overwrite]).failure("not-yet-supported");
    assert!(refused.stderr.contains("delete the rows"), "{refused}");
    assert_eq!(rows(&lake, "from raw.p"), ["1,1", "2,2"]);
    lake.run(["query", "insert overwrite raw.p select * from raw.p"]).success();
    lake.run(["query", overwrite]).success();
    assert_eq!(rows(&lake, "from raw.p"), ["2,2", "3,1"]);
    lake.run(["doctor"]).success();
}

#[test]
fn t3_processes_that_add_columns_at_once_give_out_different_ids() {
    let lake = table();
    let branches: Vec<_> = (0..6).map(|number| format!("b{number}")).collect();
    for branch in &branches {
        lake.run(["branch", "create", branch]).success();
    }
    std::thread::scope(|scope| {
        for (number, branch) in branches.iter().enumerate() {
            let (lake, kind) = (&lake, if number % 2 == 0 { "int" } else { "text" });
            scope.spawn(move || {
                let add = format!("alter table raw.t add column c{number} {kind}, add column shared {kind}");
                lake.run(["query", "--ref", branch, &add]).success();
                let insert = format!("insert into raw.t (id, c{number}) values ({}, 7)", 10 + number);
                lake.run(["query", "--ref", branch, &insert]).success();
            });
        }
    });
    for branch in ["b0", "b2", "b4"] {
        lake.run(["merge", branch]).success();
    }
    lake.run(["merge", "b1"]).failure("merge-conflict");
    assert_eq!(rows(&lake, "select id, c0, c2, c4 from raw.t where id >= 10"), ["10,7,,", "12,,7,", "14,,,7"]);
    assert_eq!(header(&lake, "raw.t").matches("shared").count(), 1, "one column of one name and type");
    lake.run(["doctor"]).success();
}

#[test]
fn a_required_column_may_hold_nulls_once_it_is_told_so() {
    let lake = table();
    sql(&lake, "create table raw.n (id bigint not null, name text)");
    sql(&lake, "insert into raw.n values (1, 'a')");
    lake.run(["query", "insert into raw.n values (null, 'b')"]).failure("invalid-value");
    sql(&lake, "alter table raw.n alter column id drop not null");
    sql(&lake, "insert into raw.n values (null, 'b')");
    assert_eq!(rows(&lake, "select name from raw.n where id is null"), ["b"]);
    assert_eq!(rows(&lake, "select count(*), count(id) from raw.n"), ["2,1"]);
}

#[test]
fn t4_a_conflict_of_columns_is_resolved_for_one_side() {
    let lake = table();
    lake.run(["branch", "create", "dev"]).success();
    sql(&lake, "alter table raw.t rename column name to title");
    lake.run(["query", "--ref", "dev", "alter table raw.t rename column name to label, add column c int"]).success();
    lake.run(["query", "--ref", "dev", "insert into raw.t values (3, 'three', 3.5, 33)"]).success();
    lake.run(["merge", "dev"]).failure("merge-conflict");
    lake.run(["merge", "dev", "--theirs", "raw.t"]).success();
    assert_eq!(header(&lake, "raw.t"), "id,label,x,c");
    assert_eq!(rows(&lake, "select id, label, c from raw.t"), ["1,one,", "2,two,", "3,three,33"]);
    sql(&lake, "alter table raw.t add column title text");
    assert_eq!(rows(&lake, "select title from raw.t where title is not null"), Vec::<String>::new());
    lake.run(["doctor"]).success();
}
