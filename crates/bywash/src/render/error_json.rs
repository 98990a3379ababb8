//! An error as a program reads it: one JSON object on one line.

use bywash_core::{Error, Place};
use serde_json::{Value, json};

/// `{"status":"failed","errors":[{"code":…,"message":…,"places":[…],"hints":[…]}]}`
pub fn render(error: &Error) -> String {
    let errors: Vec<Value> = error.each().into_iter().map(problem).collect();
    json!({ "status": "failed", "errors": errors }).to_string()
}

fn problem(error: &Error) -> Value {
    let places: Vec<Value> = error.places().iter().map(place).collect();
    let mut object = json!({
        "code": error.code().as_str(),
        "message": error.message(),
        "places": places,
        "hints": error.hints(),
    });
    if let (Some(cause), Some(object)) = (error.cause(), object.as_object_mut()) {
        object.insert("cause".to_owned(), cause.into());
    }
    object
}

fn place(place: &Place) -> Value {
    json!({
        "path": place.path.to_string_lossy(),
        "line": place.line,
        "column": place.column,
        "label": place.label,
    })
}
