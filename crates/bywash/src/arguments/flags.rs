//! Flags that several verbs share, in groups that a verb takes as a whole.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

/// Flags that every verb takes.
#[derive(Debug, Args)]
pub struct CommonFlags {
    /// Work in this folder, as if started there
    #[arg(short = 'C', value_name = "DIR", global = true, help_heading = "Everywhere")]
    pub directory: Option<PathBuf>,
    /// Say nothing but errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Everywhere")]
    pub quiet: bool,
    /// Say more: causes of errors, where a bug struck
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub verbose: bool,
    /// Colour the output
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true, help_heading = "Everywhere")]
    pub color: ColorChoice,
    /// Print help
    #[arg(short, long, global = true, action = ArgAction::HelpShort, help_heading = "Everywhere")]
    help: Option<bool>,
}

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On terminals, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Also in files and pipes
    Always,
    /// Not at all
    Never,
}

/// Which settings of the project count.
#[derive(Debug, Args)]
pub struct ProjectFlags {
    /// Use the settings under [targets.NAME] of bywash.toml
    #[arg(short, long, value_name = "NAME")]
    pub target: Option<String>,
}

/// Which nodes.
#[derive(Debug, Args)]
pub struct SelectionFlags {
    /// Only these nodes: m, +m, m+, 2+m+1, @m, tag:x, path:x, source:x, state:modified+, a,b for both
    #[arg(short, long, value_name = "NODES", num_args = 1.., action = ArgAction::Append)]
    pub select: Vec<String>,
    /// But not these
    #[arg(long, value_name = "NODES", num_args = 1.., action = ArgAction::Append)]
    pub exclude: Vec<String>,
}

/// Which version of the lake.
#[derive(Debug, Args)]
pub struct RefFlags {
    /// Read (and write) at this branch, tag or commit instead of the current branch
    #[arg(long = "ref", value_name = "REF")]
    pub reference: Option<String>,
}

/// How and where the result is written.
#[derive(Debug, Default, Args)]
pub struct OutputFlags {
    /// The format of the result [default: table, or what the name after --to says]
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<Format>,
    /// Write the result to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// The formats of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// Header, empty nulls, `true` and `false`
    Csv,
    /// One array of objects
    Json,
    /// One object a line
    Jsonl,
    /// Apache Parquet
    Parquet,
    /// Arrow IPC: the file format with --to, else the stream format
    Arrow,
    /// A table to paste into a document
    Markdown,
}

impl Format {
    /// The format as it is typed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Markdown => "markdown",
        }
    }
}

/// Values for `$name` in SQL.
#[derive(Debug, Args)]
pub struct ParameterFlags {
    /// Give $NAME in SQL this value; what stands in single quotes is text, whatever it looks like
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parse_parameter, action = ArgAction::Append)]
    pub parameters: Vec<Parameter>,
}

/// One value for `$name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The name without `$`.
    pub name: String,
    /// The text behind the first `=`.
    pub value: String,
}

fn parse_parameter(text: &str) -> Result<Parameter, String> {
    let (name, value) = text.split_once('=').ok_or("a parameter is written NAME=VALUE")?;
    let name = name.strip_prefix('$').unwrap_or(name);
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err("the name of a parameter has letters, digits and `_`".to_owned());
    }
    Ok(Parameter { name: name.to_owned(), value: value.to_owned() })
}
