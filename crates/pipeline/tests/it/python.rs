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
    insta::assert_snapshot!(shown(&project), @"");
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
             @bw.model(columns={'a': 'int64'}, kind='incremental', unique_key=['a'])\nasync def h(x=3): ...\n\
             class Inside:\n    @bw.model(columns={'a': 'int64'})\n    def i(): ...\n\
             @bw.model(columns={'a': 'int64'})\ndef j(rows=bw.table('raw.flights', filter='carrier ==')): ...\n\
             @bw.model(columns={'a': 'int64'})\ndef k(x=bw.table('raw.flights', filter='a in (select b from raw.flights)')): ...\n",
        ),
    ]);
    insta::assert_snapshot!(found, @"");
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
    ]);
    insta::assert_snapshot!(found, @"");
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
        ("models/marts/marts.yml", "models:\n  - name: four\n    config: {kind: incremental}\n  - name: fife\n"),
    ]);
    insta::assert_snapshot!(found, @"");
}

/// Rule R3: the code that counts.
fn code(files: &[(&str, &str)]) -> String {
    let (project, _) = read(files);
    match &project.models.first().expect("a model").body {
        ModelBody::Python(python) => python.code.to_string(),
        ModelBody::Sql(_) => panic!("a model in Python"),
    }
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
        model(&text.replace("1 + 2) * once", "(1 + 2) + once"), helper, util, deeper),
        model(&format!("LIMIT = 3\n{text}"), helper, util, deeper),
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
