//! `bywash check`: contracts, lost columns, everything at once, and what nobody reads; no row is read.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use bywash_testkit::Sandbox;
use serde_json::Value;

use crate::sandbox;
use crate::shop::shop;

/// A model with these columns in its contract.
fn contract(shop: &Sandbox, name: &str, sql: &str, yaml: &str) {
    shop.write(format!("models/contracts/{name}.sql"), sql);
    shop.write(format!("models/contracts/{name}.yml"), format!("models:\n  - name: {name}\n{yaml}"));
}

/// What `check -o json` says is wrong: code and message.
fn wrong(shop: &Sandbox) -> Vec<(String, String)> {
    let output = shop.run(["check", "-o", "json"]);
    assert_eq!(output.code, 1, "{output}");
    let line = output.stderr.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{output}"));
    let found: Value = serde_json::from_str(line).expect("an object");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let errors = found["errors"].as_array().expect("errors").iter();
    errors.map(|error| (text(&error["code"]), text(&error["message"]))).collect()
}

#[test]
fn a_contract_is_held_against_every_type() {
    let shop = shop();
    let sql = "select cast(1 as int) as i, 2 as l, 1.5 as d, cast('1.50' as decimal(9, 2)) as p, 'x' as s, true as b,\n\
               date '2026-01-01' as day, timestamp '2026-01-01T00:00:00' as at, [1, 2] as list,\n\
               arrow_cast(timestamp '2026-01-01T00:00:00', 'Timestamp(Microsecond, Some(\"UTC\"))') as zoned,\n\
               named_struct('a', 1, 'b', 'x') as part, map {'k': 1.5} as m\n";
    let kept = "    config:\n      contract: {enforced: true}\n    columns:\n\
        \x20     - {name: i, data_type: integer}\n      - {name: l, data_type: BIGINT}\n      - {name: d, data_type: double precision}\n\
        \x20     - {name: p, data_type: 'numeric(9,2)'}\n      - {name: s, data_type: varchar(20)}\n      - {name: b, data_type: bool}\n\
        \x20     - {name: day, data_type: date}\n      - {name: at, data_type: timestamp}\n      - {name: list, data_type: 'bigint[]'}\n\
        \x20     - {name: zoned, data_type: timestamp with time zone}\n      - {name: part, data_type: 'struct<a: long, b: text>'}\n\
        \x20     - {name: m, data_type: 'map<string, float8>'}\n";
    contract(&shop, "kept", sql, kept);
    shop.run(["check"]).success();

    contract(
        &shop,
        "broken",
        "select 1 as a, cast('1.5' as decimal(9, 2)) as p, [1] as list, 2 as extra\n",
        "    config:\n      contract: {enforced: true}\n    columns:\n      - {name: a, data_type: string}\n\
         \x20     - {name: p, data_type: 'decimal(9,3)'}\n      - {name: list, data_type: 'string[]'}\n\
         \x20     - {name: gone, data_type: int}\n      - {name: typo, data_type: strnig}\n",
    );
    let said: Vec<String> = wrong(&shop).into_iter().map(|(code, message)| format!("{code}: {message}")).collect();
    let expected = [
        "contract-broken: `contracts.broken` promises `a` as `string`, but its query gives `long`",
        "contract-broken: `contracts.broken` promises `p` as `decimal(9, 3)`, but its query gives `decimal(9, 2)`",
        "contract-broken: `contracts.broken` promises `list` as `list<string>`, but its query gives `list<long>`",
        "contract-broken: `contracts.broken` promises a column `gone` that its query does not give",
        "contract-broken: `contracts.broken` promises a column `typo` that its query does not give",
        "contract-broken: `contracts.broken` gives a column `extra` that its contract lacks",
    ];
    for line in expected {
        assert!(said.contains(&line.to_owned()), "{line}: {said:#?}");
    }
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    shop.run(["run"]).failure("contract-broken");
}

