//! What only a server can do to a catalog: it goes away, and the answer to a commit goes with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bywash_core::{Code, ObjectId};
use bywash_lake::store::{CatalogStore, Outcome, PostgresPlace, SqlStore, Store, Transaction};
use bywash_testkit::Postgres;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stores::{PATIENCE, swap, whole};

fn server() -> Postgres {
    Postgres::start(env!("CARGO_TARGET_TMPDIR"))
}

async fn open(address: &str) -> bywash_core::Result<Store> {
    Ok(Arc::new(SqlStore::open_postgres(&PostgresPlace::parse(address)?, PATIENCE).await?))
}

fn create(name: &str) -> Transaction {
    whole(Transaction { swaps: vec![swap(name, None, Some(ObjectId::of(name.as_bytes())))], ..Transaction::default() })
}

/// What happens to the next commit that passes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
enum Commit {
    Passes,
    /// The server gets it, its answer is lost.
    LosesItsAnswer,
    /// The connection breaks before the server gets it.
    IsLost,
    /// The same, and the server's side of the connection stays open.
    IsLostInSilence,
}

const ALL: [Commit; 4] = [Commit::Passes, Commit::LosesItsAnswer, Commit::IsLost, Commit::IsLostInSilence];

/// The way to a server, which breaks when it is told to.
struct Line {
    port: u16,
    next: Arc<AtomicU8>,
}

