//! Functions in Python as nodes of the graph: real functions in real workers.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bywash_testkit::Sandbox;
use serde_json::Value;

use crate::sandbox;
use crate::shop::{json, rows};

/// The interpreter that `make` has made for tests beside what cargo builds: it has pyarrow and polars.
pub(crate) fn interpreter() -> (String, String) {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the folder of the build");
    ("BYWASH_PYTHON__INTERPRETER".to_owned(), built.join("venv-readers/bin/python").display().to_string())
}

/// A project with a source, a seed, a table and a view in SQL, and functions between them.
pub(crate) fn flights() -> Sandbox {
    let flights = sandbox();
    let cache = flights.path().join("cache").display().to_string();
    let flights = flights.with_environment([interpreter(), ("BYWASH_PYTHON__CACHE".to_owned(), cache)]);
    flights.write("bywash.toml", "[project]\nname = \"flights\"\n");
    flights.write("sources/raw.yml", "name: raw\nresources:\n  - name: flights\n    path: data/flights*.csv\n");
    flights.write("data/flights1.csv", "carrier,origin,delay\nUA,EWR,10\nUA,JFK,\nDL,JFK,30\nDL,EWR,50\nAA,JFK,-5\n");
    flights.write(
        "models/marts/risk.py",
        "import bywash as bw\nimport pyarrow as pa\nimport pyarrow.compute as pc\nfrom helpers.scale import scaled\n\n\n\
         @bw.model(columns={\"carrier\": \"string\", \"risk\": \"float64\"})\n\
         def risk(flights=bw.table(\"raw.flights\", columns=[\"carrier\", \"delay\"], filter=\"delay is not null\"),\n         \
         limit=bw.param(\"limit\", 15)):\n    \
         assert flights.column_names == [\"carrier\", \"delay\"], flights.column_names\n    \
         print(f\"{flights.num_rows} flights\")\n    \
         late = flights.append_column(\"late\", pc.cast(pc.greater(flights[\"delay\"], limit), pa.int64()))\n    \
         grouped = late.group_by(\"carrier\").aggregate([(\"late\", \"mean\")])\n    \
         return pa.table({\"carrier\": grouped[\"carrier\"], \"risk\": scaled(grouped[\"late_mean\"])})\n",
    );
    flights.write(
        "helpers/scale.py",
        "import pyarrow.compute as pc\n\n\ndef scaled(values):\n    return pc.multiply(values, 1.0)\n",
    );
    flights.write("models/marts/worst.sql", "select carrier from marts.risk where risk > 0.5\n");
    flights
}

pub(crate) fn node<'a>(report: &'a Value, name: &str) -> &'a Value {
    let nodes = report["nodes"].as_array().expect("nodes");
    nodes.iter().find(|node| node["name"] == name).unwrap_or_else(|| panic!("no {name}: {report}"))
}

pub(crate) fn status(report: &Value, name: &str) -> String {
    node(report, name)["status"].as_str().expect("a status").to_owned()
}

pub(crate) fn run(flights: &Sandbox, more: &[&str]) -> Value {
    json(&flights.run([&["run", "-o", "json"], more].concat()).success())
}

#[test]
fn a_function_reads_a_source_and_sql_reads_the_function() {
    let flights = flights();
    let output = flights.run(["run", "-o", "json"]).success();
    assert!(output.stderr.contains("marts.risk: 4 flights"), "{output}");
    let report = json(&output);
    assert_eq!(node(&report, "marts.risk")["kind"], "python");
    assert_eq!(status(&report, "marts.risk"), "ran");
    assert_eq!(rows(&flights, "from marts.risk"), ["AA,0.0", "DL,1.0", "UA,0.0"]);
    assert_eq!(rows(&flights, "from marts.worst"), ["DL"]);
    let logs = flights.files(".bywash/logs");
    assert_eq!(flights.read(format!(".bywash/logs/{}", logs[0])), "marts.risk: 4 flights\n");
}

