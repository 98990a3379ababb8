//! `bywash.toml`: the settings of a project, each written once.
//!
//! [`SETTINGS`] is the one list of keys: it reads them, validates them and documents them. A value is taken from
//! the environment (`BYWASH_SECTION__KEY`), else from the chosen target, else from the file, else it is the default.
//! A key that is not in the list is an error with a suggestion, wherever it is written.

use std::path::PathBuf;
use std::time::Duration;

use bywash_core::{Code, Error, Place, RefName, TableName, parse_bytes, parse_duration, suggestion};
use bywash_lake::storage::RemotePlace;
use bywash_lake::store::PostgresPlace;

use super::document::{Document, Span};
use super::fields::{Fields, Problems, Source, listed};
use super::model_options::{FolderOptions, read_folder_options};
use super::toml;
use super::tree::{Node, Value};

/// The file that makes a folder a project.
pub const FILE_NAME: &str = "bywash.toml";

/// What a project is told about itself and its machine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The project's name; models without a folder lie in the namespace of this name.
    pub name: String,
    /// Where the lake lies, relative to the project's root unless absolute.
    pub lake_path: PathBuf,
    /// The catalog, if it is in PostgreSQL.
    pub catalog: Option<PostgresPlace>,
    /// The warehouse, if it is in an object store.
    pub warehouse: Option<RemotePlace>,
    /// How much memory queries may take; the engine chooses when absent.
    pub memory_limit: Option<u64>,
    /// How much disk queries may spill to; the engine chooses when absent.
    pub spill_limit: Option<u64>,
    /// How many threads work; one per core when absent.
    pub threads: Option<usize>,
    /// How long to wait for a catalog that another process holds; the command chooses when absent.
    pub catalog_patience: Option<Duration>,
    /// How long the work of a run that did not publish keeps its ref; the run chooses when absent.
    pub keep_runs: Option<Duration>,
    /// How long what nothing reaches stays after it was found; the collection chooses when absent.
    pub gc_grace: Option<Duration>,
    /// How long a ref's earlier commits stay after it moved away; the collection chooses when absent.
    pub gc_reflog: Option<Duration>,
    /// How long outputs stay for reuse; the collection chooses when absent.
    pub gc_keep_outputs: Option<Duration>,
    /// How many bytes outputs may take for reuse alone; without a limit when absent.
    pub gc_output_bytes: Option<u64>,
    /// The interpreter of functions that ask for nothing to be installed; one is made when absent.
    pub python: Option<PathBuf>,
    /// Where environments of functions are kept; the command chooses when absent.
    pub python_cache: Option<PathBuf>,
    /// How much memory a function may take that does not say so itself; without a limit of its own when absent.
    pub python_memory_limit: Option<u64>,
    /// Branches that take only what the project's tests have seen.
    pub protected: Vec<RefName>,
    /// Defaults of models by folder.
    pub folders: Vec<FolderOptions>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: String::new(),
            lake_path: PathBuf::from("lake"),
            catalog: None,
            warehouse: None,
            memory_limit: None,
            spill_limit: None,
            threads: None,
            catalog_patience: None,
            keep_runs: None,
            gc_grace: None,
            gc_reflog: None,
            gc_keep_outputs: None,
            gc_output_bytes: None,
            python: None,
            python_cache: None,
            python_memory_limit: None,
            protected: Vec::new(),
            folders: Vec::new(),
        }
    }
}

impl Settings {
    /// Whether a branch takes only what the project's tests have seen: `run`, `load`, `merge` and `revert`.
    #[must_use]
    pub fn protects(&self, branch: &RefName) -> bool {
        self.protected.contains(branch)
    }
}

/// One setting as its reference page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingDoc {
    /// `section.key`.
    pub name: String,
    /// What kind of value it takes.
    pub kind: &'static str,
    /// What holds when it is not written.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
    /// The environment variable that overrides it, if one can.
    pub environment: Option<String>,
}

struct Setting {
    section: &'static str,
    key: &'static str,
    kind: &'static str,
    default: &'static str,
    doc: &'static str,
    /// Puts the text in its place, or says what is wrong with it.
    apply: fn(&mut Settings, &str) -> Result<(), String>,
}

