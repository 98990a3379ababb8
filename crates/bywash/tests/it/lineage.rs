//! `bywash lineage`: before anything has run, through joins, parts of a `with`, windows, unions and views.

use bywash_testkit::Sandbox;

use crate::shop::{json, shop};

/// The links of a lineage: `from how to`.
fn links(shop: &Sandbox, words: &[&str]) -> Vec<String> {
    let words: Vec<&str> = ["lineage"].iter().chain(words).chain(&["-o", "json"]).copied().collect();
    let found = json(&shop.run(words).success());
    let name = |column: &serde_json::Value| match column["column"].as_str() {
        Some(part) => format!("{}.{part}", column["table"].as_str().expect("a table")),
        None => column["table"].as_str().expect("a table").to_owned(),
    };
    let links = found["links"].as_array().expect("links").iter();
    let mut links: Vec<_> = links
        .map(|link| format!("{} {} {}", name(&link["from"]), link["how"].as_str().expect("how"), name(&link["to"])))
        .collect();
    links.sort();
    links
}

#[test]
fn a_column_is_followed_up_to_its_sources() {
    let shop = shop();
    assert_eq!(
        links(&shop, &["marts.by_region.amount", "--up"]),
        [
            "raw.customers.code influence marts.by_region.amount",
            "raw.customers.id influence marts.by_region.amount",
            "raw.orders.amount influence staging.clean.customer",
            "raw.orders.amount value staging.clean.amount",
            "raw.orders.customer value staging.clean.customer",
            "seeds.regions.code influence marts.by_region.amount",
            "seeds.regions.region influence marts.by_region.amount",
            "staging.clean.amount value marts.by_region.amount",
            "staging.clean.customer influence marts.by_region.amount",
        ]
    );
}

#[test]
fn a_column_is_followed_down_and_shown_as_a_graph() {
    let shop = shop();
    shop.write(
        "models/marts/shapes.sql",
        "with big as (select id, amount from raw.orders where amount > 100),\n\
         ranked as (select id, sum(amount) over (partition by customer order by day) as running from raw.orders)\n\
         select big.id, running, case when big.amount > 200 then 'much' else 'some' end as word\n\
         from big join ranked on big.id = ranked.id\n\
         union all select id, (select max(id) from raw.customers) as running, name as word from raw.customers\n",
    );
    let down = links(&shop, &["raw.orders.day", "--down"]);
    assert!(down.contains(&"raw.orders.day influence marts.shapes.running".to_owned()), "{down:?}");
    assert!(down.iter().all(|link| !link.contains("shapes.id") && !link.contains("by_region")), "{down:?}");
    let up = links(&shop, &["shapes.word", "--up"]);
    for link in ["raw.customers.name value marts.shapes.word", "raw.orders.amount influence marts.shapes.word"] {
        assert!(up.contains(&link.to_owned()), "{link}: {up:?}");
    }
    let up = links(&shop, &["shapes.running", "--up"]);
    for link in ["raw.customers.id value marts.shapes.running", "raw.orders.amount value marts.shapes.running"] {
        assert!(up.contains(&link.to_owned()), "{link}: {up:?}");
    }
    let dot = shop.run(["lineage", "raw.orders", "--down", "-o", "dot"]).success();
    assert!(dot.stdout.contains("\"raw.orders\" -> \"marts.events\";"), "{dot}");
    let mermaid = shop.run(["lineage", "marts.by_region.region", "-o", "mermaid"]).success();
    assert!(mermaid.stdout.starts_with("flowchart LR\n") && mermaid.stdout.contains("-.->"), "{mermaid}");
}

#[test]
fn names_are_looked_up_as_everywhere() {
    let shop = shop();
    let tables = ["marts.by_region value marts.top", "raw.customers value marts.by_region"];
    let found = links(&shop, &["by_region"]);
    assert!(tables.iter().all(|link| found.contains(&(*link).to_owned())), "{found:?}");
    assert!(found.contains(&"raw.orders value staging.clean".to_owned()), "{found:?}");
    let output = shop.run(["lineage", "marts.by_region.amuont"]).failure("unknown-column");
    assert!(output.stderr.contains("`amount`"), "{output}");
    shop.run(["lineage", "marts.by_regoin"]).failure("unknown-table");
    shop.run(["run"]).success();
    assert_eq!(found, links(&shop, &["by_region"]), "it is what it was before anything had run");
    shop.write("models/marts/wrong.sql", "select nothing from marts.top\n");
    let output = shop.run(["lineage", "by_region"]).success();
    assert!(output.stderr.contains("left out"), "{output}");
}
