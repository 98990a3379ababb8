//! A catalog in PostgreSQL: the same lake, used from several places, with a password that stands nowhere.

use std::process::{Child, Stdio};

use bywash_testkit::{ObjectStore, Output, Postgres, Sandbox};

use crate::crash::{examine, prepare_second_run};
use crate::killing::KILLED;
use crate::shop::{all_rows, copy, head, json, orders, rows, shop};

fn server() -> Postgres {
    Postgres::start(env!("CARGO_TARGET_TMPDIR"))
}

fn password(server: &Postgres) -> [(String, String); 1] {
    [("PGPASSWORD".to_owned(), server.password().to_owned())]
}

fn settings(catalog: &str, warehouse: &str) -> String {
    format!("[project]\nname = \"shop\"\n\n[lake]\npath = \"{warehouse}\"\ncatalog = \"{catalog}\"\n")
}

/// A shop whose catalog is in the server.
fn team_shop(server: &Postgres) -> Sandbox {
    let shop = shop().with_environment(password(server));
    shop.write("bywash.toml", settings(&server.address(), "lake"));
    shop
}

/// The same project in another folder, with the same lake.
fn colleague(shop: &Sandbox, server: &Postgres) -> Sandbox {
    let other = copy(shop).with_environment(password(server));
    other.write("bywash.toml", settings(&server.address(), &shop.path().join("lake").display().to_string()));
    other
}

fn refuses_secret(server: &Postgres, output: &Output) {
    assert!(!output.to_string().contains(server.password()), "{output}");
}

#[test]
fn a_lake_with_its_catalog_in_postgres_does_what_a_lake_does() {
    let server = server();
    let shop = team_shop(&server);
    shop.run(["run"]).success();
    let first = head(&shop);
    let expected = all_rows(&shop);
    let embedded = self::shop();
    embedded.run(["run"]).success();
    assert_eq!(expected, all_rows(&embedded), "the same tables as beside a catalog of its own");

    let colleague = colleague(&shop, &server);
    assert_eq!(all_rows(&colleague), expected);
    colleague.run(["checkout", "-b", "dev"]).success();
    orders(&colleague, 2, 61, 70);
    colleague.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["60"]);
    orders(&shop, 2, 61, 70);
    shop.run(["merge", "dev"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["70"]);
    shop.run(["query", "delete from raw.orders where id > 65"]).success();
    assert_eq!(rows(&colleague, "select count(*) from raw.orders@main"), ["65"]);
    shop.run(["revert", "HEAD"]).success();
    shop.run(["tag", "create", "v1", "--ref", &first[..12]]).success();
    assert_eq!(rows(&colleague, "select count(*) from raw.orders@v1"), ["60"]);
    assert_eq!(json(&shop.run(["run", "-o", "json"]).success())["status"], "unchanged");
    let doctor = shop.run(["doctor"]).success();
    assert!(doctor.stderr.contains("the lake is whole"), "{doctor}");
    assert!(!shop.path().join("lake/catalog.db").exists());
    for file in shop.files(".") {
        let content = std::fs::read(shop.path().join(&file)).expect("a file");
        let secret = server.password().as_bytes();
        assert!(!content.windows(secret.len()).any(|part| part == secret), "{file} holds the password");
    }
    assert_eq!(
        server.sql(&format!(
            "select count(*) from bywash.objects where position('{}' in encode(body, 'escape')) > 0",
            server.password()
        )),
        "0"
    );
}

#[test]
fn t7_colleagues_collect_garbage_beside_each_other() {
    let server = server();
    let shop = team_shop(&server);
    shop.run(["run"]).success();
    let colleague = colleague(&shop, &server);
    let expected = all_rows(&shop);
    colleague.run(["branch", "create", "dev"]).success();
    colleague.run(["query", "--ref", "dev", "delete from raw.orders where id > 9"]).success();
    colleague.run(["branch", "delete", "dev"]).success();
    let files = shop.files("lake/warehouse").len();
    shop.run(["gc", "--all", "--grace", "1h"]).success();
    assert_eq!(shop.files("lake/warehouse").len(), files);
    let together = std::thread::scope(|scope| {
        let collecting =
            [&shop, &colleague].map(|place| scope.spawn(move || place.run(["gc", "--all", "--grace", "0s"])));
        collecting.map(|collecting| collecting.join().expect("a collection").success())
    });
    assert!(shop.files("lake/warehouse").len() < files, "{together:?}");
    assert_eq!(all_rows(&colleague), expected);
    let whole = shop.run(["doctor"]).success();
    assert!(!whole.stderr.contains("of no commit"), "{whole}");
}

