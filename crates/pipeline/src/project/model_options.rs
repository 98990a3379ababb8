//! What a model says about how it is kept: the keys of its front matter, of `config:` in YAML and of its folder.
//!
//! The three places are layers of one [`ModelOptions`]: front matter wins over YAML, YAML over the folder's
//! defaults; tags add up. What the layers say together is checked once, in [`ModelOptions::check`].

use std::time::Duration;

use bywash_core::{Code, Error, Place, TableRef, parse_duration};

use super::document::Spanned;
use super::fields::{Fields, Problems, Source};
use super::layout::{PartitionField, read_partition_by};
use super::spelling::Spelling;
use super::tree::{Key, Node, Value};

/// How a model's rows are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ModelKind {
    /// Written anew when its inputs or its query change.
    #[default]
    Table,
    /// Not written: its query stands in for it.
    View,
    /// Written from new input rows alone where that gives the same table (rule R6).
    Incremental,
}

impl ModelKind {
    /// The word for it in files and output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::Incremental => "incremental",
        }
    }
}

/// One column of an `order_by`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// The column.
    pub column: String,
    /// Whether large values come first.
    pub descending: bool,
}

/// That a model answers a question: a run ends by showing its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The question, if it was written.
    pub question: Option<String>,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    /// The value.
    pub value: T,
    /// Where, as errors show it.
    pub place: Place,
}

/// What one layer, or all of them together, say about a model; absent where none does.
#[derive(Clone, Debug, Default)]
pub struct ModelOptions {
    pub(crate) kind: Option<ModelKind>,
    pub(crate) unique_key: Option<Placed<Vec<String>>>,
    pub(crate) order_by: Option<Placed<Vec<SortKey>>>,
    pub(crate) incremental_from: Option<Placed<Vec<TableRef>>>,
    pub(crate) static_inputs: Option<Placed<Vec<TableRef>>>,
    pub(crate) partition_by: Option<Placed<Vec<PartitionField>>>,
    pub(crate) cluster_by: Option<Placed<Vec<String>>>,
    pub(crate) stable_for: Option<Duration>,
    pub(crate) answer: Option<Answer>,
    pub(crate) description: Option<String>,
    pub(crate) tags: Vec<String>,
}

/// Defaults of the models in one folder.
#[derive(Clone, Debug)]
pub struct FolderOptions {
    folder: String,
    options: ModelOptions,
    place: Place,
}

impl FolderOptions {
    /// The folder below `models/`, with forward slashes.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Where it is written.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What models in it are unless they say otherwise.
    #[must_use]
    pub fn options(&self) -> &ModelOptions {
        &self.options
    }

