//! `sources/*.yml`: where data comes from.
//!
//! A source is a namespace; each of its resources becomes the table `<source>.<resource>`. Reader options may stand
//! at the source, for all of its resources, or at a resource, which wins. dlt's words are understood.

use bywash_core::{Code, Error, Place, TableName};

use super::columns::{Column, read_columns};
use super::data_tests::{TestDeclaration, read_tests};
use super::document::{Document, Spanned};
use super::fields::{Fields, Problems, Source as Input};
use super::layout::{PartitionField, read_partition_by};
use super::model_options::{Placed, read_list, read_tags};
use super::reader_options::{ReaderOptions, read_reader_options};
use super::reserved::check_namespace;
use super::yaml;
use crate::source::local_path;

/// Whether a load adds to what earlier loads gave or stands in for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WriteDisposition {
    /// Each new file adds its rows.
    #[default]
    Append,
    /// The files that are there now are all there is.
    Replace,
}

/// What happens when a file that was loaded has other content now (rule R8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnChange {
    /// Its new rows stand in for the ones it gave.
    #[default]
    Replace,
    /// It counts as a new file: its rows are added.
    Append,
    /// The load fails.
    Error,
}

/// What happens when files have columns that their table lacks, or values of a wider type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SchemaContract {
    /// The load fails.
    #[default]
    Freeze,
    /// The table gets the columns, and the wider types.
    Evolve,
}

/// One table of a source and the files that feed it.
#[derive(Clone, Debug)]
pub struct Resource {
    /// `<source>.<resource>`.
    pub name: TableName,
    /// A path or glob, relative to the project's root.
    pub path: String,
    /// How the files are read.
    pub reader: ReaderOptions,
    /// Whether loads add up.
    pub write_disposition: WriteDisposition,
    /// What a changed file does.
    pub on_change: OnChange,
    /// What new columns do.
    pub schema_contract: SchemaContract,
    /// How the table's files are cut.
    pub partition_by: Vec<PartitionField>,
    /// How rows are sorted within a file.
    pub cluster_by: Vec<String>,
    /// What the table holds.
    pub description: Option<String>,
    /// For `-s tag:x`.
    pub tags: Vec<String>,
    /// Declared columns.
    pub columns: Vec<Column>,
    /// Where it stands.
    pub place: Place,
    pub(crate) tests: Vec<TestDeclaration>,
}

/// What holds for all resources of a source.
struct Shared {
    namespace: String,
    bucket_url: Option<String>,
    reader: ReaderOptions,
    tags: Vec<String>,
}