#[test]
fn r1_processes_side_by_side_in_postgres_give_the_same_as_one() {
    let server = server();
    let shop = team_shop(&server);
    shop.run(["run"]).success();
    orders(&shop, 2, 61, 90);
    let start = || -> Child {
        let process = shop.command(["run"]).process().stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        process.expect("a process")
    };
    let children: Vec<Child> = (0..4).map(|_| start()).collect();
    for child in children {
        let output = child.wait_with_output().expect("its output");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let embedded = self::shop();
    orders(&embedded, 2, 61, 90);
    embedded.run(["run"]).success();
    assert_eq!(all_rows(&shop), all_rows(&embedded));
    shop.run(["doctor"]).success();
}

#[test]
fn a_copied_catalog_goes_on_where_the_embedded_one_was() {
    let server = server();
    let shop = shop().with_environment(password(&server));
    shop.run(["run"]).success();
    shop.run(["branch", "create", "dev"]).success();
    orders(&shop, 2, 61, 70);
    shop.run(["run"]).success();
    let history = |shop: &Sandbox| {
        let tables = ["refs", "commits", "runs", "run_nodes", "loads", "tests", "reflog"];
        tables.map(|table| rows(shop, &format!("select * from bywash.{table}")))
    };
    let (before, tables) = (history(&shop), all_rows(&shop));

    let copied = shop.run(["doctor", "--copy-catalog", &server.address()]).success();
    assert!(copied.stderr.contains("catalog = \"postgres://"), "{copied}");
    refuses_secret(&server, &copied);
    assert_eq!(history(&shop), before, "the catalog that was copied is as it was");
    shop.run(["doctor", "--copy-catalog", &server.address()]).failure("wrong-usage");

    shop.write("bywash.toml", settings(&server.address(), "lake"));
    std::fs::rename(shop.path().join("lake/catalog.db"), shop.path().join("old.db")).expect("a rename");
    assert_eq!(history(&shop), before);
    assert_eq!(all_rows(&shop), tables);
    assert_eq!(json(&shop.run(["run", "-o", "json"]).success())["status"], "unchanged");
    orders(&shop, 3, 71, 75);
    shop.run(["run"]).success();
    assert_eq!(rows(&shop, "select count(*) from raw.orders"), ["75"]);
    shop.run(["doctor"]).success();
}

#[test]
fn a_catalog_belongs_to_one_warehouse_until_that_is_moved() {
    let server = server();
    let shop = team_shop(&server);
    shop.run(["run"]).success();
    let expected = all_rows(&shop);
    let stranger = copy(&shop).with_environment(password(&server));
    let refused = stranger.run(["query", "from raw.orders"]).failure("invalid-setting");
    assert!(refused.stderr.contains("lie in"), "{refused}");
    stranger.run(["doctor", "--relocate"]).success();
    assert_eq!(all_rows(&stranger), expected);
    stranger.run(["doctor"]).success();
    shop.run(["query", "from raw.orders"]).failure("invalid-setting");
}

#[test]
fn what_is_wrong_with_the_catalog_is_one_sentence_without_the_password() {
    let mut server = server();
    let shop = team_shop(&server);
    let stored = shop.run(["run"]);
    refuses_secret(&server, &stored.clone().success());

    let wrong = shop.command(["log"]).env("PGPASSWORD", "other-5fa1").run().failure("credentials");
    assert!(!wrong.to_string().contains("5fa1"), "{wrong}");
    let address = server.secret_address();
    let in_environment = shop.command(["log"]).env("PGPASSWORD", "").env("BYWASH_LAKE__CATALOG", &address).run();
    refuses_secret(&server, &in_environment.success());
    shop.write(".pgpass", format!("127.0.0.1:*:*:*:{}\n", server.password()));
    let file = shop.path().join(".pgpass");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    let process = shop.command(["log"]).process().env_remove("PGPASSWORD").output().expect("a process");
    assert!(process.status.success(), "{}", String::from_utf8_lossy(&process.stderr));

    shop.write("bywash.toml", settings(&address, "lake"));
    for words in [&["log"][..], &["run"], &["check"]] {
        let refused = shop.run(words).failure("invalid-setting");
        assert!(refused.stderr.contains("bywash.toml:6"), "{refused}");
        refuses_secret(&server, &refused);
    }
    let typed =
        shop.command(["doctor", "--copy-catalog", &address]).env("BYWASH_LAKE__CATALOG", server.address()).run();
    refuses_secret(&server, &typed);
    shop.write("bywash.toml", settings(&server.address(), "lake"));
    server.stop();
    let gone = shop.run(["log"]).failure("unreachable");
    refuses_secret(&server, &gone);
}

/// The project with its catalog in this database of the server, and its tables in the store.
fn clone_of(shop: &Sandbox, server: &Postgres, store: &ObjectStore, database: &str) -> Sandbox {
    let clone = copy(shop).with_environment(password(server)).with_environment(store.environment());
    let catalog = server.address().replace("/postgres", &format!("/{database}"));
    let settings = format!("{}warehouse = \"{}\"\n", settings(&catalog, "lake"), store.address("lake"));
    clone.write("bywash.toml", settings);
    clone
}

#[test]
fn t1_r2_killed_around_its_transactions_a_team_lake_is_old_or_new_and_work_is_kept() {
    let (server, store) = (server(), ObjectStore::s3(env!("CARGO_TARGET_TMPDIR")));
    server.sql("create database prepared");
    let prepared = clone_of(&shop(), &server, &store, "prepared");
    prepare_second_run(&prepared);
    let (old_head, old_rows) = (head(&prepared), all_rows(&prepared));
    // Names of files are never used twice, so every clone of the catalog may use the same warehouse.
    let clone = |name: &str| {
        server.sql(&format!("create database {name} template prepared"));
        clone_of(&prepared, &server, &store, name)
    };
    let finished = clone("finished");
    let log = finished.path().join("steps.log");
    finished.command(["run"]).env("BYWASH_FAULT_LOG", &log).run().success();
    let new_rows = all_rows(&finished);
    let log = std::fs::read_to_string(log).expect("the log of steps");
    let steps: Vec<(usize, bool)> = log
        .lines()
        .enumerate()
        .filter(|(_, line)| line.split(' ').nth(2) == Some("transaction"))
        .map(|(place, line)| (place + 1, line.contains(" publish ")))
        .collect();
    let mut killed = 0;
    let chosen = steps.iter().enumerate().filter(|(place, (_, publish))| *publish || place % 4 == 1);
    for (_, (step, _)) in chosen {
        let shop = clone(&format!("step{step}"));
        let output = shop.command(["run"]).env("BYWASH_FAULT_KILL_AT", step.to_string()).run();
        killed += usize::from(output.code == KILLED);
        examine(&shop, *step, &old_head, &old_rows, &new_rows);
    }
    assert!(killed >= 4, "{killed} runs were killed: {log}");
}

#[test]
fn t7_a_team_lake_collects_what_nothing_reaches() {
    let (server, store) = (server(), ObjectStore::s3(env!("CARGO_TARGET_TMPDIR")));
    let shop = clone_of(&shop(), &server, &store, "postgres");
    shop.run(["run"]).success();
    let expected = all_rows(&shop);
    shop.run(["branch", "create", "dev"]).success();
    shop.run(["query", "--ref", "dev", "create table scratch.notes as select 1 as id"]).success();
    shop.run(["branch", "delete", "dev"]).success();
    let notes = || store.data().join("lakes/lake/scratch");
    assert!(notes().exists());
    shop.run(["gc", "--all", "--grace", "0s"]).success();
    let left = std::process::Command::new("find").arg(notes()).args(["-type", "f"]).output().expect("find");
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "no file of the table is left");
    assert_eq!(server.sql("select count(*) from bywash.doomed_files"), "0");
    assert_eq!(all_rows(&shop), expected);
    shop.run(["doctor"]).success();
}
