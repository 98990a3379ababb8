//! The schema of a set of files.
//!
//! A guess and a finding differ in one thing: where a guess saw only nulls it has no type, and any value there shows
//! that everything must be looked at. So a guess under which every row was read is what a finding would have been.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bywash_core::{Code, Error, Place, Result, format_count};

use super::super::columns::public_field;
use super::super::csv::{CsvInfer, CsvSettings, CsvSource, HeaderRule, look};
use super::super::find::FoundFile;
use super::super::format::Format;
use super::super::json::{JsonInfer, JsonSource};
use super::super::limits::{CHUNK_BYTES, COLUMNS_MAX};
use super::super::open::one_format;
use super::super::options::ReadOptions;
use super::super::ordered::Ordered;
use super::super::parquet;
use super::super::reader::Lines;
use super::super::text::Layout;
use super::shape::Shape;
use super::united::{United, add_undeclared};

/// How many files a guess looks into.
const GUESS_FILES_MAX: usize = 8;

/// The columns that a set of files is read into.
#[derive(Clone, Debug)]
pub struct Typing {
    schema: SchemaRef,
    /// The same with `Null` where a guess knows no type.
    reading: SchemaRef,
    guess: bool,
    header: Option<bool>,
    warnings: Vec<String>,
}

impl Typing {
    /// The columns of a table that exists: values must fit them, and what they lack is an error.
    #[must_use]
    pub fn of_table(schema: SchemaRef) -> Self {
        Self { reading: Arc::clone(&schema), schema, guess: false, header: None, warnings: Vec::new() }
    }

    /// The schema of the batches.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Whether reading may show that the types are wrong.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        self.guess
    }

    /// What a person should know.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The schema with `Null` where no type is known yet.
    pub(crate) fn reading(&self) -> &SchemaRef {
        &self.reading
    }

    /// How to know whether a CSV part has a header.
    pub(crate) fn header_rule(&self, options: &ReadOptions) -> HeaderRule {
        match options.known_header().or(self.header) {
            Some(known) => HeaderRule::Known(known),
            None => HeaderRule::Match(self.schema.fields().iter().map(|field| field.name().clone()).collect()),
        }
    }

    fn found(fields: Vec<Field>, guess: bool, header: Option<bool>, warnings: Vec<String>) -> Self {
        let reading = Arc::new(Schema::new(fields));
        let schema = Arc::new(Schema::new(reading.fields().iter().map(public_field).collect::<Vec<_>>()));
        let reading = if guess { reading } else { Arc::clone(&schema) };
        Self { schema, reading, guess, header, warnings }
    }
}

/// The types of everything in all of these files.
///
/// # Errors
/// A file cannot be read, or a record is wrong and the source does not set such records aside.
pub fn infer(files: &[FoundFile], options: &ReadOptions) -> Result<Typing> {
    Looker { options, head_bytes: None, partial: false }.typing(files)
}

/// The types as the heads of a few of these files tell them.
///
/// # Errors
/// As for [`infer`], as far as was looked.
pub fn guess(files: &[FoundFile], options: &ReadOptions) -> Result<Typing> {
    if one_format(files, options)? == Format::Parquet {
        return infer(files, options);
    }
    let step = files.len().div_ceil(GUESS_FILES_MAX).max(1);
    let some: Vec<FoundFile> = files.iter().step_by(step).cloned().collect();
    Looker { options, head_bytes: Some(CHUNK_BYTES), partial: step > 1 }.typing(&some)
}

/// Looks at files.
struct Looker<'a> {
    options: &'a ReadOptions,
    head_bytes: Option<usize>,
    /// Whether there are files that are not looked at.
    partial: bool,
}

