//! Rule R6 for functions in Python: called with new rows where that suffices, and with all rows otherwise.

use bywash_testkit::Sandbox;

use crate::python::{flights, interpreter, node, run, status};
use crate::shop::{copy, rows};

/// A function that doubles delays, row by row, and says how many rows it was given.
const DOUBLED: &str = "import bywash as bw\nimport pyarrow as pa\nimport pyarrow.compute as pc\n\n\n\
    @bw.model(columns={\"carrier\": \"string\", \"twice\": \"int64\"}, kind=\"incremental\", incremental_from=[\"raw.flights\"])\n\
    def doubled(flights=bw.table(\"raw.flights\", columns=[\"carrier\", \"delay\"], filter=\"delay is not null\")):\n    \
    print(f\"{flights.num_rows} rows\")\n    \
    return pa.table({\"carrier\": flights[\"carrier\"], \"twice\": pc.multiply(flights[\"delay\"], 2)})\n";

fn doubled() -> Sandbox {
    let flights = flights();
    flights.write("models/marts/doubled.py", DOUBLED);
    flights
}

/// Runs, and says why a node ran and how many rows it was given.
fn ran(flights: &Sandbox, name: &str) -> (String, String) {
    let report = run(flights, &[]);
    let node = node(&report, name);
    assert_eq!(node["status"], "ran", "{node}");
    let sql = format!("select rows_in from bywash.run_nodes where name = '{name}' and run = {}", report["run"]);
    let given = rows(flights, &sql.replace('"', "'")).concat();
    (node["reason"].as_str().expect("a reason").to_owned(), given)
}

/// The table of an incremental model is what a full refresh makes it.
fn same_as_refreshed(flights: &Sandbox, table: &str) {
    let cache = flights.path().join("cache").display().to_string();
    let fresh = copy(flights).with_environment([interpreter(), ("BYWASH_PYTHON__CACHE".to_owned(), cache)]);
    fresh.run(["run", "--full-refresh"]).success();
    let all = format!("from {table}");
    assert_eq!(rows(flights, &all), rows(&fresh, &all));
}

#[test]
fn r6_a_function_is_called_with_new_rows_alone() {
    let flights = doubled();
    assert_eq!(ran(&flights, "marts.doubled"), ("it has never run here".to_owned(), "4".to_owned()));
    assert_eq!(status(&run(&flights, &[]), "marts.doubled"), "reused");

    flights.write("data/flights2.csv", "carrier,origin,delay\nAA,EWR,90\nAA,JFK,\n");
    let plan = flights.run(["load"]).success();
    assert!(plan.stderr.contains("raw.flights"), "{plan}");
    let plan = flights.run(["plan", "-s", "marts.doubled", "-o", "csv"]).success();
    assert!(plan.stdout.contains("marts.doubled,python,extend,new rows"), "{plan}");
    assert_eq!(ran(&flights, "marts.doubled"), ("new rows".to_owned(), "1".to_owned()));
    assert_eq!(rows(&flights, "from marts.doubled"), ["AA,-10", "AA,180", "DL,100", "DL,60", "UA,20"]);
    same_as_refreshed(&flights, "marts.doubled");
    assert_eq!(status(&run(&flights, &[]), "marts.doubled"), "reused");

    // A file whose rows the filter leaves out entirely still counts as consumed.
    flights.write("data/flights3.csv", "carrier,origin,delay\nUA,EWR,\n");
    run(&flights, &[]);
    assert_eq!(status(&run(&flights, &[]), "marts.doubled"), "reused");
    same_as_refreshed(&flights, "marts.doubled");
}

#[test]
fn r6_whatever_else_changed_is_a_full_refresh() {
    let flights = doubled();
    run(&flights, &[]);
    flights.write("data/flights1.csv", "carrier,origin,delay\nUA,EWR,11\nDL,JFK,30\n");
    let (reason, given) = ran(&flights, "marts.doubled");
    assert_eq!((reason.as_str(), given.as_str()), ("rows of `raw.flights` were changed or taken back", "2"));
    assert_eq!(rows(&flights, "from marts.doubled"), ["DL,60", "UA,22"]);

    flights.write("models/marts/doubled.py", DOUBLED.replace(", 2)", ", 3)"));
    flights.write("data/flights2.csv", "carrier,origin,delay\nAA,EWR,90\n");
    let (reason, given) = ran(&flights, "marts.doubled");
    assert_eq!((reason.as_str(), given.as_str()), ("its code or settings changed", "3"));
    assert_eq!(rows(&flights, "from marts.doubled"), ["AA,270", "DL,90", "UA,33"]);

    flights.run(["query", "delete from raw.flights where carrier = 'UA'"]).success();
    assert_eq!(ran(&flights, "marts.doubled").1, "2");
    let report = run(&flights, &["--full-refresh", "-s", "doubled"]);
    assert_eq!(node(&report, "marts.doubled")["reason"], "full refresh");
    same_as_refreshed(&flights, "marts.doubled");

    let table = DOUBLED.replace(", kind=\"incremental\", incremental_from=[\"raw.flights\"]", "");
    flights.write("models/marts/doubled.py", &table);
    assert_eq!(status(&run(&flights, &[]), "marts.doubled"), "ran", "another kind is another recipe");
}

