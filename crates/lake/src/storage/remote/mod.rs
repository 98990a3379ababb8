//! Warehouses in object stores: S3 and what speaks its protocol, and Azure.
//!
//! Credentials come from the environment and from where the tools of the store look for them. They are handed to the
//! client and stand nowhere else: no message repeats what a server or a library said, because that may hold them.

mod credentials;
mod errors;
mod place;
mod uploads;
mod write_once;

use std::sync::Arc;
use std::time::Duration;

use bywash_core::{Code, Error, Result};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::prefix::PrefixStore;
use object_store::{BackoffConfig, ClientConfigKey, ObjectStore, RetryConfig};

pub(super) use self::errors::remote_error;
use self::place::Provider;
pub use self::place::RemotePlace;
pub use self::uploads::settle_uploads;
use self::write_once::WriteOnce;

/// An object store, open: its files by paths below the prefix, and where other programs find them.
pub(super) struct Remote {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) location: String,
}

/// Opens what a place names. Nothing is asked of the store yet.
///
/// # Errors
/// There are no credentials, or they contradict each other.
pub(super) async fn open(place: &RemotePlace) -> Result<Remote> {
    match &place.provider {
        Provider::S3 => open_s3(place).await,
        Provider::Azure { account } => open_azure(place, account.as_deref()).await,
    }
}

async fn open_s3(place: &RemotePlace) -> Result<Remote> {
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(&place.bucket).with_retry(retry());
    let of_builder = |builder: &AmazonS3Builder, key| builder.get_config_value(&key);
    if of_builder(&builder, AmazonS3ConfigKey::AccessKeyId).is_none() {
        builder = credentials::of_aws_profile(builder);
    }
    let keys = [
        AmazonS3ConfigKey::AccessKeyId,
        AmazonS3ConfigKey::WebIdentityTokenFile,
        AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
        AmazonS3ConfigKey::ContainerCredentialsFullUri,
        AmazonS3ConfigKey::SkipSignature,
        AmazonS3ConfigKey::MetadataEndpoint,
    ];
    if keys.into_iter().all(|key| of_builder(&builder, key).is_none()) {
        credentials::refuse_without_machine(place).await?;
    }
    let endpoint = of_builder(&builder, AmazonS3ConfigKey::S3Endpoint)
        .or_else(|| of_builder(&builder, AmazonS3ConfigKey::Endpoint));
    if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    for (key, value) in patience() {
        if of_builder(&builder, AmazonS3ConfigKey::Client(key)).is_none() {
            builder = builder.with_config(AmazonS3ConfigKey::Client(key), value);
        }
    }
    let store = builder.build().map_err(|_| unusable(place, "AWS_"))?;
    Ok(Remote { store: below_prefix(place, store), location: place.to_string() })
}

async fn open_azure(place: &RemotePlace, account: Option<&str>) -> Result<Remote> {
    let mut builder = MicrosoftAzureBuilder::from_env().with_container_name(&place.bucket).with_retry(retry());
    if let Some(account) = account {
        builder = builder.with_account(account);
    }
    let of_builder = |builder: &MicrosoftAzureBuilder, key| builder.get_config_value(&key);
    let emulated = of_builder(&builder, AzureConfigKey::UseEmulator).is_some_and(|value| value == "true");
    let account = of_builder(&builder, AzureConfigKey::AccountName).filter(|account| !account.is_empty());
    let account = match account {
        Some(account) => account,
        None if emulated => "devstoreaccount1".to_owned(),
        None => {
            return Err(Error::new(Code::Credentials, format!("`{place}` does not say in which account it lies"))
                .hint(
                    "set `AZURE_STORAGE_ACCOUNT_NAME`, or write `abfss://container@account.dfs.core.windows.net/…`",
                ));
        }
    };
    let keys = [
        AzureConfigKey::AccessKey,
        AzureConfigKey::ClientSecret,
        AzureConfigKey::SasKey,
        AzureConfigKey::Token,
        AzureConfigKey::FederatedTokenFile,
        AzureConfigKey::MsiEndpoint,
        AzureConfigKey::UseAzureCli,
        AzureConfigKey::SkipSignature,
    ];
    if !emulated && keys.into_iter().all(|key| of_builder(&builder, key).is_none()) {
        credentials::refuse_without_machine(place).await?;
    }
    if of_builder(&builder, AzureConfigKey::Endpoint).is_some_and(|endpoint| endpoint.starts_with("http://")) {
        builder = builder.with_allow_http(true);
    }
    for (key, value) in patience() {
        if of_builder(&builder, AzureConfigKey::Client(key)).is_none() {
            builder = builder.with_config(AzureConfigKey::Client(key), value);
        }
    }
    let store = builder.build().map_err(|_| unusable(place, "AZURE_"))?;
    Ok(Remote { store: below_prefix(place, store), location: place.in_account(&account) })
}

fn below_prefix(place: &RemotePlace, store: impl ObjectStore) -> Arc<dyn ObjectStore> {
    Arc::new(WriteOnce::new(Arc::new(PrefixStore::new(store, place.prefix.clone()))))
}

/// Half a minute of a network that is gone, then an error.
fn retry() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2.0 };
    RetryConfig { backoff, max_retries: 8, retry_timeout: Duration::from_secs(60) }
}

/// What the environment may say otherwise: a part of a file goes through a thin line in two minutes.
fn patience() -> [(ClientConfigKey, &'static str); 2] {
    [(ClientConfigKey::Timeout, "120 seconds"), (ClientConfigKey::ConnectTimeout, "5 seconds")]
}

/// What the library says is left out: it may repeat a secret.
fn unusable(place: &RemotePlace, variables: &str) -> Error {
    Error::new(Code::Credentials, format!("the settings for `{place}` in the environment contradict each other"))
        .hint(format!("look at the variables that begin with `{variables}`: a key needs its other half"))
}
