//! The command line as data: every verb and flag stands here once and does nothing.
//!
//! The parser, the help, the completions and `docs/reference/cli.md` are all made from these structs. A flag belongs
//! to the verbs that give it a meaning and to no other, so a flag without meaning is an error, never ignored. Flags
//! may stand before the verb as well as behind it ([`parse`]).

mod flags;
mod parse;
mod verbs;
mod wrong_usage;

use clap::{Parser, Subcommand};

pub use flags::{
    ColorChoice, CommonFlags, Format, OutputFlags, Parameter, ParameterFlags, ProjectFlags, RefFlags, SelectionFlags,
};
pub use parse::{Parsed, color_choice, parse, wants_json};
pub use verbs::{
    BranchCommand, CheckArguments, CheckoutArguments, CleanArguments, CompileArguments, CompletionsArguments,
    DiffArguments, DoctorArguments, ExplainArguments, GcArguments, InferArguments, InitArguments, LineageArguments,
    LineageFormat, ListArguments, LoadArguments, LogArguments, MaintenanceFlags, MergeArguments, PlanArguments,
    QueryArguments, RerunArguments, RevertArguments, RunArguments, ShowArguments, TableCommand, TagCommand, Template,
};

/// A data platform in one binary: files become versioned tables, SQL models become answers
#[derive(Debug, Parser)]
#[command(
    name = "bywash",
    version,
    max_term_width = 100,
    disable_help_flag = true,
    after_help = "Start here:\n  bywash init flights --template flights && cd flights && bywash run\n  \
                  bywash query \"from 'data/x.csv' limit 5\"\n\nEvery error has a page: bywash explain CODE"
)]
pub struct Arguments {
    /// Flags that every verb takes.
    #[command(flatten)]
    pub common: CommonFlags,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a project in a new folder
    Init(InitArguments),
    /// Bring every node up to date, test, and publish all of it at once
    #[command(visible_alias = "build")]
    Run(RunArguments),
    /// Do a run of the past again, on a branch, and say whether the same comes out
    Rerun(RerunArguments),
    /// Find every mistake in the project without reading data
    Check(CheckArguments),
    /// Say what a run would do, and why
    Plan(PlanArguments),
    /// Say where a table or a column comes from, and what is made of it
    Lineage(LineageArguments),
    /// Run SQL on the lake or on files; alone it opens a shell
    Query(QueryArguments),
    /// Compute the rows of a node without writing them
    Show(ShowArguments),
    /// Print the final SQL of a node
    Compile(CompileArguments),
    /// Run a function in Python on a sample and declare its columns in its file
    Infer(InferArguments),
    /// List the nodes of the project
    Ls(ListArguments),
    /// Load files into tables, or all sources of the project
    Load(LoadArguments),
    /// List, create and delete branches
    #[command(subcommand)]
    Branch(BranchCommand),
    /// Make another branch the current one
    Checkout(CheckoutArguments),
    /// Bring what another branch has into the current one
    Merge(MergeArguments),
    /// Say what differs between two branches, tags or commits
    Diff(DiffArguments),
    /// List the commits of a branch, the latest first
    Log(LogArguments),
    /// List, create and delete tags
    #[command(subcommand)]
    Tag(TagCommand),
    /// Take back what a commit did, with a new commit
    Revert(RevertArguments),
    /// Look at the tables of the lake, and keep them in good shape
    #[command(subcommand)]
    Table(TableCommand),
    /// Delete what no branch, tag or run needs any more
    Gc(GcArguments),
    /// Look for damage in the lake and say how to repair it
    Doctor(DoctorArguments),
    /// Delete what can be rebuilt: caches and what queries spilled
    Clean(CleanArguments),
    /// Explain an error code; alone it lists all codes
    Explain(ExplainArguments),
    /// Print the completion script of a shell
    Completions(CompletionsArguments),
}

impl Command {
    /// The verb as it is typed.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Init(_) => "init",
            Self::Run(_) => "run",
            Self::Rerun(_) => "rerun",
            Self::Check(_) => "check",
            Self::Plan(_) => "plan",
            Self::Lineage(_) => "lineage",
            Self::Query(_) => "query",
            Self::Show(_) => "show",
            Self::Compile(_) => "compile",
            Self::Infer(_) => "infer",
            Self::Ls(_) => "ls",
            Self::Load(_) => "load",
            Self::Branch(_) => "branch",
            Self::Checkout(_) => "checkout",
            Self::Merge(_) => "merge",
            Self::Diff(_) => "diff",
            Self::Log(_) => "log",
            Self::Tag(_) => "tag",
            Self::Revert(_) => "revert",
            Self::Table(_) => "table",
            Self::Gc(_) => "gc",
            Self::Doctor(_) => "doctor",
            Self::Clean(_) => "clean",
            Self::Explain(_) => "explain",
            Self::Completions(_) => "completions",
        }
    }
}
