//! How the files of a resource are read, in the words of the source file.
//!
//! A mirror of the reader's own options: the binary converts one into the other, so that neither crate needs the
//! other. A key that is absent is guessed from the file, or has the reader's default.

use serde::{Deserialize, Serialize};

use super::column_types::ColumnTypes;
use super::document::Span;
use super::fields::Fields;

/// What happens to a row that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// The load fails.
    Fail,
    /// It is kept in `<table>__rejected` with its place and the reason.
    Quarantine,
}

/// What a field of two quotes means in a text column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QuotedEmpty {
    /// The same as an empty field without quotes.
    Null,
    /// A text of no characters.
    String,
}

/// What a file holds, whatever its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// Text with delimiters.
    Csv,
    /// One JSON document a line.
    Jsonl,
    /// One JSON document a file.
    Json,
    /// Parquet.
    Parquet,
}

/// Options of the reader; also part of what a load's rows depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReaderOptions {
    /// `csv`, `jsonl`, `json` or `parquet`; guessed from the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<FileFormat>,
    /// Between the fields of CSV; guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// The names of the fields of CSV that has no header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
    /// Around the fields of CSV that hold delimiters; empty for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
    /// What escapes a quote inside a quoted field of CSV, besides doubling it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape: Option<String>,
    /// Begins a line of CSV that is no row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Whether the first row of CSV names the columns; guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// How many lines stand before the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_lines: Option<u64>,
    /// What stands for null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub null_values: Option<Vec<String>>,
    /// What `""` means in a text column of CSV.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoted_empty: Option<QuotedEmpty>,
    /// Any label of the WHATWG encoding standard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// How timestamps are written, tried in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_formats: Option<Vec<String>>,
    /// Where in a JSON document the rows are, like `items.rows`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_path: Option<String>,
    /// How many times its size a packed file may expand to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_expansion_ratio: Option<u64>,
    /// Types that are declared, by column; the others are inferred.
    #[serde(skip_serializing_if = "ColumnTypes::is_empty")]
    pub columns: ColumnTypes,
    /// What happens to a row that cannot be read; it fails the load unless said otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
}

impl ReaderOptions {
    /// These options, and where they are silent the other's.
    #[must_use]
    pub fn over(self, other: &Self) -> Self {
        let mut columns = self.columns;
        columns.fill_in(&other.columns);
        Self {
            format: self.format.or(other.format),
            delimiter: self.delimiter.or_else(|| other.delimiter.clone()),
            names: self.names.or_else(|| other.names.clone()),
            quote: self.quote.or_else(|| other.quote.clone()),
            escape: self.escape.or_else(|| other.escape.clone()),
            comment: self.comment.or_else(|| other.comment.clone()),
            header: self.header.or(other.header),
            skip_lines: self.skip_lines.or(other.skip_lines),
            null_values: self.null_values.or_else(|| other.null_values.clone()),
            quoted_empty: self.quoted_empty.or(other.quoted_empty),
            encoding: self.encoding.or_else(|| other.encoding.clone()),
            timestamp_formats: self.timestamp_formats.or_else(|| other.timestamp_formats.clone()),
            records_path: self.records_path.or_else(|| other.records_path.clone()),
            max_expansion_ratio: self.max_expansion_ratio.or(other.max_expansion_ratio),
            columns,
            on_error: self.on_error.or(other.on_error),
        }
    }

    /// Whether rows that cannot be read are kept aside.
    #[must_use]
    pub fn quarantines(&self) -> bool {
        self.on_error == Some(OnError::Quarantine)
    }
}

/// Reads the options; `columns` are read by the caller, who also wants their descriptions and tests.
pub fn read_reader_options(fields: &mut Fields<'_>) -> ReaderOptions {
    let formats = [
        ("csv", FileFormat::Csv),
        ("tsv", FileFormat::Csv),
        ("jsonl", FileFormat::Jsonl),
        ("ndjson", FileFormat::Jsonl),
        ("json", FileFormat::Json),
        ("parquet", FileFormat::Parquet),
    ];
    let quoted_empties = [("null", QuotedEmpty::Null), ("string", QuotedEmpty::String)];
    let on_errors = [("fail", OnError::Fail), ("quarantine", OnError::Quarantine)];
    ReaderOptions {
        format: fields.choice("format", &formats).map(|format| format.value),
        delimiter: read_delimiter(fields),
        names: fields.texts("names").map(|texts| texts.value),
        quote: read_quote(fields),
        escape: read_character(fields, "escape"),
        comment: read_character(fields, "comment"),
        header: fields.truth("header"),
        skip_lines: fields.number("skip_lines"),
        null_values: fields.texts("null_values").map(|texts| texts.value),
        quoted_empty: fields.choice("quoted_empty", &quoted_empties).map(|word| word.value),
        encoding: fields.text("encoding").map(|text| text.value),
        timestamp_formats: fields.texts("timestamp_formats").map(|texts| texts.value),
        records_path: read_records_path(fields),
        max_expansion_ratio: fields.number("max_expansion_ratio"),
        columns: ColumnTypes::default(),
        on_error: fields.choice("on_error", &on_errors).map(|on_error| on_error.value),
    }
}

fn read_delimiter(fields: &mut Fields<'_>) -> Option<String> {
    let word = fields.text("delimiter")?;
    let delimiter = match word.value.as_str() {
        "tab" | "\\t" => "\t".to_owned(),
        _ => word.value,
    };
    one_character(fields, "delimiter", delimiter, word.span)
}

/// `records_path`, or dlt's `data_selector`.
fn read_records_path(fields: &mut Fields<'_>) -> Option<String> {
    let (_, node) = fields.either("records_path", "data_selector")?;
    fields.source().text(node, "`records_path`").map(|text| text.value)
}

/// An empty text says that nothing is quoted.
fn read_quote(fields: &mut Fields<'_>) -> Option<String> {
    let text = fields.text("quote")?;
    if text.value.is_empty() { Some(text.value) } else { one_character(fields, "quote", text.value, text.span) }
}

fn read_character(fields: &mut Fields<'_>, name: &'static str) -> Option<String> {
    let text = fields.text(name)?;
    one_character(fields, name, text.value, text.span)
}

fn one_character(fields: &Fields<'_>, name: &str, text: String, span: Span) -> Option<String> {
    if text.len() == 1 {
        return Some(text);
    }
    fields.source().report(span, format!("`{name}` is one ASCII character (or `tab`), not `{text}`"));
    None
}