const SETTINGS: &[Setting] = &[
    Setting {
        section: "project",
        key: "name",
        kind: "name",
        default: "required",
        doc: "The project's name. Models directly under `models/` lie in the namespace of this name.",
        apply: |settings, text| {
            if TableName::new(text, "x").is_err() {
                return Err(format!("`{text}` cannot name a project: use letters, digits and `_`, no digit first"));
            }
            text.clone_into(&mut settings.name);
            Ok(())
        },
    },
    Setting {
        section: "lake",
        key: "path",
        kind: "path",
        default: "lake",
        doc: "The folder of the lake, relative to the project's root: `catalog.db` and `warehouse/`.",
        apply: |settings, text| {
            settings.lake_path = PathBuf::from(text);
            if text.is_empty() { Err("a path is not empty".to_owned()) } else { Ok(()) }
        },
    },
    Setting {
        section: "lake",
        key: "catalog",
        kind: "address",
        default: "`catalog.db` in the lake's folder",
        doc: "The catalog in PostgreSQL, for teams: `postgres://user@host/database`. Its password never stands in this \
              file: it comes from `PGPASSWORD`, `~/.pgpass`, or an address in the environment.",
        apply: |settings, text| {
            settings.catalog = Some(PostgresPlace::parse(text).map_err(|error| with_hint(&error))?);
            Ok(())
        },
    },
    Setting {
        section: "lake",
        key: "warehouse",
        kind: "address",
        default: "`warehouse/` in the lake's folder",
        doc: "The tables' files in an object store: `s3://bucket/prefix`, `az://container/prefix` or \
              `abfss://container@account.dfs.core.windows.net/prefix`. Credentials come from the environment.",
        apply: |settings, text| {
            settings.warehouse = Some(RemotePlace::parse(text).map_err(|error| with_hint(&error))?);
            Ok(())
        },
    },
    Setting {
        section: "engine",
        key: "memory_limit",
        kind: "size",
        default: "70 % of the memory of the machine or its cgroup",
        doc: "How much memory queries may take before they spill to disk, like `4GB`.",
        apply: |settings, text| size(text).map(|bytes| settings.memory_limit = Some(bytes)),
    },
    Setting {
        section: "engine",
        key: "spill_limit",
        kind: "size",
        default: "chosen by the engine",
        doc: "How much disk queries may spill to, like `50GB`.",
        apply: |settings, text| size(text).map(|bytes| settings.spill_limit = Some(bytes)),
    },
    Setting {
        section: "engine",
        key: "threads",
        kind: "number",
        default: "one per core",
        doc: "How many threads work on queries.",
        apply: |settings, text| match text.parse() {
            Ok(threads) if (1..=1024).contains(&threads) => {
                settings.threads = Some(threads);
                Ok(())
            }
            _ => Err(format!("`{text}` is not a number of threads from 1 to 1024")),
        },
    },
    Setting {
        section: "catalog",
        key: "patience",
        kind: "duration",
        default: "20s",
        doc: "How long to wait for a catalog that another process holds, like `20s`.",
        apply: |settings, text| duration(text).map(|patience| settings.catalog_patience = Some(patience)),
    },
    Setting {
        section: "catalog",
        key: "keep_runs",
        kind: "duration",
        default: "7d",
        doc: "How long `refs/runs/<id>` names what a failed or stopped run had finished, like `7d`. What it computed \
              stays reusable after that.",
        apply: |settings, text| duration(text).map(|period| settings.keep_runs = Some(period)),
    },
    Setting {
        section: "catalog",
        key: "protected",
        kind: "names of branches, by commas",
        default: "none",
        doc: "Branches that change only by `run`, `load`, `merge` and `revert`, which test before they publish: SQL \
              cannot write there, and they cannot be deleted or renamed. Like `main, prod`.",
        apply: |settings, text| {
            let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
            let names: Result<Vec<RefName>, Error> = names.map(str::parse).collect();
            settings.protected = names.map_err(|error| error.message().to_owned())?;
            Ok(())
        },
    },
    Setting {
        section: "python",
        key: "interpreter",
        kind: "path",
        default: "one is made",
        doc: "The Python of functions that ask for no package and no version: it has `pyarrow`, and nothing is \
              installed for them.",
        apply: |settings, text| {
            settings.python = Some(PathBuf::from(text));
            Ok(())
        },
    },
    Setting {
        section: "python",
        key: "cache",
        kind: "path",
        default: "`bywash` in the user's folder for caches",
        doc: "Where the environments of Python functions are kept, for all projects.",
        apply: |settings, text| {
            settings.python_cache = Some(PathBuf::from(text));
            Ok(())
        },
    },
    Setting {
        section: "python",
        key: "memory_limit",
        kind: "size",
        default: "half of the memory of the machine or its cgroup",
        doc: "Memory of a Python function that says no `memory=` itself, like `2GB`. The rows that it reads do not count.",
        apply: |settings, text| size(text).map(|bytes| settings.python_memory_limit = Some(bytes)),
    },
    Setting {
        section: "gc",
        key: "grace",
        kind: "duration",
        default: "1d",
        doc: "How long `bywash gc` leaves what nothing reaches any more, for readers that opened it before.",
        apply: |settings, text| duration(text).map(|period| settings.gc_grace = Some(period)),
    },
    Setting {
        section: "gc",
        key: "reflog",
        kind: "duration",
        default: "7d",
        doc: "How long a branch that was deleted, or commits that a branch has left, can be brought back.",
        apply: |settings, text| duration(text).map(|period| settings.gc_reflog = Some(period)),
    },
    Setting {
        section: "gc",
        key: "keep_outputs",
        kind: "duration",
        default: "30d",
        doc: "How long what a model computed stays for reuse on any branch, even where no branch has it.",
        apply: |settings, text| duration(text).map(|period| settings.gc_keep_outputs = Some(period)),
    },
    Setting {
        section: "gc",
        key: "output_bytes",
        kind: "size",
        default: "no limit",
        doc: "How many bytes may be kept for such reuse alone, like `50GB`; the newest outputs stay.",
        apply: |settings, text| size(text).map(|bytes| settings.gc_output_bytes = Some(bytes)),
    },
];

