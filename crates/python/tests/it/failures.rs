//! Whatever a function does, its caller gets one error that says so, others finish, and nothing is left.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Int64Array, RecordBatch};
use arrow::datatypes::DataType;
use bywash_core::{Code, Error};
use bywash_python::{Environment, Expected, Form, Limits};

use super::Project;
use super::project::{declared, rows};

const HEAD: &str = "import ctypes, logging, os, sys, threading, time\nimport pyarrow as pa\n";

/// The error of a function with this body; another function beside it finishes, and nothing is left of either.
async fn error_of(project: &Project, body: &str, limits: Limits) -> Error {
    let sibling = project.file("models/sibling.py", SIBLING);
    let mut call = project.function(&format!("{HEAD}{body}"));
    call.limits = limits;
    let (error, sibling) = tokio::join!(project.error(call), project.pool.call(sibling, |_| {}));
    assert_eq!(sibling.expect("the sibling finishes").outputs[0].rows(), 2);
    assert_eq!(project.left(), Vec::<String>::new(), "after {error:?}");
    error
}

const SIBLING: &str =
    "import time\nimport pyarrow as pa\n\ndef f():\n    time.sleep(0.3)\n    return pa.table({'n': [1, 2]})\n";

fn says(error: &Error, code: Code, words: &[&str]) {
    assert_eq!(error.code(), code, "{error:?}");
    for word in words {
        let found =
            error.message().contains(word) || error.places().iter().any(|place| place.to_string().contains(word));
        assert!(found || error.hints().iter().any(|hint| hint.contains(word)), "`{word}` in {error:?}");
    }
}

#[tokio::test]
async fn an_exception_shows_the_users_own_frames() {
    let project = Project::new();
    project.write("helper.py", "def half(n):\n    return 1 // n\n");
    let body = "import json, helper\nreturn json.loads('1', object_hook=None) and helper.half(0)";
    let error = error_of(&project, body, Limits::default()).await;
    says(&error, Code::PythonException, &["ZeroDivisionError", "`f` raised"]);
    let places: Vec<_> = error.places().iter().map(ToString::to_string).collect();
    assert_eq!(places, ["helper.py:2:12", "models/m.py:5:50"]);
}

#[tokio::test]
async fn a_module_that_is_no_python_says_where() {
    let project = Project::new();
    let error = project.error(project.source("import pyarrow\n\ndef f(:\n    pass\n")).await;
    says(&error, Code::PythonException, &["SyntaxError", "models/m.py:3"]);
    let error = project.error(project.source("import sklearn_of_nobody\n")).await;
    says(&error, Code::PythonException, &["No module named", "`pip=`", "models/m.py:1"]);
    let error = project.error(project.source("g = 1\n")).await;
    says(&error, Code::PythonException, &["has no function `f`"]);
    let error = project.error(project.function("import sys\nsys.exit(3)")).await;
    says(&error, Code::PythonException, &["SystemExit: 3"]);
}

#[tokio::test]
async fn a_segmentation_fault_says_where() {
    let project = Project::new();
    let error = error_of(&project, "ctypes.string_at(0)", Limits::default()).await;
    says(&error, Code::PythonCrashed, &["segmentation fault", "models/m.py:4"]);
}

#[tokio::test]
async fn an_exit_without_an_answer_is_an_error() {
    let project = Project::new();
    let error = error_of(&project, "os._exit(0)", Limits::default()).await;
    says(&error, Code::PythonCrashed, &["ended itself with code 0", "models/m.py"]);
    let error = error_of(&project, "os.kill(os.getpid(), 9)", Limits::default()).await;
    says(&error, Code::PythonCrashed, &["it was killed"]);
}

#[tokio::test]
async fn a_loop_ends_when_its_time_is_up() {
    let project = Project::new();
    let limits = Limits { timeout: Some(Duration::from_millis(700)), ..Limits::default() };
    let error = error_of(&project, "while True:\n    pass", limits).await;
    says(&error, Code::PythonLimit, &["took longer than its `timeout` of 700 ms", "models/m.py:"]);
    let body = "import signal\nfor n in range(1, 65):\n    try:\n        signal.signal(n, signal.SIG_IGN)\n    \
                except (OSError, ValueError):\n        pass\nos.closerange(0, 1000)\ntime.sleep(1000)";
    let error = error_of(&project, body, limits).await;
    assert_ne!(error.code(), Code::Bug, "{error:?}");
}

#[tokio::test]
async fn memory_beyond_the_limit_is_an_error() {
    for control_groups in [true, false] {
        let project = Project::with(|settings| settings.control_groups = control_groups);
        let limits = Limits { memory: Some(300_000_000), ..Limits::default() };
        let error = error_of(&project, "bytearray(100 << 30)", limits).await;
        says(&error, Code::PythonLimit, &["300.0 MB"]);
        let body = "parts = []\nwhile True:\n    parts.append(b'x' * (16 << 20))";
        let error = error_of(&project, body, limits).await;
        says(&error, Code::PythonLimit, &["300.0 MB"]);
        let body = "parts = []\nwhile True:\n    parts.append(pa.allocate_buffer(16 << 20))\n    ctypes.memset(parts[-1].address, 1, 16 << 20)";
        let error = error_of(&project, body, limits).await;
        says(&error, Code::PythonLimit, &["300.0 MB"]);
    }
}

