//! What a function asks of its environment.

use std::fmt;

use bywash_core::{Code, Error, Result};

/// Packages and a version of Python, in one spelling: equal requirements share a lock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requirements {
    python: Option<String>,
    packages: Vec<String>,
}

impl Requirements {
    /// Reads `python="3.12"` and the items of `pip={"scikit-learn": "1.7.2", "polars": ">=1,<2", "httpx": ""}`.
    /// A plain version stands for exactly that one; an empty one for any.
    ///
    /// # Errors
    /// Something is neither a name nor a version.
    pub fn new<'a>(python: Option<&str>, pip: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self> {
        let mut packages = pip.into_iter().map(|(name, version)| package(name, version)).collect::<Result<Vec<_>>>()?;
        packages.sort();
        packages.dedup();
        if let Some(version) = python {
            let is_version = version.split('.').count() <= 3
                && version.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
            if !is_version {
                return Err(Error::new(Code::PythonEnvironment, format!("`{version}` is not a version of Python"))
                    .hint("write it like `python=\"3.12\"`"));
            }
        }
        Ok(Self { python: python.map(str::to_owned), packages })
    }

    /// The version of Python that is asked for.
    #[must_use]
    pub fn python(&self) -> Option<&str> {
        self.python.as_deref()
    }

    /// The packages, as `pip` writes them.
    #[must_use]
    pub fn packages(&self) -> &[String] {
        &self.packages
    }
}

impl fmt::Display for Requirements {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "python {}", self.python.as_deref().unwrap_or("any"))?;
        self.packages.iter().try_for_each(|package| write!(formatter, "; {package}"))
    }
}

/// `scikit-learn` and `1.7.2` are `scikit-learn==1.7.2`. One name is spelled one way, as the index does.
fn package(name: &str, version: &str) -> Result<String> {
    let (plain, extras) =
        name.split_once('[').map_or((name, String::new()), |(plain, rest)| (plain, format!("[{rest}")));
    let is_word = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || more.contains(letter))
    };
    let version = version.trim();
    let is_package =
        is_word(plain, "-_.") && (extras.is_empty() || (extras.ends_with(']') && is_word(&extras, "[]-_.,")));
    let is_version = version.is_empty() || is_word(version, ".*+!=<>~, -_");
    if !is_package || !is_version {
        return Err(Error::new(
            Code::PythonEnvironment,
            format!("`{name}: {version}` is not a package and its version"),
        )
        .hint("write it like `pip={\"scikit-learn\": \"1.7.2\"}`, or `\">=1.7,<2\"` for a range"));
    }
    let plain = plain.to_ascii_lowercase().replace(['_', '.'], "-");
    let operator = if version.starts_with(|first: char| first.is_ascii_digit()) { "==" } else { "" };
    Ok(format!("{plain}{}{operator}{}", extras.to_ascii_lowercase(), version.replace(' ', "")))
}
