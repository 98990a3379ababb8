//! A random project: sources of a few files, and models of every shape over each other, which can be edited.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bywash_testkit::{Dice, Sandbox};

/// Numbers are tenths, so that sums depend on the order in which they are made: rows are compared with six digits.
const COLUMNS: [&str; 4] = ["id", "k", "x", "y"];

/// A model: what it is made of, so that it can be written again with an edit.
#[derive(Clone, Debug)]
pub(super) struct RandomModel {
    name: String,
    kind: &'static str,
    /// More front matter, in lines.
    layout: &'static [&'static str],
    shape: Shape,
    /// What it reads, by full name.
    inputs: Vec<String>,
    /// Changes which rows or values come out.
    number: u64,
    /// Changes only one column, which not everybody reads.
    shift: u64,
    /// Which one.
    column: &'static str,
    /// Changes nothing but the text.
    style: u64,
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Everything,
    Filter,
    Group,
    Join,
    Union,
    Window,
    Distinct,
    Semi,
    Parts,
}

const SHAPES: [Shape; 9] = [
    Shape::Everything,
    Shape::Filter,
    Shape::Group,
    Shape::Join,
    Shape::Union,
    Shape::Window,
    Shape::Distinct,
    Shape::Semi,
    Shape::Parts,
];

/// How an incremental model keeps its rows: all of them, or the last of each key; in one place or by partition.
const LAYOUTS: [&[&str]; 4] = [
    &[],
    &["unique_key: [k]", "order_by: [id, x, y]"],
    &["partition_by: [k]"],
    &["unique_key: [id]", "order_by: [k, y, x]", "partition_by: ['truncate(2, k)']"],
];

/// The whole project.
#[derive(Clone, Debug)]
pub(super) struct RandomProject {
    pub(super) models: Vec<RandomModel>,
    /// The content of each file of each source.
    pub(super) files: BTreeMap<String, u64>,
}

impl RandomProject {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let mut tables = vec!["raw.a".to_owned(), "raw.b".to_owned()];
        let mut models = Vec::new();
        for number in 0..6 + dice.roll(3_usize) {
            let input = |dice: &mut Dice| {
                // Rather a late one, so that the graph is deep.
                let (one, other) = (dice.roll(tables.len()), dice.roll(tables.len()));
                tables[one.max(other)].clone()
            };
            // The first two can be computed from new rows alone.
            let (shape, inputs) = match number {
                0 => (Shape::Filter, vec!["raw.a".to_owned(), "raw.b".to_owned()]),
                1 => (Shape::Everything, vec!["raw.b".to_owned(), "raw.a".to_owned()]),
                _ => (*dice.pick(&SHAPES), vec![input(dice), input(dice)]),
            };
            let may_grow = inputs[0].starts_with("raw.") && matches!(shape, Shape::Filter | Shape::Everything);
            let kind = match dice.roll(5_usize) {
                0 => "view",
                _ if may_grow => "incremental",
                _ => "table",
            };
            let layout = if kind == "incremental" { *dice.pick(&LAYOUTS) } else { &[] };
            let name = format!("m{number}");
            tables.push(format!("marts.{name}"));
            models.push(RandomModel { name, kind, layout, shape, inputs, number: 1, shift: 0, column: "y", style: 0 });
        }
        let files = ["a1", "a2", "b1"].map(|file| (file.to_owned(), dice.roll(1_000_u64)));
        Self { models, files: files.into() }
    }

    /// Changes one model in some way, in words.
    pub(super) fn edit(&mut self, dice: &mut Dice) -> String {
        let place = dice.roll(self.models.len());
        let model = &mut self.models[place];
        let what = match dice.roll(4_usize) {
            0 => {
                model.number = 1 + dice.roll(3_u64);
                "number"
            }
            1 | 2 => {
                model.shift = dice.roll(3_u64);
                model.column = *dice.pick(&COLUMNS);
                "shift"
            }
            _ => {
                model.style += 1;
                "style"
            }
        };
        format!("edit the {what} of {}", model.name)
    }

    /// Adds a file, or changes one.
    pub(super) fn file(&mut self, dice: &mut Dice) -> String {
        let file = format!("{}{}", dice.pick(&["a", "b"]), 1 + dice.roll(4_usize));
        self.files.insert(file.clone(), dice.roll(1_000_u64));
        format!("write {file}")
    }

    pub(super) fn write(&self, to: &Sandbox) {
        to.write("bywash.toml", "[project]\nname = \"random\"\n");
        to.write(
            "sources/raw.yml",
            "name: raw\ntype: files\nresources:\n  - name: a\n    path: data/a*.csv\n  - name: b\n    path: data/b*.csv\n",
        );
        for (file, content) in &self.files {
            to.write(format!("data/{file}.csv"), rows_of(file, *content));
        }
        for model in &self.models {
            to.write(format!("models/marts/{}.sql", model.name), model.text());
        }
    }

    /// One query whose answer is every row of every model, as text.
    pub(super) fn everything(&self) -> String {
        let shown = |column: &str| format!("coalesce(cast(round(cast({column} as double), 6) as varchar), '-')");
        let columns = COLUMNS.map(shown).join(" || ' ' || ");
        let all = self.models.iter().map(|model| format!("select '{0}', {columns} from marts.{0}", model.name));
        all.collect::<Vec<_>>().join(" union all ")
    }
}