#[tokio::test]
async fn mapped_inputs_are_no_memory_of_the_function() {
    for control_groups in [true, false] {
        let project = Project::with(|settings| settings.control_groups = control_groups);
        let numbers = Int64Array::from_iter_values(0..4_000_000);
        let batch = RecordBatch::try_from_iter([("n", Arc::new(numbers) as _)]).expect("a batch");
        let mut call = project.function("import pyarrow.compute as pc\nreturn inputs['n'].slice(0, 1) if pc.sum(inputs['n']['n']).as_py() else None");
        call.arguments = vec![rows("n", project.hand_over(&vec![batch; 8]), Form::Table)];
        call.limits.memory = Some(150 << 20);
        let answer = project.call(call).await.expect("256 MB are read within 150");
        assert_eq!(answer.outputs[0].rows(), 1);
    }
}

#[tokio::test]
async fn a_thousand_processes_are_an_error() {
    for control_groups in [true, false] {
        let project = Project::with(|settings| {
            settings.control_groups = control_groups;
            settings.processes = 40;
        });
        let limits = Limits { timeout: Some(Duration::from_secs(20)), ..Limits::default() };
        let error = error_of(&project, "while True:\n    os.fork()", limits).await;
        says(&error, Code::PythonLimit, &["40 processes and threads"]);
        let body =
            "def sleep():\n    time.sleep(100)\nfor _ in range(100):\n    threading.Thread(target=sleep).start()";
        let error = error_of(&project, body, limits).await;
        says(&error, Code::PythonLimit, &["40 processes and threads"]);
    }
}

#[tokio::test]
async fn what_a_function_starts_ends_with_it() {
    for control_groups in [true, false] {
        let project = Project::with(|settings| settings.control_groups = control_groups);
        let body = "import subprocess, signal\n\
                    subprocess.Popen(['sh', '-c', 'trap \"\" TERM HUP; sleep 1000 & wait'], start_new_session=True)\n\
                    if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True:\n            time.sleep(1)\n    os._exit(0)\n\
                    time.sleep(0.2)\nreturn pa.table({'n': [1]})";
        let call = project.function(&format!("{HEAD}{body}"));
        project.call(call).await.expect("an answer");
        assert_eq!(project.left(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_nothing() {
    let project = Project::new();
    let call = project.function("import time, os\nos.fork()\nos.fork()\nprint('here', flush=True)\ntime.sleep(1000)");
    let waited = tokio::time::timeout(Duration::from_secs(2), project.call(call)).await;
    assert!(waited.is_err());
    let mut left = project.left();
    for _ in 0..100 {
        if left.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        left = project.left();
    }
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn a_closed_stdout_harms_nothing() {
    let project = Project::new();
    for body in [
        "print('a')\nsys.stdout.close()\nreturn pa.table({'n': [1]})",
        "os.close(1)\nos.close(2)\nlogging.info('still here')\nreturn pa.table({'n': [1]})",
        "sys.stdout = None\nreturn pa.table({'n': [1]})",
    ] {
        let call = project.function(&format!("{HEAD}{body}"));
        assert_eq!(project.call(call).await.expect("an answer").outputs[0].rows(), 1);
    }
    assert!(project.texts().contains(&"still here".to_owned()), "{:?}", project.texts());
    let error = error_of(&project, "sys.stdout.close()\nprint('b')", Limits::default()).await;
    says(&error, Code::PythonException, &["ValueError: I/O operation on closed file", "models/m.py:5"]);
}

#[tokio::test]
async fn other_columns_than_declared_are_an_error() {
    let project = Project::new();
    for (body, words) in [
        ("return pa.table({'m': [1]})", &["lacks `n`", "`m`"][..]),
        ("return pa.table({'n': [1], 'more': [2]})", &["`more`"]),
        ("return pa.table({'n': ['text']})", &["`n` is string, not long"]),
        ("return pa.table({'n': [1.5]})", &["`n` is double, not long"]),
        ("return pa.table([[1], [2]], names=['n', 'n'])", &["`n` more than once"]),
        ("return None", &["nothing"]),
        ("return {'n': [1]}", &["a `dict`"]),
        ("return 7", &["a `int`"]),
        ("return iter([1, 2])", &["a `int`"]),
    ] {
        let error = error_of(&project, body, Limits::default()).await;
        says(&error, Code::PythonColumns, words);
    }
    let mut call = project.function(&format!("{HEAD}return pa.table({{'n': [1, 1 << 40]}})"));
    call.expected = Expected::One(declared("f", &[("n", DataType::Int32)]));
    let error = project.error(call).await;
    says(&error, Code::PythonColumns, &["`n`"]);
}

#[tokio::test]
async fn a_reader_that_fails_half_way_is_an_error() {
    let project = Project::new();
    let body = "def batches():\n    yield pa.record_batch({'n': [1]})\n    raise OSError('the source is gone')\nreturn batches()";
    let error = error_of(&project, body, Limits::default()).await;
    says(&error, Code::PythonException, &["the source is gone", "models/m.py:6"]);
    let body = "def batches():\n    yield pa.record_batch({'n': [1]})\n    raise OSError('the source is gone')\n\
                return pa.RecordBatchReader.from_batches(pa.schema([('n', pa.int64())]), batches())";
    let error = error_of(&project, body, Limits::default()).await;
    says(&error, Code::PythonException, &["the source is gone"]);
    let body = "def batches():\n    yield pa.record_batch({'n': [1]})\n    os._exit(3)\nreturn batches()";
    let error = error_of(&project, body, Limits::default()).await;
    says(&error, Code::PythonCrashed, &["code 3"]);
}

#[tokio::test]
async fn an_interpreter_without_arrow_says_so() {
    let project = Project::new();
    let mut call = project.function("pass");
    call.environment = Environment::of_interpreter("/usr/bin/python3");
    let error = project.error(call.clone()).await;
    assert!(matches!(error.code(), Code::PythonEnvironment | Code::MissingFile), "{error:?}");
    call.environment = Environment::of_interpreter("/nowhere/bin/python");
    says(&project.error(call).await, Code::MissingFile, &["/nowhere/bin/python"]);
}
