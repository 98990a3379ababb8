//! `.slt` files: each query runs on tables as they are and on tables without statistics, and must give the same rows.

use std::path::Path;

use async_trait::async_trait;
use bywash_core::Error;
use bywash_engine::sql::{Parameters, StatementKind, parse};
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

use crate::fixture::{Lake, texts};

struct Connection(Lake);

#[async_trait]
impl AsyncDB for Connection {
    type Error = Error;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Error> {
        let parsed = parse("<query>", sql)?;
        if matches!(parsed.kind, StatementKind::CreateTableAs { .. }) {
            self.0.run(sql).await?;
            return Ok(DBOutput::StatementComplete(0));
        }
        let planned = self.0.session().plan(&parsed, &Parameters::new()).await?;
        let columns = planned.schema().fields().len();
        let rows = texts(&planned.collect().await?);
        let blind = self.0.engine.session(std::sync::Arc::new(self.0.tables.blind()));
        let blind = texts(&blind.plan(&parsed, &Parameters::new()).await?.collect().await?);
        let sorted = |mut rows: Vec<Vec<String>>| {
            rows.sort();
            rows
        };
        assert_eq!(sorted(rows.clone()), sorted(blind), "pruning changes the answer of {sql}");
        Ok(DBOutput::Rows { types: vec![DefaultColumnType::Any; columns], rows })
    }

    async fn shutdown(&mut self) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/slt");
    let mut ran = 0;
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let mut runner = Runner::new(|| async { Ok(Connection(Lake::new())) });
        runner.run_file_async(&path).await.unwrap_or_else(|error| panic!("{}", error.display(false)));
        ran += 1;
    }
    assert!(ran >= 2, "the folder of .slt files is nearly empty");
}
