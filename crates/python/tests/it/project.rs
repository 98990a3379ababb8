//! A folder with functions, a pool, and the interpreter that `make` has made for tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bywash_core::{Error, Result};
use bywash_python::{
    Answer, Argument, ArgumentValue, Call, Declared, Environment, Expected, Form, Limits, LogLine, Output, Pool,
    PoolSettings, Sealed,
};
use tempfile::TempDir;

/// A folder of its own; dropped, it is gone.
pub struct Project {
    pub folder: TempDir,
    pub pool: Pool,
    pub lines: Arc<Mutex<Vec<LogLine>>>,
}

impl Project {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut PoolSettings)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = PoolSettings::new(folder.path().join("spill"), cache());
        change(&mut settings);
        fs::create_dir_all(folder.path().join("project/models")).expect("a folder");
        let pool = Pool::new(settings).expect("a pool");
        Self { folder, pool, lines: Arc::default() }
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    /// A call of the function `f` of `models/m.py`, whose body this is. It declares `n: int64`.
    pub fn function(&self, body: &str) -> Call {
        self.source(&format!("def f(**inputs):\n{}", indent(body)))
    }

    /// A call of the function `f` of `models/m.py`, which holds this.
    pub fn source(&self, text: &str) -> Call {
        self.file("models/m.py", text)
    }

    pub fn file(&self, name: &str, text: &str) -> Call {
        self.write(name, text);
        Call {
            node: "marts.f".to_owned(),
            environment: Environment::of_interpreter(interpreter()),
            project: self.root(),
            search: Vec::new(),
            file: PathBuf::from(name),
            function: "f".to_owned(),
            arguments: Vec::new(),
            expected: Expected::One(declared("f", &[("n", DataType::Int64)])),
            limits: Limits::default(),
            network: false,
            readable: Vec::new(),
        }
    }

    pub fn hand_over(&self, batches: &[RecordBatch]) -> Sealed {
        let mut rows = self.pool.handover(batches[0].schema_ref()).expect("a hand-over");
        for batch in batches {
            rows.write(batch).expect("rows written");
        }
        rows.finish().expect("rows sealed")
    }

    pub async fn call(&self, call: Call) -> Result<Answer> {
        let lines = Arc::clone(&self.lines);
        self.pool.call(call, move |line| lines.lock().expect("lines").push(line)).await
    }

    pub async fn error(&self, call: Call) -> Error {
        match self.call(call).await {
            Ok(answer) => panic!("it succeeded: {answer:?}"),
            Err(error) => error,
        }
    }

    /// The lines that were written, in the order they came.
    pub fn texts(&self) -> Vec<String> {
        self.lines.lock().expect("lines").iter().map(|line| line.text.clone()).collect()
    }

    /// Files and processes that stay when nothing runs. Nothing, but for the warm process and its folders.
    pub fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for scratch in fs::read_dir(self.folder.path().join("spill")).expect("the folder of spills").flatten() {
            for entry in fs::read_dir(scratch.path()).expect("the pool's folder").flatten() {
                if entry.file_name() != "scratch" || fs::read_dir(entry.path()).expect("scratch").next().is_some() {
                    left.push(entry.path().display().to_string());
                }
            }
        }
        left.extend(processes_with(self.folder.path()));
        left
    }
}

/// Processes that run below this folder, but for warm ones.
pub fn processes_with(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").expect("/proc").flatten() {
        let Ok(here) = fs::read_link(process.path().join("cwd")) else { continue };
        if here.starts_with(folder) {
            let words = fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
            found.push(format!("{}: {words}", process.file_name().display()));
        }
    }
    found
}

pub fn interpreter() -> PathBuf {
    let build = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the folder of the build");
    let python = build.join("venv-readers/bin/python");
    assert!(python.exists(), "`make test-python` makes {}", python.display());
    python
}

fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

pub fn schema(columns: &[(&str, DataType)]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(|(name, kind)| Field::new(*name, kind.clone(), true)).collect::<Vec<_>>()))
}

pub fn declared(name: &str, columns: &[(&str, DataType)]) -> Declared {
    Declared { name: name.to_owned(), schema: schema(columns) }
}

pub fn rows(name: &str, sealed: Sealed, form: Form) -> Argument {
    Argument { name: name.to_owned(), value: ArgumentValue::Rows(sealed, form) }
}

/// All rows of an output.
pub fn table(output: &Output) -> RecordBatch {
    let batches: Vec<_> = output.batches().map(|batch| batch.expect("a valid batch")).collect();
    concat_batches(output.schema(), &batches).expect("one schema")
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