impl Line {
    async fn to(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (port, next) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU8::new(0)));
        let commits = next.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, TcpStream::connect(("127.0.0.1", server)).await.unwrap(), commits.clone()));
            }
        });
        Self { port, next }
    }

    fn breaks(&self, how: Commit) {
        self.next.store(how as u8, Ordering::SeqCst);
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, next: Arc<AtomicU8>) {
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let message = &asked[..length];
                let is_commit = message.windows(6).any(|word| word == b"COMMIT");
                let how = if is_commit { ALL[usize::from(next.swap(0, Ordering::SeqCst))] } else { Commit::Passes };
                match how {
                    Commit::Passes => server.write_all(message).await.unwrap(),
                    Commit::IsLost => return,
                    Commit::IsLostInSilence => {
                        drop(client);
                        tokio::time::sleep(Duration::from_secs(30)).await;
                        return;
                    }
                    Commit::LosesItsAnswer => {
                        server.write_all(message).await.unwrap();
                        // The answer is there, and nobody gets it.
                        let _ = server.read(&mut answered).await;
                        return;
                    }
                }
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&answered[..length]).await.is_err() { return }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t1_a_commit_whose_answer_is_lost_happens_once() {
    let server = server();
    let line = Line::to(server.port()).await;
    let address = server.secret_address().replace(&server.port().to_string(), &line.port.to_string());
    let store = open(&address).await.unwrap();
    for (number, how) in ALL.into_iter().cycle().take(8).enumerate() {
        let name = format!("b{number}");
        line.breaks(how);
        assert_eq!(store.transact(create(&name)).await.unwrap(), Outcome::Done, "{how:?}");
        assert_eq!(store.reflog(Some(&name)).await.unwrap().len(), 1, "{how:?}: it happened once");
        // The same again is told that it is there: the first was neither lost nor done twice.
        assert_eq!(store.transact(create(&name)).await.unwrap(), Outcome::Moved(name));
    }
    assert_eq!(line.next.load(Ordering::SeqCst), 0, "each break was used");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_ends_are_made_again() {
    let server = server();
    let store = open(&server.secret_address()).await.unwrap();
    for number in 0..5 {
        store.transact(create(&format!("b{number}"))).await.unwrap();
        server.sql("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bywash'");
        assert_eq!(store.refs().await.unwrap().len(), number + 1);
    }
}

#[tokio::test]
async fn a_server_that_was_killed_has_everything_that_was_committed() {
    let mut server = server();
    let store = open(&server.secret_address()).await.unwrap();
    for number in 0..10 {
        store.transact(create(&format!("b{number}"))).await.unwrap();
    }
    let address = server.secret_address();
    server.stop();
    let gone = open(&address).await.err().unwrap();
    assert_eq!(gone.code(), Code::Unreachable, "{gone:?}");
    server.resume();
    assert_eq!(open(&server.secret_address()).await.unwrap().refs().await.unwrap().len(), 10);
}

#[tokio::test]
async fn a_writer_that_stops_in_the_middle_keeps_others_waiting_no_longer_than_they_like() {
    let server = server();
    drop(open(&server.secret_address()).await.unwrap());
    let place = PostgresPlace::parse(&server.secret_address()).unwrap();
    let store = SqlStore::open_postgres(&place, Duration::from_millis(300)).await.unwrap();
    let pool = sqlx::PgPool::connect(&server.secret_address()).await.unwrap();
    let mut stopped = pool.begin().await.unwrap();
    sqlx::query("select pg_advisory_xact_lock('bywash.refs'::regclass::oid::bigint)")
        .execute(&mut *stopped)
        .await
        .unwrap();
    let locked = store.transact(create("main")).await.unwrap_err();
    assert_eq!(locked.code(), Code::CatalogLocked, "{locked:?}");
    assert!(store.refs().await.unwrap().is_empty(), "who reads does not wait");
    stopped.rollback().await.unwrap();
    assert_eq!(store.transact(create("main")).await.unwrap(), Outcome::Done);
}

#[tokio::test]
async fn who_may_only_read_reads() {
    let server = server();
    open(&server.secret_address()).await.unwrap().transact(create("main")).await.unwrap();
    server.sql(
        "create role reader login password 'look'; grant usage on schema bywash to reader; \
         grant select on all tables in schema bywash to reader",
    );
    let address = format!("postgres://reader:look@127.0.0.1:{}/postgres", server.port());
    let store = open(&address).await.unwrap();
    assert_eq!(store.refs().await.unwrap().len(), 1);
    let refused = store.transact(create("dev")).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "{refused:?}");
    server.sql("create role stranger login password 'hello'");
    let address = format!("postgres://stranger:hello@127.0.0.1:{}/postgres", server.port());
    assert_eq!(open(&address).await.err().unwrap().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn what_is_wrong_is_said_without_the_password() {
    let server = server();
    let right = server.secret_address();
    let secret = server.password();
    for (address, code) in [
        (right.replace(secret, "wrong-5fa1"), Code::Credentials),
        (server.address(), Code::Credentials),
        (right.replace("/postgres", "/nothing"), Code::InvalidSetting),
        (right.replace(&format!(":{}/", server.port()), ":1/"), Code::Unreachable),
        (right.replace("127.0.0.1", "no-such-host.invalid"), Code::Unreachable),
        (format!("{right}?schema=My Schema"), Code::InvalidSetting),
        (right.replace("postgres://", "postgres:"), Code::InvalidSetting),
        (right.replace("@127.0.0.1", "@:x:"), Code::InvalidSetting),
    ] {
        let error = open(&address).await.err().unwrap();
        assert_eq!(error.code(), code, "{error:?}");
        let said = format!("{error:?} {:?}", error.hints());
        assert!(!said.contains("5fa1"), "{said}");
    }
    let place = PostgresPlace::parse(&right).unwrap();
    assert!(place.has_password() && !format!("{place} {place:?}").contains("5fa1"), "{place}");
    assert!(!PostgresPlace::parse(&server.address()).unwrap().has_password());
    assert!(PostgresPlace::parse("postgres://a@b/c?password=x").unwrap().has_password());
}

#[tokio::test]
async fn one_database_holds_several_catalogs_in_schemas() {
    let server = server();
    let [first, second] = ["", "?schema=other"].map(|query| format!("{}{query}", server.secret_address()));
    open(&first).await.unwrap().transact(create("main")).await.unwrap();
    assert!(open(&second).await.unwrap().refs().await.unwrap().is_empty());
    assert_eq!(server.sql("select count(*) from pg_tables where tablename = 'refs'"), "2");
}