/// The settings that hold for a folder of models, a target or everything, but are no single values.
const TABLES: &[(&str, &str, &str, &str)] = &[
    ("models.<folder>.kind", "`table`, `view` or `incremental`", "table", "The kind of the models in this folder."),
    ("models.<folder>.tags", "list of texts", "none", "Tags that every model in this folder has besides its own."),
    (
        "targets.<name>.<section>.<key>",
        "as the setting",
        "none",
        "Overrides any setting but the project's name when `-t <name>` is given.",
    ),
];

/// Sentence and advice as one text: a problem with a setting is one line.
fn with_hint(error: &Error) -> String {
    let hints = error.hints().iter().map(|hint| format!("; {hint}")).collect::<String>();
    format!("{}{hints}", error.message())
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).map_err(|_| format!("`{text}` is not a duration; write it like `90s`, `15m` or `2h`"))
}

fn size(text: &str) -> Result<u64, String> {
    match parse_bytes(text) {
        Ok(0) => Err("a limit of nothing leaves no room to work".to_owned()),
        Ok(bytes) => Ok(bytes),
        Err(error) => Err(format!("{}; write it like `512MB` or `2GiB`", error.message())),
    }
}

/// Every setting, for the reference page.
#[must_use]
pub fn reference() -> Vec<SettingDoc> {
    let single = SETTINGS.iter().map(|setting| SettingDoc {
        name: format!("{}.{}", setting.section, setting.key),
        kind: setting.kind,
        default: setting.default,
        doc: setting.doc,
        environment: Some(setting.environment()),
    });
    let tables = TABLES.iter().map(|(name, kind, default, doc)| SettingDoc {
        name: (*name).to_owned(),
        kind,
        default,
        doc,
        environment: None,
    });
    single.chain(tables).collect()
}

impl Setting {
    fn environment(&self) -> String {
        format!("BYWASH_{}__{}", self.section, self.key).to_uppercase()
    }

    fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        (self.apply)(settings, text).map_err(|wrong| format!("`{}.{}`: {wrong}", self.section, self.key))
    }
}

/// Reads the settings; problems are collected, and what is wrong keeps its default.
pub fn read(
    document: &Document,
    target: Option<&str>,
    environment: &[(String, String)],
    problems: &Problems,
) -> Settings {
    let source = Source { document, code: Code::InvalidSetting, problems };
    let mut settings = Settings::default();
    if let Some(root) = problems.keep(toml::parse(document)) {
        read_file(source, &root, target, &mut settings);
    }
    for (name, value) in environment {
        read_variable(name, value, problems, &mut settings);
    }
    settings
}

fn read_file(source: Source<'_>, root: &Node, target: Option<&str>, settings: &mut Settings) {
    let Some(mut top) = source.fields(root, FILE_NAME) else { return };
    read_sections(&mut top, true, settings);
    let targets = top.node("targets");
    top.finish();
    if !is_named(root) {
        let error = Error::new(Code::InvalidSetting, "the project has no name").at(source.document.whole());
        source.problems.push(error.hint("write `name = \"…\"` under `[project]`"));
    }
    let known = targets.map_or_else(Vec::new, |node| read_targets(source, node, target, settings));
    if let Some(wanted) = target.filter(|wanted| !known.contains(wanted)) {
        let hint = suggestion(wanted, known.iter().copied()).unwrap_or_else(|| match known.is_empty() {
            true => format!("{FILE_NAME} has no `[targets.{wanted}]`"),
            false => format!("there is {}", listed(known.iter().copied())),
        });
        let error = Error::new(Code::InvalidSetting, format!("there is no target `{wanted}`"));
        source.problems.push(error.at(source.document.whole()).hint(hint));
    }
}

