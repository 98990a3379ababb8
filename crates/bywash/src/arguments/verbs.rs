//! What each verb takes: its own arguments and the shared groups that have a meaning for it.
#![expect(missing_docs, reason = "a group says what it is by its type, and its documentation stands there")]

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::flags::{OutputFlags, ParameterFlags, ProjectFlags, RefFlags, SelectionFlags};

/// `bywash init`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bywash init flights --template flights")]
pub struct InitArguments {
    /// The folder of the project: new, or empty
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// What to put into it
    #[arg(long, value_name = "NAME", default_value = "empty")]
    pub template: Template,
}

/// What a new project holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// The flights of New York in 2013: data, models and tests that run
    Flights,
    /// The same, and a model in Python that predicts delays with scikit-learn
    FlightsMl,
    /// Settings only
    #[default]
    Empty,
}

impl Template {
    /// The template as it is typed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flights => "flights",
            Self::FlightsMl => "flights-ml",
            Self::Empty => "empty",
        }
    }
}

/// `bywash run`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash run\n  bywash run -s +marts.delays --ref dev\n  \
                        bywash run --run-key nightly-2026-01-01")]
pub struct RunArguments {
    #[command(flatten)]
    pub selection: SelectionFlags,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    #[command(flatten)]
    pub parameters: ParameterFlags,
    /// Say what would run, and run nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Compute incremental models from all their rows, and reuse nothing that was selected
    #[arg(long)]
    pub full_refresh: bool,
    /// Compute what this branch lacks, even where another run or branch has computed it
    #[arg(long)]
    pub no_cache: bool,
    /// Name this run: a second run with the same key resumes or reports the first
    #[arg(long, value_name = "KEY")]
    pub run_key: Option<String>,
    /// Keep what somebody wrote into the table of this node, as if the node had made it
    #[arg(long, value_name = "NODE", action = ArgAction::Append)]
    pub adopt: Vec<String>,
    /// Replace what somebody wrote into the table of this node
    #[arg(long, value_name = "NODE", action = ArgAction::Append)]
    pub overwrite: Vec<String>,
}

/// `bywash check`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash check -s state:modified+\n  bywash check --watch")]
pub struct CheckArguments {
    /// Check again whenever a file of the project is saved
    #[arg(long)]
    pub watch: bool,
    #[command(flatten)]
    pub selection: SelectionFlags,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    #[command(flatten)]
    pub parameters: ParameterFlags,
}

/// `bywash plan`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bywash plan --ref dev")]
pub struct PlanArguments {
    #[command(flatten)]
    pub selection: SelectionFlags,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    #[command(flatten)]
    pub parameters: ParameterFlags,
    /// Plan as `run --full-refresh` would
    #[arg(long)]
    pub full_refresh: bool,
    /// Plan as `run --no-cache` would
    #[arg(long)]
    pub no_cache: bool,
}

/// `bywash lineage`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash lineage marts.delays\n  bywash lineage marts.delays.minutes --up\n  \
                        bywash lineage raw.flights.dep_delay --down -o mermaid")]
pub struct LineageArguments {
    /// The table, or one of its columns
    #[arg(value_name = "TABLE[.COLUMN]")]
    pub table: String,
    /// Only what it comes from
    #[arg(long, conflicts_with = "down")]
    pub up: bool,
    /// Only what is made of it
    #[arg(long)]
    pub down: bool,
    /// The format of the result
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub output: LineageFormat,
    /// Write the result to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub parameters: ParameterFlags,
}

/// The formats of a lineage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LineageFormat {
    /// A line for each link, nearest first
    Table,
    /// One object with a list of links
    Json,
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
}

/// `bywash query`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash query \"select count(*) from raw.flights\"\n  \
                        bywash query \"from 'data/x.csv' limit 5\"\n  \
                        bywash query \"from raw.flights@dev\" -o parquet --to flights.parquet")]
pub struct QueryArguments {
    /// The statement; without it a shell opens, or standard input is read
    pub sql: Option<String>,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    #[command(flatten)]
    pub parameters: ParameterFlags,
}

/// `bywash show`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash show marts.delays\n  \
                        bywash show tests.not_null_marts_carriers_carrier    the rows that a test found")]
pub struct ShowArguments {
    /// The node; of a test the bad rows
    pub node: String,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    #[command(flatten)]
    pub parameters: ParameterFlags,
}

/// `bywash infer`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bywash infer marts.delay_risk")]
pub struct InferArguments {
    /// The node: a function in Python
    pub node: String,
    /// How many rows of each table that it reads it is given
    #[arg(long, value_name = "ROWS", default_value_t = 1000)]
    pub rows: u64,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub parameters: ParameterFlags,
}

