//! What functions get and give: forms, types, batches.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, DictionaryArray, Int64Array, RecordBatch, StringArray, StringViewArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use bywash_core::Code;
use bywash_python::{Argument, ArgumentValue, Expected, Form, Level, Stream};

use super::Project;
use super::project::{declared, rows, table};

fn numbers(count: i64) -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..count));
    RecordBatch::try_from_iter([("n", numbers)]).expect("a batch")
}

#[tokio::test]
async fn a_function_gets_tables_and_values_and_gives_a_table() {
    let project = Project::new();
    let mut call = project.source(
        "import pyarrow as pa\nimport pyarrow.compute as pc\n\n\
         def f(flights, factor):\n    assert isinstance(flights, pa.Table), flights\n    \
         return flights.append_column('text', pc.cast(flights['n'], pa.string())).set_column(\n        \
         0, 'n', pc.multiply(flights['n'], factor))\n",
    );
    let value = ArgumentValue::Value(serde_json::json!(3));
    call.arguments = vec![
        rows("flights", project.hand_over(&[numbers(3), numbers(2)]), Form::Table),
        Argument { name: "factor".to_owned(), value },
    ];
    call.expected = Expected::One(declared("f", &[("text", DataType::Utf8), ("n", DataType::Int64)]));
    let answer = project.call(call).await.expect("an answer");
    let table = table(&answer.outputs[0]);
    assert_eq!(table.column(1).as_primitive::<Int64Type>().values(), &[0, 3, 6, 0, 3]);
    assert_eq!(table.column(0).as_string::<i32>().value(2), "2");
    assert_eq!(answer.outputs[0].rows(), 5);
    assert_eq!(project.left(), Vec::<String>::new());
}

#[tokio::test]
async fn readers_and_generators_go_batch_by_batch() {
    let project = Project::new();
    let many = numbers(5_000_000);
    let mut call = project.source(
        "import pyarrow as pa\n\ndef f(flights):\n    assert isinstance(flights, pa.RecordBatchReader)\n    \
         for batch in flights:\n        print(batch.num_rows)\n        yield batch\n",
    );
    call.arguments = vec![rows("flights", project.hand_over(&[numbers(100), many, numbers(50)]), Form::Reader)];
    let answer = project.call(call).await.expect("an answer");
    assert_eq!(answer.outputs[0].rows(), 5_000_150);
    // Small ones are brought together, large ones are not waited for.
    assert_eq!(project.texts(), ["5000100", "50"]);
}

#[tokio::test]
async fn text_arrives_as_text_however_it_was_held() {
    let project = Project::new();
    let dictionary: DictionaryArray<Int32Type> = ["a", "b", "a"].into_iter().collect();
    let view = StringViewArray::from(vec!["a text that is longer than twelve bytes", "b", "c"]);
    let columns: [(&str, ArrayRef); 2] = [("d", Arc::new(dictionary)), ("v", Arc::new(view))];
    let batch = RecordBatch::try_from_iter(columns).expect("a batch");
    let mut call = project.function(
        "import pyarrow as pa\n\
         flights = inputs['flights']\n\
         assert flights.schema.types == [pa.string(), pa.string()], flights.schema\n\
         return pa.table({'d': flights['d'].cast(pa.large_string()), 'v': flights['v'].dictionary_encode()})",
    );
    call.arguments = vec![rows("flights", project.hand_over(&[batch.slice(1, 2)]), Form::Table)];
    call.expected = Expected::One(declared("f", &[("d", DataType::Utf8), ("v", DataType::Utf8View)]));
    let answer = project.call(call).await.expect("an answer");
    let table = table(&answer.outputs[0]);
    assert_eq!(table.column(0).as_ref(), &StringArray::from(vec!["b", "a"]) as &dyn arrow::array::Array);
    assert_eq!(table.column(1).as_ref(), &StringArray::from(vec!["b", "c"]) as &dyn arrow::array::Array);
}

#[tokio::test]
async fn several_tables_come_in_a_dictionary() {
    let project = Project::new();
    let mut call = project.function(
        "import pyarrow as pa\nreturn {'late': pa.table({'n': [2]}), 'early': pa.table({'n': pa.array([], pa.int64())})}",
    );
    let n = [("n", DataType::Int64)];
    call.expected = Expected::Several(vec![declared("early", &n), declared("late", &n)]);
    let answer = project.call(call.clone()).await.expect("an answer");
    let found: Vec<_> = answer.outputs.iter().map(|output| (output.name(), output.rows())).collect();
    assert_eq!(found, [("early", 0), ("late", 1)]);

    call.expected = Expected::Several(vec![declared("early", &n), declared("on_time", &n)]);
    let error = project.error(call.clone()).await;
    assert_eq!(error.code(), Code::PythonColumns);
    assert!(error.message().contains("`on_time`"), "{error:?}");

    call.expected = Expected::Anything;
    let answer = project.call(call).await.expect("an answer");
    assert_eq!(answer.outputs.len(), 2);
}