fn is_named(root: &Node) -> bool {
    let under = |node: &Node, name: &str| match &node.value {
        Value::Map(entries) => entries.iter().find(|(key, _)| key.value == name).map(|(_, node)| node.clone()),
        _ => None,
    };
    under(root, "project").is_some_and(|project| under(&project, "name").is_some())
}

/// Validates every target and applies the chosen one; returns their names.
fn read_targets<'a>(source: Source<'a>, node: &'a Node, target: Option<&str>, settings: &mut Settings) -> Vec<&'a str> {
    let Value::Map(entries) = &node.value else {
        source.report(node.span, "`targets` is a table of targets, like `[targets.prod.lake]`");
        return Vec::new();
    };
    for (name, overrides) in entries {
        let Some(mut fields) = source.fields(overrides, "a target") else { continue };
        if target == Some(name.value.as_str()) {
            read_sections(&mut fields, false, settings);
        } else {
            read_sections(&mut fields, false, &mut Settings::default());
        }
        fields.finish();
    }
    entries.iter().map(|(name, _)| name.value.as_str()).collect()
}

/// Reads every section of the file, or of a target, which may not rename the project.
fn read_sections(top: &mut Fields<'_>, with_project: bool, settings: &mut Settings) {
    let mut sections: Vec<&'static str> = SETTINGS.iter().map(|setting| setting.section).collect();
    sections.dedup();
    for section in sections.into_iter().filter(|section| with_project || *section != "project") {
        let Some(node) = top.node(section) else { continue };
        let what = format!("[{section}]");
        let source = top.source();
        let Some(mut fields) = source.fields(node, &what) else { continue };
        for setting in SETTINGS.iter().filter(|setting| setting.section == section) {
            let Some(text) = fields.text(setting.key) else { continue };
            let outcome = setting.set(settings, &text.value);
            if setting.key == "catalog" && may_hold_password(&text.value) {
                settings.catalog = None;
                source.problems.push(password_in_file(source, text.span));
            } else if let Err(wrong) = outcome {
                source.report(text.span, wrong);
            }
        }
        fields.finish();
    }
    if let Some(node) = top.node("models") {
        read_folders(top.source(), node, settings);
    }
}

/// Also of what is no address, like one with a `#` in its password.
fn may_hold_password(text: &str) -> bool {
    match PostgresPlace::parse(text) {
        Ok(place) => place.has_password(),
        Err(_) => text.contains('@') && text.split("://").nth(1).is_some_and(|rest| rest.contains(':')),
    }
}

/// Without the line of the file, which holds the password.
fn password_in_file(source: Source<'_>, span: Span) -> Error {
    let place = Place { column: Some(span.column as u64), ..Place::line(source.document.path(), span.line as u64) };
    Error::new(Code::InvalidSetting, "`lake.catalog` holds a password, and files of a project are kept and shared")
        .at(place)
        .hint("take it out of the address, and give it as `PGPASSWORD` or in `~/.pgpass`")
        .hint("or set the whole address in the environment: `BYWASH_LAKE__CATALOG`")
}

fn read_folders(source: Source<'_>, node: &Node, settings: &mut Settings) {
    let Value::Map(entries) = &node.value else {
        source.report(node.span, "`models` is a table of folders, like `[models.staging]`");
        return;
    };
    for (folder, options) in entries {
        if let Some(options) = read_folder_options(source, folder, options) {
            settings.folders.retain(|known| known.folder() != options.folder());
            settings.folders.push(options);
        }
    }
}

/// Applies one environment variable, if it is one of ours: `BYWASH_`, a section, two underscores, a key.
fn read_variable(name: &str, value: &str, problems: &Problems, settings: &mut Settings) {
    if !name.starts_with("BYWASH_") || !name.contains("__") {
        return;
    }
    let error = match SETTINGS.iter().find(|setting| setting.environment() == name) {
        Some(setting) => match setting.set(settings, value) {
            Ok(()) => return,
            Err(wrong) => Error::new(Code::InvalidSetting, format!("the environment variable `{name}`: {wrong}")),
        },
        None => {
            let known: Vec<String> = SETTINGS.iter().map(Setting::environment).collect();
            let hint = suggestion(name, known.iter().map(String::as_str))
                .unwrap_or_else(|| format!("there is {}", listed(known.iter().map(String::as_str))));
            Error::new(Code::InvalidSetting, format!("the environment variable `{name}` is not a setting")).hint(hint)
        }
    };
    problems.push(error);
}