#[test]
fn r3_a_function_runs_again_for_new_rows_code_helpers_and_parameters_alone() {
    let flights = flights();
    run(&flights, &[]);
    assert_eq!(status(&run(&flights, &[]), "marts.risk"), "reused");
    let text = flights.read("models/marts/risk.py");
    flights.write(
        "models/marts/risk.py",
        format!("# a comment\n{}", text.replace("    print", "\n    # more\n    print")),
    );
    assert_eq!(status(&run(&flights, &[]), "marts.risk"), "reused");

    let report = run(&flights, &["--param", "limit=40"]);
    assert_eq!(status(&report, "marts.risk"), "ran");
    assert_eq!(rows(&flights, "from marts.risk where risk > 0"), ["DL,0.5"]);
    assert_eq!(status(&run(&flights, &[]), "marts.risk"), "reused", "the first output is still kept");

    flights.write(
        "helpers/scale.py",
        "import pyarrow.compute as pc\n\n\ndef scaled(values):\n    return pc.multiply(values, 2.0)\n",
    );
    let report = run(&flights, &[]);
    assert_eq!(node(&report, "marts.risk")["reason"], "its code or settings changed");
    assert_eq!(rows(&flights, "from marts.risk where risk > 0"), ["DL,2.0"]);

    flights.write("data/flights2.csv", "carrier,origin,delay\nAA,EWR,90\n");
    let report = run(&flights, &[]);
    assert_eq!(node(&report, "marts.risk")["reason"], "`raw.flights` changed");
    assert_eq!(rows(&flights, "from marts.risk where carrier = 'AA'"), ["AA,1.0"]);
}

#[test]
fn several_tables_of_one_call_are_nodes_of_their_own() {
    let flights = flights();
    flights.write(
        "models/marts/split.py",
        "import logging\nimport bywash as bw\nimport pyarrow.compute as pc\nfrom .util import is_late\n\n\n\
         @bw.model(columns={\"late\": {\"carrier\": \"string\"}, \"early\": {\"carrier\": \"string\", \"delay\": \"int64\"}})\n\
         def split(flights=bw.table(\"raw.flights\")):\n    print(\"called\")\n    logging.warning(\"beware\")\n    \
         late = is_late(flights[\"delay\"])\n    \
         return {\"late\": flights.filter(late).select([\"carrier\"]),\n            \
         \"early\": flights.filter(pc.invert(late)).select([\"carrier\", \"delay\"])}\n",
    );
    flights.write(
        "models/marts/util.py",
        "import pyarrow.compute as pc\n\n\ndef is_late(delay):\n    return pc.greater(delay, 0)\n",
    );
    let output = flights.run(["run", "-o", "json"]).success();
    assert_eq!(output.stderr.matches(": called").count(), 1, "{output}");
    assert!(output.stderr.contains(": warning: beware"), "{output}");
    assert_eq!(rows(&flights, "from marts.early"), ["AA,-5"]);
    assert_eq!(rows(&flights, "from marts.late"), ["DL", "DL", "UA"]);
    let report = run(&flights, &["-s", "early"]);
    assert_eq!(report["nodes"].as_array().map(Vec::len), Some(1));
    assert_eq!(status(&report, "marts.early"), "reused");
}

#[test]
fn readers_generators_and_data_frames_go_in_and_out() {
    let flights = flights();
    flights.write(
        "models/marts/stream.py",
        "import bywash as bw\nimport pyarrow as pa\nimport polars as pl\nfrom typing import Annotated\n\n\n\
         @bw.model(columns={\"origin\": \"string\", \"n\": \"int64\"}, partition_by=[\"origin\"])\n\
         def stream(flights: Annotated[pa.RecordBatchReader, bw.table(\"raw.flights\")]):\n    \
         for batch in flights:\n        \
         yield pa.record_batch({\"origin\": batch[\"origin\"], \"n\": pa.array([1] * len(batch), pa.int64())})\n\n\n\
         @bw.model(columns={\"origin\": \"string\", \"n\": \"int64\"})\n\
         def framed(stream: pl.DataFrame = bw.table(\"marts.stream\")):\n    \
         return stream.group_by(\"origin\").agg(pl.col(\"n\").sum())\n",
    );
    run(&flights, &[]);
    assert_eq!(rows(&flights, "from marts.framed"), ["EWR,2", "JFK,3"]);
    let files = rows(&flights, "select files from bywash.tables where name = 'marts.stream'");
    assert_eq!(files, ["2"], "one for each partition");
}

