//! Every failure that a user can meet has a code, a kind and a page.
//!
//! A kind says what the reader does next; a code names one failure. The page of a code is
//! `docs/errors/<code>.md`, shown by `bywash explain <code>`; a test keeps both lists equal.

use std::fmt;

/// What the reader of an error does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Correct the command line.
    Usage,
    /// Correct a file of the project.
    Project,
    /// Correct the data, or tell the source to quarantine it.
    Data,
    /// Look at both sides and choose, or try again.
    Conflict,
    /// Name something that exists.
    NotFound,
    /// Do it another way: it is not safe, or not supported.
    Refused,
    /// Give memory, disk, permission or time.
    Resource,
    /// Repair the lake.
    Corrupt,
    /// Nothing: you asked for it.
    Interrupted,
    /// Report it.
    Internal,
}

macro_rules! codes {
    ($($variant:ident $text:literal $kind:ident,)*) => {
        /// The stable name of one failure.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl Code {
            /// Every code, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code as it is printed and typed.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What its reader does next.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }
        }
    };
}

codes! {
    WrongUsage "wrong-usage" Usage,
    NothingSelected "nothing-selected" Usage,
    UnknownCode "unknown-code" Usage,

    NoProject "no-project" Project,
    InvalidSetting "invalid-setting" Project,
    InvalidYaml "invalid-yaml" Project,
    InvalidFrontMatter "invalid-front-matter" Project,
    InvalidSql "invalid-sql" Project,
    InvalidPython "invalid-python" Project,
    UndeclaredColumns "undeclared-columns" Project,
    InvalidName "invalid-name" Project,
    DuplicateNode "duplicate-node" Project,
    CyclicModels "cyclic-models" Project,
    UnknownTable "unknown-table" Project,
    AmbiguousTable "ambiguous-table" Project,
    UnknownColumn "unknown-column" Project,
    AmbiguousColumn "ambiguous-column" Project,
    UnsafeIncremental "unsafe-incremental" Project,
    InvalidTest "invalid-test" Project,
    ContractBroken "contract-broken" Project,
    ProjectExists "project-exists" Project,
    QueryFailed "query-failed" Project,
    PythonException "python-exception" Project,
    PythonColumns "python-columns" Project,
    PythonCrashed "python-crashed" Project,
    PythonEnvironment "python-environment" Project,

    MissingFile "missing-file" Data,
    CsvFieldCount "csv-field-count" Data,
    CsvQuote "csv-quote" Data,
    InvalidEncoding "invalid-encoding" Data,
    InvalidJson "invalid-json" Data,
    InvalidValue "invalid-value" Data,
    TruncatedFile "truncated-file" Data,
    UnreadableFile "unreadable-file" Data,
    ChangedFile "changed-file" Data,
    TestFailed "test-failed" Data,
    NodeFailed "node-failed" Data,
    MatchedTwice "matched-twice" Data,

    NotReproduced "not-reproduced" Conflict,
    MergeConflict "merge-conflict" Conflict,
    RevertConflict "revert-conflict" Conflict,
    TargetMoved "target-moved" Conflict,
    Collected "collected" Conflict,
    LeaseLapsed "lease-lapsed" Conflict,
    NodeDrift "node-drift" Conflict,
    RefExists "ref-exists" Conflict,
    TableExists "table-exists" Conflict,

    UnknownRef "unknown-ref" NotFound,
    UnknownRun "unknown-run" NotFound,

    NotYetSupported "not-yet-supported" Refused,
    SchemaChange "schema-change" Refused,
    NodeTable "node-table" Refused,
    ProtectedBranch "protected-branch" Refused,
    UnsupportedType "unsupported-type" Refused,
    UnsafeDelete "unsafe-delete" Refused,

    CatalogLocked "catalog-locked" Resource,
    DiskFull "disk-full" Resource,
    PermissionDenied "permission-denied" Resource,
    MemoryLimit "memory-limit" Resource,
    SpillLimit "spill-limit" Resource,
    FileSystem "file-system" Resource,
    Unreachable "unreachable" Resource,
    Credentials "credentials" Resource,
    PythonLimit "python-limit" Resource,
    PythonMissing "python-missing" Resource,

    CatalogCorrupt "catalog-corrupt" Corrupt,
    CatalogMissing "catalog-missing" Corrupt,
    CatalogNewer "catalog-newer" Corrupt,
    TableCorrupt "table-corrupt" Corrupt,
    ObjectMissing "object-missing" Corrupt,

    Cancelled "cancelled" Interrupted,
    Bug "bug" Internal,
}

impl Code {
    /// The code with this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
