//! The key that signs who v1 clients are: made at the first start, kept in `.movex/` beside the app.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use movex_server::runtime::fresh_key;

use crate::error::Failed;

/// The key of the app at that path. `None` where it can't be kept: then identities end with the process, and it is said.
pub(crate) fn key(config: Option<&Path>) -> Result<Option<[u8; 32]>, Failed> {
    let path = app_folder(config).join(".movex").join("identity.key");
    match fs::read_to_string(&path) {
        Ok(text) => match parse(text.trim()) {
            Some(key) => Ok(Some(key)),
            None => Err(Failed::IdentityKey(path)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = fresh_key().map_err(|error| Failed::System(io::Error::other(error)))?;
            match keep(&path, &key) {
                Ok(()) => Ok(Some(key)),
                Err(error) => {
                    let path = path.display();
                    tracing::warn!(%path, %error, "the key of identities can't be kept: they end with this process");
                    Ok(None)
                }
            }
        }
        Err(error) => Err(Failed::File { path, what: "read", error }),
    }
}

/// The config's folder, or the one that holds its `src`.
fn app_folder(config: Option<&Path>) -> PathBuf {
    let folder = match config {
        None => PathBuf::from("."),
        Some(path) if path.is_dir() => path.to_owned(),
        Some(path) => path.parent().map_or_else(|| PathBuf::from("."), Path::to_owned),
    };
    if folder.ends_with("src") { folder.join("..") } else { folder }
}

fn keep(path: &Path, key: &[u8; 32]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut text = String::with_capacity(65);
    for byte in key {
        write!(text, "{byte:02x}").expect("a String takes all");
    }
    text.push('\n');
    options.open(path)?.write_all(text.as_bytes())
}

fn parse(hex: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_its_owner_s() {
        let folder = std::env::temp_dir().join(format!("movex-identity-{}", std::process::id()));
        let config = folder.join("src").join("movex.config.ts");
        fs::create_dir_all(folder.join("src")).unwrap();
        let first = key(Some(&config)).unwrap().expect("it is kept");
        assert_eq!(key(Some(&config)).unwrap(), Some(first));
        let path = folder.join(".movex/identity.key");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "nonsense").unwrap();
        assert!(matches!(key(Some(&config)), Err(Failed::IdentityKey(_))));
        fs::remove_dir_all(folder).unwrap();
    }
}
