//! What a run of the binary gave.

use std::fmt;

use super::Filters;

/// Exit code, standard output and standard error.
#[derive(Clone, Debug)]
pub struct Output {
    /// The exit code; 128 and the number of the signal when one ended the process.
    pub code: i32,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// The usual filters of the folder it ran in.
    pub filters: Filters,
}

impl Output {
    /// Everything as one text for a snapshot, filtered.
    #[must_use]
    pub fn snapshot(&self) -> String {
        self.filters.apply(&self.to_string())
    }

    /// The same output, checked to be a success.
    ///
    /// # Panics
    /// The exit code is not 0; everything that was written is shown.
    pub fn success(self) -> Self {
        assert_eq!(self.code, 0, "{self}");
        self
    }

    /// The same output, checked to be the failure with this code and exit code 1 (2 for wrong usage).
    ///
    /// # Panics
    /// It succeeded, or failed for another reason.
    pub fn failure(self, code: &str) -> Self {
        assert!(self.code == 1 || self.code == 2, "{self}");
        assert!(self.stderr.contains(&format!("error[{code}]")), "expected `{code}`\n{self}");
        self
    }
}

impl fmt::Display for Output {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "exit: {}\n----- stdout -----\n{}", self.code, self.stdout)?;
        write!(formatter, "----- stderr -----\n{}", self.stderr)
    }
}
