//! How long rows take to a function and back: `handover PYTHON FOLDER MEGABYTES…`, one line of JSON for each size.
//!
//! `bench/python.py` prints the figures beside those of others.
#![expect(clippy::print_stdout, reason = "its output is what it is for")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use bywash_core::{Error, Result};
use bywash_python::{
    Argument, ArgumentValue, Call, Declared, Environment, Expected, Form, Limits, Output, Pool, PoolSettings, Sealed,
};

/// Gives back one row, or all of them.
const MODULE: &str =
    "import pyarrow as pa\n\ndef first(rows):\n    return rows.slice(0, 1)\n\ndef all(rows):\n    return rows\n";

const CALLS: u32 = 15;

/// Above so many megabytes, rows are not written a second time.
const MOST_RETURNED: usize = 1_000;

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [python, folder, sizes @ ..] = words.as_slice() else { return Err(Error::bug("PYTHON FOLDER MEGABYTES…")) };
    let folder = Path::new(folder);
    std::fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, &error))?;
    let module = folder.join("m.py");
    std::fs::write(&module, MODULE).map_err(|error| Error::io("write", &module, &error))?;
    let pool = Pool::new(PoolSettings::new(folder.join("spill"), folder.join("cache")))?;
    for size in sizes {
        let megabytes = size.parse().map_err(|_| Error::bug("sizes are numbers"))?;
        measure(&pool, python, folder, megabytes).await?;
    }
    Ok(())
}

/// The middle of several calls; the first one of all starts the worker, and is not among them.
async fn measure(pool: &Pool, python: &str, folder: &Path, megabytes: usize) -> Result<()> {
    let begin = Instant::now();
    let rows = rows(pool, megabytes)?;
    let written = begin.elapsed();
    let (mut first_line, mut decode, mut import) = (Vec::new(), Vec::new(), Vec::new());
    pool.call(call(python, folder, "first", &rows), |_| {}).await?;
    for _ in 0..CALLS {
        let timings = pool.call(call(python, folder, "first", &rows), |_| {}).await?.timings;
        first_line.push(timings.first_line);
        decode.push(timings.decode);
        import.push(timings.import);
    }
    let mut line = serde_json::json!({
        "megabytes": megabytes,
        "seal_ms": milliseconds(written),
        "first_line_ms": milliseconds(middle(first_line)),
        "decode_ms": milliseconds(middle(decode)),
        "import_ms": milliseconds(middle(import)),
    });
    if megabytes <= MOST_RETURNED {
        let (returned, validated) = there_and_back(pool, call(python, folder, "all", &rows)).await?;
        line["return_ms"] = milliseconds(returned).into();
        line["validate_ms"] = milliseconds(validated).into();
    }
    println!("{line}");
    Ok(())
}

/// How long the function takes to write all rows, and this process to map, decode and validate them.
async fn there_and_back(pool: &Pool, call: Call) -> Result<(Duration, Duration)> {
    let answer = pool.call(call, |_| {}).await?;
    let begin = Instant::now();
    for batch in answer.outputs.iter().flat_map(Output::batches) {
        batch?;
    }
    Ok((answer.timings.function, begin.elapsed()))
}

fn rows(pool: &Pool, megabytes: usize) -> Result<Sealed> {
    let fields: Vec<_> = (0..8).map(|n| Field::new(format!("c{n}"), DataType::Int64, false)).collect();
    let schema = Arc::new(Schema::new(fields));
    let column = || Arc::new(Int64Array::from_iter_values(0..16_384)) as _;
    let columns = (0..8).map(|_| column()).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(|error| Error::bug(error.to_string()))?;
    let mut rows = pool.handover(&schema)?;
    for _ in 0..megabytes {
        rows.write(&batch)?;
    }
    rows.finish()
}

fn call(python: &str, folder: &Path, function: &str, rows: &Sealed) -> Call {
    Call {
        node: "bench".to_owned(),
        environment: Environment::of_interpreter(python),
        project: folder.to_owned(),
        search: Vec::new(),
        file: "m.py".into(),
        function: function.to_owned(),
        arguments: vec![Argument { name: "rows".to_owned(), value: ArgumentValue::Rows(rows.clone(), Form::Table) }],
        expected: Expected::One(Declared { name: function.to_owned(), schema: Arc::clone(rows.schema()) }),
        limits: Limits::default(),
        network: false,
        readable: Vec::new(),
    }
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
