//! From the files of a project to what they say about each node.
//!
//! Nothing here touches a lake, a session or data: a project can be read, checked and listed anywhere. Every value
//! keeps its place, every problem is an error with a place, and all problems of a project are reported at once.
//!
//! ```text
//! bytes ─ files ─► Document ─ yaml, toml, front_matter ─► tree ─ fields ─► settings, sources, seeds, models, tests
//! ```

mod column_types;
mod columns;
mod constraints;
pub(crate) mod data_tests;
mod document;
mod fields;
mod files;
pub(crate) mod front_matter;
mod kept_files;
mod layout;
mod load;
mod model_options;
mod model_properties;
pub(crate) mod model_sql;
mod models;
mod python_files;
mod python_functions;
mod python_models;
mod python_options;
mod reader_options;
pub(crate) mod reserved;
pub mod scaffold;
pub(crate) mod seeds;
pub mod settings;
mod sources;
pub(crate) mod spelling;
mod sql_tests;
mod toml;
mod tree;
pub(crate) mod type_words;
mod yaml;

pub use bywash_python::syntax::{NewColumns, declare_columns};
pub use column_types::ColumnTypes;
pub use columns::Column;
pub use data_tests::{DataTest, Severity};
pub(crate) use fields::listed;
pub use fields::together;
pub use files::{ProjectFile, folders};
pub(crate) use kept_files::LOCK_FILE;
pub use layout::PartitionField;
pub use load::{Project, Unsaved, find_root};
pub use model_options::{Answer, FolderOptions, ModelKind, ModelOptions, SortKey};
pub use models::{Model, ModelBody};
pub use python_functions::PythonFunction;
pub use python_models::{PythonInput, PythonModel};
pub use reader_options::{FileFormat, OnError, QuotedEmpty, ReaderOptions};
pub use seeds::Seed;
pub use settings::{SettingDoc, Settings};
pub use sources::{OnChange, Resource, SchemaContract, WriteDisposition};
pub use sql_tests::SqlTest;
