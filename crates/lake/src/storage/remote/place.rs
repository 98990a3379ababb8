//! The address of a warehouse in an object store.

use std::fmt;

use bywash_core::{Code, Error, Result};
use object_store::path::Path;

/// `s3://bucket/prefix`, `az://container/prefix` or `abfss://container@account.dfs.core.windows.net/prefix`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemotePlace {
    pub(super) provider: Provider,
    pub(super) bucket: String,
    pub(super) prefix: Path,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    S3,
    /// Without an account, the environment names it.
    Azure {
        account: Option<String>,
    },
}

impl RemotePlace {
    /// Reads an address.
    ///
    /// # Errors
    /// No such address, or one with credentials in it.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::new(Code::InvalidSetting, "this is not the address of a warehouse in an object store").hint(
                "write `s3://bucket/prefix`, `az://container/prefix`, or \
                 `abfss://container@account.dfs.core.windows.net/prefix`; a folder is `[lake] path`",
            )
        };
        let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
        let (authority, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = Path::parse(prefix.trim_matches('/')).map_err(|_| wrong())?;
        let plain = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
        };
        let (provider, bucket) = match (scheme, authority.split_once('@')) {
            ("s3", None) => (Provider::S3, authority),
            ("az", None) => (Provider::Azure { account: None }, authority),
            ("abfss", Some((container, host))) => {
                let account =
                    host.strip_suffix(".dfs.core.windows.net").filter(|name| plain(name)).ok_or_else(wrong)?;
                (Provider::Azure { account: Some(account.to_owned()) }, container)
            }
            _ => return Err(wrong()),
        };
        if !plain(bucket) || prefix.as_ref().contains(['?', '#']) {
            return Err(wrong());
        }
        Ok(Self { provider, bucket: bucket.to_owned(), prefix })
    }

    /// How other programs find a place in Azure, wherever its account was named.
    pub(super) fn in_account(&self, account: &str) -> String {
        self.with_prefix(format!("abfss://{}@{account}.dfs.core.windows.net", self.bucket))
    }

    fn with_prefix(&self, authority: String) -> String {
        if self.prefix.is_root() { authority } else { format!("{authority}/{}", self.prefix) }
    }
}

impl fmt::Display for RemotePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match &self.provider {
            Provider::S3 => self.with_prefix(format!("s3://{}", self.bucket)),
            Provider::Azure { account: None } => self.with_prefix(format!("az://{}", self.bucket)),
            Provider::Azure { account: Some(account) } => self.in_account(account),
        };
        formatter.write_str(&shown)
    }
}
