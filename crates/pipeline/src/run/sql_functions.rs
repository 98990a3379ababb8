//! Functions of SQL in Python, as the engine calls them: each partition of a query has a worker of its own, which
//! stays until the process ends.

use std::sync::{Arc, PoisonError};

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use bywash_core::Result;
use bywash_engine::ForeignFunction;
use bywash_python::{Call, Declared, Expected, Limits, Udf};

use super::functions::Functions;
use crate::project::PythonFunction;

/// A function and its idle workers.
struct Called {
    function: Arc<PythonFunction>,
    functions: Functions,
    idle: std::sync::Mutex<Vec<Udf>>,
}

impl Functions {
    /// A function of SQL for the engine. Nothing is started before it is called.
    #[must_use]
    pub fn of_sql(&self, function: &Arc<PythonFunction>) -> Arc<dyn ForeignFunction> {
        Arc::new(Called { function: function.clone(), functions: self.clone(), idle: std::sync::Mutex::default() })
    }
}

#[async_trait]
impl ForeignFunction for Called {
    fn name(&self) -> &str {
        &self.function.name
    }

    fn arguments(&self) -> &[DataType] {
        &self.function.arguments
    }

    fn returns(&self) -> &DataType {
        &self.function.returns
    }

    async fn apply(&self, arguments: RecordBatch) -> Result<ArrayRef> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut worker = match idle {
            Some(worker) => worker,
            None => self.start().await?,
        };
        let values = worker.apply(&arguments).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
        Ok(values)
    }
}

impl Called {
    async fn start(&self) -> Result<Udf> {
        let function = &self.function;
        let environment = self.functions.environment(&function.requirements).await?;
        let log = self.functions.log("functions", &function.name, self.functions.listener());
        let schema = Schema::new(vec![Field::new("value", function.returns.clone(), true)]);
        let call = Call {
            node: function.name.clone(),
            environment,
            project: self.functions.project().clone(),
            search: Vec::new(),
            file: function.file.clone(),
            function: function.name.clone(),
            arguments: Vec::new(),
            expected: Expected::One(Declared { name: function.name.clone(), schema: Arc::new(schema) }),
            limits: Limits::default(),
            network: false,
            readable: Vec::new(),
        };
        self.functions.pool(&*self.functions.listener())?.udf(call, move |line| log.line(&line)).await
    }
}

impl std::fmt::Debug for Called {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Called").field(&self.function.name).finish()
    }
}
