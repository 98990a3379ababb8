//! Text that a verb made itself, in the place that `--to` asks for.

use std::io::Write;

use bywash_core::{Error, Result};

use super::destination::Destination;
use crate::arguments::OutputFlags;
use crate::context::Context;

/// Writes a text to standard output or to `--to`.
///
/// # Errors
/// The place cannot be written.
pub fn write_text(context: &Context, flags: &OutputFlags, text: &str) -> Result<()> {
    let mut place = match &flags.to {
        Some(path) => Destination::file(&context.path(path), path)?,
        None => Destination::stdout(&context.stdout),
    };
    let shown = place.shown().to_owned();
    place.write_all(text.as_bytes()).map_err(|error| Error::io("write", &shown, &error))?;
    place.finish()
}