    /// Whether a model's folder is this one or lies in it.
    #[must_use]
    pub fn covers(&self, folder: &str) -> bool {
        folder.strip_prefix(&self.folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Reads `[models.<folder>]`.
pub fn read_folder_options(source: Source<'_>, key: &Key, node: &Node) -> Option<FolderOptions> {
    let mut fields = source.fields(node, "the defaults of a folder")?;
    let options = ModelOptions { kind: read_kind(&mut fields), tags: read_tags(&mut fields), ..Default::default() };
    fields.finish();
    let folder = key.value.trim_matches('/').to_owned();
    Some(FolderOptions { folder, options, place: source.document.place(key.span) })
}

/// Reads the keys that front matter and `config:` share; the caller finishes the mapping.
pub fn read_options(fields: &mut Fields<'_>) -> ModelOptions {
    ModelOptions {
        kind: read_kind(fields),
        unique_key: read_list(fields, "unique_key", read_name),
        order_by: read_list(fields, "order_by", read_sort_key),
        incremental_from: read_list(fields, "incremental_from", read_table),
        static_inputs: read_list(fields, "static", read_table),
        partition_by: read_partition_by(fields),
        cluster_by: read_list(fields, "cluster_by", read_name),
        stable_for: read_stable_for(fields),
        answer: read_answer(fields),
        description: fields.text("description").map(|text| text.value),
        tags: read_tags(fields),
    }
}

fn read_kind(fields: &mut Fields<'_>) -> Option<ModelKind> {
    #[derive(Clone, Copy)]
    enum Word {
        Known(ModelKind),
        Later,
        Ephemeral,
    }
    let (key, _) = fields.either("kind", "materialized")?;
    let name = if key.value == "kind" { "kind" } else { "materialized" };
    let later = if name == "kind" { "scd2" } else { "snapshot" };
    let mut words = vec![
        ("table", Word::Known(ModelKind::Table)),
        ("view", Word::Known(ModelKind::View)),
        ("incremental", Word::Known(ModelKind::Incremental)),
        (later, Word::Later),
    ];
    if name == "materialized" {
        words.push(("ephemeral", Word::Ephemeral));
    }
    let word = fields.choice(name, &words)?;
    let refuse = |message: String, hint: &str| {
        let error = Error::new(Code::NotYetSupported, message).at(fields.source().document.place(word.span));
        fields.source().problems.push(error.hint(hint));
        None
    };
    match word.value {
        Word::Known(kind) => Some(kind),
        Word::Later => {
            refuse(format!("models of kind `{later}` are not supported yet"), "use `incremental` or `table`")
        }
        Word::Ephemeral => {
            refuse("there are no `ephemeral` models".to_owned(), "use `view`: nothing is written for it")
        }
    }
}

/// Reads a list whose items are read one by one; an item that is wrong is reported and left out.
pub(super) fn read_list<T>(
    fields: &mut Fields<'_>,
    name: &'static str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Option<Placed<Vec<T>>> {
    let (key, node) = fields.entry(name)?;
    let source = fields.source();
    let mut values = Vec::new();
    for text in source.texts(node, &format!("`{name}`")) {
        match read(&text.value) {
            Ok(value) => values.push(value),
            Err(wrong) => source.report(text.span, format!("`{name}`: {wrong}")),
        }
    }
    Some(Placed { value: values, place: source.document.place(key.span) })
}

pub(super) fn read_name(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("a column's name is not empty".to_owned()) } else { Ok(text.to_owned()) }
}

pub(super) fn read_table(text: &str) -> Result<TableRef, String> {
    match TableRef::parse(text) {
        Ok(table) if table.at.is_some() => Err(format!("`{text}` is fixed by its `@` and has no new rows")),
        Ok(table) => Ok(table),
        Err(error) => Err(error.message().to_owned()),
    }
}

pub(super) fn read_sort_key(text: &str) -> Result<SortKey, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (column, descending) = match words.as_slice() {
        [column] => (column, false),
        [column, way] if way.eq_ignore_ascii_case("asc") => (column, false),
        [column, way] if way.eq_ignore_ascii_case("desc") => (column, true),
        _ => return Err(format!("`{text}` is not a column, or a column and `desc`")),
    };
    Ok(SortKey { column: (*column).to_owned(), descending })
}

fn read_stable_for(fields: &mut Fields<'_>) -> Option<Duration> {
    let text = fields.text("stable_for")?;
    parse_duration(&text.value).map_err(|error| fields.source().report(text.span, error.message())).ok()
}

fn read_answer(fields: &mut Fields<'_>) -> Option<Answer> {
    let node = fields.node("answer")?;
    if let Value::Scalar(scalar) = &node.value {
        return match scalar.as_bool() {
            Some(false) => None,
            Some(true) => Some(Answer { question: None }),
            None => Some(Answer { question: Some(scalar.text.clone()) }),
        };
    }
    fields.source().report(node.span, "`answer` is `true`, or the question that this model answers");
    None
}

/// Reads `tags`, which `-s tag:x` must be able to name.
pub(super) fn read_tags(fields: &mut Fields<'_>) -> Vec<String> {
    let source = fields.source();
    let Some(node) = fields.node("tags") else { return Vec::new() };
    let texts = source.texts(node, "a tag").into_iter();
    texts.filter(|tag| tag_fits(source, tag)).map(|tag| tag.value).collect()
}

fn tag_fits(source: Source<'_>, tag: &Spanned<String>) -> bool {
    let problem = tag_problem(&tag.value);
    let fits = problem.is_none();
    problem.into_iter().for_each(|problem| source.report(tag.span, problem));
    fits
}

/// Why a text cannot be a tag, if it cannot.
pub(super) fn tag_problem(tag: &str) -> Option<String> {
    let fits = !tag.is_empty() && !tag.contains([' ', ',', '+', '@', '*']);
    (!fits).then(|| format!("`{tag}` cannot be a tag: leave out spaces, `,`, `+`, `@` and `*`"))
}

impl ModelOptions {
    /// These options, and where they are silent the other's; tags of both.
    #[must_use]
    pub fn over(self, other: &Self) -> Self {
        let mut tags = self.tags;
        tags.extend(other.tags.iter().cloned());
        tags.sort();
        tags.dedup();
        Self {
            kind: self.kind.or(other.kind),
            unique_key: self.unique_key.or_else(|| other.unique_key.clone()),
            order_by: self.order_by.or_else(|| other.order_by.clone()),
            incremental_from: self.incremental_from.or_else(|| other.incremental_from.clone()),
            static_inputs: self.static_inputs.or_else(|| other.static_inputs.clone()),
            partition_by: self.partition_by.or_else(|| other.partition_by.clone()),
            cluster_by: self.cluster_by.or_else(|| other.cluster_by.clone()),
            stable_for: self.stable_for.or(other.stable_for),
            answer: self.answer.or_else(|| other.answer.clone()),
            description: self.description.or_else(|| other.description.clone()),
            tags,
        }
    }

