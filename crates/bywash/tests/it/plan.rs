//! `bywash plan`: what would run and why, with the first difference named; nothing is changed.

use bywash_testkit::Sandbox;
use serde_json::Value;

use crate::shop::{json, orders, shop};

/// What the plan says of a node.
fn planned(shop: &Sandbox, name: &str) -> Value {
    let plan = json(&shop.run(["plan", "-o", "json"]).success());
    let nodes = plan.as_array().expect("nodes").clone();
    nodes.into_iter().find(|node| node["name"] == name).unwrap_or_else(|| panic!("`{name}` is planned"))
}

fn why(shop: &Sandbox, name: &str) -> String {
    let node = planned(shop, name);
    format!("{}: {}", node["action"].as_str().expect("an action"), node["reason"].as_str().expect("a reason"))
}

#[test]
fn the_first_difference_is_named() {
    let shop = shop();
    assert_eq!(why(&shop, "raw.orders"), "load: 1 new file");
    assert_eq!(why(&shop, "marts.top"), "run: it has never run here");
    shop.run(["run"]).success();
    assert_eq!(why(&shop, "marts.by_region"), "reuse: up to date");

    let text = shop.read("models/marts/by_region.sql");
    shop.write("models/marts/by_region.sql", format!("-- why\n{}", text.replace("k.id = c.customer", "k.id = c.id")));
    assert_eq!(why(&shop, "marts.by_region"), "run: line 4 of models/marts/by_region.sql");
    assert_eq!(why(&shop, "marts.top"), "run: `marts.by_region` may come out otherwise");
    shop.write("models/marts/by_region.sql", format!("-- ---\n-- cluster_by: [region]\n-- ---\n{text}"));
    assert_eq!(why(&shop, "marts.by_region"), "run: `cluster_by` changed");
    shop.write("models/marts/by_region.sql", &text);

    orders(&shop, 2, 61, 70);
    orders(&shop, 3, 71, 80);
    assert_eq!(why(&shop, "raw.orders"), "load: 2 new files");
    assert_eq!(why(&shop, "marts.events"), "run: `raw.orders` has 2 new files");
    shop.run(["load"]).success();
    assert_eq!(why(&shop, "marts.by_region"), "run: `staging.clean` changed");
    shop.run(["query", "update raw.customers set code = 'n' where id = 2"]).success();
    let node = planned(&shop, "marts.by_region");
    assert_eq!(node["rows"], 2, "what it came to when it last ran: {node}");
    assert!(node["ms"].is_number() && node["bytes"].is_number(), "{node}");
    assert!(planned(&shop, "raw.orders")["loaded"].as_str().expect("when").ends_with(" ago"));
}

#[test]
fn what_is_reused_says_from_where_and_what_would_fail_why() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    shop.write("models/marts/top.sql", "select region from marts.by_region\n");
    shop.run(["run"]).success();
    shop.run(["checkout", "main"]).success();
    let node = planned(&shop, "marts.top");
    assert_eq!(node["action"], "reuse", "{node}");
    assert!(node["from"].as_str().expect("a run").ends_with(" on `dev`"), "{node}");

    let text = shop.read("models/marts/by_region.sql");
    shop.write("models/marts/by_region.sql", text.replace("r.region,", "r.region as area,"));
    shop.write("models/marts/last.sql", "select * from marts.top\n");
    let before = crate::shop::head(&shop);
    let output = shop.run(["plan"]).success();
    assert!(output.stderr.contains("`marts.top` would fail: "), "{output}");
    assert!(!output.stdout.contains("null"), "a cell without a value is empty: {output}");
    assert!(planned(&shop, "marts.top")["problem"].as_str().expect("a problem").contains("region"));
    assert!(planned(&shop, "marts.last")["problem"].as_str().expect("a problem").contains("`marts.top`"));
    assert_eq!(planned(&shop, "marts.events")["problem"], Value::Null);
    assert_eq!(crate::shop::head(&shop), before);
}