#[tokio::test]
async fn whatever_is_returned_can_be_found_out() {
    let project = Project::new();
    let mut call = project.function(
        "import pyarrow as pa\nreturn pa.table({'a': pa.array(['x'], pa.string_view()), 'b': [1.5], 'c': [[1, 2]]})",
    );
    call.expected = Expected::Anything;
    let answer = project.call(call).await.expect("an answer");
    assert_eq!(answer.outputs[0].name(), "f");
    let types: Vec<_> = answer.outputs[0].schema().fields().iter().map(|field| field.data_type().clone()).collect();
    let list = DataType::new_list(DataType::Int64, true);
    assert_eq!(types[..2], [DataType::Utf8, DataType::Float64]);
    assert!(types[2].equals_datatype(&list), "{types:?}");
}

#[tokio::test]
async fn polars_frames_come_and_go() {
    let project = Project::new();
    let mut call = project.function(
        "import polars as pl\nflights = inputs['flights']\nassert isinstance(flights, pl.DataFrame)\n\
         return flights.filter(pl.col('n') > 1)",
    );
    call.arguments = vec![rows("flights", project.hand_over(&[numbers(5)]), Form::Polars)];
    let answer = project.call(call).await.expect("an answer");
    assert_eq!(answer.outputs[0].rows(), 3);
}

#[tokio::test]
async fn lines_arrive_with_their_streams_and_levels() {
    let project = Project::new();
    let call = project.function(
        "import logging, os, sys\nimport pyarrow as pa\nprint('one')\nprint('two', file=sys.stderr)\n\
         logging.getLogger('loader').warning('three %s', 3)\nlogging.info('four')\nos.write(1, b'five')\n\
         return pa.table({'n': [1]})",
    );
    project.call(call).await.expect("an answer");
    let lines = project.lines.lock().expect("lines");
    let mut found: Vec<_> = lines.iter().map(|line| (line.text.as_str(), line.stream)).collect();
    found.sort_by_key(|(text, _)| *text);
    let expected = [
        ("five", Stream::Stdout),
        ("four", Stream::Logging(Level::Info)),
        ("loader: three 3", Stream::Logging(Level::Warning)),
        ("one", Stream::Stdout),
        ("two", Stream::Stderr),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_changed_file_is_read_again_and_nothing_stays_in_a_module() {
    let project = Project::new();
    project.write("helper.py", "value = 1\n");
    let text = "import pyarrow as pa\nimport helper\n\ndef f():\n    helper.value += 1\n    return pa.table({'n': [helper.value]})\n";
    for (value, expected) in [(1, 2), (1, 2), (7, 8)] {
        project.write("helper.py", &format!("value = {value}\n"));
        let answer = project.call(project.source(text)).await.expect("an answer");
        assert_eq!(table(&answer.outputs[0]).column(0).as_primitive::<Int64Type>().values(), &[expected]);
    }
}

#[tokio::test]
async fn a_function_of_sql_answers_batch_after_batch() {
    let project = Project::new();
    let call = project.source(
        "import pyarrow.compute as pc\ncalls = 0\n\ndef f(n):\n    global calls\n    calls += 1\n    print('call', calls)\n    \
         return pc.add(n, 1)\n",
    );
    let lines = Arc::clone(&project.lines);
    let mut udf =
        project.pool.udf(call, move |line| lines.lock().expect("lines").push(line)).await.expect("a function");
    for _ in 0..3 {
        let values = udf.apply(&numbers(3)).await.expect("values");
        assert_eq!(values.as_primitive::<Int64Type>().values(), &[1, 2, 3]);
    }
    assert_eq!(udf.apply(&numbers(0)).await.expect("no values").len(), 0);
    drop(udf);

    let call = project.source("def f(n):\n    return n[:1]\n");
    let mut udf = project.pool.udf(call, |_| {}).await.expect("a function");
    let error = udf.apply(&numbers(3)).await.expect_err("too few values");
    assert_eq!(error.code(), Code::PythonColumns);
    assert!(error.message().contains("1 values for 3 rows"), "{error:?}");

    let error = project.pool.udf(project.source("import nothing_of_that_name\n"), |_| {}).await.expect_err("no module");
    assert_eq!(error.code(), Code::PythonException);
}