#[test]
fn a_failure_has_the_users_line_its_siblings_finish_and_nothing_is_published() {
    let flights = flights();
    flights.write(
        "models/marts/bad.py",
        "import bywash as bw\n\n\n@bw.model(columns={\"a\": \"int64\"})\ndef raises(rows=bw.table(\"raw.flights\")):\n    \
         return rows.column(\"nope\")\n\n\n\
         @bw.model(columns={\"a\": \"int64\"})\ndef wrong_columns(rows=bw.table(\"raw.flights\")):\n    return rows\n\n\n\
         @bw.model(columns={\"a\": \"int64\"})\ndef dies():\n    import os\n    os._exit(3)\n\n\n\
         @bw.model(columns={\"a\": \"int64\"}, timeout=\"1s\")\ndef loops():\n    while True:\n        pass\n",
    );
    flights.write("models/marts/after.sql", "select * from marts.raises\n");
    let output = flights.run(["run", "-o", "json"]).failure("python-exception");
    let report = json(&output);
    assert_eq!(report["status"], "failed");
    for name in ["raises", "wrong_columns", "dies", "loops"] {
        assert_eq!(status(&report, &format!("marts.{name}")), "failed");
    }
    assert_eq!(status(&report, "marts.after"), "skipped");
    assert_eq!(status(&report, "marts.risk"), "ran");
    for text in ["models/marts/bad.py:6", "python-exception", "python-columns", "python-crashed", "python-limit"] {
        assert!(output.stderr.contains(text), "{text}: {output}");
    }
    flights.run(["query", "from marts.risk"]).failure("unknown-table");
    std::fs::remove_file(flights.path().join("models/marts/bad.py")).expect("removed");
    std::fs::remove_file(flights.path().join("models/marts/after.sql")).expect("removed");
    assert_eq!(status(&run(&flights, &[]), "marts.risk"), "reused", "rule R2: what had finished is taken");
}

