//! The table for people: numbers to the right, nulls shown as `null`, values on one line.
//!
//! On a terminal it shows the first rows and as many columns as fit, and says what it left out. In a pipe or file
//! nothing is cut: rows are drawn some thousands at a time, so that memory has an end, and a column becomes wider
//! where later rows need it.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bywash_core::counted;
use comfy_table::presets::{ASCII_MARKDOWN, UTF8_FULL_CONDENSED};
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, Table};

use super::cell::Options;
use super::failure::from_arrow;
use super::fit::fit;
use super::utc::in_utc;
use super::{Destination, Nulls, RowWriter};
use crate::render::style::Paint;
use crate::render::text;

const TERMINAL_ROWS: usize = 40;
const DRAWN_ROWS: usize = 10_000;
/// No value is kept longer than this for a terminal, whatever its width.
const LONGEST_CELL: usize = 1_000;

/// How a table looks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    preset: &'static str,
    /// How many rows are shown on a terminal, and drawn together elsewhere.
    rows: usize,
    /// Of the terminal, if it is one.
    width: Option<usize>,
    paint: Paint,
    /// What stands where a value is absent.
    null: &'static str,
}

impl Look {
    /// Fitted into a terminal of this width.
    pub(super) const fn terminal(width: usize, paint: Paint) -> Self {
        Self { preset: UTF8_FULL_CONDENSED, rows: TERMINAL_ROWS, width: Some(width), paint, null: NULL }
    }

    /// For a pipe or file.
    pub(super) const fn pipe(paint: Paint, is_pipe: bool) -> Self {
        let paint = if is_pipe { paint } else { Paint { on: false } };
        Self { preset: UTF8_FULL_CONDENSED, rows: DRAWN_ROWS, width: None, paint, null: NULL }
    }

    /// For a document.
    pub(super) const fn markdown() -> Self {
        Self { preset: ASCII_MARKDOWN, rows: DRAWN_ROWS, width: None, paint: Paint { on: false }, null: NULL }
    }

    /// The same with these nulls.
    pub(super) const fn with(self, nulls: Nulls) -> Self {
        let null = match nulls {
            Nulls::Named => NULL,
            Nulls::Empty => "",
        };
        Self { null, ..self }
    }

    fn is_markdown(&self) -> bool {
        self.preset == ASCII_MARKDOWN
    }

    /// How many lines the names take, and how many the end of a table.
    fn frame(&self) -> (usize, usize) {
        if self.is_markdown() { (2, 0) } else { (3, 1) }
    }
}

pub(super) struct TableWriter {
    place: Destination,
    look: Look,
    schema: SchemaRef,
    options: Options,
    /// The rows that are shown on a terminal, or are still to be drawn elsewhere; `None` is null.
    rows: Vec<Vec<Option<String>>>,
    /// How wide the columns are that are drawn already.
    drawn: Option<Vec<usize>>,
    left_out: u64,
}

impl TableWriter {
    pub(super) fn new(place: Destination, schema: &SchemaRef, look: Look) -> Self {
        let (schema, options) = (Arc::clone(schema), Options::new());
        Self { place, look, schema, options, rows: Vec::new(), drawn: None, left_out: 0 }
    }

    /// A value as it stands in a cell, before it is cut to the width of its column.
    fn shown(&self, value: &str) -> String {
        if self.look.is_markdown() {
            return text::one_line(value).replace('|', "\\|");
        }
        if self.look.width.is_none() {
            return text::one_line(value).into_owned();
        }
        let beginning: String = value.chars().take(LONGEST_CELL).collect();
        text::one_line(&beginning).into_owned()
    }

    fn widths(&self) -> Vec<usize> {
        let width = |text: &Option<String>| text.as_deref().map_or(self.look.null.len(), text::width);
        let wanted: Vec<usize> = (0..self.schema.fields().len())
            .map(|column| {
                let name = text::width(&self.shown(self.schema.field(column).name()));
                let name = self.drawn.as_ref().map_or(name, |drawn| drawn[column]);
                self.rows.iter().map(|row| width(&row[column])).max().unwrap_or(0).max(name)
            })
            .collect();
        self.look.width.map_or(wanted.clone(), |terminal| fit(&wanted, terminal))
    }