fn rows_of(file: &str, content: u64) -> String {
    let mut dice = Dice::new(content + 1);
    let mut text = COLUMNS.join(",") + "\n";
    let first = u64::from(file.as_bytes()[1]) * 100;
    for row in 0..5 + dice.roll(20_u64) {
        let tenths = |dice: &mut Dice| match dice.roll(8_u64) {
            0 => String::new(),
            _ => format!("{}.{}", dice.roll(9_u64), dice.roll(10_u64)),
        };
        let (x, y) = (tenths(&mut dice), tenths(&mut dice));
        let _ = writeln!(text, "{},{},{x},{y}", first + row, dice.roll(6_u64));
    }
    text
}

impl RandomModel {
    fn text(&self) -> String {
        let mut text = String::new();
        if self.kind != "table" {
            let _ = writeln!(text, "-- ---\n-- kind: {}", self.kind);
            if self.kind == "incremental" {
                let _ = writeln!(text, "-- incremental_from: [{}]", self.inputs[0]);
            }
            for line in self.layout {
                let _ = writeln!(text, "-- {line}");
            }
            text += "-- ---\n";
        }
        let _ = writeln!(text, "-- style {}\n{}", self.style, self.query());
        if self.style % 2 == 1 { text.replace("select", "SELECT\n ").replace(" from ", "\n  FROM ") } else { text }
    }

    fn query(&self) -> String {
        let number = self.number;
        let [one, two] = [&self.inputs[0], &self.inputs[1]];
        let [id, k, x, y] = COLUMNS.map(|column| self.shifted(column, column));
        match self.shape {
            Shape::Everything => format!("select * from {one}"),
            Shape::Filter => format!("select {id}, {k}, {x}, {y} from {one} where k >= {number}"),
            Shape::Group => {
                let [id, x, y] =
                    [("id", "max(id)"), ("x", "sum(x)"), ("y", "count(y)")].map(|(c, e)| self.shifted(c, e));
                format!("select {id}, k, {x}, {y} from {one} where k <> {number} group by k")
            }
            Shape::Join => {
                let [id, k, x, y] =
                    COLUMNS.map(|c| self.shifted(c, &format!("{}.{c}", if c == "x" { 'r' } else { 'l' })));
                format!(
                    "select {id}, {k}, {x}, {y} from {one} l join (select k, sum(x) as x from {two} group by k) r \
                     on l.k = r.k + {number} - 1"
                )
            }
            Shape::Union => format!(
                "select id, k, x, y from {one} where k > {number} union all select {id}, {k}, {x}, {y} from {two}"
            ),
            Shape::Window => {
                let x = self.shifted("x", "sum(x) over (partition by k)");
                let y = self.shifted("y", "rank() over (order by k, id)");
                format!("select {id}, {k}, {x}, {y} from {one} where id % 7 <> {number}")
            }
            Shape::Distinct => format!("select distinct k as id, k, {number} as x, {} as y from {one}", self.shift),
            Shape::Semi => {
                format!("select {id}, {k}, {x}, {y} from {one} where k in (select k from {two} where k <> {number})")
            }
            Shape::Parts => {
                let mut parts = [
                    format!("p as (select {id}, k, x + {number} as x from {one})"),
                    format!("q as (select k, {} from {two} group by k)", self.shifted("y", "count(*)")),
                ];
                if self.style % 3 == 1 {
                    parts.reverse();
                }
                format!("with {} select p.id, p.k, p.x, q.y from p left join q on p.k = q.k", parts.join(", "))
            }
        }
    }

    /// A column by its name, with the shift if it is that one.
    fn shifted(&self, column: &str, expression: &str) -> String {
        let shift = if self.column == column { self.shift } else { 0 };
        format!("{expression} + {shift} as {column}")
    }
}
