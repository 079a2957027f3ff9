//! Where the vault is: a folder of this node, a folder that all nodes reach, or a bucket of an S3 server.
//!
//! Invariant: keys stand in files or in the environment, never here; what is shown or logged of this has none.

use super::ledger::{Secret, secret};
use super::reading::Reader;
use fpp_codecs::source::Section;
use std::path::PathBuf;

const SCHEME: &str = "s3://";
/// A content in a bucket is used again for two days, so nothing younger than three may go.
const DAYS: std::ops::RangeInclusive<i64> = 3..=36_500;
/// How long the next bytes of an answer may take.
const CALL_TIMEOUT_MS: std::ops::RangeInclusive<i64> = 1_000..=600_000;
const SHAPE: &str = "s3://BUCKET/PREFIX";

/// Where the vault is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultPlace {
    /// In the data folder of this node.
    Own,
    /// A folder that all nodes reach under their own paths.
    Folder(PathBuf),
    /// A bucket of an S3 server.
    Bucket(Box<VaultBucket>),
}

/// A bucket of an S3 server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultBucket {
    /// Bucket.
    pub bucket: String,
    /// What all keys begin with; may be empty.
    pub prefix: String,
    /// The server; Amazon's of the region without it.
    pub endpoint: Option<String>,
    /// Region.
    pub region: String,
    /// The bucket stands in the path, not in the host's name.
    pub path_style: bool,
    /// Encrypted, and the server proves who it is.
    pub tls: bool,
    /// Authorities that sign the server's certificate; those of the system without it.
    pub ca_file: Option<PathBuf>,
    /// When a server that does not answer is given up.
    pub call_timeout_ms: u64,
    /// Where the access key id is.
    pub access_key: Secret,
    /// Where the secret access key is.
    pub secret_key: Secret,
    /// Where the session token is, for keys that are lent for a time.
    pub session_token: Option<Secret>,
}

/// What the vault keeps, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Content that nothing needs goes so many days after its transfer ended; nothing goes without it.
    pub keep_days: Option<u32>,
    /// New files wait while fewer bytes are free.
    pub pause_below_free_bytes: u64,
    /// They are taken in again when more are.
    pub resume_above_free_bytes: u64,
}

impl Default for Keeping {
    fn default() -> Keeping {
        Keeping { keep_days: None, pause_below_free_bytes: 256 << 20, resume_above_free_bytes: 512 << 20 }
    }
}

impl VaultPlace {
    /// Whether several nodes can work with it (D24).
    pub fn is_shared(&self) -> bool {
        *self != VaultPlace::Own
    }
}

/// Reads `[vault]`.
pub(super) fn read(root: &Section<'_>, reader: &mut Reader) -> (VaultPlace, Keeping) {
    let Some(section) = root.section("vault") else { return (VaultPlace::Own, Keeping::default()) };
    let path = section.text("path").map(|path| reader.path(&path));
    let url = section.text("url");
    let bucket = bucket(&section, url.as_deref(), reader);
    let keeping = keeping(&section);
    section.no_more();
    let place = match (path, url, bucket) {
        (Some(path), None, _) => VaultPlace::Folder(path),
        (None, Some(_), Some(bucket)) => VaultPlace::Bucket(Box::new(bucket)),
        (None, Some(_), None) => VaultPlace::Own,
        (Some(_), Some(_), _) => {
            section.fault("url", "the vault is in a folder (path) or in a bucket (url), not in both");
            VaultPlace::Own
        }
        (None, None, _) => VaultPlace::Own,
    };
    (place, keeping)
}

fn keeping(section: &Section<'_>) -> Keeping {
    let keep_days = section.number_in("keep_days", DAYS).and_then(|days| u32::try_from(days).ok());
    let mut keeping = Keeping { keep_days, ..Keeping::default() };
    if let Some(bytes) = section.number_in("pause_below_free_bytes", 0..=i64::MAX) {
        keeping.pause_below_free_bytes = bytes.unsigned_abs();
        keeping.resume_above_free_bytes = keeping.pause_below_free_bytes.saturating_mul(2);
    }
    if let Some(bytes) = section.number_in("resume_above_free_bytes", 0..=i64::MAX) {
        keeping.resume_above_free_bytes = bytes.unsigned_abs();
    }
    if keeping.resume_above_free_bytes < keeping.pause_below_free_bytes {
        section.fault("resume_above_free_bytes", "must not be less than pause_below_free_bytes");
    }
    keeping
}