    /// Checks what the layers say together; `whole` is the model's file.
    pub fn check(&self, whole: &Place, inputs: &[TableRef], problems: &Problems) {
        let kind = self.kind.unwrap_or_default();
        if kind == ModelKind::Incremental {
            self.check_incremental(whole, inputs, problems);
        } else {
            let given = [
                ("unique_key", self.unique_key.as_ref().map(|key| &key.place)),
                ("incremental_from", self.incremental_from.as_ref().map(|from| &from.place)),
                ("static", self.static_inputs.as_ref().map(|tables| &tables.place)),
                ("order_by", self.order_by.as_ref().map(|order| &order.place)),
            ];
            for (name, place) in given.into_iter().filter_map(|(name, place)| place.map(|place| (name, place))) {
                let message = format!("`{name}` means nothing for a model of kind `{}`", kind.as_str());
                let kind = Spelling::at(place).word("kind", "incremental");
                problems.push(wrong(message, place).hint(format!("add {kind}, or take the key away")));
            }
        }
        if kind == ModelKind::View {
            let partition = self.partition_by.as_ref().map(|fields| ("partition_by", &fields.place));
            let cluster = self.cluster_by.as_ref().map(|columns| ("cluster_by", &columns.place));
            for (name, place) in partition.into_iter().chain(cluster) {
                let error = wrong(format!("`{name}` means nothing for a view: it has no files"), place);
                problems.push(error.hint("make it `kind: table`, or take the key away"));
            }
        }
    }

    fn check_incremental(&self, whole: &Place, inputs: &[TableRef], problems: &Problems) {
        if self.incremental_from.as_ref().is_none_or(|from| from.value.is_empty()) {
            let place = self.incremental_from.as_ref().map_or(whole, |from| &from.place);
            let names: Vec<String> = inputs.iter().map(ToString::to_string).collect();
            let error = wrong("an incremental model says whose new rows it is computed from", place);
            let all = Spelling::at(place).list("incremental_from", &names);
            problems.push(error.hint(format!("add {all}, or some of them")));
        }
        let column = |key: &str, place: &Place| Spelling::at(place).list(key, &["column".to_owned()]);
        match (&self.unique_key, &self.order_by) {
            (Some(Placed { place, .. }), None) => problems.push(
                wrong("`unique_key` needs `order_by`: of the rows of one key, the last stays", place).hint(format!(
                    "add {} with a column that tells the rows of a key apart",
                    column("order_by", place)
                )),
            ),
            (None, Some(Placed { place, .. })) => problems.push(
                wrong("`order_by` means nothing without `unique_key`", place)
                    .hint(format!("add {}, or take the key away", column("unique_key", place))),
            ),
            _ => {}
        }
    }
}

fn wrong(message: impl Into<String>, place: &Place) -> Error {
    Error::new(Spelling::at(place).code(), message).at(place.clone())
}
