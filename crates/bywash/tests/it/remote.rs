//! Tables in object stores, on real servers: a lake is used there as it is in a folder.

use bywash_testkit::{ObjectStore, Postgres, Sandbox};

use crate::shop::{all_rows, head, json, orders, rows, shop};

fn stores() -> [ObjectStore; 2] {
    [ObjectStore::s3(env!("CARGO_TARGET_TMPDIR")), ObjectStore::azure(env!("CARGO_TARGET_TMPDIR"))]
}

fn settings(warehouse: &str) -> String {
    format!("[project]\nname = \"shop\"\n\n[lake]\nwarehouse = \"{warehouse}\"\n")
}

/// A shop whose tables are in the store.
fn remote_shop(store: &ObjectStore) -> Sandbox {
    let shop = shop().with_environment(store.environment());
    shop.write("bywash.toml", settings(&store.address("team/lake")));
    shop
}

#[test]
fn a_lake_with_its_tables_in_an_object_store_does_what_a_lake_does() {
    for store in stores() {
        let shop = remote_shop(&store);
        shop.run(["run"]).success();
        let first = head(&shop);
        let embedded = self::shop();
        embedded.run(["run"]).success();
        assert_eq!(all_rows(&shop), all_rows(&embedded), "the same tables as in a folder");

        shop.run(["checkout", "-b", "dev"]).success();
        orders(&shop, 2, 61, 70);
        shop.run(["run"]).success();
        shop.run(["query", "update raw.orders set amount = 1 where id = 1"]).success();
        shop.run(["checkout", "main"]).success();
        shop.run(["merge", "dev"]).success();
        assert_eq!(rows(&shop, "select count(*), min(amount) from raw.orders"), ["70,1"]);
        assert_eq!(rows(&shop, &format!("select count(*) from \"raw.orders@{}\"", &first[..12])), ["60"]);
        shop.run(["revert", "HEAD"]).success();
        assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["60"]);
        shop.run(["run"]).success();
        let doctor = shop.run(["doctor"]).success();
        assert!(doctor.stderr.contains("the lake is whole"), "{doctor}");
        assert!(!doctor.stderr.contains("belong to nothing"), "{doctor}");
        let shown = shop.run(["table", "show", "raw.orders"]).success();
        assert!(shown.stderr.contains("/team/lake/raw/orders-"), "{shown}");
        for file in shop.files(".") {
            let content = std::fs::read(shop.path().join(&file)).expect("a file");
            let secret = store.secret().as_bytes();
            assert!(!content.windows(secret.len()).any(|part| part == secret), "{file} holds the secret");
        }
        assert!(!shop.path().join("lake/warehouse").exists());
    }
}

#[test]
fn t9_a_lake_moves_into_an_object_store_when_that_is_said() {
    let store = ObjectStore::s3(env!("CARGO_TARGET_TMPDIR"));
    let shop = shop().with_environment(store.environment());
    shop.run(["run"]).success();
    let expected = all_rows(&shop);
    shop.write("bywash.toml", settings(&store.address("lake")));
    let refused = shop.run(["query", "from raw.orders"]).failure("invalid-setting");
    assert!(refused.stderr.contains("lie in `its own folder`"), "{refused}");
    let mut copy = std::process::Command::new("cp");
    let copied = copy.arg("-R").arg(shop.path().join("lake/warehouse")).arg(store.data().join("lakes/lake"));
    let copied = copied.status().expect("cp");
    assert!(copied.success());
    shop.run(["doctor", "--relocate"]).success();
    std::fs::rename(shop.path().join("lake/warehouse"), shop.path().join("old")).expect("a rename");
    assert_eq!(all_rows(&shop), expected);
    assert!(!shop.run(["doctor"]).success().stderr.contains("was moved"));
    // Whose settings lost the address does not begin to write beside the catalog.
    shop.write("bywash.toml", "[project]\nname = \"shop\"\n");
    shop.run(["run"]).failure("invalid-setting");
}

