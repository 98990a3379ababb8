//! By hand.
use crate::fixture::*;
use crate::rows::*;
use bywash_lake::storage::Warehouse;
use bywash_lake::tables::*;

#[tokio::test]
#[ignore]
async fn warehouse() {
    let Ok(root) = std::env::var("HAND") else { return };
    let warehouse = Warehouse::open(std::path::Path::new(&root)).unwrap();
    let rows = every_type(0, 1000);
    for (name, parts) in [
        ("flat", vec![]),
        ("parts", vec!["month(seen)", "bucket(3, id)", "truncate(100, small)"]),
        (
            "more",
            vec![
                "price",
                "day",
                "truncate(6, name)",
                "year(seen_utc)",
                "hour(seen)",
                "flag",
                "truncate(500, price)",
                "raw",
                "code",
                "at",
                "ratio",
            ],
        ),
    ] {
        let mut shape = shape(rows.schema_ref(), &parts);
        shape.folder = format!("test/{name}-00000000");
        shape.cluster_by = vec!["id".to_owned()];
        let first = write(&warehouse, &shape, &[rows.slice(0, if name == "more" { 30 } else { 600 })]).await;
        let second = write(&warehouse, &shape, &[every_type(600, 20)]).await;
        let one = create(&warehouse, &shape, first.clone()).await;
        let two = change(&warehouse, &one, second, &[]).await;
        let third = write(&warehouse, &shape, &[every_type(2000, 10)]).await;
        let three = change(&warehouse, &two, third, &[&first[0]]).await;
        let expected = files(&warehouse, &three).await;
        println!(
            "{name} {} rows {} files {}",
            warehouse.absolute(&three.metadata).unwrap().display(),
            expected.files.iter().map(|f| f.record_count).sum::<u64>(),
            expected.files.len()
        );
    }
    let mut shape = shape(rows.schema_ref(), &["month(seen)"]);
    shape.folder = "test/empty-00000000".to_owned();
    let empty = create(&warehouse, &shape, Vec::new()).await;
    println!("empty {} rows 0 files 0", warehouse.absolute(&empty.metadata).unwrap().display());
}

/// Parquet in, tables out: sizes and times by codec and row group.
#[tokio::test(flavor = "multi_thread")]
#[ignore]
async fn codecs() {
    let Ok(path) = std::env::var("HAND_PARQUET") else { return };
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path).unwrap())
        .unwrap()
        .with_batch_size(16384)
        .build()
        .unwrap();
    let batches: Vec<_> = reader.map(Result::unwrap).collect();
    let shape = shape(batches[0].schema_ref(), &[]);
    for codec in [Codec::Lz4, Codec::Zstd] {
        for rows in [65_536, 131_072, 1 << 20] {
            let scratch = Scratch::new();
            let settings = WriteSettings { codec, row_group_rows: rows, ..WriteSettings::default() };
            let mut best = (f64::MAX, f64::MAX, 0);
            for _ in 0..5 {
                let start = std::time::Instant::now();
                let files = write_with(&scratch.warehouse, &shape, &batches, settings).await;
                let wrote = start.elapsed().as_secs_f64();
                let start = std::time::Instant::now();
                let read: usize =
                    files.iter().flat_map(|f| read_file(&scratch.warehouse, f)).map(|b| b.num_rows()).sum();
                let took = start.elapsed().as_secs_f64();
                assert_eq!(read, batches.iter().map(|b| b.num_rows()).sum::<usize>());
                best = (best.0.min(wrote), best.1.min(took), files.iter().map(|f| f.file_size_in_bytes).sum::<u64>());
            }
            println!("{codec:?} rows {rows}: {} bytes, write {:.3} s, read {:.3} s", best.2, best.0, best.1);
        }
    }
}
