//! Where credentials are found besides the environment: the profile of AWS' own tools, and the machine one runs on.

use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use bywash_core::{Code, Error, Result};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};

use super::place::{Provider, RemotePlace};

/// Where machines of AWS and of Azure tell what runs on them who it is.
const METADATA: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(169, 254, 169, 254)), 80);

/// How long that may take: it is next door or not there.
const NEXT_DOOR: Duration = Duration::from_secs(1);

/// The keys and the region that `~/.aws` holds for the profile `AWS_PROFILE`, or for `default`.
pub(super) fn of_aws_profile(builder: AmazonS3Builder) -> AmazonS3Builder {
    let profile = std::env::var("AWS_PROFILE").unwrap_or_else(|_| "default".to_owned());
    let read = |variable: &str, file: &str| {
        let named = std::env::var_os(variable).map(PathBuf::from);
        let usual = || Some(std::env::home_dir()?.join(".aws").join(file));
        std::fs::read_to_string(named.or_else(usual)?).ok()
    };
    let credentials = read("AWS_SHARED_CREDENTIALS_FILE", "credentials").unwrap_or_default();
    let settings = read("AWS_CONFIG_FILE", "config").unwrap_or_default();
    let found = |key: &str| {
        value(&credentials, &profile, key)
            .or_else(|| value(&settings, &format!("profile {profile}"), key))
            .or_else(|| value(&settings, &profile, key))
    };
    let keys = [
        ("aws_access_key_id", AmazonS3ConfigKey::AccessKeyId),
        ("aws_secret_access_key", AmazonS3ConfigKey::SecretAccessKey),
        ("aws_session_token", AmazonS3ConfigKey::Token),
        ("region", AmazonS3ConfigKey::Region),
    ];
    keys.into_iter().fold(builder, |builder, (name, key)| match found(name) {
        Some(value) if builder.get_config_value(&key).is_none() => builder.with_config(key, value),
        _ => builder,
    })
}

/// The value of a key in a section of a file in the format of Windows' old settings.
fn value(text: &str, section: &str, key: &str) -> Option<String> {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = name.trim() == section;
        } else if let Some((name, value)) = line.split_once('=')
            && inside
            && name.trim() == key
        {
            return Some(value.trim().to_owned());
        }
    }
    None
}

/// Without credentials only the machine can have some: if it is none of those, that is said at once, before a client
/// waits for it in vain.
pub(super) async fn refuse_without_machine(place: &RemotePlace) -> Result<()> {
    // As for AWS' own tools.
    let told_not_to = std::env::var("AWS_EC2_METADATA_DISABLED").is_ok_and(|value| value == "true");
    if place.provider != Provider::S3 || !told_not_to {
        let asking = tokio::task::spawn_blocking(|| TcpStream::connect_timeout(&METADATA, NEXT_DOOR).is_ok());
        if asking.await.unwrap_or(false) {
            return Ok(());
        }
    }
    let hint = match place.provider {
        Provider::S3 => {
            "set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or `AWS_PROFILE` with a profile in `~/.aws`; \
             `AWS_SKIP_SIGNATURE=true` reads a public bucket"
        }
        Provider::Azure { .. } => {
            "set `AZURE_STORAGE_ACCOUNT_KEY` or `AZURE_STORAGE_SAS_KEY`, or a service principal's `AZURE_CLIENT_ID`, \
             `AZURE_CLIENT_SECRET` and `AZURE_TENANT_ID`; `AZURE_USE_AZURE_CLI=true` asks `az`"
        }
    };
    Err(Error::new(Code::Credentials, format!("there are no credentials for `{place}`")).hint(hint))
}