#[test]
fn check_finds_what_is_wrong_with_inputs_and_readers_and_starts_no_python() {
    let flights = flights();
    flights.write(
        "models/marts/wrong.py",
        "import bywash as bw\nraise SystemExit('this file was run')\n\n\n\
         @bw.model(columns={\"a\": \"int64\"})\n\
         def wrong(x=bw.table(\"raw.flights\", columns=[\"carier\"]), y=bw.table(\"raw.flights\", filter=\"dely > 3\"),\n          \
         z=bw.table(\"marts.risk\", filter=\"risk > 'x'\"), w=bw.param(\"wanted\")):\n    ...\n",
    );
    flights.write("models/marts/reads.sql", "select rsik from marts.risk\n");
    let flights = flights.with_environment([("BYWASH_PYTHON__INTERPRETER".to_owned(), "/nowhere/python".to_owned())]);
    let output = flights.run(["check"]).failure("unknown-column");
    insta::assert_snapshot!(output.filters.apply(&output.stderr), @r#"
    error[unknown-column]: there is no column `rsik`
     --> models/marts/reads.sql:1:8
      |
    1 | select rsik from marts.risk
      |        ^^^^
    hint: did you mean `risk`?

    error[unknown-column]: `raw.flights` has no column `carier`
     --> models/marts/wrong.py:6:46
      |
    6 | def wrong(x=bw.table("raw.flights", columns=["carier"]), y=bw.table("raw.flights", filter="dely > 3"),
      |                                              ^^^^^^^^
    hint: did you mean `carrier`?

    error[unknown-column]: there is no column `dely`
     --> models/marts/wrong.py:6:91
      |
    6 | def wrong(x=bw.table("raw.flights", columns=["carier"]), y=bw.table("raw.flights", filter="dely > 3"),
      |                                                                                           ^^^^^^^^^^
    hint: did you mean `delay`?

    error[invalid-python]: no value is given for the parameter `wanted`
     --> models/marts/wrong.py:7:58
      |
    7 |           z=bw.table("marts.risk", filter="risk > 'x'"), w=bw.param("wanted")):
      |                                                          ^^^^^^^^^^^^^^^^^^^^
    hint: add `--param wanted=VALUE`, or a default: `bw.param("wanted", VALUE)`

    4 problems
    for more: bywash explain unknown-column
    "#);
    flights.run(["ls"]).success();
    std::fs::remove_file(flights.path().join("models/marts/reads.sql")).expect("removed");
    std::fs::remove_file(flights.path().join("models/marts/wrong.py")).expect("removed");
    flights.run(["check"]).success();
    let compiled = flights.run(["compile", "marts.risk"]).success();
    insta::assert_snapshot!(compiled.stdout, @r#"
    -- flights
    SELECT
      "carrier",
      "delay"
    FROM
      raw.flights
    WHERE
      (delay IS NOT NULL);
    "#);
}

#[test]
fn a_column_that_is_filtered_by_and_handed_over_is_told_once() {
    let flights = flights();
    let links = json(&flights.run(["lineage", "marts.risk.risk", "-o", "json"]).success());
    let links = links["links"].as_array().expect("links");
    let of_delay: Vec<_> = links.iter().filter(|link| link["from"]["column"] == "delay").collect();
    assert_eq!(of_delay.len(), 1, "{links:?}");
    assert_eq!(of_delay[0]["how"], "value");
}

#[test]
fn the_author_declares_what_columns_are_made_of() {
    let flights = flights();
    let text = flights.read("models/marts/risk.py");
    let declared = |lineage: &str| text.replace("\"float64\"})", &format!("\"float64\"}}, lineage={lineage})"));
    flights.write("models/marts/risk.py", declared("{\"carrier\": \"flights.carrier\"}"));
    let up = |column: &str| {
        let found = json(&flights.run(["lineage", column, "--up", "-o", "json"]).success());
        let links = found["links"].as_array().expect("links").clone();
        let name = |link: &Value| format!("{} {}", link["from"]["column"], link["how"]);
        let mut names: Vec<_> = links.iter().map(|link| name(link).replace('"', "")).collect();
        names.sort();
        names
    };
    assert_eq!(up("marts.risk.carrier"), ["carrier value", "delay influence"], "the filter decides");
    assert_eq!(up("marts.risk.risk"), ["carrier value", "delay value"], "what is not declared may be all");
    flights.write("models/marts/risk.py", declared("{\"risky\": [\"flights.origin\", \"flight.delay\"]}"));
    let stderr = flights.run(["check"]).failure("unknown-column").stderr;
    for said in ["gives no column `risky`", "does not read `origin`", "`flight.delay` is no column of a table"] {
        assert!(stderr.contains(said), "{said}: {stderr}");
    }
}

#[test]
fn tests_selection_and_descriptions_apply_to_functions_as_to_sql() {
    let flights = flights();
    flights.write(
        "models/marts/marts.yml",
        "models:\n  - name: risk\n    description: How often a carrier is late\n    tags: [nightly]\n    columns:\n      \
         - name: carrier\n        data_tests: [not_null, unique]\n      - name: risk\n        data_tests:\n          \
         - accepted_values: {values: [0, 1]}\n",
    );
    let report = run(&flights, &["-s", "+tag:nightly"]);
    let nodes = report["nodes"].as_array().expect("nodes");
    assert_eq!(nodes.len(), 2);
    assert!(report["tests"].as_array().expect("tests").iter().all(|test| test["status"] == "passed"), "{report}");
    flights.run(["run", "--param", "limit=40"]).failure("test-failed");
    assert_eq!(rows(&flights, "from marts.risk where risk > 0"), ["DL,1.0"], "blocked");
}

#[test]
fn r5_a_volatile_function_runs_every_time_unless_it_is_stable_for_a_while() {
    let flights = flights();
    let file = |more: &str| {
        format!(
            "import bywash as bw\nimport pyarrow as pa\n\n\n@bw.model(columns={{\"a\": \"int64\"}}, {more})\ndef dice():\n    \
             return pa.table({{\"a\": [4]}})\n"
        )
    };
    flights.write("models/marts/dice.py", file("volatile=True"));
    run(&flights, &[]);
    assert_eq!(status(&run(&flights, &[]), "marts.dice"), "ran");
    flights.write("models/marts/dice.py", file("network=True, stable_for=\"1000d\""));
    run(&flights, &[]);
    assert_eq!(status(&run(&flights, &[]), "marts.dice"), "reused");
}

#[test]
fn infer_writes_the_declaration_and_leaves_the_rest_as_it_is() {
    let flights = flights();
    flights.write(
        "models/marts/new.py",
        "# Kept.\nimport bywash as bw\nimport pyarrow as pa\n\n\n@bw.model( memory='1GB')  # kept too\n\
         def fresh(flights = bw.table(\"raw.flights\")):\n    \
         return pa.table({\"n\": [1], 'words': [['a']], \"delay\": pa.array([1.5]), \"s\": [{\"x\": 1}]})\n",
    );
    flights.run(["check"]).failure("undeclared-columns");
    flights.run(["run"]).failure("undeclared-columns");
    let output = flights.run(["infer", "marts.fresh"]).failure("unknown-table");
    assert!(output.stderr.contains("hint: make what it reads first"), "{output}");
    flights.run(["run", "-s", "raw.flights"]).success();
    flights.run(["infer", "marts.fresh"]).success();
    insta::assert_snapshot!(flights.read("models/marts/new.py"), @r#"
    # Kept.
    import bywash as bw
    import pyarrow as pa


    @bw.model(columns={
        "n": "long",
        "words": "list<string>",
        "delay": "double",
        "s": "struct<x: long>",
    }, memory='1GB')  # kept too
    def fresh(flights = bw.table("raw.flights")):
        return pa.table({"n": [1], 'words': [['a']], "delay": pa.array([1.5]), "s": [{"x": 1}]})
    "#);
    run(&flights, &[]);
    assert_eq!(rows(&flights, "select n, delay from marts.fresh"), ["1,1.5"]);
    let again = flights.run(["infer", "fresh"]).success();
    assert!(again.stderr.contains("says so already"), "{again}");
}

#[test]
fn show_gives_the_rows_of_a_function_and_keeps_nothing() {
    let flights = flights();
    flights.run(["load"]).success();
    let output = flights.run(["show", "marts.risk", "-o", "csv", "--param", "limit=40"]).success();
    assert!(output.stdout.contains("DL,0.5"), "{output}");
    flights.run(["query", "from marts.risk"]).failure("unknown-table");
}

#[test]
fn a_function_of_sql_is_called_by_queries_and_counts_in_the_keys_of_models() {
    let flights = flights();
    let file = |factor: &str| {
        format!(
            "import bywash as bw\nimport pyarrow.compute as pc\n\n\n\
             @bw.udf(args=[\"float64\"], returns=\"float64\")\ndef minutes(hours):\n    \
             return pc.multiply(hours, {factor})\n"
        )
    };
    flights.write("functions/time.py", file("60.0"));
    flights.write(
        "models/marts/long.sql",
        "select carrier, minutes(delay) as m from raw.flights where minutes(delay) > 700\n",
    );
    run(&flights, &[]);
    assert_eq!(rows(&flights, "from marts.long"), ["DL,1800.0", "DL,3000.0"]);
    assert_eq!(rows(&flights, "select minutes(2) as m"), ["120.0"]);
    assert_eq!(status(&run(&flights, &[]), "marts.long"), "reused");
    flights.write("functions/time.py", file("61.0"));
    assert_eq!(status(&run(&flights, &[]), "marts.long"), "ran");
    assert_eq!(rows(&flights, "from marts.long"), ["DL,1830.0", "DL,3050.0"]);
}

/// The processes that have a word in their command line or environment.
pub(crate) fn processes_with(word: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("processes").flatten();
    let named = entries.filter(|entry| {
        let has =
            |file: &str| std::fs::read(entry.path().join(file)).is_ok_and(|bytes| contains(&bytes, word.as_bytes()));
        has("cmdline") || has("environ")
    });
    named.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// Whether nothing that has a word in its command line or environment is left soon.
fn ends_soon(word: &str) -> bool {
    (0..100).any(|_| {
        processes_with(word).is_empty() || {
            std::thread::sleep(Duration::from_millis(100));
            false
        }
    })
}

#[test]
fn a_guard_that_is_killed_takes_all_along_and_fails_its_node_alone() {
    let flights = flights();
    flights.write(
        "models/marts/slow.py",
        "import bywash as bw\nimport os, time\n\n\n@bw.model(columns={\"a\": \"int64\"})\ndef slow():\n    \
         print(f'guard {os.getppid()}', flush=True)\n    \
         if os.fork() == 0:\n        os.setsid()\n    time.sleep(600)\n",
    );
    let log = flights.path().join("stderr");
    let errors = std::fs::File::create(&log).expect("a file");
    let mut process = flights.command(["run"]).process();
    let mut child = process.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn().expect("the binary");
    let guard = || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        text.split_once("guard ").and_then(|(_, rest)| Some(rest.lines().next()?.trim().to_owned()))
    };
    let guard = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(100));
        guard()
    });
    assert!(Command::new("kill").args(["-KILL", &guard.expect("a guard")]).status().expect("kill").success());
    assert!(!child.wait().expect("its end").success());
    let text = std::fs::read_to_string(&log).expect("what it said");
    assert!(text.contains("the processes of `slow` were killed from outside"), "{text}");
    assert!(
        ends_soon(&flights.path().display().to_string()),
        "{:?}",
        processes_with(&flights.path().display().to_string())
    );
    std::fs::remove_file(flights.path().join("models/marts/slow.py")).expect("removed");
    assert_eq!(status(&run(&flights, &[]), "marts.risk"), "reused", "its sibling had finished");
}

#[test]
fn memory_has_a_limit_though_nobody_set_one() {
    let flights = flights();
    flights.write(
        "models/marts/large.py",
        "import bywash as bw\n\n\n@bw.model(columns={\"a\": \"int64\"})\ndef large():\n    return b'x' * (100 << 30)\n",
    );
    let output = flights.run(["run"]).failure("python-limit");
    assert!(output.stderr.contains("`large` needs more memory than the "), "{output}");
    assert!(output.stderr.contains("raise `memory=`"), "{output}");
}

#[test]
fn ctrl_c_and_kill_leave_no_process_and_publish_nothing() {
    for signal in ["-INT", "-KILL"] {
        let flights = flights();
        flights.write(
            "models/marts/slow.py",
            "import bywash as bw\nimport os, time\n\n\n@bw.model(columns={\"a\": \"int64\"})\ndef slow():\n    \
             print('begun', flush=True)\n    \
             os.fork()\n    time.sleep(600)\n",
        );
        let log = flights.path().join("stderr");
        let mut process = flights.command(["run"]).process();
        let errors = std::fs::File::create(&log).expect("a file");
        let mut child = process.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn().expect("the binary");
        let begun = || std::fs::read_to_string(&log).is_ok_and(|text| text.contains("begun"));
        for _ in 0..600 {
            if begun() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(begun(), "{:?}", std::fs::read_to_string(&log));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().expect("kill").success());
        child.wait().expect("its end");
        let folder = flights.path().display().to_string();
        assert!(ends_soon(&folder), "{signal}: {:?}", processes_with(&folder));
        std::fs::remove_file(flights.path().join("models/marts/slow.py")).expect("removed");
        flights.run(["query", "from marts.risk"]).failure("unknown-table");
        run(&flights, &[]);
    }
}

#[test]
fn a_function_is_done_again_with_the_code_it_had() {
    let flights = flights();
    let first = run(&flights, &["--param", "limit=40"])["run"].as_str().expect("an id").to_owned();
    let helper = flights.read("helpers/scale.py").replace("1.0", "3.0");
    flights.write("helpers/scale.py", helper);
    assert_eq!(status(&run(&flights, &[]), "marts.risk"), "ran");
    let output = flights.run(["rerun", &first, "-o", "json"]).success();
    let report = json(&output);
    assert_eq!(report["identical"], true, "{output}");
    let branch = report["branch"].as_str().expect("a branch");
    assert_eq!(rows(&flights, &format!("from \"marts.risk@{branch}\" where risk > 0")), ["DL,0.5"]);
}
