//! What standard output and standard error are: a terminal with a width and colours, or a file or pipe.

use std::io::IsTerminal;

use terminal_size::{Width, terminal_size_of};

use super::style::Paint;
use crate::arguments::ColorChoice;

/// What the two outputs are.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// The columns of standard output; `None` when it is no terminal.
    pub stdout_width: Option<usize>,
    /// The columns of standard error; `None` when it is no terminal.
    pub stderr_width: Option<usize>,
    /// Colours on standard output.
    pub stdout_paint: Paint,
    /// Colours on standard error.
    pub stderr_paint: Paint,
}

const USUAL_WIDTH: usize = 80;

impl Terminal {
    /// Looks at both outputs and at `NO_COLOR` and `TERM`.
    #[must_use]
    pub fn detect(choice: ColorChoice) -> Self {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let width = |size: Option<(Width, _)>| size.map_or(USUAL_WIDTH, |(Width(width), _)| usize::from(width));
        let stdout_width = stdout.is_terminal().then(|| width(terminal_size_of(&stdout)));
        let stderr_width = stderr.is_terminal().then(|| width(terminal_size_of(&stderr)));
        let paint = |width: Option<usize>| Paint {
            on: match choice {
                ColorChoice::Always => true,
                ColorChoice::Never => false,
                ColorChoice::Auto => width.is_some() && colours_welcome(),
            },
        };
        Self { stdout_width, stderr_width, stdout_paint: paint(stdout_width), stderr_paint: paint(stderr_width) }
    }
}

fn colours_welcome() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    !refused && !dumb
}