    fn draw(&self, widths: &[usize]) -> Table {
        let mut table = Table::new();
        table.load_preset(self.look.preset).set_content_arrangement(ContentArrangement::Disabled);
        if self.look.paint.on {
            table.enforce_styling()
        } else {
            table.force_no_tty()
        };
        let names = self.schema.fields().iter().map(|field| self.shown(field.name()));
        table.set_header(names.zip(widths).map(|(name, width)| {
            let mut name = text::cut(&name, *width).to_string();
            if self.drawn.is_some() {
                // Rows that were drawn before are not in the table any more: the name, which is not shown again,
                // keeps their width.
                name.push_str(&" ".repeat(width.saturating_sub(text::width(&name))));
            }
            let cell = Cell::new(name);
            if self.look.paint.on { cell.add_attribute(Attribute::Bold) } else { cell }
        }));
        for row in &self.rows {
            table.add_row(row.iter().zip(widths).map(|(value, width)| match value {
                Some(value) => Cell::new(text::cut(value, *width)),
                None if self.look.paint.on => Cell::new(self.look.null).add_attribute(Attribute::Dim),
                None => Cell::new(self.look.null),
            }));
        }
        for (column, field) in table.column_iter_mut().zip(self.schema.fields()) {
            if field.data_type().is_numeric() {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table
    }

    /// Keeps rows as they will be shown.
    fn keep(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let batch = in_utc(batch).map_err(from_arrow)?;
        let mut columns = self.options.columns(&batch).map_err(from_arrow)?;
        let mut rows = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let values = columns.iter_mut().map(|column| {
                let mut value = String::new();
                column.write(row, &mut value)?;
                Ok((!column.is_null(row)).then(|| self.shown(&value)))
            });
            rows.push(values.collect::<Result<Vec<_>, _>>().map_err(from_arrow)?);
        }
        drop(columns);
        self.rows.append(&mut rows);
        Ok(())
    }

    /// Writes the rows that are kept, below the names if these are the first; says how many columns are shown.
    fn draw_kept(&mut self) -> io::Result<usize> {
        let widths = self.widths();
        if widths.is_empty() || (self.drawn.is_some() && self.rows.is_empty()) {
            return Ok(widths.len());
        }
        let (names, end) = self.look.frame();
        let lines: Vec<String> = self.draw(&widths).lines().collect();
        let begin = if self.drawn.is_some() { names } else { 0 };
        for line in &lines[begin..lines.len() - end] {
            writeln!(self.place, "{line}")?;
        }
        self.rows.clear();
        let columns = widths.len();
        self.drawn = Some(widths);
        Ok(columns)
    }

    fn what_is_left_out(&self, columns: usize) -> Option<String> {
        let mut parts = Vec::new();
        if self.left_out > 0 {
            parts.push(counted(self.left_out, "more row"));
        }
        let hidden = (self.schema.fields().len() - columns) as u64;
        if hidden > 0 {
            parts.push(counted(hidden, "more column"));
        }
        let advice = if hidden > 0 { "use -o csv or select fewer columns" } else { "use -o csv or limit" };
        (!parts.is_empty()).then(|| format!("… {} ({advice})", parts.join(" and ")))
    }
}

const NULL: &str = "null";

impl RowWriter for TableWriter {
    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let mut at = 0;
        while at < batch.num_rows() {
            let rest = batch.num_rows() - at;
            let kept = rest.min(self.look.rows - self.rows.len());
            if kept > 0 {
                self.keep(&batch.slice(at, kept))?;
                at += kept;
            } else if self.look.width.is_some() {
                self.left_out += rest as u64;
                return Ok(());
            } else {
                self.draw_kept()?;
            }
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<Destination> {
        let columns = self.draw_kept()?;
        if let (Some(widths), (_, 1)) = (&self.drawn, self.look.frame()) {
            let end = self.draw(widths).lines().last().unwrap_or_default();
            writeln!(self.place, "{end}")?;
        }
        if let Some(line) = self.what_is_left_out(columns) {
            writeln!(self.place, "{line}")?;
        }
        Ok(self.place)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;

    /// What a terminal of this width shows of `rows` rows with a text, a number and some more columns.
    fn shown(width: usize, rows: i64, more_columns: usize) -> String {
        let text: ArrayRef = Arc::new(StringArray::from_iter((0..rows).map(|row| match row {
            1 => None,
            2 => Some("a long text with a\nline end, which nobody wants to see whole in a table".to_owned()),
            _ => Some(format!("row {row}")),
        })));
        let number: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|row| row * 1_000)));
        let mut columns = vec![("text".to_owned(), text), ("number".to_owned(), Arc::clone(&number))];
        columns.extend((0..more_columns).map(|column| (format!("column_{column}"), Arc::clone(&number))));
        let batch =
            RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
                .expect("rows");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("table");
        let place = Destination::file(&file, &file).expect("a place");
        let mut writer = Box::new(TableWriter::new(place, &batch.schema(), Look::terminal(width, Paint { on: false })));
        writer.write(&batch).expect("rows are kept");
        writer.finish().and_then(|place| place.finish().map_err(io::Error::other)).expect("a table");
        std::fs::read_to_string(file).expect("the table")
    }

    #[test]
    fn a_terminal_gets_a_table_that_fits() {
        insta::assert_snapshot!(shown(40, 4, 0), @r"
        ┌─────────────────────────────┬────────┐
        │ text                        ┆ number │
        ╞═════════════════════════════╪════════╡
        │ row 0                       ┆      0 │
        │ null                        ┆   1000 │
        │ a long text with a\nline e… ┆   2000 │
        │ row 3                       ┆   3000 │
        └─────────────────────────────┴────────┘
        ");
    }

    #[test]
    fn what_is_left_out_is_said() {
        let table = shown(40, 1_041, 9);
        let drawn = |line: &&str| !line.starts_with('…');
        assert!(table.lines().filter(drawn).all(|line| text::width(line) <= 40), "{table}");
        assert_eq!(table.lines().count(), 3 + TERMINAL_ROWS + 1 + 1, "{table}");
        let last = table.lines().last().unwrap_or_default();
        assert_eq!(last, "… 1,001 more rows and 8 more columns (use -o csv or select fewer columns)");
        assert!(shown(200, 41, 0).ends_with("… 1 more row (use -o csv or limit)\n"));
    }
}
