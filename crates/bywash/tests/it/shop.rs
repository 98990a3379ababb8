//! A small project that every kind of node is in, for tests of whole runs.

use std::path::Path;

use bywash_testkit::{Output, Sandbox};
use serde_json::Value;

use crate::sandbox;

/// A project of two resources, a seed, a view, a table, an incremental model and tests; `orders` has one file.
pub(crate) fn shop() -> Sandbox {
    let shop = sandbox();
    shop.write("bywash.toml", "[project]\nname = \"shop\"\n");
    shop.write(
        "sources/raw.yml",
        "name: raw\ntype: files\nresources:\n  - name: orders\n    path: data/orders*.csv\n    partition_by: [month(day)]\n  \
         - name: customers\n    path: data/customers.csv\n",
    );
    shop.write("seeds/regions.csv", "code,region\nn,north\ns,south\n");
    shop.write("data/customers.csv", "id,name,code\n1,Ann,n\n2,Bob,s\n3,Cid,n\n");
    orders(&shop, 1, 1, 60);
    shop.write(
        "models/staging/clean.sql",
        "-- ---\n-- kind: view\n-- ---\nselect id, customer, amount, day from raw.orders where amount > 0\n",
    );
    shop.write(
        "models/marts/by_region.sql",
        "select r.region, count(*) as orders, sum(c.amount) as amount\nfrom staging.clean c\n\
         join raw.customers k on k.id = c.customer\njoin seeds.regions r on r.code = k.code\ngroup by r.region\n",
    );
    shop.write(
        "models/marts/events.sql",
        "-- ---\n-- kind: incremental\n-- incremental_from: [raw.orders]\n-- ---\nselect id, customer, amount * 2 as points from raw.orders\n",
    );
    shop.write(
        "models/marts/top.sql",
        "select region, amount, rank() over (order by amount desc, region) as place from marts.by_region\n",
    );
    shop.write(
        "models/marts/marts.yml",
        "models:\n  - name: by_region\n    columns:\n      - name: region\n        data_tests: [not_null, unique]\n",
    );
    shop
}

/// Writes `data/orders<number>.csv` with the ids from `first` to `last`.
pub(crate) fn orders(shop: &Sandbox, number: usize, first: usize, last: usize) {
    let mut text = "id,customer,amount,day\n".to_owned();
    for id in first..=last {
        text += &format!("{id},{},{},2026-{:02}-{:02}\n", id % 3 + 1, id * 10, id % 4 + 1, id % 28 + 1);
    }
    shop.write(format!("data/orders{number}.csv"), text);
}

/// What `-o json` printed.
pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// The rows of a query as sorted CSV lines: a multiset.
pub(crate) fn rows(shop: &Sandbox, sql: &str) -> Vec<String> {
    let output = shop.run(["query", sql, "-o", "csv"]).success();
    let mut lines: Vec<String> = output.stdout.lines().skip(1).map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The rows of every table and view of the shop.
pub(crate) fn all_rows(shop: &Sandbox) -> Vec<(String, Vec<String>)> {
    let names = rows(shop, "select name from bywash.tables");
    names.into_iter().map(|name| (name.clone(), rows(shop, &format!("from {name}")))).collect()
}

/// The commit that `main` points to.
pub(crate) fn head(shop: &Sandbox) -> String {
    let output = shop.run(["query", "select commit from bywash.refs where name = 'main'", "-o", "csv"]).success();
    output.stdout.lines().nth(1).unwrap_or_default().to_owned()
}

/// A copy of a whole project with its lake, in another folder.
pub(crate) fn copy(of: &Sandbox) -> Sandbox {
    let copy = sandbox();
    copy_folder(of.path(), copy.path());
    copy
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a copy");
        }
    }
}