#[test]
fn constraints_are_tests_that_block() {
    let shop = shop();
    contract(
        &shop,
        "unique",
        "select customer, count(*) as n, min(id) as first from raw.orders group by customer\n",
        "    constraints:\n      - {type: primary_key, columns: [customer]}\n      - {type: unique, columns: [customer, n]}\n\
         \x20     - {type: check, expression: 'n > 0'}\n\
         \x20     - {type: foreign_key, columns: [customer], to: ref('customers'), to_columns: [id]}\n\
         \x20   columns:\n      - name: n\n        data_type: bigint\n        constraints:\n          - type: not_null\n\
         \x20         - {type: check, expression: n < 21}\n",
    );
    shop.run(["run"]).success();
    let yaml = shop.read("models/contracts/unique.yml").replace("n < 21", "n < 20");
    shop.write("models/contracts/unique.yml", yaml);
    let output = shop.run(["run"]).failure("test-failed");
    assert!(output.stderr.contains("constraint_check_contracts_unique_n"), "{output}");
    let yaml = shop.read("models/contracts/unique.yml").replace("type: not_null", "type: notnull");
    shop.write("models/contracts/unique.yml", yaml);
    shop.run(["check"]).failure("invalid-yaml");
}

#[test]
fn a_column_that_a_parent_lost_names_both_files_and_who_waits() {
    let shop = shop();
    shop.write("models/marts/last.sql", "select region, place from marts.top\n");
    shop.run(["run"]).success();
    let text = shop.read("models/marts/by_region.sql");
    shop.write("models/marts/by_region.sql", text.replace("sum(c.amount) as amount", "sum(c.amount) as total"));
    let output = shop.run(["check"]).failure("unknown-column");
    for said in [
        "models/marts/top.sql:1",
        "models/marts/by_region.sql",
        "no longer gives `amount`",
        "`marts.last` read `marts.top`",
        "not checked, since something that they read is wrong: `marts.last`",
    ] {
        assert!(output.stderr.contains(said), "{said}: {output}");
    }
}

#[test]
fn everything_is_said_at_once() {
    let shop = shop();
    shop.write("models/marts/a.sql", "select nothing from raw.orders\n");
    shop.write("models/marts/b.sql", "select * from raw.nowhere\n");
    shop.write("models/marts/c.sql", "selec 1\n");
    shop.write("models/marts/d.sql", "select id + name as x from raw.customers\n");
    shop.write("models/marts/e.sql", "select id from raw.orders join raw.customers on true\n");
    contract(&shop, "f", "select 1 as a\n", "    columns:\n      - {name: a, data_type: date}\n");
    let codes: Vec<String> = wrong(&shop).into_iter().map(|(code, _)| code).collect();
    for code in ["unknown-column", "unknown-table", "invalid-sql", "ambiguous-column", "contract-broken"] {
        assert!(codes.iter().any(|found| found == code), "{code}: {codes:?}");
    }
    assert_eq!(codes.iter().filter(|code| *code == "unknown-table").count(), 1, "{codes:?}");
}

#[test]
fn a_resource_that_no_model_reads_is_a_warning() {
    let shop = shop();
    let output = shop.run(["check"]).success();
    assert!(!output.stderr.contains("no model reads"), "{output}");
    let source = shop.read("sources/raw.yml") + "  - name: spare\n    path: data/customers.csv\n";
    shop.write("sources/raw.yml", source);
    let output = shop.run(["check"]).success();
    assert!(output.stderr.contains("no model reads `raw.spare` (sources/raw.yml"), "{output}");
}

#[test]
fn watch_checks_again_when_a_file_is_saved() {
    let shop = sandbox();
    shop.write("bywash.toml", "[project]\nname = \"watched\"\n");
    shop.write("models/m/a.sql", "select 1 as x\n");
    let mut process = shop.command(["check", "--watch"]).process();
    let mut child = process.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("a process");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("1 node is sound")));
    assert!(lines.any(|line| line.contains("watching")));
    shop.write("models/m/b.sql", "select y from m.a\n");
    assert!(lines.any(|line| line.contains("error[unknown-column]")));
    assert!(lines.any(|line| line.contains("watching")));
    shop.write("models/m/b.sql", "select x as why from m.a\n");
    assert!(lines.any(|line| line.contains("2 nodes are sound")));
    child.kill().expect("it runs");
    child.wait().expect("it ended");
}