#[test]
fn a_load_that_fails_takes_its_files_out_of_the_store() {
    for store in stores() {
        let shop = remote_shop(&store);
        shop.run(["run"]).success();
        shop.write("data/orders2.csv", "id,customer,amount,day\n61,1,1,2026-01-01\n62,1,1\n");
        let failed = shop.run(["run"]);
        assert_eq!(failed.code, 1, "{failed}");
        let doctor = shop.run(["doctor"]).success();
        assert!(!doctor.stderr.contains("belong to nothing"), "{doctor}");
    }
}

#[test]
fn a_team_needs_no_folder_at_all() {
    let (server, store) = (Postgres::start(env!("CARGO_TARGET_TMPDIR")), ObjectStore::s3(env!("CARGO_TARGET_TMPDIR")));
    let shop = shop().with_environment(store.environment());
    let shop = shop.with_environment([("PGPASSWORD".to_owned(), server.password().to_owned())]);
    let place = format!("{}catalog = \"{}\"\n", settings(&store.address("lake")), server.address());
    shop.write("bywash.toml", place);
    shop.run(["run"]).success();
    assert!(!shop.path().join("lake").exists());
    assert_eq!(json(&shop.run(["run", "-o", "json"]).success())["status"], "unchanged");
    shop.run(["doctor"]).success();
    // Another catalog does not begin in the middle of these tables.
    let lost = shop.command(["log"]).env("BYWASH_LAKE__CATALOG", format!("{}?schema=other", server.address()));
    lost.run().failure("catalog-missing");
}

#[test]
fn what_is_wrong_with_the_store_is_one_sentence_without_the_secret() {
    for mut store in stores() {
        let shop = remote_shop(&store);
        shop.run(["run"]).success();
        let is_s3 = store.address("x").starts_with("s3");
        let key = if is_s3 { "AWS_SECRET_ACCESS_KEY" } else { "AZURE_STORAGE_ACCOUNT_KEY" };
        let wrong = "d3Jvbmctd3JvbmctNWZhMQ==";
        let refused = shop.command(["query", "from raw.orders"]).env(key, wrong).run().failure("credentials");
        assert!(!refused.to_string().contains(wrong) && !refused.to_string().contains(store.secret()), "{refused}");

        let astray = self::shop().with_environment(store.environment());
        astray.write("bywash.toml", settings(&store.address("lake").replace("lakes", "nothing")));
        let missing = astray.run(["run"]).failure("invalid-setting");
        assert!(missing.stderr.contains("no such bucket"), "{missing}");

        store.stop();
        let gone = shop.command(["query", "select count(*) from raw.orders"]);
        let gone = gone.run().failure("unreachable");
        assert!(!gone.to_string().contains(store.secret()), "{gone}");

        let alone = self::shop();
        alone.write("bywash.toml", settings(&store.address("lake")));
        alone.command(["run"]).env("AWS_EC2_METADATA_DISABLED", "true").run().failure("credentials");
    }
}

#[test]
fn t7_what_nothing_reaches_is_deleted_from_the_store() {
    for store in stores() {
        let shop = remote_shop(&store);
        shop.run(["run"]).success();
        let expected = all_rows(&shop);
        shop.run(["branch", "create", "dev"]).success();
        shop.run(["query", "--ref", "dev", "create table scratch.notes as select 1 as id"]).success();
        shop.run(["query", "--ref", "dev", "delete from raw.orders where id > 50"]).success();
        shop.run(["branch", "delete", "dev"]).success();
        let planned = json(&shop.run(["gc", "--all", "--grace", "0s", "--dry-run", "-o", "json"]).success());
        assert!(planned.to_string().contains("scratch/notes"), "{planned}");
        shop.run(["gc", "--all", "--grace", "0s"]).success();
        let left = json(&shop.run(["gc", "--all", "--grace", "0s", "--dry-run", "-o", "json"]).success());
        assert_eq!(left.as_array().map(Vec::len), Some(0), "{left}");
        assert_eq!(all_rows(&shop), expected);
        let doctor = shop.run(["doctor"]).success();
        assert!(!doctor.stderr.contains("of no commit"), "{doctor}");
    }
}
