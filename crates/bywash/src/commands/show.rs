//! `bywash show NODE`: the rows that a node would give now, written nowhere.

use bywash_core::Result;
use bywash_engine::sql;
use bywash_pipeline::graph::{Body, Node};
use bywash_pipeline::project::{ModelBody, PythonModel};
use bywash_pipeline::run::FunctionCall;
use std::sync::Arc;

use crate::arguments::ShowArguments;
use crate::commands::select::node;
use crate::context::Context;
use crate::render::progress::Progress;
use crate::render::rows::write_stream;
use crate::workspace::{Workspace, parameters};

/// Shows the rows.
///
/// # Errors
/// No such node, or its query cannot be run.
pub async fn run(context: &Context, arguments: ShowArguments) -> Result<()> {
    let workspace = Workspace::open(context, &arguments.project).await?;
    let node = node(&workspace.graph, &arguments.node)?;
    let parsed = match &node.body {
        Body::Model(model) => match &model.body {
            ModelBody::Sql(parsed) => parsed.clone(),
            ModelBody::Python(python) => return show_function(context, &workspace, &arguments, node, python).await,
        },
        Body::Test(test) => Arc::new(sql::parse(test.place.path.clone(), &test.sql)?),
        Body::Resource(_) | Body::Seed(_) => Arc::new(sql::parse("<query>", &format!("select * from {}", node.name))?),
    };
    let head = workspace.head(&arguments.reference).await?;
    let resolver = Arc::new(workspace.resolver(head));
    let values = parameters(&arguments.parameters).0;
    let planned = workspace.engine.session(resolver).plan(&parsed, &values).await.map_err(|error| {
        if error.code() == bywash_core::Code::UnknownTable {
            error.hint(format!("`show` reads the tables above a node: make them with `bywash run -s +{}`", node.name))
        } else {
            error
        }
    })?;
    let schema = planned.schema();
    write_stream(context, &arguments.output, schema, planned.stream().await?).await?;
    Ok(())
}

async fn show_function(
    context: &Context,
    workspace: &Workspace,
    arguments: &ShowArguments,
    node: &Node,
    python: &PythonModel,
) -> Result<()> {
    let head = workspace.head(&arguments.reference).await?;
    let session = workspace.engine.session(Arc::new(workspace.resolver(head)));
    let (values, texts) = parameters(&arguments.parameters);
    let call = FunctionCall { node, python, session: &session, parameters: &values, texts: &texts };
    let planned = workspace.runner(Arc::new(Progress::new(context))).preview_function(call).await?;
    write_stream(context, &arguments.output, planned.schema(), planned.stream().await?).await?;
    Ok(())
}
