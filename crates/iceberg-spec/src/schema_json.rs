//! Schemas as the JSON of the specification, both ways.

use bywash_core::{Code, Error, Result};
use serde_json::{Value, json};

use crate::schema::{Field, Schema, Type};

impl From<Schema> for Value {
    fn from(schema: Schema) -> Self {
        schema_to_json(&schema)
    }
}

impl TryFrom<Value> for Schema {
    type Error = Error;

    fn try_from(value: Value) -> Result<Self> {
        let id = value.get("schema-id").and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok()).unwrap_or(0);
        match type_from_json(&value)? {
            Type::Struct(fields) => Ok(Self { id, fields }),
            other => Err(wrong(&format!("a schema must be a struct, but is `{other}`"))),
        }
    }
}

/// The schema as JSON.
pub(crate) fn schema_to_json(schema: &Schema) -> Value {
    let fields: Vec<Value> = schema.fields.iter().map(field_to_json).collect();
    json!({"type": "struct", "schema-id": schema.id, "fields": fields})
}

fn field_to_json(field: &Field) -> Value {
    let mut json = json!({
        "id": field.id, "name": field.name, "required": field.required, "type": type_to_json(&field.kind),
    });
    if let (Some(doc), Some(object)) = (&field.doc, json.as_object_mut()) {
        object.insert("doc".to_owned(), Value::String(doc.clone()));
    }
    json
}

fn type_to_json(kind: &Type) -> Value {
    match kind {
        Type::Struct(fields) => {
            json!({"type": "struct", "fields": fields.iter().map(field_to_json).collect::<Vec<_>>()})
        }
        Type::List(element) => json!({
            "type": "list", "element-id": element.id, "element-required": element.required,
            "element": type_to_json(&element.kind),
        }),
        Type::Map(key, value) => json!({
            "type": "map", "key-id": key.id, "key": type_to_json(&key.kind),
            "value-id": value.id, "value-required": value.required, "value": type_to_json(&value.kind),
        }),
        primitive => Value::String(primitive.to_string()),
    }
}

fn type_from_json(value: &Value) -> Result<Type> {
    if let Some(text) = value.as_str() {
        return Type::parse(text);
    }
    match text(value, "type")? {
        "struct" => {
            let fields =
                value.get("fields").and_then(Value::as_array).ok_or_else(|| wrong("a struct has no fields"))?;
            Ok(Type::Struct(fields.iter().map(field_from_json).collect::<Result<_>>()?))
        }
        "list" => Ok(Type::List(Box::new(part_from_json(value, "element")?))),
        "map" => Ok(Type::Map(Box::new(part_from_json(value, "key")?), Box::new(part_from_json(value, "value")?))),
        other => Err(wrong(&format!("`{other}` is not a nested type"))),
    }
}

fn field_from_json(value: &Value) -> Result<Field> {
    Ok(Field {
        id: id(value, "id")?,
        name: text(value, "name")?.to_owned(),
        required: flag(value, "required")?,
        kind: type_from_json(value.get("type").ok_or_else(|| wrong("a field has no type"))?)?,
        doc: value.get("doc").and_then(Value::as_str).map(str::to_owned),
    })
}

fn part_from_json(value: &Value, part: &str) -> Result<Field> {
    Ok(Field {
        id: id(value, &format!("{part}-id"))?,
        name: part.to_owned(),
        required: part == "key" || flag(value, &format!("{part}-required"))?,
        kind: type_from_json(value.get(part).ok_or_else(|| wrong(&format!("a nested type has no `{part}`")))?)?,
        doc: None,
    })
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value.get(key).and_then(Value::as_str).ok_or_else(|| wrong(&format!("`{key}` is missing or no text")))
}

fn id(value: &Value, key: &str) -> Result<i32> {
    let number = value.get(key).and_then(Value::as_i64).and_then(|id| i32::try_from(id).ok());
    number.ok_or_else(|| wrong(&format!("`{key}` is missing or no number")))
}

fn flag(value: &Value, key: &str) -> Result<bool> {
    value
        .get(key)
        .and_then(Value::as_bool)
        .ok_or_else(|| wrong(&format!("`{key}` is missing or neither true nor false")))
}

fn wrong(why: &str) -> Error {
    Error::new(Code::TableCorrupt, format!("not a schema of Iceberg: {why}"))
}
