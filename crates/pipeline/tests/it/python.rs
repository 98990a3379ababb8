//! Reading functions in Python without running them: what is understood, and every mistake with its place.

use bywash_pipeline::graph::Graph;
use bywash_pipeline::project::{ModelBody, Project};

use crate::sandbox::{load, problems};

const RAW: (&str, &str) = ("sources/raw.yml", "name: raw\nresources:\n  - name: flights\n    path: data/*.csv\n");
const SETTINGS: (&str, &str) = ("bywash.toml", "[project]\nname = \"flights\"\n");

fn read(files: &[(&str, &str)]) -> (Project, Graph) {
    load(&[&[SETTINGS, RAW], files].concat()).unwrap()
}

/// Name, inputs and columns of each model in Python, a line each.
fn shown(project: &Project) -> String {
    let models = project.models.iter().filter_map(|model| match &model.body {
        ModelBody::Python(python) => Some((model, python)),
        ModelBody::Sql(_) => None,
    });
    let lines = models.map(|(model, python)| {
        let fields: Vec<_> =
            python.schema.fields().iter().map(|field| format!("{} {}", field.name(), field.data_type())).collect();
        let inputs =
            python.inputs.iter().map(|input| format!("{}: {:?} {}", input.argument, input.form, input.query.sql()));
        format!("{} ({})\n  {}\n", model.name, fields.join(", "), inputs.collect::<Vec<_>>().join("\n  "))
    });
    lines.collect()
}

