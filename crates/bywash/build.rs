//! Embeds the pages of error codes and the templates of projects, so that the binary alone can explain and begin.
//!
//! What a run of the example leaves behind (`lake/`, hidden folders, what Python compiled) is not embedded, however the
//! example was used before the build.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut code = String::new();
    for (name, folder) in [
        ("ERROR_PAGES", "../../docs/errors"),
        ("FLIGHTS", "../../examples/flights"),
        ("FLIGHTS_ML", "../../examples/flights-ml"),
    ] {
        let folder = here.join(folder).canonicalize()?;
        let mut files = Vec::new();
        collect(&folder, &mut files)?;
        files.sort();
        writeln!(code, "/// Names and contents, sorted by name.")?;
        writeln!(code, "pub(crate) static {name}: &[(&str, &[u8])] = &[")?;
        for file in files {
            let shown = file.strip_prefix(&folder)?.to_str().ok_or("a file name is not valid UTF-8")?;
            writeln!(code, "    ({shown:?}, include_bytes!({file:?})),")?;
        }
        writeln!(code, "];")?;
    }
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("embedded.rs"), code)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let mut leaves = true;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_hidden = name.starts_with('.') && name != ".gitignore";
        let is_rest_of_a_run = is_hidden || matches!(name.as_str(), "lake" | "__pycache__");
        if is_rest_of_a_run {
            leaves = false;
        } else if path.is_dir() {
            leaves = false;
            collect(&path, files)?;
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    // A folder is watched for new files only where nothing but sources lies in it.
    if leaves {
        println!("cargo::rerun-if-changed={}", folder.display());
    }
    Ok(())
}
