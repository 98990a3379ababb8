//! The grammar of `-s` and `--exclude`.

use bywash_pipeline::graph::Graph;

use crate::sandbox::{load, show};

/// raw.orders ─► staging.orders ─► marts.sales ─► marts.top     seeds.codes ─► marts.sales
/// raw.items ──► staging.items ──► marts.sales                  staging.orders ─► marts.late
fn shop() -> Graph {
    let (_, graph) = load(&[
        ("sources/raw.yml", "name: raw\nresources:\n  - {name: orders, path: o.csv, tags: [daily]}\n  - {name: items, path: i.csv}\n"),
        ("seeds/codes.csv", "a\n"),
        ("models/staging/orders.sql", "select * from raw.orders"),
        ("models/staging/items.sql", "select * from raw.items"),
        ("models/marts/sales.sql", "-- ---\n-- tags: [daily, core]\n-- ---\nselect * from staging.orders join staging.items using (a) join codes using (a)"),
        ("models/marts/deep/top.sql", "select * from sales"),
        ("models/marts/deep/late.sql", "select * from staging.orders"),
        ("models/marts/marts.yml", "models:\n  - name: sales\n    columns:\n      - name: a\n        data_tests:\n          - not_null\n          - relationships: {to: codes, field: a}\n"),
        ("tests/fresh.sql", "select * from marts.late"),
    ])
    .unwrap();
    graph
}

fn select(include: &[&str], exclude: &[&str]) -> String {
    let graph = shop();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let modified = |node: &bywash_pipeline::graph::Node| node.name.name() == "late";
    match graph.select(&words(include), &words(exclude), &modified) {
        Ok(chosen) => chosen.iter().map(|id| graph.node(*id).name.to_string()).collect::<Vec<_>>().join(" "),
        Err(error) => show(&error),
    }
}

const SALES_TESTS: &str = "tests.not_null_marts_sales_a tests.relationships_marts_sales_a";

#[test]
fn names_are_bare_or_full_or_patterns() {
    assert_eq!(select(&["top"], &[]), "marts.top");
    assert_eq!(select(&["marts.top"], &[]), "marts.top");
    assert_eq!(select(&["MARTS.Top"], &[]), "marts.top");
    assert_eq!(select(&["orders"], &[]), "staging.orders", "a model comes before a resource of the same name");
    assert_eq!(select(&["raw.orders"], &[]), "raw.orders");
    assert_eq!(select(&["marts.*"], &[]), format!("marts.late marts.sales marts.top tests.fresh {SALES_TESTS}"));
    assert_eq!(select(&["*e*s"], &[]), format!("seeds.codes staging.items staging.orders marts.sales {SALES_TESTS}"));
    assert_eq!(select(&["fresh"], &[]), "tests.fresh");
}

#[test]
fn signs_add_what_is_above_and_below() {
    assert_eq!(select(&["+late"], &[]), "raw.orders staging.orders marts.late tests.fresh");
    assert_eq!(
        select(&["1+sales"], &[]),
        format!("seeds.codes staging.items staging.orders marts.sales {SALES_TESTS}")
    );
    assert_eq!(
        select(&["staging.orders+1"], &[]),
        format!("staging.orders marts.late marts.sales tests.fresh {SALES_TESTS}")
    );
    assert_eq!(
        select(&["1+staging.items+"], &[]),
        format!("raw.items staging.items marts.sales marts.top {SALES_TESTS}")
    );
    assert_eq!(
        select(&["@staging.items"], &[]),
        format!("raw.items raw.orders seeds.codes staging.items staging.orders marts.sales marts.top {SALES_TESTS}")
    );
}

