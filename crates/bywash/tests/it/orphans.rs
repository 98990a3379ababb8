//! Tables whose model is gone: they are mentioned, can be read, and can be removed.

use crate::shop::{rows, shop};

#[test]
fn a_table_whose_model_is_gone_is_mentioned_and_can_be_dropped() {
    let shop = shop();
    shop.run(["run"]).success();
    shop.run(["query", "drop table marts.top"]).failure("node-table");
    std::fs::remove_file(shop.path().join("models/marts/top.sql")).expect("the model");
    for verb in ["run", "ls", "plan"] {
        let output = shop.run([verb]).success();
        let advice = "`marts.top` stays, though its model is gone; remove it: bywash query \"drop table marts.top\"";
        assert!(output.stderr.contains(advice), "{output}");
    }
    let output = shop.run(["query", "insert into marts.top select * from marts.top"]).failure("node-table");
    assert!(output.stderr.contains("a model that is gone"), "{output}");
    shop.run(["query", "drop table marts.top"]).success();
    assert!(!rows(&shop, "select name from bywash.tables").contains(&"marts.top".to_owned()));
    assert!(!shop.run(["run"]).success().stderr.contains("model is gone"));
}

#[test]
fn a_view_can_be_dropped_and_a_model_that_cannot_be_read_is_not_gone() {
    let shop = shop();
    shop.run(["run"]).success();
    let view = shop.read("models/staging/clean.sql");
    shop.write("models/staging/clean.sql", "selct");
    shop.run(["query", "drop table staging.clean"]).failure("node-table");
    std::fs::remove_file(shop.path().join("models/staging/clean.sql")).expect("the model");
    shop.run(["query", "drop table staging.clean"]).success();
    shop.write("models/staging/clean.sql", view);
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from staging.clean"), ["60"]);
}
