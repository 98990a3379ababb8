//! What every catalog guarantees, whichever database keeps it: each test runs on SQLite and on PostgreSQL.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use bywash_core::{Code, ObjectId, Result};
use bywash_lake::store::{
    CondemnedFile, FieldIdRow, LoadRow, Outcome, Output, PostgresPlace, RefKind, RefSwap, RunNodeRow, RunRow, SqlStore,
    Store, TestRow, Transaction, Verdict,
};
use bywash_testkit::Postgres;

pub const PATIENCE: Duration = Duration::from_secs(20);

/// A database that can be opened again and again.
pub enum Database {
    File(tempfile::TempDir),
    Server(Postgres),
}

impl Database {
    /// One of each kind, empty.
    fn each() -> [Self; 2] {
        [Self::File(tempfile::tempdir().unwrap()), Self::Server(Postgres::start(env!("CARGO_TARGET_TMPDIR")))]
    }

    pub async fn try_open(&self) -> Result<Store> {
        Ok(match self {
            Self::File(folder) => Arc::new(SqlStore::open_file(&folder.path().join("catalog.db"), PATIENCE).await?),
            Self::Server(server) => {
                let place = PostgresPlace::parse(&server.secret_address()).unwrap();
                Arc::new(SqlStore::open_postgres(&place, PATIENCE).await?)
            }
        })
    }

    pub async fn open(&self) -> Store {
        self.try_open().await.unwrap()
    }

    /// Does to the database what no Bywash does.
    async fn tamper(&self, sql: &'static str) {
        match self {
            Self::File(folder) => {
                let path = format!("sqlite:{}", folder.path().join("catalog.db").display());
                let pool = sqlx::SqlitePool::connect(&path).await.unwrap();
                sqlx::raw_sql(sql).execute(&pool).await.unwrap();
                pool.close().await;
            }
            Self::Server(server) => {
                server.sql(&format!("set search_path = bywash; {sql}"));
            }
        }
    }
}

pub fn swap(name: &str, expected: Option<ObjectId>, new: Option<ObjectId>) -> RefSwap {
    RefSwap { name: name.to_owned(), kind: RefKind::Branch, expected, new, message: "test".to_owned(), run: None }
}

fn swaps(swaps: impl Into<Vec<RefSwap>>) -> Transaction {
    whole(Transaction { swaps: swaps.into(), ..Transaction::default() })
}

/// The transaction with an object for everything that it makes reachable: what is absent cannot be named (rule T7).
pub fn whole(mut transaction: Transaction) -> Transaction {
    let commits = transaction.swaps.iter().filter_map(|swap| swap.new);
    let entries = transaction.outputs.iter().chain(&transaction.replaced_outputs).map(|output| output.entry);
    let objects: Vec<_> = commits.chain(entries).map(|id| (id, Bytes::from_static(b"an object"))).collect();
    transaction.objects.extend(objects);
    transaction
}

fn id(number: u32) -> ObjectId {
    ObjectId::of(&number.to_le_bytes())
}

#[tokio::test]
async fn t1_a_transaction_stores_objects_and_moves_refs_or_does_nothing() {
    for database in Database::each() {
        let store = database.open().await;
        let body = Bytes::from_static(b"an object");
        let object = ObjectId::of(&body);
        let both = Transaction { objects: vec![(object, body.clone())], ..swaps([swap("main", None, Some(object))]) };
        assert_eq!(store.transact(both.clone()).await.unwrap(), Outcome::Done);
        assert_eq!(store.object(object).await.unwrap(), body);
        assert_eq!(store.read_ref("main").await.unwrap().unwrap().commit, object);

        // The second ref is not what is expected: neither the first nor the object comes about.
        let (other, text) = (id(1), Bytes::from_static(b"another"));
        let refused = Transaction {
            objects: vec![(other, text)],
            ..swaps([swap("dev", None, Some(other)), swap("main", Some(other), Some(other))])
        };
        assert_eq!(store.transact(refused).await.unwrap(), Outcome::Moved("main".to_owned()));
        assert_eq!(store.absent(&[other, object, id(2)]).await.unwrap(), [other, id(2)]);
        assert_eq!(store.object(other).await.unwrap_err().code(), Code::ObjectMissing);
        assert_eq!(store.refs().await.unwrap().len(), 1);
        assert_eq!(store.reflog(None).await.unwrap().len(), 1);
        // What exists is not created again.
        assert_eq!(store.transact(both).await.unwrap(), Outcome::Moved("main".to_owned()));
        // A new process sees what was committed.
        assert_eq!(database.open().await.read_ref("main").await.unwrap().unwrap().commit, object);
        assert_eq!(store.integrity().await.unwrap(), [""; 0]);
    }
}

