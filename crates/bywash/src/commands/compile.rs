//! `bywash compile NODE`: the SQL that would run, after everything Bywash does to it.

use bywash_core::{Code, Error, Result};
use bywash_engine::sql::Parameters;
use bywash_pipeline::graph::Body;
use bywash_pipeline::project::{ModelBody, PythonModel};

use crate::arguments::{CompileArguments, OutputFlags};
use crate::commands::select::node;
use crate::context::Context;
use crate::render::text_output::write_text;
use crate::workspace::{Workspace, parameters};

/// Prints the SQL.
///
/// # Errors
/// No such node, or one without SQL.
pub async fn run(context: &Context, arguments: CompileArguments) -> Result<()> {
    let workspace = Workspace::open(context, &arguments.project).await?;
    let node = node(&workspace.graph, &arguments.node)?;
    let values = parameters(&arguments.parameters).0;
    let text = match &node.body {
        Body::Model(model) => match &model.body {
            ModelBody::Sql(parsed) => parsed.formatted(&values)?,
            ModelBody::Python(python) => inputs_of(python, &values)?,
        },
        Body::Test(test) => bywash_engine::sql::parse(test.place.path.clone(), &test.sql)?.formatted(&values)?,
        Body::Resource(_) | Body::Seed(_) => {
            return Err(Error::new(
                Code::NothingSelected,
                format!("`{}` is loaded from files and has no SQL", node.name),
            )
            .hint("`bywash ls` shows which nodes are models"));
        }
    };
    let output = OutputFlags { output: None, to: arguments.to };
    write_text(context, &output, &format!("{text}\n"))
}

/// What each argument of a function reads.
fn inputs_of(python: &PythonModel, values: &Parameters) -> Result<String> {
    let inputs = python.inputs.iter().map(|input| {
        let sql = input.query.formatted(values).map_err(|error| input.placed(&error))?;
        Ok(format!("-- {}\n{sql};", input.argument))
    });
    Ok(inputs.collect::<Result<Vec<_>>>()?.join("\n\n"))
}