#[test]
fn r6_a_change_of_another_input_counts_unless_it_is_static() {
    let joined = |more: &str| {
        format!(
            "import bywash as bw\n\n\n\
             @bw.model(columns={{\"carrier\": \"string\", \"name\": \"string\"}}, kind=\"incremental\", \
             incremental_from=\"raw.flights\"{more})\n\
             def named(flights=bw.table(\"flights\"), names=bw.table(\"seeds.names\")):\n    \
             return flights.select([\"carrier\"]).join(names, \"carrier\").select([\"carrier\", \"name\"])\n"
        )
    };
    for (more, given) in [("", "9"), (", static=[\"seeds.names\"]", "3")] {
        let flights = flights();
        flights.write("seeds/names.csv", "carrier,name\nUA,United\nDL,Delta\n");
        flights.write("models/marts/named.py", joined(more));
        assert_eq!(ran(&flights, "marts.named").1, "7");
        flights.write("data/flights2.csv", "carrier,origin,delay\nDL,EWR,90\n");
        assert_eq!(ran(&flights, "marts.named"), ("new rows".to_owned(), "3".to_owned()));
        flights.write("seeds/names.csv", "carrier,name\nUA,United Airlines\nDL,Delta\n");
        flights.write("data/flights3.csv", "carrier,origin,delay\nUA,EWR,90\n");
        let (reason, rows_in) = ran(&flights, "marts.named");
        assert_eq!(rows_in, given, "{reason}");
    }
}

#[test]
fn r6_of_the_rows_of_one_key_the_last_stays() {
    let flights = flights();
    flights.write(
        "models/marts/last.py",
        "import bywash as bw\n\n\n\
         @bw.model(columns={\"carrier\": \"string\", \"delay\": \"int64\"}, kind=\"incremental\",\n          \
         incremental_from=[\"raw.flights\"], unique_key=\"carrier\", order_by=[\"delay\"])\n\
         def last(flights=bw.table(\"raw.flights\", columns=[\"carrier\", \"delay\"], filter=\"delay is not null\")):\n    \
         return flights\n",
    );
    run(&flights, &[]);
    assert_eq!(rows(&flights, "from marts.last"), ["AA,-5", "DL,50", "UA,10"]);
    flights.write("data/flights2.csv", "carrier,origin,delay\nAA,EWR,90\nUA,EWR,3\nB6,EWR,1\nB6,EWR,2\n");
    assert_eq!(ran(&flights, "marts.last"), ("new rows".to_owned(), "4".to_owned()));
    assert_eq!(rows(&flights, "from marts.last"), ["AA,90", "B6,2", "DL,50", "UA,10"]);
    same_as_refreshed(&flights, "marts.last");
    let text = flights.read("models/marts/last.py");
    flights.write("models/marts/last.py", text.replace("order_by=[\"delay\"]", "order_by=[\"delay desc\"]"));
    assert_eq!(ran(&flights, "marts.last").0, "`order_by` changed");
    assert_eq!(rows(&flights, "from marts.last"), ["AA,-5", "B6,1", "DL,30", "UA,3"]);
    flights.write("models/marts/last.py", text.replace("order_by=[\"delay\"]", "order_by=[\"dely\"]"));
    let output = flights.run(["check"]).failure("unknown-column");
    assert!(output.stderr.contains("did you mean `delay`?"), "{output}");
}

#[test]
fn r6_several_tables_of_one_call_grow_each_from_what_it_has_not_seen() {
    let flights = flights();
    flights.write(
        "models/marts/split.py",
        "import bywash as bw\nimport pyarrow.compute as pc\n\n\n\
         @bw.model(columns={\"late\": {\"carrier\": \"string\"}, \"early\": {\"carrier\": \"string\"}},\n          \
         kind=\"incremental\", incremental_from=[\"raw.flights\"])\n\
         def split(flights=bw.table(\"raw.flights\", filter=\"delay is not null\")):\n    print(\"called\")\n    \
         late = pc.greater(flights[\"delay\"], 0)\n    \
         return {\"late\": flights.filter(late).select([\"carrier\"]),\n            \
         \"early\": flights.filter(pc.invert(late)).select([\"carrier\"])}\n",
    );
    run(&flights, &[]);
    flights.write("data/flights2.csv", "carrier,origin,delay\nB6,EWR,90\n");
    run(&flights, &["-s", "raw.flights", "-s", "late"]);
    assert_eq!(rows(&flights, "from marts.late"), ["B6", "DL", "DL", "UA"]);
    flights.write("data/flights3.csv", "carrier,origin,delay\nVX,EWR,-90\nVX,EWR,9\n");
    let output = flights.run(["run", "-o", "json"]).success();
    // One is behind by two files, the other by one: these are two calls.
    assert_eq!(output.stderr.matches(": called").count(), 2, "{output}");
    assert_eq!(rows(&flights, "from marts.late"), ["B6", "DL", "DL", "UA", "VX"]);
    assert_eq!(rows(&flights, "from marts.early"), ["AA", "VX"]);
    flights.write("data/flights4.csv", "carrier,origin,delay\nWN,EWR,-1\n");
    let output = flights.run(["run", "-o", "json"]).success();
    assert_eq!(output.stderr.matches(": called").count(), 1, "{output}");
    for table in ["marts.late", "marts.early"] {
        same_as_refreshed(&flights, table);
    }
}
