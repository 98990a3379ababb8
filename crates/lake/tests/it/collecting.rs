//! Rule T7 where the command line does not reach: transactions beside a collection.

use std::time::Duration;

use bywash_core::{Code, ObjectId, RefName};
use bywash_lake::gc::GcPolicy;
use bywash_lake::objects::HashTree;
use bywash_lake::store::{Output, RefKind, Transaction};
use bywash_lake::{Lake, LakePlace};

async fn lake(folder: &std::path::Path) -> Lake {
    Lake::open(&LakePlace::folder(folder), Duration::from_secs(5)).await.unwrap()
}

fn at_once() -> GcPolicy {
    GcPolicy { grace: Duration::ZERO, reflog: Duration::ZERO, keep_outputs: Duration::ZERO, ..GcPolicy::default() }
}

#[tokio::test]
async fn t7_a_lapsed_lease_fences_its_command() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).await;
    let (writing, _files) = lake.staged().await.unwrap();
    let head = writing.branch(&RefName::main()).await.unwrap();
    let objects = writing.objects();
    let commit = writing.next_commit(&head, HashTree::default(), "late");

    // As if the process had been suspended for a long time.
    let number = lake.store().leases().await.unwrap()[0].number;
    assert!(lake.store().renew_lease(number, 0).await.unwrap());
    lake.collect(&at_once()).await.unwrap();
    assert!(!lake.store().renew_lease(number, 0).await.unwrap(), "the collection ended it");

    let late = writing.commit_tree(&objects, &head, commit, Transaction::default()).await.unwrap_err();
    assert_eq!(late.code(), Code::LeaseLapsed);
    assert_eq!(lake.branch(&RefName::main()).await.unwrap().id, head.id, "nothing was committed");
}

#[tokio::test]
async fn t7_a_transaction_that_names_what_is_gone_fails() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).await;
    let head = lake.branch(&RefName::main()).await.unwrap();
    let dev: RefName = "dev".parse().unwrap();
    lake.create_ref(RefKind::Branch, &dev, head.id).await.unwrap();
    let commit = lake.next_commit(&lake.branch(&dev).await.unwrap(), HashTree::default(), "on dev");
    let on_dev = lake.branch(&dev).await.unwrap();
    let id = lake.commit_tree(&lake.objects(), &on_dev, commit, Transaction::default()).await.unwrap().unwrap();
    let tip = lake.branch(&dev).await.unwrap();
    let on_top = lake.next_commit(&tip, HashTree::default(), "on top of what is gone");
    lake.delete_ref(RefKind::Branch, &dev).await.unwrap();
    let collected = lake.collect(&at_once()).await.unwrap();
    assert_eq!(collected.deleted.objects, 1, "the commit of the deleted branch");

    let back = lake.create_ref(RefKind::Branch, &dev, id).await.unwrap_err();
    assert_eq!(back.code(), Code::Collected);
    // A commit on another branch that names it as a parent.
    let objects = lake.objects();
    let main = lake.branch(&RefName::main()).await.unwrap();
    let named = lake.commit_tree(&objects, &main, on_top, Transaction::default()).await.unwrap_err();
    assert_eq!(named.code(), Code::Collected);
    let entry = ObjectId::of(b"nothing");
    let output = Output { key: entry, node: "a.b".to_owned(), entry, version: entry, run: String::new() };
    let kept = Transaction { outputs: vec![output], ..Transaction::default() };
    assert_eq!(lake.transact(&lake.objects(), kept).await.unwrap_err().code(), Code::Collected);
    assert_eq!(lake.branch(&RefName::main()).await.unwrap().id, head.id);
    assert!(lake.checkup().await.unwrap().findings.is_empty());
}

#[tokio::test]
async fn a_lease_ends_with_what_it_was_taken_for() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path()).await;
    let (writing, files) = lake.staged().await.unwrap();
    let (again, more) = writing.staged().await.unwrap();
    assert_eq!(lake.store().leases().await.unwrap().len(), 1, "one lease for all that is at work");
    drop((writing, files, again, more));
    for _ in 0..200 {
        if lake.store().leases().await.unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the lease never ended");
}
