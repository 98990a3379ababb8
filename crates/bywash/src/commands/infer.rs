//! `bywash infer NODE`: runs a function in Python on the first rows of what it reads, and declares its columns in its
//! file.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use bywash_core::{Code, Error, Result, counted};
use bywash_pipeline::project::{ModelBody, PythonModel, declare_columns};
use bywash_pipeline::run::FunctionCall;

use crate::arguments::InferArguments;
use crate::commands::select::node;
use crate::context::Context;
use crate::render::progress::Progress;
use crate::workspace::{Workspace, parameters};

/// Writes `columns=`.
///
/// # Errors
/// No such function, an input that is not there, a failure of the function, a file that cannot be written.
pub async fn run(context: &Context, arguments: InferArguments) -> Result<()> {
    let workspace = Workspace::open(context, &arguments.project).await?;
    let node = node(&workspace.graph, &arguments.node)?;
    let Some(ModelBody::Python(python)) = node.model().map(|model| &model.body) else {
        let message = format!("`{}` is no function in Python", node.name);
        return Err(Error::new(Code::NothingSelected, message)
            .at(node.place().clone())
            .hint("the columns of other nodes are known without running them: `bywash check`"));
    };
    let head = workspace.head(&arguments.reference).await?;
    let session = workspace.engine.session(Arc::new(workspace.resolver(head)));
    let (values, texts) = parameters(&arguments.parameters);
    let call = FunctionCall { node, python, session: &session, parameters: &values, texts: &texts };
    let runner = workspace.runner(Arc::new(Progress::new(context)));
    let columns = runner.infer_columns(call, arguments.rows).await.map_err(|error| match error.code() {
        Code::UnknownTable => {
            error.hint(format!("make what it reads first: `bywash run -s +{} --exclude {0}`", node.name))
        }
        _ => error,
    })?;
    let path = workspace.project.root.join(&python.file);
    let text = std::fs::read_to_string(&path).map_err(|error| Error::io("read", &path, &error))?;
    let declared = declare_columns(&python.file, &text.clone().into(), &python.function.name, &columns)?;
    say(context, python, &columns);
    if declared == text {
        context.say(format_args!("`{}` says so already", python.file.display()));
    } else {
        replace(&path, &declared)?;
        context.say(format_args!("declared in `{}`", python.file.display()));
    }
    context.say_next(format_args!("bywash run -s {}", node.name));
    Ok(())
}

fn say(context: &Context, python: &PythonModel, tables: &[bywash_pipeline::project::NewColumns]) {
    for (table, columns) in tables {
        let name = table.as_ref().unwrap_or(&python.output);
        context.say(format_args!("{name}: {}", counted(columns.len() as u64, "column")));
        for (column, kind) in columns {
            context.say(format_args!("  {column}: {kind}"));
        }
    }
}

/// Puts a new text in the place of a file, whole or not at all; who may read it stays as it was.
fn replace(path: &Path, text: &str) -> Result<()> {
    let failed = |error: std::io::Error| Error::io("write", path, &error);
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let permissions = std::fs::metadata(path).map_err(failed)?.permissions();
    file.as_file().set_permissions(permissions).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