/// Reads the keys of a bucket; without a URL they are faults.
fn bucket(section: &Section<'_>, url: Option<&str>, reader: &mut Reader) -> Option<VaultBucket> {
    let named = url.and_then(|url| parse(url).map_err(|fault| section.fault("url", fault)).ok());
    let endpoint = section.text("endpoint");
    let region = section.text("region");
    let tls = word(section, "tls", ["verify", "off"]);
    let style = word(section, "addressing", ["path", "host"]);
    let ca_file = section.has("ca_file").then(|| {
        reader.read_named(section, "ca_file");
        reader.path(&section.text("ca_file").unwrap_or_default())
    });
    let call_timeout_ms = section.number_in("call_timeout_ms", CALL_TIMEOUT_MS).map(i64::unsigned_abs);
    let access_key = secret(section, reader, "access_key");
    let secret_key = secret(section, reader, "secret_key");
    let session_token = secret(section, reader, "session_token");
    if url.is_none() {
        for key in [
            "endpoint",
            "region",
            "tls",
            "addressing",
            "ca_file",
            "call_timeout_ms",
            "access_key_file",
            "secret_key_file",
        ] {
            if section.has(key) {
                section.fault(key, "it belongs to a bucket; the vault is in a folder");
            }
        }
        return None;
    }
    if !cfg!(feature = "s3") {
        section.fault("url", "this fpp was built without S3: cargo build --release --features s3");
    }
    let tls = tls != Some(1);
    match endpoint.as_deref().map(|endpoint| (endpoint.starts_with("https://"), endpoint.starts_with("http://"))) {
        Some((false, false)) => section.fault("endpoint", "must begin with https:// (or http:// with tls = \"off\")"),
        Some((false, true)) if tls => {
            section.fault("endpoint", "http:// is not encrypted; where the network is trusted say tls = \"off\"");
        }
        _ if ca_file.is_some() && !tls => section.fault("ca_file", "nothing is checked with `tls = \"off\"`"),
        _ => {}
    }
    if endpoint.as_deref().is_some_and(|endpoint| endpoint.contains('@')) {
        section.fault("endpoint", "a user or a key never stands here; write them to files and name those");
    }
    let missing = |name: &str| {
        section.fault("url", format_args!("needs {name}_file or {name}_env: where the key is, never the key"));
    };
    if access_key.is_none() {
        missing("access_key");
    }
    if secret_key.is_none() {
        missing("secret_key");
    }
    let (bucket, prefix) = named?;
    Some(VaultBucket {
        bucket,
        prefix,
        path_style: style.map_or(endpoint.is_some(), |style| style == 0),
        endpoint: endpoint.map(|endpoint| endpoint.trim_end_matches('/').to_owned()),
        region: region.unwrap_or_else(|| "us-east-1".to_owned()),
        tls,
        ca_file,
        call_timeout_ms: call_timeout_ms.unwrap_or(30_000),
        access_key: access_key?,
        secret_key: secret_key?,
        session_token,
    })
}

/// One of two words.
fn word(section: &Section<'_>, key: &str, words: [&str; 2]) -> Option<usize> {
    let text = section.text(key)?;
    let found = words.iter().position(|word| *word == text);
    if found.is_none() {
        section.fault(key, format_args!("`{text}` is neither `{}` nor `{}`", words[0], words[1]));
    }
    found
}

/// Bucket and prefix of a URL. What is wrong is told without the URL, which may have a key in it.
fn parse(url: &str) -> Result<(String, String), String> {
    let rest = url.strip_prefix(SCHEME).ok_or_else(|| format!("must look like {SHAPE}"))?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if rest.contains(['@', ':', '?']) {
        return Err(format!("must look like {SHAPE}; keys never stand here, the server is endpoint"));
    }
    let of_bucket = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(of_bucket) {
        return Err("a bucket has 3 to 63 small letters, digits, `-` and `.`".to_owned());
    }
    let prefix = prefix.trim_end_matches('/');
    let of_prefix = |b: u8| b.is_ascii_alphanumeric() || b"-_./".contains(&b);
    let parts_fit = prefix.is_empty() || prefix.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if !parts_fit || prefix.len() > 512 || !prefix.bytes().all(of_prefix) {
        return Err("a prefix has letters, digits, `-`, `_`, `.`, and `/` between its parts".to_owned());
    }
    Ok((bucket.to_owned(), prefix.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_bucket_is_read_out_of_its_url() {
        assert_eq!(parse("s3://fpp-vault"), Ok(("fpp-vault".into(), String::new())));
        assert_eq!(parse("s3://fpp-vault/core/1/"), Ok(("fpp-vault".into(), "core/1".into())));
    }

    #[test]
    fn a_wrong_url_is_told_without_what_may_be_secret() {
        for url in ["http://b/c", "s3://", "s3://ab", "s3://Big", "s3://bucket/../x", "s3://bucket//x", "s3://bucket/ä"]
        {
            assert!(parse(url).is_err(), "{url}");
        }
        let fault = parse("s3://AK:s3cret@bucket/x").unwrap_err();
        assert!(fault.contains("keys never stand here") && !fault.contains("s3cret"), "{fault}");
    }
}
