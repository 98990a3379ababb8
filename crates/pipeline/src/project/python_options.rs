//! What `@bw.model(…)` says about how its tables are kept, as the options that every model has.

use bywash_core::{Code, Error, Result, suggestion};
use bywash_python::syntax::{ModelFunction, Setting, Text};

use super::fields::Problems;
use super::layout::parse_field;
use super::model_options::{ModelKind, ModelOptions, Placed, read_name, read_sort_key, read_table, tag_problem};
use super::models::{Model, ModelBody};

/// The options of the tables that a function makes.
pub(super) fn read(function: &ModelFunction, problems: &Problems) -> ModelOptions {
    let upkeep = &function.upkeep;
    let tags = function.tags.iter().filter_map(|tag| {
        let fits = tag_problem(&tag.value).map_or(Ok(()), Err);
        problems.keep(fits.map_err(|wrong| wrong_text(tag, wrong))).map(|()| tag.value.clone())
    });
    ModelOptions {
        kind: upkeep.kind.as_ref().and_then(|kind| problems.keep(kind_of(kind))),
        unique_key: list(upkeep.unique_key.as_ref(), read_name, problems),
        order_by: list(upkeep.order_by.as_ref(), read_sort_key, problems),
        incremental_from: list(upkeep.incremental_from.as_ref(), read_table, problems),
        static_inputs: list(upkeep.static_inputs.as_ref(), read_table, problems),
        partition_by: list(upkeep.partition_by.as_ref(), parse_field, problems),
        stable_for: function.stable_for,
        description: function.description.clone(),
        tags: tags.collect(),
        ..ModelOptions::default()
    }
}

fn list<T>(
    setting: Option<&Setting>,
    read: impl Fn(&str) -> Result<T, String>,
    problems: &Problems,
) -> Option<Placed<Vec<T>>> {
    let setting = setting?;
    let read = |text: &Text| problems.keep(read(&text.value).map_err(|wrong| wrong_text(text, wrong)));
    Some(Placed { value: setting.texts.iter().filter_map(read).collect(), place: setting.place.clone() })
}

fn wrong_text(text: &Text, wrong: String) -> Error {
    Error::new(Code::InvalidPython, wrong).at(text.place.clone())
}

fn kind_of(text: &Text) -> Result<ModelKind> {
    let refused = |error: Error| Err(error.at(text.place.clone()));
    match text.value.as_str() {
        "table" => Ok(ModelKind::Table),
        "incremental" => Ok(ModelKind::Incremental),
        "view" => refused(no_view()),
        "scd2" => refused(
            Error::new(Code::NotYetSupported, "models of kind `scd2` are not supported yet")
                .hint("use `incremental` or `table`"),
        ),
        other => {
            let error = Error::new(Code::InvalidPython, format!("there is no kind `{other}`"));
            let near = suggestion(other, ["table", "incremental"]);
            refused(error.hint(near.unwrap_or_else(|| "it is `table` or `incremental`".to_owned())))
        }
    }
}

fn no_view() -> Error {
    let message = "a function cannot be a view: a view stores nothing, and a function must be run to give rows";
    Error::new(Code::NotYetSupported, message)
        .hint("make it a table: it is computed again only when its code or what it reads has changed")
}

/// The kind of a function's table: what its file or YAML says. What a folder says of its models is not said of its
/// functions.
pub(super) fn settle_kind(model: &mut Model, problems: &Problems) {
    let ModelBody::Python(_) = &model.body else { return };
    if model.options.kind == Some(ModelKind::View) {
        problems.push(no_view().at(model.place.clone()).hint("it is YAML about this model that says `view`"));
        model.options.kind = None;
    }
    model.options.kind.get_or_insert_default();
}