#[test]
fn every_spelling_of_imports_decorators_and_inputs_is_understood() {
    let (project, graph) = read(&[
        (
            "models/marts/one.py",
            "import bywash as bw\nimport pyarrow as pa\nimport polars\nfrom typing import Annotated\n\n\n\
             @bw.model(columns={'carrier': 'string', \"late\": \"decimal(10, 2)\"}, tags=['x'], memory='2GB', cpus=2,\n    \
             timeout='10m')\n\
             def one(a=bw.table(\"raw.flights\", columns=['carrier'], filter='dep_delay > 0 -- late'),\n        \
             b: Annotated[pa.RecordBatchReader, bw.table('flights')] = None, c: polars.DataFrame = bw.table('raw.flights'),\n\
             \n        days=bw.param('days', 30)):\n    ...\n\n\n\
             @bw.model(columns={'n': 'list<struct<a: int64>>'}, name='deux')\n\
             def two():\n    \"\"\"The second.\"\"\"\n    return None\n",
        ),
        (
            "models/marts/deep/several.py",
            "from bywash import model, table as t\nfrom pandas import DataFrame\n\n\
             @model(columns={'left': {'a': 'int64'}, 'right': {'b': 'timestamp'}})\n\
             def both(rows: 'DataFrame' = t('marts.one')):\n    yield\n",
        ),
        ("models/marts/util.py", "def helper():\n    return 1\n"),
        ("models/top.py", "import bywash\n@bywash.model(columns={'a': 'bool'})\ndef top(): ...\n"),
        ("models/marts/reads.sql", "select carrier, late from marts.one\n"),
    ]);
    insta::assert_snapshot!(shown(&project), @r#"
    marts.left (a Int64)
      rows: Pandas SELECT * FROM marts.one
    marts.right (b Timestamp(µs))
      rows: Pandas SELECT * FROM marts.one
    marts.one (carrier Utf8, late Decimal128(10, 2))
      a: Table SELECT "carrier" FROM raw.flights WHERE (dep_delay > 0)
      b: Reader SELECT * FROM flights
      c: Polars SELECT * FROM raw.flights
    marts.deux (n List(Struct("a": Int64)))
      
    flights.top (a Boolean)
    "#);
    let reads = graph.find(&"marts.reads".parse().expect("a name")).expect("a node");
    assert_eq!(graph.node(reads.parents[0]).name.to_string(), "marts.one");
}

#[test]
fn what_would_have_to_be_run_is_an_error_that_says_how_to_write_it() {
    let found = problems(&[
        SETTINGS,
        RAW,
        (
            "models/marts/wrong.py",
            "import bywash as bw\nimport pyarrow as pa\nCOLUMNS = {'a': 'int64'}\nNAME = 'raw.flights'\n\
             @bw.model(columns=COLUMNS)\ndef a(): ...\n\
             @bw.model(columns={'a': 'int64'}, tags=['a', NAME])\ndef b(rows=bw.table(NAME)): ...\n\
             @bw.model(columns={'a': 'int64'})\ndef c(rows=bw.table('raw.flights', columns=[c for c in 'ab'])): ...\n\
             @bw.model(columns={'a': 'int64'}, **COLUMNS)\ndef d(rows): ...\n\
             @bw.model(columns={'a': 'int64'}, memroy='2GB', timeout='soon')\ndef e(*rows): ...\n\
             @bw.model(columns={'a': 'integr'})\ndef f(rows: int = bw.table('raw.flights')): ...\n\
             @bw.model\ndef g(): ...\n\
             @bw.model(columns={'a': 'int64'}, kind=KIND, unique_key=['a', NAME])\nasync def h(x=3): ...\n\
             class Inside:\n    @bw.model(columns={'a': 'int64'})\n    def i(): ...\n\
             @bw.model(columns={'a': 'int64'})\ndef j(rows=bw.table('raw.flights', filter='carrier ==')): ...\n\
             @bw.model(columns={'a': 'int64'})\ndef k(x=bw.table('raw.flights', filter='a in (select b from raw.flights)')): ...\n",
        ),
    ]);
    insta::assert_snapshot!(found, @r#"
    invalid-python: `columns` must be written out: a project is read without running Python
      at models/marts/wrong.py:5:19 ^COLUMNS^
      hint: write it like `columns={"carrier": "string", "risk": "float64"}`
    invalid-python: each of `tags` must be written out: a project is read without running Python
      at models/marts/wrong.py:7:46 ^NAME^
      hint: write it like `tags=["daily"]`
    invalid-python: the name of a table must be written out: a project is read without running Python
      at models/marts/wrong.py:8:21 ^NAME^
      hint: write it like `flights=bw.table("raw.flights", columns=["carrier"], filter="dep_delay > 0")`
    invalid-python: `columns` must be written out: a project is read without running Python
      at models/marts/wrong.py:10:44 ^[c for c in 'ab']^
      hint: write it like `flights=bw.table("raw.flights", columns=["carrier"], filter="dep_delay > 0")`
    invalid-python: `**` in `bw.model`: a project is read without running Python
      at models/marts/wrong.py:11:35 ^**COLUMNS^
      hint: write each setting out
    invalid-python: `rows` says nowhere which table it is
      at models/marts/wrong.py:12:7 ^rows^
      hint: write it like `flights=bw.table("raw.flights", columns=["carrier"], filter="dep_delay > 0")`
    invalid-python: `bw.model` knows no `memroy`
      at models/marts/wrong.py:13:35 ^memroy^
      hint: did you mean `memory`?
    invalid-python: `soon` is not a duration
      at models/marts/wrong.py:13:57 ^'soon'^
      hint: write it like `timeout="10m"`
    invalid-python: `*rows`: every argument of a model is a table or a parameter
      at models/marts/wrong.py:14:7 ^*rows^
      hint: write it like `flights=bw.table("raw.flights", columns=["carrier"], filter="dep_delay > 0")`
    unsupported-type: `integr` is not a type
      at models/marts/wrong.py:15:25 ^'integr'^
      hint: types are boolean, int, long, float, double, decimal, date, time, timestamp, timestamptz, string, binary
    invalid-python: rows cannot arrive as what this says
      at models/marts/wrong.py:16:13 ^int^
      hint: use `pyarrow.Table`, `pyarrow.RecordBatchReader`, `pandas.DataFrame` or `polars.DataFrame`, imported in this file
    invalid-python: `kind` must be written out: a project is read without running Python
      at models/marts/wrong.py:19:40 ^KIND^
      hint: write it like `kind="table"`
    invalid-python: each of `unique_key` must be written out: a project is read without running Python
      at models/marts/wrong.py:19:63 ^NAME^
      hint: write it like `unique_key=["flight_id"]`
    invalid-python: `h` is `async`; a model is a plain function
      at models/marts/wrong.py:20:11 ^h^
      hint: remove the `async`
    invalid-python: the default of `x` says nothing about a table
      at models/marts/wrong.py:20:15 ^3^
      hint: write it like `flights=bw.table("raw.flights", columns=["carrier"], filter="dep_delay > 0")`
    invalid-python: `i` does not stand at the top level of its file
      at models/marts/wrong.py:22:6 ^bw.model(columns={'a': 'int64'})^
      hint: move the function out of the function, class or condition around it
    invalid-sql: the `filter` is not SQL: expected an expression, found `)`
      at models/marts/wrong.py:25:43 ^'carrier =='^
    invalid-sql: the `filter` reads another table
      at models/marts/wrong.py:27:40 ^'a in (select b from raw.flights)'^
      hint: it is a condition on this table's columns; join in a model in SQL, and read that
    "#);
}

#[test]
fn what_is_no_python_has_a_place_and_its_tables_are_not_called_unknown() {
    let found = problems(&[
        SETTINGS,
        RAW,
        (
            "models/marts/a.py",
            "import bywash as bw\n\n@bw.model(columns={'a': 'int64'})\ndef broken():\n    return (1\n",
        ),
        ("models/marts/b.py", "def f():\n    x = = 2\n"),
        ("models/marts/reads.sql", "select * from broken\n"),
        ("models/marts/c.py", "def f():\n    print 'x'\n"),
        ("models/marts/d.py", "def f():\n    x = 1\n      y = 2\n"),
        ("models/marts/e.py", "def f():\n        x = 1\n    y = 2\n"),
        ("models/marts/f.py", "x = 3\nif x:\n    return x\n"),
        ("models/marts/g.py", "for x in 'ab':\n    def f():\n        break\n"),
        ("models/marts/h.py", "def f():\n    return 1 <> 2\n"),
        ("models/marts/i.py", "  x = 1\n"),
        ("models/marts/j.py", "def f():\nx = 1\n"),
        (
            "models/marts/good.py",
            "# c\n  # c\nx = 1; y = 2\nif x: y = 3; z = \\\n  4\nelif y:\n  # c\n    z = 3\n\n# c\n    z = 4\nelse:\n\tz = 5\n\
             match x:\n    case 1:\n        pass\n    case _: pass\n\
             def f():\n    for a in [\n  1]:\n        while True:\n            if a: break\n        else:\n            continue\n    \
             print('x', end='')\n    return lambda: (\nyield)\n\
             class C:\n    def m(self):\n        return '''\nx\n  y'''\n    @property\n    def n(self): return 1\n",
        ),
    ]);
    insta::assert_snapshot!(found, @r"
    invalid-python: not Python: this cannot stand here: `return (1`
      at models/marts/a.py:5:5 ^return (1^
    invalid-python: not Python: this cannot stand here: `=`
      at models/marts/b.py:2:9 ^=^
    invalid-python: not Python: `print` is a function: write `print(…)`
      at models/marts/c.py:2:5 ^print 'x'^
    invalid-python: not Python: the indentation of this line fits no block
      at models/marts/d.py:3:7 ^y = 2^
    invalid-python: not Python: the indentation of this line fits no block
      at models/marts/e.py:3:5 ^y = 2^
    invalid-python: not Python: `return` stands in no function
      at models/marts/f.py:3:5 ^return x^
    invalid-python: not Python: `break` stands in no loop
      at models/marts/g.py:3:9 ^break^
    invalid-python: not Python: `<>` is written `!=`
      at models/marts/h.py:2:14 ^<>^
    invalid-python: not Python: the indentation of this line fits no block
      at models/marts/i.py:1:3 ^x = 1^
    invalid-python: not Python: nothing is indented below this
      at models/marts/j.py:1:1 ^def f():^
    ");
}

#[test]
fn names_kinds_and_descriptions_are_checked_like_those_of_sql() {
    let found = problems(&[
        SETTINGS,
        RAW,
        ("models/marts/one.sql", "select 1 as a\n"),
        (
            "models/marts/more.py",
            "import bywash as bw\n@bw.model(columns={'a': 'int64'})\ndef one(): ...\n\
             @bw.model(columns={'a': 'int64'})\ndef two(x=bw.table('three')): ...\n\
             @bw.model(columns={'a': 'int64'})\ndef three(x=bw.table('two')): ...\n\
             @bw.model(columns={'a': 'int64'})\ndef four(x=bw.table('marts.fuor')): ...\n",
        ),
        (
            "functions/more.py",
            "import bywash as bw\n@bw.udf(args=['int64'], returns='int64')\ndef twice(x): ...\n\
             @bw.udf(args=['int64'], returns='int64')\ndef plus(a, b): ...\n\
             @bw.model(columns={'a': 'int64'})\ndef five(): ...\n",
        ),
        ("models/marts/seen.sql", "-- ---\n-- kind: view\n-- ---\nselect twice(1) as x\n"),
        ("models/marts/marts.yml", "models:\n  - name: four\n    config: {kind: view}\n  - name: fife\n"),
    ]);
    insta::assert_snapshot!(found, @r#"
    invalid-python: `plus` takes 2 arguments and declares 1
      at functions/more.py:4:2 ^bw.udf(args=['int64'], returns='int64')^
      hint: write it like `@bw.udf(args=["float64"], returns="float64")`
    invalid-python: `five` makes a table
      at functions/more.py:7:5 ^five^
      hint: move it into a file under `models/<namespace>/`
    unknown-table: there is no model `fife`
      at models/marts/marts.yml:4:11 ^fife^
    cyclic-models: models read each other in a cycle: `marts.three` → `marts.two` → `marts.three`
      at models/marts/more.py:7:22 ^'two'^ (`marts.three` reads `marts.two`)
      at models/marts/more.py:5:20 ^'three'^ (`marts.two` reads `marts.three`)
      hint: take one of these references away, or move what both need into a model of its own
    not-yet-supported: a function cannot be a view: a view stores nothing, and a function must be run to give rows
      at models/marts/more.py:9:5 ^four^
      hint: make it a table: it is computed again only when its code or what it reads has changed
      hint: it is YAML about this model that says `view`
    unknown-table: there is no table `marts.fuor`
      at models/marts/more.py:9:21 ^'marts.fuor'^
      hint: did you mean `marts.four`?
    duplicate-node: two nodes make the table `marts.one`
      at models/marts/one.sql (the model `marts.one`)
      at models/marts/more.py:3:5 ^one^ (the model `marts.one`)
      hint: rename one of them; folders below the namespace only group and are no part of the name
    not-yet-supported: the view `marts.seen` calls `twice`, which is written in Python
      at models/marts/seen.sql
      hint: make it `kind: table`
    "#);
}

#[test]
fn incremental_functions_say_whose_new_rows_suffice() {
    let model = |settings: &str, name: &str| {
        format!(
            "@bw.model(columns={{'a': 'int64'}}, {settings})\ndef {name}(x=bw.table('flights'), y=bw.table('v')): ...\n"
        )
    };
    let text = [
        "import bywash as bw\n".to_owned(),
        model(
            "kind='incremental', incremental_from='raw.flights', static=['v'], unique_key='a', order_by=['a desc']",
            "good",
        ),
        model("kind='incremental'", "none"),
        model("kind='incremental', incremental_from=['raw.planes']", "other"),
        model("kind='incremental', incremental_from=['v']", "over_view"),
        model("kind='incremental', incremental_from=['flights'], static=['raw.flights']", "both"),
        model("kind='incremental', incremental_from=['flights'], unique_key=['a']", "key"),
        model("kind='incremental', incremental_from=['flights@dev'], order_by='a b c'", "order"),
        model("kind='incremental', incremental_from=['flights'], network=True", "online"),
        model("unique_key='a'", "table"),
        model("kind='view'", "view"),
        model("kind='scd2'", "scd2"),
        model("kind='incrmental'", "typo"),
    ]
    .concat();
    let found = problems(&[
        SETTINGS,
        RAW,
        ("models/marts/v.sql", "-- ---\n-- kind: view\n-- ---\nselect * from raw.flights\n"),
        ("models/marts/many.py", &text),
        (
            "models/marts/said.py",
            "import bywash as bw\n@bw.model(columns={'a': 'int64'})\ndef said(x=bw.table('flights')): ...\n",
        ),
        (
            "models/marts/said.yml",
            "models:\n  - name: said\n    config: {kind: incremental, incremental_from: [raw.flights]}\n",
        ),
    ]);
    insta::assert_snapshot!(found, @r#"
    invalid-python: an incremental model says whose new rows it is computed from
      at models/marts/many.py:5:5 ^none^
      hint: add `incremental_from=["flights", "v"]`, or some of them
    invalid-python: `incremental_from` names `raw.planes`, which the function does not read
      at models/marts/many.py:6:72 ^['raw.planes']^
      hint: it reads `flights` and `v`
    unsafe-incremental: `v` is a view: it has no rows of its own that could be new
      at models/marts/many.py:8:72 ^['v']^
      hint: make it `kind: table` or `incremental`, or read the tables behind it here
    unsafe-incremental: cannot be computed from new rows only: `flights` cannot be both incremental and static
      at models/marts/many.py:10:72 ^['flights']^
    invalid-python: `unique_key` needs `order_by`: of the rows of one key, the last stays
      at models/marts/many.py:12:96 ^['a']^
      hint: add `order_by=["column"]` with a column that tells the rows of a key apart
    invalid-python: `flights@dev` is fixed by its `@` and has no new rows
      at models/marts/many.py:14:73 ^'flights@dev'^
    invalid-python: `a b c` is not a column, or a column and `desc`
      at models/marts/many.py:14:98 ^'a b c'^
    unsafe-incremental: cannot be computed from new rows only: `online` may use the network
      at models/marts/many.py:17:5 ^online^
      hint: an incremental table must be the same after `--full-refresh`
    invalid-python: `unique_key` means nothing for a model of kind `table`
      at models/marts/many.py:18:46 ^'a'^
      hint: add `kind="incremental"`, or take the key away
    not-yet-supported: a function cannot be a view: a view stores nothing, and a function must be run to give rows
      at models/marts/many.py:20:40 ^'view'^
      hint: make it a table: it is computed again only when its code or what it reads has changed
    not-yet-supported: models of kind `scd2` are not supported yet
      at models/marts/many.py:22:40 ^'scd2'^
      hint: use `incremental` or `table`
    invalid-python: there is no kind `incrmental`
      at models/marts/many.py:24:40 ^'incrmental'^
      hint: did you mean `incremental`?
    "#);
}

/// Rule R3: the code that counts.
fn code(files: &[(&str, &str)]) -> String {
    let (project, _) = read(files);
    let ModelBody::Python(python) = &project.models.first().expect("a model").body else { return String::new() };
    python.code.to_string()
}

#[test]
fn r3_comments_and_formatting_of_python_never_count_and_helpers_do() {
    const HEAD: &str = "import bywash as bw\nfrom helpers.x import twice\nfrom .util import once\n\n";
    let model = |text: &str, helper: &str, util: &str, deeper: &str| {
        let text = format!("{HEAD}{text}");
        code(&[
            ("models/marts/one.py", &text),
            ("helpers/x.py", helper),
            ("models/marts/util.py", util),
            ("helpers/deep/y.py", deeper),
        ])
    };
    let text = "@bw.model(columns={'a': 'int64'})\ndef one():\n    return twice(1 + 2) * once('it\\'s')\n";
    let (helper, util, deeper) =
        ("from .deep import y\ndef twice(x): return y.z(x)\n", "def once(x): return x\n", "z = int\n");
    let same = model(text, helper, util, deeper);
    let formatted = "# a comment\n@bw.model(\n    columns={\"a\": \"int64\"},\n    memory=\"1GB\",  # more\n)\ndef one():\n\n    \
                     # why\n    return (\n        twice(1+2)\n        * once(\"it's\",)\n    )\n";
    assert_eq!(same, model(formatted, helper, util, deeper));
    assert_eq!(same, model(text, "# x\nfrom .deep import y\n\n\ndef twice(x):\n    return y.z(x)\n", util, deeper));
    let others = "\n@bw.model(columns={'b': 'int64'})\ndef zzz():\n    return 7\n";
    assert_eq!(same, model(&format!("{text}{others}"), helper, util, deeper));
    for changed in [
        model(&text.replace("1 + 2", "1 + 3"), helper, util, deeper),
        model(&text.replace(" * once", " + once"), helper, util, deeper),
        model(&format!("LIMIT = 3\n{text}"), helper, util, deeper),
        model(&format!("@twice\n{text}"), helper, util, deeper),
        model(text, &helper.replace("y.z(x)", "y.z(x) + 1"), util, deeper),
        model(text, helper, "def once(x): return x + x\n", deeper),
        model(text, helper, util, "z = float\n"),
    ] {
        assert_ne!(same, changed);
    }
    assert_ne!(
        code(&[(
            "models/m/a.py",
            "import bywash as bw\n@bw.model(columns={'a': 'int64'})\ndef a():\n    return (1 + 2) * 3\n"
        )]),
        code(&[(
            "models/m/a.py",
            "import bywash as bw\n@bw.model(columns={'a': 'int64'})\ndef a():\n    return 1 + 2 * 3\n"
        )]),
    );
}
