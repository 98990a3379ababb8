//! Opening a file for reading: which reader it gets.

use std::sync::Arc;

use bywash_core::{Code, Error, Place, Result};

use super::csv::{CsvParse, CsvSettings, CsvSource};
use super::find::FoundFile;
use super::format::Format;
use super::json::{JsonParse, JsonSource};
use super::options::ReadOptions;
use super::ordered::Ordered;
use super::parquet::ParquetReader;
use super::raw::format_of;
use super::reader::{FileReader, Inner};
use super::rows::Rows;
use super::typing::Typing;

/// Opens one file, whose rows come as `typing` says.
///
/// # Errors
/// The file cannot be opened, or its columns are of a type that its format cannot be read into.
pub fn open(file: &FoundFile, options: &ReadOptions, typing: &Typing) -> Result<FileReader> {
    let inner = match format_of(file, options.format)? {
        Format::Csv => {
            let settings = Arc::new(CsvSettings::new(options)?);
            let source = CsvSource::new(file, options, &settings, typing.header_rule(options), None)?;
            let worker = || Rows::new(typing, options).map(|rows| CsvParse::new(&settings, rows));
            Inner::Csv(Ordered::new(Box::new(source), workers(options, worker)?))
        }
        format @ (Format::Json | Format::JsonLines) => {
            let source = JsonSource::new(file, format, options, None)?;
            let worker = || Rows::new(typing, options).map(JsonParse::new);
            Inner::Json(Ordered::new(Box::new(source), workers(options, worker)?))
        }
        Format::Parquet => Inner::Parquet(Box::new(ParquetReader::open(file, options, typing.schema())?)),
    };
    Ok(FileReader::new(&file.shown, typing.schema(), inner))
}

/// One worker for this thread and, if there are to be others, one for each.
fn workers<W>(options: &ReadOptions, worker: impl Fn() -> Result<W>) -> Result<Vec<W>> {
    let others = options.thread_count();
    (0..if others > 1 { others + 1 } else { 1 }).map(|_| worker()).collect()
}

/// The one format of these files.
///
/// # Errors
/// They have several, or the name of one does not tell.
pub(crate) fn one_format(files: &[FoundFile], options: &ReadOptions) -> Result<Format> {
    let mut first: Option<(&FoundFile, Format)> = None;
    for file in files {
        let format = format_of(file, options.format)?;
        match first {
            Some((other, known)) if known != format => {
                let (known, format) = (known.word(), format.word());
                let message = format!("`{}` is {known} and `{}` is {format}", other.shown, file.shown);
                return Err(Error::new(Code::InvalidSetting, message)
                    .at(Place::file(&file.shown))
                    .hint(format!("give each format a resource of its own, or say `format: {known}` for all")));
            }
            Some(_) => {}
            None => first = Some((file, format)),
        }
    }
    first.map(|(_, format)| format).ok_or_else(|| Error::bug("no files were given to read"))
}