#[test]
fn methods_find_by_tag_path_source_and_state() {
    assert_eq!(select(&["tag:daily"], &[]), format!("raw.orders marts.sales {SALES_TESTS}"));
    assert_eq!(select(&["path:models/marts/deep"], &[]), "marts.late marts.top tests.fresh");
    assert_eq!(select(&["models/marts/deep/top.sql"], &[]), "marts.top");
    assert_eq!(select(&["path:models/*/orders.sql"], &[]), "staging.orders");
    assert_eq!(select(&["source:raw"], &[]), "raw.items raw.orders");
    assert_eq!(select(&["source:raw.items+1"], &[]), "raw.items staging.items");
    assert_eq!(select(&["state:modified+"], &[]), "marts.late tests.fresh");
}

#[test]
fn commas_mean_both_and_spaces_mean_either() {
    assert_eq!(select(&["tag:daily,marts.*"], &[]), format!("marts.sales {SALES_TESTS}"));
    assert_eq!(select(&["top late"], &[]), "marts.late marts.top tests.fresh");
    assert_eq!(select(&["top", "late"], &[]), select(&["top late"], &[]));
}

#[test]
fn exclusions_take_away() {
    assert_eq!(select(&["marts.*"], &["sales"]), "marts.late marts.top tests.fresh");
    assert_eq!(select(&["sales+"], &["tests.not_null*"]), "marts.sales marts.top tests.relationships_marts_sales_a");
    assert_eq!(
        select(&["sales", "codes"], &["codes"]),
        format!("marts.sales {SALES_TESTS}"),
        "a test of what stays is run although it reads what goes"
    );
    assert_eq!(select(&[], &["raw.*", "staging.*", "marts.*"]), "seeds.codes");
    insta::assert_snapshot!(select(&["top"], &["marts.*"]), @r"
    nothing-selected: everything that was selected is excluded
      hint: narrow `--exclude marts.*`
    ");
}

#[test]
fn nothing_is_an_error_with_a_suggestion() {
    let words = [
        "slaes",
        "marts.slaes+",
        "marts",
        "tag:dayly",
        "path:models/mart",
        "source:rwa",
        "tga:x",
        "state:new",
        "top,late",
        "+",
        "a+b",
        "@top+",
        "tag:",
        " ",
        "sal[es",
    ];
    let found: Vec<String> = words.iter().map(|word| select(&[word], &[])).collect();
    insta::assert_snapshot!(found.concat(), @r"
    nothing-selected: no node is named `slaes`
      hint: did you mean `sales`?
    nothing-selected: no node is named `marts.slaes` (in `marts.slaes+`)
      hint: did you mean `marts.sales`?
    nothing-selected: no node is named `marts`
      hint: `marts` is a namespace: write `marts.*` for all in it
    nothing-selected: no node has the tag `dayly`
      hint: did you mean `daily`?
    nothing-selected: no node is written in `models/mart`
      hint: `bywash ls` lists every node
    nothing-selected: no source is named `rwa`
      hint: did you mean `raw`?
    wrong-usage: `tga:` selects nothing
      hint: did you mean `tag`?
    wrong-usage: there is no state `new`
      hint: write `state:modified`
    nothing-selected: no node is in every part of `top,late`
      hint: a comma means both; separate with a space to mean either
    wrong-usage: `+` is not a selection: it names nothing
      hint: write it like `marts.delays`, `+marts.delays+`, `tag:nightly`, `path:models/marts`
    wrong-usage: `a+b` is not a selection: `+` and `@` stand at its ends
      hint: write it like `marts.delays`, `+marts.delays+`, `tag:nightly`, `path:models/marts`
    wrong-usage: `@top+` is not a selection: `@` already means what is above and below
      hint: write it like `marts.delays`, `+marts.delays+`, `tag:nightly`, `path:models/marts`
    wrong-usage: `tag:` has nothing after `:`
    nothing-selected: an empty selection means nothing
      hint: name a node, like `-s marts.delays`, or leave the flag away
    wrong-usage: `sal[es` is not a pattern: unclosed character class; missing ']'
      hint: `*` stands for any letters, `?` for one
    ");
}