#[tokio::test]
async fn t2_the_times_of_a_ref_strictly_increase_whatever_the_clock_does() {
    for database in Database::each() {
        let store = database.open().await;
        store.transact(swaps([swap("main", None, Some(id(0)))])).await.unwrap();
        // The clock was years ahead, and was set right.
        database.tamper("update reflog set time = time + 100000000000000").await;
        let mut last = id(0);
        for number in 1..=20 {
            let next = id(number);
            store.transact(swaps([swap("main", Some(last), Some(next))])).await.unwrap();
            last = next;
        }
        store.transact(swaps([swap("main", Some(last), None)])).await.unwrap();
        store.transact(swaps([swap("main", None, Some(last)), swap("dev", None, Some(last))])).await.unwrap();
        let log = store.reflog(Some("main")).await.unwrap();
        assert_eq!(log.len(), 23);
        assert!(log.is_sorted_by(|newer, older| newer.time > older.time && newer.sequence > older.sequence));
        assert!(store.reflog(Some("dev")).await.unwrap()[0].time < log[0].time, "each ref has its own times");
        assert_eq!(store.reflog(None).await.unwrap().len(), 24);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t1_writers_side_by_side_lose_nothing_and_double_nothing() {
    const WRITERS: u32 = 6;
    const MOVES: u32 = 15;
    for database in Database::each() {
        database.open().await.transact(swaps([swap("main", None, Some(id(0)))])).await.unwrap();
        let database = Arc::new(database);
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| tokio::spawn(move_often(database.clone(), writer, MOVES))).collect();
        for writer in writers {
            writer.await.unwrap();
        }
        let store = database.open().await;
        let log = store.reflog(Some("main")).await.unwrap();
        assert_eq!(log.len() as u32, WRITERS * MOVES + 1);
        assert!(log.windows(2).all(|pair| pair[0].old == pair[1].new), "each move begins where the one before ended");
        let seen: BTreeSet<_> = log.iter().filter_map(|row| row.new).collect();
        assert_eq!(seen.len(), log.len(), "no move happened twice");
    }
}

async fn move_often(database: Arc<Database>, writer: u32, moves: u32) {
    let store = database.open().await;
    for number in 0..moves {
        let new = ObjectId::of(format!("{writer} {number}").as_bytes());
        loop {
            let current = store.read_ref("main").await.unwrap().unwrap().commit;
            if store.transact(swaps([swap("main", Some(current), Some(new))])).await.unwrap() == Outcome::Done {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_catalog_that_many_open_at_once_is_made_once() {
    for database in Database::each() {
        let database = Arc::new(database);
        let openings: Vec<_> = (0..6)
            .map(|_| {
                let database = database.clone();
                tokio::spawn(
                    async move { database.open().await.transact(swaps([swap("main", None, Some(id(1)))])).await },
                )
            })
            .collect();
        let mut made = 0;
        for opening in openings {
            made += usize::from(opening.await.unwrap().unwrap() == Outcome::Done);
        }
        assert_eq!(made, 1);
    }
}

#[tokio::test]
async fn a_catalog_of_a_newer_version_is_refused() {
    let [file, server] = Database::each();
    for (database, sql) in [(file, "pragma user_version = 9000"), (server, "update catalog set version = 9000")] {
        drop(database.open().await);
        database.tamper(sql).await;
        let refused = database.try_open().await.err().unwrap();
        assert_eq!(refused.code(), Code::CatalogNewer);
        assert!(refused.message().contains("9000"), "{refused}");
    }
}

fn run(id: &str, status: &str) -> RunRow {
    RunRow {
        id: id.to_owned(),
        run_key: Some("nightly".to_owned()),
        command: "run".to_owned(),
        status: status.to_owned(),
        target: "main".to_owned(),
        base: Some(self::id(7)),
        plans: 2,
        started: i64::MAX,
        heartbeat: -1,
        host: "a 'host'; drop table runs".to_owned(),
        process: 1,
        ..RunRow::default()
    }
}

#[tokio::test]
async fn what_a_run_records_is_read_back() {
    let node = |run: &str, name: &str| RunNodeRow {
        run: run.to_owned(),
        name: name.to_owned(),
        rows: 3,
        error: Some("é\u{1F980}".to_owned()),
        ..RunNodeRow::default()
    };
    let load = LoadRow { run: "1".to_owned(), path: "a.csv".to_owned(), bytes: 1 << 40, ..LoadRow::default() };
    let test =
        TestRow { run: "1".to_owned(), name: "unique".to_owned(), query: "select 1".to_owned(), ..TestRow::default() };
    for database in Database::each() {
        let store = database.open().await;
        // More rows than one statement takes.
        let nodes: Vec<_> = (0..700).map(|number| node("1", &format!("n{number}"))).collect();
        let first = Transaction {
            run: Some(run("1", "running")),
            nodes: nodes.clone(),
            loads: vec![load.clone()],
            tests: vec![test.clone()],
            ..Transaction::default()
        };
        store.transact(first).await.unwrap();
        let second =
            Transaction { run: Some(run("2", "running")), nodes: vec![node("2", "a")], ..Transaction::default() };
        store.transact(second).await.unwrap();
        let done = RunRow { finished: Some(5), base: None, ..run("1", "published") };
        store.transact(Transaction { run: Some(done.clone()), ..Transaction::default() }).await.unwrap();
        store.heartbeat("2", 42).await.unwrap();

        let running = RunRow { heartbeat: 42, ..run("2", "running") };
        assert_eq!(store.runs().await.unwrap(), [running.clone(), done]);
        assert_eq!(store.run_by_key("nightly").await.unwrap(), Some(running));
        assert_eq!(store.run_by_key("other").await.unwrap(), None);
        assert_eq!(store.run_nodes(Some("1")).await.unwrap(), nodes);
        assert_eq!(store.run_nodes(None).await.unwrap().len(), 701);
        assert_eq!(store.loads(None).await.unwrap(), std::slice::from_ref(&load));
        assert_eq!(store.tests(Some("1")).await.unwrap(), std::slice::from_ref(&test));
        assert_eq!(store.tests(Some("2")).await.unwrap(), []);
    }
}

#[tokio::test]
async fn kept_outputs_are_found_by_key_and_the_newest_run_wins() {
    let output = |version: u32, run: &str| Output {
        key: id(1),
        node: "a.b".to_owned(),
        entry: id(100 + version),
        version: id(version),
        run: run.to_owned(),
    };
    let field =
        FieldIdRow { table_uuid: "t".to_owned(), parent: 0, name: "x".to_owned(), kind: "long".to_owned(), id: 1 };
    for database in Database::each() {
        let store = database.open().await;
        let outputs = vec![output(2, "01"), output(3, "02"), output(2, "03")];
        let field_ids = vec![field.clone(), field.clone()];
        store.transact(whole(Transaction { outputs, field_ids, ..Transaction::default() })).await.unwrap();
        assert_eq!(store.outputs().await.unwrap().len(), 2, "a key and a version are recorded once");
        assert_eq!(store.output(id(1)).await.unwrap(), Some(output(3, "02")));
        assert_eq!(store.output(id(2)).await.unwrap(), None);
        assert!(store.is_recorded("a.b", id(2)).await.unwrap());
        assert!(!store.is_recorded("a.c", id(2)).await.unwrap());
        let replaced = Output { entry: id(500), ..output(3, "09") };
        let replaced = Transaction { replaced_outputs: vec![replaced], ..Transaction::default() };
        store.transact(whole(replaced)).await.unwrap();
        assert_eq!(store.output(id(1)).await.unwrap(), Some(Output { entry: id(500), ..output(3, "02") }));
    }
}

#[tokio::test]
async fn t7_what_a_collection_decides_holds_on_every_database() {
    for database in Database::each() {
        let store = database.open().await;
        let garbage = (id(7), Bytes::from_static(b"garbage"));
        let first = swaps([swap("main", None, Some(id(0)))]);
        let objects = first.objects.iter().cloned().chain([garbage]).collect();
        store.transact(Transaction { objects, ..first }).await.unwrap();

        let one = store.begin_lease(1, "here", 4, &[]).await.unwrap();
        let two = store.begin_lease(2, "here", 5, &[]).await.unwrap();
        assert!(two > one);
        let lease = &store.leases().await.unwrap()[1];
        assert_eq!((lease.reflog, lease.began, lease.process), (1, 2, 5));
        assert!(store.renew_lease(one, 9).await.unwrap());

        let mut catalog = store.begin_collection().await.unwrap();
        let (roots, standing) = (catalog.roots().await.unwrap(), catalog.standing().await.unwrap());
        assert_eq!((roots.refs.len(), roots.reflog.len(), roots.leases.len()), (1, 1, 2));
        let known: BTreeSet<_> = standing.objects.iter().copied().collect();
        assert_eq!(known, [(id(0), None), (id(7), None)].into());
        let condemns = Verdict {
            lapsed: vec![one],
            lease: two,
            time: 20,
            condemned_objects: vec![id(7)],
            condemned_files: vec![("a/b-1/data/x".to_owned(), 1 << 40)],
            ..Verdict::default()
        };
        catalog.decide(condemns).await.unwrap();
        let standing = store.standing().await.unwrap();
        assert!(standing.objects.contains(&(id(7), Some(20))));
        let file = CondemnedFile { path: "a/b-1/data/x".to_owned(), bytes: 1 << 40, time: 20, lease: two };
        assert_eq!(standing.files, [file]);

        // A lapsed lease fences what makes anything reachable, and nothing else.
        assert!(!store.renew_lease(one, 30).await.unwrap());
        let late = Transaction { lease: Some(one), ..swaps([swap("dev", None, Some(id(1)))]) };
        assert_eq!(store.transact(late).await.unwrap_err().code(), Code::LeaseLapsed);
        let log = Transaction { lease: Some(one), run: Some(run("1", "failed")), ..Transaction::default() };
        store.transact(log).await.unwrap();
        let timely = Transaction { lease: Some(two), ..swaps([swap("dev", None, Some(id(1)))]) };
        assert_eq!(store.transact(timely).await.unwrap(), Outcome::Done);

        // Dropped, a collection has done nothing; decided, what is doomed is gone.
        drop(store.begin_collection().await.unwrap());
        let dooms = Verdict {
            doomed_objects: vec![id(7)],
            doomed_files: vec![("a/b-1/data/x".to_owned(), 1 << 40)],
            ..Verdict::default()
        };
        store.begin_collection().await.unwrap().decide(dooms).await.unwrap();
        assert_eq!(store.absent(&[id(7)]).await.unwrap(), [id(7)]);
        assert!(store.standing().await.unwrap().files.is_empty());
        assert_eq!(store.doomed_files(10).await.unwrap(), [("a/b-1/data/x".to_owned(), 1 << 40)]);
        store.forget_doomed(&["a/b-1/data/x".to_owned()]).await.unwrap();
        assert!(store.doomed_files(10).await.unwrap().is_empty());
        let named = Transaction { named: [id(7)].into(), ..swaps([swap("dev", Some(id(1)), Some(id(2)))]) };
        assert_eq!(store.transact(named).await.unwrap_err().code(), Code::Collected);
        store.end_lease(two).await.unwrap();
        assert!(store.leases().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn t7_an_output_that_was_given_up_is_recorded_and_not_taken() {
    let output = Output { key: id(1), node: "a.b".to_owned(), entry: id(2), version: id(3), run: "01".to_owned() };
    for database in Database::each() {
        let store = database.open().await;
        let records = whole(Transaction { outputs: vec![output.clone()], ..Transaction::default() });
        store.transact(records.clone()).await.unwrap();
        let gives_up = Verdict { expired: vec![(id(1), id(3))], lease: 5, ..Verdict::default() };
        store.begin_collection().await.unwrap().decide(gives_up).await.unwrap();
        assert_eq!(store.output(id(1)).await.unwrap(), None);
        assert!(store.outputs().await.unwrap().is_empty());
        assert!(store.is_recorded("a.b", id(3)).await.unwrap(), "rule R7");
        assert_eq!(store.roots().await.unwrap().outputs[0].expired, Some(5));
        // Made again, it is kept again.
        store.transact(records).await.unwrap();
        assert_eq!(store.output(id(1)).await.unwrap(), Some(output.clone()));
        assert_eq!(store.roots().await.unwrap().outputs[0].expired, None);
    }
}

#[tokio::test]
async fn t3_an_id_that_was_given_out_for_something_else_or_given_up_is_refused() {
    for database in Database::each() {
        let store = database.open().await;
        let row = |space: &str, id: i32, name: &str| FieldIdRow {
            table_uuid: space.to_owned(),
            parent: 0,
            name: name.to_owned(),
            kind: "int".to_owned(),
            id,
        };
        let give = async |name: &str, ids: Vec<FieldIdRow>| {
            let (commit, body) = (ObjectId::of(b"a commit"), Bytes::from_static(b"a commit"));
            let objects = vec![(commit, body)];
            let given = Transaction { field_ids: ids, objects, ..swaps([swap(name, None, Some(commit))]) };
            store.transact(given).await.unwrap() == Outcome::Done
        };
        assert!(give("first", vec![row("t", 1, "a"), row("t", 2, "b"), row("u", 1, "z")]).await);
        assert!(give("same", vec![row("t", 2, "b"), row("t", 3, "c")]).await, "one column on two branches");
        assert!(!give("other", vec![row("t", 4, "d"), row("t", 3, "x")]).await, "an id stands for one column");
        assert!(store.read_ref("other").await.unwrap().is_none());
        assert_eq!(store.ids("t").await.unwrap(), [row("t", 1, "a"), row("t", 2, "b"), row("t", 3, "c")]);

        let given_up = FieldIdRow::given_up("t");
        assert!(give("drop", vec![row(&given_up, 2, "")]).await);
        assert!(give("drop too", vec![row(&given_up, 2, "")]).await, "two branches may drop it");
        assert!(!give("again", vec![row("t", 2, "b")]).await, "what was given up is not given out again");
        assert!(give("new", vec![row("t", 4, "b")]).await);
    }
}

#[tokio::test]
async fn a_catalog_of_the_first_version_is_brought_up_to_date() {
    let database = Database::File(tempfile::tempdir().unwrap());
    database.open().await.transact(swaps([swap("main", None, Some(id(0)))])).await.unwrap();
    database
        .tamper(
            "drop table leases; drop table condemned_objects; drop table condemned_files; drop table doomed_files;
             alter table outputs drop column expired; pragma user_version = 1",
        )
        .await;
    let store = database.open().await;
    assert_eq!(store.read_ref("main").await.unwrap().unwrap().commit, id(0));
    assert!(store.outputs().await.unwrap().is_empty());
    assert_eq!(store.begin_lease(1, "here", 1, &[]).await.unwrap(), 1);
}
