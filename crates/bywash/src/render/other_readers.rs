//! Lines to paste into programs that we did not write, so that they read a table where it lies.
//!
//! They name what those programs must be told besides the location, but no credentials: each finds them where its own
//! documentation says, most of them in the same variables of the environment.

/// What lines for an object store depend on.
#[derive(Default)]
struct Access {
    /// What DuckDB does first.
    duckdb: String,
    /// The last argument for PyIceberg, in Python.
    properties: String,
}

/// One line for each program. `variable` gives the value of a variable of the environment.
#[must_use]
pub fn lines_for_other_readers(location: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let Access { duckdb, properties } = match location.split_once("://") {
        Some(("s3", _)) => s3(variable),
        Some(("abfss", rest)) => azure(rest),
        _ => Access::default(),
    };
    let (with, options) = match properties.as_str() {
        "" => (String::new(), String::new()),
        some => (format!(", {{{some}}}"), format!(", storage_options={{{some}}}")),
    };
    format!(
        "\nread it elsewhere:\n  \
         DuckDB     INSTALL iceberg; LOAD iceberg; {duckdb}SELECT * FROM iceberg_scan('{location}');\n  \
         PyIceberg  from pyiceberg.table import StaticTable; \
         StaticTable.from_metadata('{location}'{with}).scan().to_arrow()\n  \
         Polars     import polars as pl; pl.scan_iceberg('{location}'{options}).collect()"
    )
}

fn s3(variable: impl Fn(&str) -> Option<String>) -> Access {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let region = set("AWS_REGION").or_else(|| set("AWS_DEFAULT_REGION"));
    let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"].into_iter().find_map(set);
    let mut secret = "TYPE s3, PROVIDER credential_chain".to_owned();
    let mut properties = Vec::new();
    if let Some(endpoint) = &endpoint {
        let (scheme, host) = endpoint.split_once("://").unwrap_or(("https", endpoint));
        let host = host.trim_end_matches('/');
        secret += &format!(", ENDPOINT '{host}', URL_STYLE 'path', USE_SSL {}", scheme == "https");
        properties.push(format!("'s3.endpoint': '{endpoint}'"));
    }
    // The region that Bywash itself takes where none is named; without one PyIceberg asks AWS where the bucket is.
    let region = region.or_else(|| endpoint.map(|_| "us-east-1".to_owned()));
    if let Some(region) = region {
        secret += &format!(", REGION '{region}'");
        properties.push(format!("'s3.region': '{region}'"));
    }
    let duckdb = format!("INSTALL aws; LOAD aws; CREATE SECRET ({secret}); ");
    Access { duckdb, properties: properties.join(", ") }
}

/// `rest` begins with `container@account.dfs…`.
fn azure(rest: &str) -> Access {
    let account = rest.split_once('@').and_then(|(_, host)| host.split('.').next()).unwrap_or_default();
    let secret = format!("TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME '{account}'");
    Access {
        duckdb: format!("INSTALL azure; LOAD azure; CREATE SECRET ({secret}); "),
        properties: format!("'adls.account-name': '{account}'"),
    }
}
