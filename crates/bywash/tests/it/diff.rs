//! `diff` says which rows differ, by key where there is one, and how it compared.

use crate::sandbox;
use crate::shop::{rows, shop};

fn lines(output: &bywash_testkit::Output) -> Vec<String> {
    output.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn rows_of_changed_tables_are_counted() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["checkout", "-b", "dev"]).success();
    shop.run(["query", "delete from raw.customers where id = 3"]).success();
    shop.run(["query", "update raw.customers set name = 'Anna' where id = 1"]).success();
    shop.run(["query", "insert into raw.customers values (4, 'Dan', 's'), (4, 'Dan', 's')"]).success();
    shop.run(["query", "create table raw.new as select 1 as a"]).success();
    let whole = shop.run(["diff", "main", "-o", "csv"]).success();
    assert_eq!(
        lines(&whole),
        [
            "table,change,rows_before,rows_after,added,removed,changed,columns,compared_by",
            "raw.customers,changed,3,4,3,2,,,whole rows",
            "raw.new,added,,1,1,0,,,",
        ]
    );
    shop.run(["diff", "main", "--table", "raw.customers", "--key", "id"]).failure("wrong-usage");
    shop.run(["query", "delete from raw.customers where id = 4"]).success();
    shop.run(["query", "insert into raw.customers values (4, null, 's')"]).success();
    let by_key = shop.run(["diff", "main", "--table", "raw.customers", "--key", "id", "-o", "csv"]).success();
    assert_eq!(lines(&by_key), ["change,id,name,code", "changed,1,Ann → Anna,n", "removed,3,Cid,n", "added,4,null,s"]);
    assert!(by_key.stderr.contains("`name` differs in 1 row"), "{by_key}");
    assert!(by_key.stderr.contains("1 added, 1 removed, 1 changed; compared by key id"), "{by_key}");
    assert_eq!(rows(&shop, "select count(*) from raw.customers"), ["3"]);
}

#[test]
fn two_tables_anywhere_are_compared() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["tag", "create", "v1"]).success();
    shop.run(["query", "update raw.customers set code = 's' where id = 1"]).success();
    let tables = shop.run(["diff", "raw.customers@v1", "raw.customers", "--key", "id", "-o", "csv"]).success();
    assert_eq!(lines(&tables), ["change,id,name,code", "changed,1,Ann,n → s"]);
    shop.write("other.csv", "id,name,age\n1,Ann,7\n2,Bob,8\n");
    let files = shop.run(["diff", "data/customers.csv", "other.csv", "-o", "csv"]).success();
    assert_eq!(lines(&files), ["change,times,id,name", "removed,1,3,Cid"]);
    assert!(files.stderr.contains("column +age") && files.stderr.contains("column -code"), "{files}");
}

#[test]
fn what_is_neither_ref_nor_table_is_an_error() {
    let sandbox = sandbox();
    sandbox.write("bywash.toml", "[project]\nname = \"x\"\n");
    sandbox.run(["diff", "nothing"]).failure("unknown-ref");
    sandbox.run(["diff", "raw.a", "raw.b"]).failure("unknown-table");
}