/// `bywash compile`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bywash compile marts.delays")]
pub struct CompileArguments {
    /// The node
    pub node: String,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub parameters: ParameterFlags,
    /// Write the SQL to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// `bywash ls`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bywash ls -s tag:daily -o json")]
pub struct ListArguments {
    #[command(flatten)]
    pub selection: SelectionFlags,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

/// `bywash load`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash load\n  bywash load data/*.csv --into raw      one table a file\n  \
                        bywash load 'data/*.csv' --into raw    one table of all files")]
pub struct LoadArguments {
    /// Files, or globs in quotes; without them the sources of the project are loaded
    #[arg(value_name = "FILES", conflicts_with_all = ["select", "exclude"])]
    pub files: Vec<PathBuf>,
    /// The namespace of the new tables
    #[arg(long, value_name = "NS", requires = "files")]
    pub into: Option<String>,
    #[command(flatten)]
    pub selection: SelectionFlags,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    /// Say what would be loaded, and load nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `bywash branch`
#[derive(Debug, Subcommand)]
pub enum BranchCommand {
    /// List the branches
    #[command(after_help = "Example:\n  bywash branch list -o json")]
    List {
        #[command(flatten)]
        project: ProjectFlags,
        #[command(flatten)]
        output: OutputFlags,
    },
    /// Create a branch at the current one, and stay where you are
    #[command(after_help = "Examples:\n  bywash branch create dev\n  bywash branch create fix --ref v1")]
    Create {
        /// The name of the new branch
        name: String,
        #[command(flatten)]
        reference: RefFlags,
        #[command(flatten)]
        project: ProjectFlags,
    },
    /// Give a branch another name
    #[command(after_help = "Example:\n  bywash branch rename dev late-flights")]
    Rename {
        /// The branch
        name: String,
        /// Its new name
        #[arg(value_name = "NEW")]
        new_name: String,
        #[command(flatten)]
        project: ProjectFlags,
    },
    /// Delete a branch; its commits stay until they are collected
    #[command(after_help = "Example:\n  bywash branch delete dev")]
    Delete {
        /// The branch
        name: String,
        #[command(flatten)]
        project: ProjectFlags,
    },
}

/// `bywash checkout`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash checkout main\n  bywash checkout -b dev")]
pub struct CheckoutArguments {
    /// The branch
    pub name: String,
    /// Create it first
    #[arg(short = 'b')]
    pub create: bool,
    #[command(flatten)]
    pub project: ProjectFlags,
}

/// `bywash merge`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash merge dev\n  bywash merge dev --into main --dry-run")]
pub struct MergeArguments {
    /// The branch, tag or commit whose changes are taken
    pub source: String,
    /// The branch that gets them [default: the current branch]
    #[arg(long, value_name = "TARGET")]
    pub into: Option<String>,
    /// Where both sides changed a table: keep it as the target has it, take back what only the source did
    #[arg(long, value_name = "TABLE", value_delimiter = ',')]
    pub ours: Vec<String>,
    /// Where both sides changed a table: take it as the source has it, take back what only the target did
    #[arg(long, value_name = "TABLE", value_delimiter = ',')]
    pub theirs: Vec<String>,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    /// Say what would be merged, and move nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `bywash diff`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash diff main\n  bywash diff main dev -o json\n  \
    bywash diff main --table raw.orders --key id\n  bywash diff raw.orders@v1 raw.orders\n  \
    bywash diff old.csv new.csv --key id")]
pub struct DiffArguments {
    /// The branch, tag or commit to compare from; or a table or file
    #[arg(value_name = "A")]
    pub from: String,
    /// The one to compare to [default: the current branch]
    #[arg(value_name = "B")]
    pub to_ref: Option<String>,
    /// Show rows of this table that differ
    #[arg(long, value_name = "TABLE")]
    pub table: Option<String>,
    /// The columns that name a row [default: the model's unique_key]
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    pub key: Vec<String>,
    /// How many rows to show
    #[arg(long, value_name = "ROWS", default_value_t = 20)]
    pub limit: usize,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

/// `bywash log`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bywash log --ref dev")]
pub struct LogArguments {
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

/// `bywash tag`
#[derive(Debug, Subcommand)]
pub enum TagCommand {
    /// Name a commit for good
    #[command(after_help = "Examples:\n  bywash tag create v1\n  bywash tag create v1 --ref dev")]
    Create {
        /// The name of the new tag
        name: String,
        #[command(flatten)]
        reference: RefFlags,
        #[command(flatten)]
        project: ProjectFlags,
    },
    /// List the tags
    #[command(after_help = "Example:\n  bywash tag list")]
    List {
        #[command(flatten)]
        project: ProjectFlags,
        #[command(flatten)]
        output: OutputFlags,
    },
    /// Delete a tag; its commits stay until they are collected
    #[command(after_help = "Example:\n  bywash tag delete v1")]
    Delete {
        /// The tag
        name: String,
        #[command(flatten)]
        project: ProjectFlags,
    },
}

/// `bywash revert`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash revert HEAD          takes back the latest commit\n  \
    bywash revert 1a2b3c4 --through  and everything since\n  bywash revert --last-load raw.orders\n  \
    bywash revert HEAD --dry-run")]
pub struct RevertArguments {
    /// The commit; HEAD is the latest
    #[arg(required_unless_present = "last_load")]
    pub commit: Option<String>,
    /// Take back everything since that commit too, in one
    #[arg(long)]
    pub through: bool,
    /// Take back the latest commit that loaded files, of this table or of any
    #[arg(long, value_name = "TABLE", num_args = 0..=1, default_missing_value = "", conflicts_with = "commit")]
    pub last_load: Option<String>,
    /// Do not load the files again that had been loaded
    #[arg(long)]
    pub skip: bool,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    /// Say what would be taken back, and move nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `bywash rerun`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash rerun 0193ab41             the run whose id begins so\n  \
    bywash rerun HEAD                 the run that made the latest commit")]
pub struct RerunArguments {
    /// The run: its id or the beginning of it, or a commit that it made
    pub run: String,
    /// Call the branch so that gets the result
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

/// `bywash table`
#[derive(Debug, Subcommand)]
pub enum TableCommand {
    /// List the tables with their rows and sizes
    #[command(after_help = "Example:\n  bywash table list --ref dev")]
    List {
        #[command(flatten)]
        reference: RefFlags,
        #[command(flatten)]
        project: ProjectFlags,
        #[command(flatten)]
        output: OutputFlags,
    },
    /// Show a table's columns, partitions and place, and how other engines read it
    #[command(after_help = "Example:\n  bywash table show raw.flights")]
    Show {
        /// The table
        table: String,
        #[command(flatten)]
        reference: RefFlags,
        #[command(flatten)]
        project: ProjectFlags,
        #[command(flatten)]
        output: OutputFlags,
    },
    /// List the changes of a table, the latest first
    #[command(after_help = "Example:\n  bywash table history raw.flights")]
    History {
        /// The table
        table: String,
        #[command(flatten)]
        reference: RefFlags,
        #[command(flatten)]
        project: ProjectFlags,
        #[command(flatten)]
        output: OutputFlags,
    },
    /// Bring small files together into larger ones; the rows stay the same
    #[command(
        after_help = "Examples:\n  bywash table compact raw.flights --dry-run\n  bywash table compact raw.flights"
    )]
    Compact {
        /// The table
        table: String,
        #[command(flatten)]
        flags: MaintenanceFlags,
    },
    /// Forget old snapshots in the table's own metadata; commits keep every version
    #[command(after_help = "Example:\n  bywash table expire raw.flights --keep 10")]
    Expire {
        /// The table
        table: String,
        /// How many snapshots other engines still see, the newest
        #[arg(long, value_name = "SNAPSHOTS", default_value_t = 1)]
        keep: usize,
        #[command(flatten)]
        flags: MaintenanceFlags,
    },
    /// Bring the lists of a table's files together into few; files and rows stay the same
    #[command(after_help = "Example:\n  bywash table rewrite-manifests raw.flights")]
    RewriteManifests {
        /// The table
        table: String,
        #[command(flatten)]
        flags: MaintenanceFlags,
    },
}

/// What maintenance of a table takes besides its name.
#[derive(Debug, Args)]
pub struct MaintenanceFlags {
    /// Say what would be gained, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub reference: RefFlags,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

/// `bywash doctor`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash doctor\n  bywash doctor --relocate --dry-run\n  \
                  bywash doctor --copy-catalog postgres://user@host/database")]
pub struct DoctorArguments {
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
    /// After the lake was moved: write its new place into every table, for other engines
    #[arg(long)]
    pub relocate: bool,
    /// Copy the catalog into an empty database of PostgreSQL, and compare them; the password comes from PGPASSWORD or
    /// ~/.pgpass
    #[arg(long, value_name = "ADDRESS", conflicts_with = "relocate")]
    pub copy_catalog: Option<String>,
    /// Say what --relocate would change, and change nothing
    #[arg(long, requires = "relocate")]
    pub dry_run: bool,
}

/// `bywash gc`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash gc --dry-run\n  bywash gc\n  bywash gc --all --grace 0s   everything, now")]
pub struct GcArguments {
    /// Say what would be deleted, when and why, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// How long what nothing reaches stays after it was found [default: gc.grace, or 1d]
    #[arg(long, value_name = "DURATION")]
    pub grace: Option<String>,
    /// Keep only what branches, tags and commands at work reach: no deleted branches, unpublished runs, kept outputs
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub project: ProjectFlags,
    #[command(flatten)]
    pub output: OutputFlags,
}

/// `bywash clean`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bywash clean --dry-run")]
pub struct CleanArguments {
    /// Say what would be deleted, and delete nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `bywash explain`
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  bywash explain\n  bywash explain unknown-table")]
pub struct ExplainArguments {
    /// The code in the brackets of an error
    pub code: Option<String>,
}

/// `bywash completions`
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bywash completions bash > ~/.local/share/bash-completion/completions/bywash")]
pub struct CompletionsArguments {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}
