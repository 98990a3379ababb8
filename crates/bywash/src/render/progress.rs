//! A run as it happens: on a terminal a line for each node at work, with rows and time; elsewhere one line for
//! each node that is done. With `--quiet` nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bywash_core::{counted, format_bytes, format_duration};
use bywash_pipeline::events::{Event, Listener, NodeStatus, SoFar};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::style::{Paint, Style};
use super::text;
use crate::context::{Context, Verbosity};

const TICK: Duration = Duration::from_millis(100);
const NAME_COLUMNS: usize = 28;
/// Of each node; a thousand files may all have the same flaw.
const WARNINGS_SHOWN: usize = 10;

/// Draws the events of a run on standard error.
#[derive(Debug)]
pub struct Progress {
    paint: Paint,
    verbosity: Verbosity,
    /// `None` where no person watches.
    bars: Option<Bars>,
    /// How many there were of each node.
    warnings: Mutex<HashMap<String, usize>>,
}

#[derive(Debug)]
struct Bars {
    all: MultiProgress,
    at_work: Mutex<HashMap<String, ProgressBar>>,
}

impl Progress {
    /// Fitting to standard error and to `--quiet`.
    #[must_use]
    pub fn new(context: &Context) -> Self {
        let bars = context.terminal.stderr_width.is_some() && context.verbosity > Verbosity::Quiet;
        Self {
            paint: context.paint(),
            verbosity: context.verbosity,
            bars: bars.then(|| Bars {
                all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)),
                at_work: Mutex::default(),
            }),
            warnings: Mutex::default(),
        }
    }

    /// Writes a line above the nodes at work.
    fn line(&self, line: &str) {
        if self.verbosity == Verbosity::Quiet {
            return;
        }
        match &self.bars {
            // A terminal that is gone cannot be told that it is gone.
            Some(bars) => drop(bars.all.println(line)),
            None => {
                use std::io::Write;
                let _ = writeln!(std::io::stderr().lock(), "{line}");
            }
        }
    }

    /// The first warnings of a node; the rest of many are counted when the run ends.
    fn warning(&self, name: &str, warning: &str) {
        let count = {
            let mut counts = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(name.to_owned()).or_default();
            *count += 1;
            *count
        };
        if count <= WARNINGS_SHOWN {
            let word = self.paint.text(Style::Warning, "warning:");
            self.line(&format!("{word} {name}: {}", text::one_line(warning)));
        }
    }

    fn finished(&self, name: &str, status: NodeStatus, figures: &str, note: Option<&str>) {
        let (word, style) = match status {
            NodeStatus::Ran => ("ran", Style::Good),
            NodeStatus::Reused => ("reused", Style::Faint),
            NodeStatus::Skipped => ("skipped", Style::Warning),
            NodeStatus::Failed => ("failed", Style::Error),
        };
        let word = self.paint.text(style, format!("{word:<8}"));
        let note = note.map(|note| format!("  {}", text::one_line(note))).unwrap_or_default();
        let line = format!("{word}{name:<NAME_COLUMNS$} {figures}{note}");
        self.line(line.trim_end());
    }
}

impl Bars {
    fn at_work(&self) -> MutexGuard<'_, HashMap<String, ProgressBar>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self, name: String, kind: &str) {
        let bar = self.all.add(ProgressBar::new_spinner());
        let style = ProgressStyle::with_template("{spinner} {prefix} {msg} {elapsed}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.set_prefix(format!("{name:<w$}", w = NAME_COLUMNS + 6));
        bar.set_message(kind.to_owned());
        bar.enable_steady_tick(TICK);
        self.at_work().insert(name, bar);
    }

    fn progress(&self, name: &str, so_far: SoFar) {
        if let Some(bar) = self.at_work().get(name) {
            bar.set_message(how_far(so_far));
        }
    }

    fn end(&self, name: &str) {
        if let Some(bar) = self.at_work().remove(name) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }
}

impl Listener for Progress {
    fn hear(&self, event: Event) {
        match event {
            Event::NodeStarted { name, kind } => {
                if let Some(bars) = &self.bars {
                    bars.start(name, &kind);
                } else if self.verbosity == Verbosity::Verbose {
                    self.line(&format!("started {name} ({kind})"));
                }
            }
            Event::NodeProgress { name, so_far } => {
                if let Some(bars) = &self.bars {
                    bars.progress(&name, so_far);
                }
            }
            Event::NodeFinished { name, kind, status, rows, bytes, elapsed, note } => {
                if let Some(bars) = &self.bars {
                    bars.end(&name);
                }
                let figures = figures(&kind, status, rows, bytes, elapsed);
                self.finished(&name, status, &figures, note.as_deref());
            }
            Event::Warning { name, text } => self.warning(&name, &text),
            Event::Line { name, text } => {
                let name = self.paint.text(Style::Faint, format!("{name}:"));
                self.line(&format!("{name} {}", text::one_line(&text)));
            }
            Event::Message(message) => self.line(&text::many_lines(&message)),
        }
    }
}

/// What is written; before the first row, what was read.
fn how_far(so_far: SoFar) -> String {
    if so_far.rows == 0 {
        return format!("read {}", format_bytes(so_far.bytes_read));
    }
    format!("{:>12} {:>10}", counted(so_far.rows, "row"), format_bytes(so_far.bytes))
}

/// `view` and `test` have no bytes of their own, and a node that did nothing has no figures.
fn figures(kind: &str, status: NodeStatus, rows: u64, bytes: u64, elapsed: Duration) -> String {
    let time = format_duration(elapsed);
    match (status, kind) {
        (NodeStatus::Skipped, _) => String::new(),
        (NodeStatus::Failed, _) | (_, "view" | "test") => format!("{:>12} {:>10} {time:>9}", kind, ""),
        _ => format!("{:>12} {:>10} {time:>9}", counted(rows, "row"), format_bytes(bytes)),
    }
}