/// Reads a source file.
pub fn read(document: &Document, problems: &Problems) -> Vec<Resource> {
    let input = Input { document, code: Code::InvalidYaml, problems };
    match problems.keep(yaml::parse(document, document.text(), Code::InvalidYaml)) {
        Some(Some(root)) => input.fields(&root, "a source").map(read_source).unwrap_or_default(),
        Some(None) => {
            problems.push(
                Error::new(Code::InvalidYaml, "a source file says nothing")
                    .at(document.whole())
                    .hint("begin with `name:` and `resources:`, or remove the file"),
            );
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn read_source(mut fields: Fields<'_>) -> Vec<Resource> {
    let input = fields.source();
    let name = fields.required("name");
    check_type(&mut fields);
    fields.text("description");
    let shared = Shared {
        namespace: name.as_ref().map_or_else(|| "unnamed".to_owned(), |name| name.value.clone()),
        bucket_url: read_location(&mut fields, "bucket_url"),
        reader: read_reader_options(&mut fields),
        tags: read_tags(&mut fields),
    };
    let named = name.as_ref().is_some_and(|name| check_namespace(input, name));
    if fields.entry("resources").is_none() {
        input.report(fields.span(), "a source needs `resources`");
    }
    let items = fields.node("resources").map_or(&[][..], |node| input.items(node));
    let resources = items.iter().filter_map(|item| {
        let mut fields = input.fields(item, "a resource")?;
        let resource = read_resource(&mut fields, &shared, named);
        fields.finish();
        resource
    });
    let resources = resources.collect();
    fields.finish();
    resources
}

/// Other kinds of sources come later: say so, rather than calling their words wrong.
fn check_type(fields: &mut Fields<'_>) {
    let Some(kind) = fields.text("type") else { return };
    let input = fields.source();
    match kind.value.as_str() {
        "files" | "filesystem" => {}
        "rest_api" | "sql_database" | "python" | "stream" => input.problems.push(
            Error::new(Code::NotYetSupported, format!("sources of type `{}` are not supported yet", kind.value))
                .at(input.document.place(kind.span))
                .hint("load files for now: `type: files`"),
        ),
        other => input
            .problems
            .push(input.error(kind.span, format!("`{other}` is not a type of source")).hint("files are `type: files`")),
    }
}

fn read_resource(fields: &mut Fields<'_>, shared: &Shared, named: bool) -> Option<Resource> {
    let input = fields.source();
    let mut tests = Vec::new();
    let name = fields.required("name");
    let path = read_path(fields, shared);
    let mut reader = read_reader_options(fields);
    let columns = read_columns(fields, &mut tests);
    for column in &columns {
        if let Some(data_type) = &column.data_type {
            reader.columns.insert(column.name.clone(), data_type.clone());
        }
    }
    tests.extend(read_tests(fields, None));
    let on_changes = [("replace", OnChange::Replace), ("append", OnChange::Append), ("error", OnChange::Error)];
    let mut tags = read_tags(fields);
    tags.extend(shared.tags.iter().cloned());
    let write_disposition = read_write_disposition(fields);
    let on_change = fields.choice("on_change", &on_changes).map(|word| word.value).unwrap_or_default();
    let contracts = [("freeze", SchemaContract::Freeze), ("evolve", SchemaContract::Evolve)];
    let schema_contract = fields.choice("schema_contract", &contracts).map(|word| word.value).unwrap_or_default();
    let partition_by = read_partition_by(fields).map(values).unwrap_or_default();
    let cluster_by = read_list(fields, "cluster_by", |text| Ok(text.to_owned())).map(values).unwrap_or_default();
    let description = fields.text("description").map(|text| text.value);
    let name = name?;
    let table = match TableName::new(&shared.namespace, &name.value) {
        Ok(table) => table,
        Err(error) => {
            // A bad name of the source has been reported once, at the source.
            if named {
                input.problems.push(error.at(input.document.place(name.span)));
            }
            return None;
        }
    };
    Some(Resource {
        name: table,
        path: path?,
        reader: reader.over(&shared.reader),
        write_disposition,
        on_change,
        schema_contract,
        partition_by,
        cluster_by,
        description,
        tags,
        columns,
        place: input.document.place(name.span),
        tests,
    })
}

fn values<T>(placed: Placed<Vec<T>>) -> Vec<T> {
    placed.value
}

fn read_write_disposition(fields: &mut Fields<'_>) -> WriteDisposition {
    let words = [
        ("append", Some(WriteDisposition::Append)),
        ("replace", Some(WriteDisposition::Replace)),
        ("merge", None),
        ("skip", None),
    ];
    let Some(word) = fields.choice("write_disposition", &words) else { return WriteDisposition::default() };
    word.value.unwrap_or_else(|| {
        let error = Error::new(Code::NotYetSupported, "only `append` and `replace` are supported yet");
        let error = error.at(fields.source().document.place(word.span));
        fields.source().problems.push(error.hint("append, and keep the last row of a key in an incremental model"));
        WriteDisposition::default()
    })
}

/// `path`, or dlt's `bucket_url` and `file_glob`.
fn read_path(fields: &mut Fields<'_>, shared: &Shared) -> Option<String> {
    let path = read_location(fields, "path");
    let folder = read_location(fields, "bucket_url").or_else(|| shared.bucket_url.clone());
    let glob = fields.text("file_glob");
    match (path, folder, glob) {
        (Some(_), _, Some(glob)) => {
            fields.source().report(glob.span, "`path` and `file_glob` say the same: keep `path`");
            None
        }
        (Some(path), _, None) => Some(path),
        (None, Some(folder), glob) => {
            let glob = glob.map_or_else(|| "*".to_owned(), |glob| glob.value);
            Some(format!("{}/{glob}", folder.trim_end_matches('/')))
        }
        (None, None, Some(glob)) => Some(glob.value),
        (None, None, None) => {
            let error = fields.source().error(fields.span(), "a resource needs `path`");
            fields.source().problems.push(error.hint("write the file or glob, like `path: data/flights*.csv.gz`"));
            None
        }
    }
}

/// A place on this machine; another one is reported, and its resource read on.
fn read_location(fields: &mut Fields<'_>, name: &'static str) -> Option<String> {
    let text: Spanned<String> = fields.text(name)?;
    match local_path(&text.value) {
        Ok(path) => Some(path.to_owned()),
        Err(error) => {
            fields.source().problems.push(error.at(fields.source().document.place(text.span)));
            Some(text.value)
        }
    }
}