impl Looker<'_> {
    fn typing(&self, files: &[FoundFile]) -> Result<Typing> {
        let typing = match one_format(files, self.options)? {
            Format::Csv => self.csv(files),
            format @ (Format::Json | Format::JsonLines) => self.json(files, format),
            Format::Parquet => {
                let (fields, warnings) = parquet::fields(files, self.options)?;
                Ok(Typing::found(fields, false, None, warnings))
            }
        }?;
        let columns = leaves(typing.schema().fields());
        if columns == 0 {
            return Err(no_columns(files));
        }
        if columns > COLUMNS_MAX {
            return Err(too_wide(files, columns));
        }
        Ok(typing)
    }

    fn workers<W: Clone>(&self, worker: W) -> Vec<W> {
        let others = self.options.thread_count();
        vec![worker; if others > 1 { others + 1 } else { 1 }]
    }

    fn csv(&self, files: &[FoundFile]) -> Result<Typing> {
        let settings = Arc::new(CsvSettings::new(self.options)?);
        let header = has_header(files, self.options, &settings)?;
        let (mut united, mut warnings, mut guess) = (United::default(), Vec::new(), self.partial);
        for file in files {
            let rule = HeaderRule::Known(header);
            let source = CsvSource::new(file, self.options, &settings, rule, self.head_bytes)?;
            let worker = CsvInfer::new(&settings, self.options.quarantines());
            let mut results = Ordered::new(Box::new(source), self.workers(worker));
            let mut lines = Lines::default();
            for found in results.by_ref() {
                let found = found?;
                let base = lines.before(&found.part, found.lines_before, found.lines);
                if let Some(stop) = found.stop {
                    return Err(stop.into_error(&found.part.shown, base));
                }
                if let Layout::Csv(layout) = &found.part.layout {
                    if header && united.is_strange(&layout.names) {
                        return Err(strange_header(&found.part.shown, &layout.names));
                    }
                    let places = united.places(&layout.names);
                    for ((place, kinds), oddities) in places.iter().zip(&found.kinds).zip(found.oddities) {
                        united.see(*place, *kinds, oddities, &found.part.shown, base);
                    }
                }
            }
            warnings.extend(results.warnings());
            guess |= results.was_cut();
        }
        if !header && self.options.known_header().is_none() {
            warnings.push(
                "the first line looks like data, not like names; if it holds names, say so: `header: true`".to_owned(),
            );
        }
        if united.len() > COLUMNS_MAX {
            return Err(too_wide(files, united.len()));
        }
        let (fields, more) = united.fields(&self.options.columns);
        warnings.extend(more);
        Ok(Typing::found(fields, guess, Some(header), warnings))
    }

    fn json(&self, files: &[FoundFile], format: Format) -> Result<Typing> {
        let declared: Arc<[String]> = self.options.columns.names().map(str::to_owned).collect();
        let (mut shape, mut guess) = (Shape::default(), self.partial);
        for file in files {
            let source = JsonSource::new(file, format, self.options, self.head_bytes)?;
            let worker = JsonInfer::new(Arc::clone(&declared), self.options.quarantines());
            let mut results = Ordered::new(Box::new(source), self.workers(worker));
            let mut lines = Lines::default();
            for found in results.by_ref() {
                let found = found?;
                let base = lines.before(&found.part, found.lines_before, found.lines);
                if let Some(stop) = found.stop {
                    return Err(stop.into_error(&found.part.shown, base));
                }
                shape.join(found.shape);
                if shape.leaves() > COLUMNS_MAX {
                    return Err(too_wide(files, shape.leaves()));
                }
            }
            guess |= results.was_cut();
        }
        let mut warnings = Vec::new();
        let field = |(name, shape): (&str, &Shape)| {
            let declared = self.options.columns.get(name).map(bywash_engine::TypeName::arrow);
            Field::new(name, declared.unwrap_or_else(|| shape.kind()), true)
        };
        let mut fields: Vec<Field> = shape.fields().map(field).collect();
        for (name, shape) in shape.fields().filter(|(name, _)| self.options.columns.get(name).is_none()) {
            warnings.extend(shape.why_text().map(|why| format!("column `{name}` is read as text: {why}")));
        }
        warnings.extend(add_undeclared(&mut fields, &self.options.columns));
        Ok(Typing::found(fields, guess, None, warnings))
    }
}

/// Whether the files have headers: as told, or because two begin alike, or as the first looks.
fn has_header(files: &[FoundFile], options: &ReadOptions, settings: &Arc<CsvSettings>) -> Result<bool> {
    if let Some(known) = options.known_header() {
        return Ok(known);
    }
    let mut first: Option<(Vec<String>, bool)> = None;
    for file in files.iter().take(GUESS_FILES_MAX) {
        let seen = look(file, options, settings)?;
        let Some(record) = seen.first else { continue };
        match &first {
            Some((known, _)) if *known == record => return Ok(true),
            Some((_, named)) => return Ok(*named),
            None => first = Some((record, seen.named)),
        }
    }
    Ok(first.is_none_or(|(_, named)| named))
}

/// The error for a first line that names no column of the other files: it is likely a row, and must not be lost.
fn strange_header(shown: &str, names: &[String]) -> Error {
    let some: Vec<String> = names.iter().take(3).map(|name| format!("`{name}`")).collect();
    let message = format!("the first line of `{shown}` names no column of the other files: {}", some.join(", "));
    Error::new(Code::SchemaChange, message)
        .at(Place::line(shown, 1))
        .hint("files without a header, or of another table, need a resource of their own (`header: false`)")
}

fn leaves<'a>(fields: impl IntoIterator<Item = &'a Arc<Field>>) -> usize {
    fields
        .into_iter()
        .map(|field| match field.data_type() {
            DataType::Struct(fields) => leaves(fields),
            DataType::List(item) => leaves([item]),
            _ => 1,
        })
        .sum()
}

fn first_of(files: &[FoundFile]) -> &str {
    files.first().map_or("", |file| &file.shown)
}

fn no_columns(files: &[FoundFile]) -> Error {
    let shown = first_of(files);
    let message = match files.len() {
        1 => format!("`{shown}` is empty: it has neither names nor rows"),
        count => format!("all {count} files are empty: they have neither names nor rows"),
    };
    Error::new(Code::UnreadableFile, message)
        .at(Place::file(shown))
        .hint("declare the columns in the source if empty files are to be expected: `columns: {name: type}`")
}

fn too_wide(files: &[FoundFile], columns: usize) -> Error {
    let (count, limit) = (format_count(columns as u64), format_count(COLUMNS_MAX as u64));
    Error::new(Code::UnreadableFile, format!("the files have {count} columns, more than {limit}"))
        .at(Place::file(first_of(files)))
        .hint("if keys of an object are data, read the object as text: `columns: {name: string}`")
}
