//! A plan as text: one line an operator, indented by depth; scans of the lake say what they read and leave out.

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::display::DisplayableExecutionPlan;

use crate::scan::scan_line;

/// The text of a plan; with `analyze` what its last run measured.
pub(super) fn render(plan: &Arc<dyn ExecutionPlan>, analyze: bool) -> String {
    let mut text = String::new();
    add(plan.as_ref(), 0, analyze, &mut text);
    text
}

fn add(plan: &dyn ExecutionPlan, depth: usize, analyze: bool, text: &mut String) {
    let line = scan_line(plan).unwrap_or_else(|| {
        let shown = DisplayableExecutionPlan::new(plan).one_line().to_string();
        shown.trim_end().to_owned()
    });
    text.push_str(&"  ".repeat(depth));
    text.push_str(&line);
    if let Some(metrics) = plan.metrics().filter(|_| analyze) {
        let metrics = metrics.aggregate_by_name().sorted_for_display().timestamps_removed();
        text.push_str(&format!(", measured=[{metrics}]"));
    }
    text.push('\n');
    for child in plan.children() {
        add(child.as_ref(), depth + 1, analyze, text);
    }
}
