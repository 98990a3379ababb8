//! Embeds the SDK, so that the binary alone can start workers. What Python leaves beside its modules is not embedded.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let sdk = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../python/bywash").canonicalize()?;
    let mut files = Vec::new();
    collect(&sdk, &mut files)?;
    files.sort();
    let mut code = "/// Names below the package, and contents, sorted by name.\n".to_owned();
    code.push_str("pub(super) static SDK: &[(&str, &[u8])] = &[\n");
    for file in files {
        let name = file.strip_prefix(&sdk)?.to_str().ok_or("a file name is not valid UTF-8")?;
        writeln!(code, "    ({name:?}, include_bytes!({file:?})),")?;
    }
    code.push_str("];\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("sdk.rs"), code)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with("__pycache__") {
                collect(&path, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "py" || extension == "typed") {
            println!("cargo:rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}
