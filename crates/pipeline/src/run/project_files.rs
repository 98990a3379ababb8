//! The project's files travel with the commits that its runs make, so that a run can be done again from what it was
//! made of. What is the same as in the commit before is not stored again.

use std::collections::BTreeMap;

use bywash_core::{ObjectId, Result};
use bywash_lake::objects::{Asked, Commit, FileContent, HashTree};

use super::attempt::Attempt;
use crate::blocking::blocking;
use crate::graph::Body;
use crate::project::ModelBody;

impl Attempt {
    /// Gives a commit of this run what the run was made of.
    pub(super) async fn sign(&self, commit: &mut Commit) -> Result<()> {
        commit.run = Some(self.options.run.clone());
        commit.files = *self.files.get_or_try_init(|| self.project_files()).await?;
        commit.asked = Some(Asked {
            parameters: self.parameters_used(),
            full_refresh: self.options.full_refresh,
            adopt: self.options.adopt.iter().map(ToString::to_string).collect(),
            overwrite: self.options.overwrite.iter().map(ToString::to_string).collect(),
        });
        Ok(())
    }

    /// The parameters that some model or test names: others may be anything, and are nobody's business.
    fn parameters_used(&self) -> BTreeMap<String, String> {
        let nodes = self.runner.graph.nodes();
        let names = |name: &String| {
            nodes.iter().any(|node| match &node.body {
                Body::Model(model) => match &model.body {
                    ModelBody::Sql(query) => query.parameters.contains(name),
                    ModelBody::Python(python) => python.parameters().contains(&name.as_str()),
                },
                Body::Test(test) => test.sql.contains(&format!("${name}")),
                Body::Resource(_) | Body::Seed(_) => false,
            })
        };
        let given = self.options.parameter_texts.iter().filter(|(name, _)| names(name));
        given.map(|(name, text)| (name.clone(), text.clone())).collect()
    }

    /// The files as they are now; what is new since the commit below waits for the next transaction.
    async fn project_files(&self) -> Result<HashTree<FileContent>> {
        let (objects, project) = (self.tree.objects(), self.runner.project.clone());
        let files = blocking(move || project.kept_files()).await?;
        let below = self.tree.base().commit.files;
        let before = below.all(objects).await?;
        let mut edits: BTreeMap<String, Option<FileContent>> =
            before.keys().filter(|path| !files.contains_key(*path)).map(|path| (path.clone(), None)).collect();
        for (path, bytes) in files {
            let content = FileContent(ObjectId::of(&bytes));
            if before.get(&path) != Some(&content) {
                objects.add_bytes(bytes);
                edits.insert(path, Some(content));
            }
        }
        below.with(objects, edits).await
    }
}
