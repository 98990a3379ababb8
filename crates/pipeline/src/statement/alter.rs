//! `alter table`: columns by their ids (rule T3), each change one in the table's set (rule T4); and how new files are
//! cut and sorted. No data file is touched: old ones are read by field id.

use std::sync::Arc;

use arrow::datatypes::{Field as ArrowField, Schema as ArrowSchema};
use bywash_core::{Code, Error, Place, Result, TableName, TableRef, suggestion};
use bywash_engine::sql::{self, Alteration, Parsed, Position};
use bywash_lake::TableIds;
use bywash_lake::changes::new_fields;
use bywash_lake::changes::{ColumnChange, Created, FieldChange, Layout, LayoutChange, LayoutTerm, TableState, Unsound};
use bywash_lake::tables::{Field, PartitionTerm, Schema, Transform, Type, assign_id, kind_of, partition_spec};

use super::{StatementContext, is_absent, unsound};
use crate::lake_view::{LakeResolver, WorkingTree};

impl StatementContext {
    pub(super) async fn alter(
        &self,
        parsed: &Parsed,
        tree: &Arc<WorkingTree>,
        resolver: &Arc<LakeResolver>,
        target: &TableRef,
        if_exists: bool,
    ) -> Result<String> {
        if if_exists && is_absent(tree, resolver, target).await? {
            return Ok(format!("there is no `{target}`"));
        }
        let (name, entry) = self.writable(tree, resolver, target).await?;
        let state = TableState::read(tree.objects(), &entry).await?;
        let mut altering = Altering {
            created: self.lake.created(&entry, &state).await?,
            ids: self.lake.ids(tree.objects(), &entry).await?,
            fields: self.lake.shape(&entry).await?.schema.fields.clone(),
            state,
            name: &name,
            done: Vec::new(),
        };
        for (alteration, place) in &parsed.alterations {
            let kind = match alteration {
                Alteration::Add { kind, .. } | Alteration::Retype { kind, .. } => {
                    Some(self.column_of(resolver, kind, place).await?)
                }
                _ => None,
            };
            altering.alter(alteration, kind.as_ref()).map_err(|error| match error.places() {
                [] => error.at(place.clone()),
                _ => error,
            })?;
        }
        let Altering { state, done, .. } = altering;
        if done.is_empty() {
            return Ok(format!("`{name}` is so already"));
        }
        let done = done.join(", ");
        self.put(tree, &name, &entry, state, &done).await?;
        Ok(format!("altered `{name}`: {done}"))
    }

    /// A column of a type as SQL writes it: types mean what they mean in `create table`.
    async fn column_of(&self, resolver: &Arc<LakeResolver>, kind: &str, place: &Place) -> Result<ArrowField> {
        let declared = async {
            let parsed = sql::parse("<type>", &format!("create table bywash.types (c {kind})"))?;
            let planned = self.engine.session(resolver.clone()).plan(&parsed, &self.parameters).await?;
            planned.table_schema()
        };
        let schema: Arc<ArrowSchema> = declared.await.map_err(|error: Error| {
            let told = match error.code() {
                Code::UnsupportedType => error.message().to_owned(),
                _ => format!("`{kind}` is not a type of a column: {}", error.message()),
            };
            let told = Error::new(error.code(), told).at(place.clone());
            error.hints().iter().fold(told, |told, hint| told.hint(hint.as_str()))
        })?;
        schema
            .fields()
            .first()
            .map(|field| ArrowField::clone(field))
            .ok_or_else(|| Error::bug("a type without a column"))
    }
}

/// A table on its way: what was done to it so far.
struct Altering<'a> {
    name: &'a TableName,
    created: Created,
    ids: TableIds<'a>,
    fields: Vec<Field>,
    state: TableState,
    done: Vec<String>,
}

/// A field and what it hangs on.
#[derive(Clone)]
struct Found {
    field: Field,
    /// 0 for a column.
    parent: i32,
    /// All that hangs there.
    siblings: Vec<Field>,
    /// Whether it is the element of a list, or the key or value of a map.
    is_fixed: bool,
}

impl Altering<'_> {
    fn alter(&mut self, alteration: &Alteration, kind: Option<&ArrowField>) -> Result<()> {
        match (alteration, kind) {
            (Alteration::Add { path, if_not_exists, position, .. }, Some(kind)) => {
                self.add(path, kind, *if_not_exists, position.as_ref())
            }
            (Alteration::Drop { path, if_exists }, _) => self.drop(path, *if_exists),
            (Alteration::Rename { path, to }, _) => self.rename(path, to),
            (Alteration::Retype { path, .. }, Some(kind)) => self.retype(path, kind),
            (Alteration::DropNotNull { path }, _) => self.drop_not_null(path),
            (Alteration::Move { path, position }, _) => self.move_to(path, position),
            (Alteration::PartitionBy(terms), _) => self.partition_by(terms),
            (Alteration::ClusterBy(columns), _) => self.cluster_by(columns),
            (Alteration::Add { .. } | Alteration::Retype { .. }, None) => Err(Error::bug("a column without a type")),
        }
    }

    fn add(&mut self, path: &[String], kind: &ArrowField, if_not_exists: bool, at: Option<&Position>) -> Result<()> {
        let shown = path.join(".");
        if find(&self.fields, path).is_some() {
            return if if_not_exists {
                Ok(())
            } else {
                Err(Error::new(Code::SchemaChange, format!("`{}` has a column `{shown}` already", self.name)))
            };
        }
        let Some((name, above)) = path.split_last() else { return Err(Error::bug("a column without a name")) };
        refuse_empty(name)?;
        let parent = match above {
            [] => 0,
            above => {
                let parent = self.found(above)?.field;
                if !matches!(parent.kind, Type::Struct(_)) {
                    return Err(Error::new(
                        Code::SchemaChange,
                        format!("`{}` is `{}`, to which no part can be added", above.join("."), parent.kind),
                    )
                    .hint(
                        "parts are added to structs; the struct in a list is `column.element`, in a map `column.value`",
                    ));
                }
                parent.id
            }
        };
        let column = kind.clone().with_name(name).with_nullable(true);
        let field = assign_id(&column, parent, &mut self.ids)?;
        let (id, label) = (field.id, format!("add column {shown}"));
        for new in new_fields(&field, parent) {
            self.change(new.id, FieldChange::Add(new), &label)?;
        }
        self.done.push(label);
        match at {
            Some(position) => self.place(id, path, position, "add column"),
            None => Ok(()),
        }
    }

    fn drop(&mut self, path: &[String], if_exists: bool) -> Result<()> {
        if if_exists && find(&self.fields, path).is_none() {
            return Ok(());
        }
        let found = self.changeable(path, "dropped")?;
        let shown = path.join(".");
        if found.siblings.len() == 1 {
            let what = if found.parent == 0 { "a table" } else { "a struct" };
            return Err(Error::new(Code::SchemaChange, format!("`{shown}` is the last column, and {what} needs one"))
                .hint("add another one first, or drop the whole"));
        }
        self.refuse_layout_column(&found.field, &shown)?;
        self.ids.give_up(found.field.id);
        self.one(found.field.id, FieldChange::Drop, format!("drop column {shown}"))
    }

    fn rename(&mut self, path: &[String], to: &str) -> Result<()> {
        let found = self.changeable(path, "renamed")?;
        refuse_empty(to)?;
        if found.field.name == to {
            return Ok(());
        }
        if found.siblings.iter().any(|other| other.name == to) {
            return Err(Error::new(Code::SchemaChange, format!("`{}` has a column `{to}` already", self.name)));
        }
        self.ids.give_up(found.field.id);
        let label = format!("rename column {} to {to}", path.join("."));
        self.one(found.field.id, FieldChange::Rename(to.to_owned()), label)
    }

    fn retype(&mut self, path: &[String], kind: &ArrowField) -> Result<()> {
        let (found, shown) = (self.found(path)?, path.join("."));
        let wanted = kind_of(&shown, kind.data_type())?;
        let now = &found.field.kind;
        if *now == wanted {
            return Ok(());
        }
        let is_key = found.is_fixed && found.field.name == "key";
        if !now.is_primitive() || !now.widens_to(&wanted) || is_key {
            return Err(narrower(self.name, &shown, now, &wanted));
        }
        let label = format!("alter column {shown} type {wanted}");
        self.one(found.field.id, FieldChange::Widen(wanted.to_string()), label)
    }

    fn drop_not_null(&mut self, path: &[String]) -> Result<()> {
        let found = self.found(path)?;
        if !found.field.required {
            return Ok(());
        }
        if found.is_fixed && found.field.name == "key" {
            return Err(Error::new(
                Code::SchemaChange,
                format!("`{}` is the key of a map, which is never null", path.join(".")),
            ));
        }
        self.one(found.field.id, FieldChange::Optional, format!("alter column {} drop not null", path.join(".")))
    }

    fn move_to(&mut self, path: &[String], position: &Position) -> Result<()> {
        let found = self.changeable(path, "moved")?;
        self.place(found.field.id, path, position, "alter column")
    }

    fn place(&mut self, id: i32, path: &[String], position: &Position, verb: &str) -> Result<()> {
        let (after, place) = match position {
            Position::First => (None, "first".to_owned()),
            Position::After(name) => {
                let sibling: Vec<String> = path[..path.len() - 1].iter().chain([name]).cloned().collect();
                let found = self.found(&sibling)?;
                if found.field.id == id {
                    return Err(Error::new(Code::SchemaChange, format!("`{name}` cannot stand after itself")));
                }
                (Some(found.field.id), format!("after {name}"))
            }
        };
        let label = format!("{verb} {} {place}", path.join("."));
        self.change(id, FieldChange::Move { after, step: 0 }, &label)?;
        if self.done.last().is_some_and(|done| label.starts_with(done.as_str())) {
            self.done.pop();
        }
        self.done.push(label);
        Ok(())
    }

    fn partition_by(&mut self, terms: &[String]) -> Result<()> {
        let spec = partition_spec(terms, &self.schema())?;
        let terms: Vec<_> = spec
            .fields
            .iter()
            .map(|field| LayoutTerm { field_id: field.source_id, transform: field.transform })
            .collect();
        if self.layout()?.partition == terms {
            return Ok(());
        }
        let texts = bywash_lake::tables::partition_terms(&spec, &self.schema());
        self.lay_out(LayoutChange::Partition(terms), layout_label("partitioned", &texts))
    }

    fn cluster_by(&mut self, columns: &[String]) -> Result<()> {
        let mut ids = Vec::with_capacity(columns.len());
        for column in columns {
            let term: PartitionTerm = column.parse()?;
            if term.transform != Transform::Identity {
                return Err(Error::new(Code::InvalidSetting, format!("`{column}` is not a column to sort by")));
            }
            let found = self.found(&[term.column])?;
            if !found.field.kind.is_primitive() {
                let message = format!("`{column}` is `{}`, which has no order", found.field.kind);
                return Err(Error::new(Code::UnsupportedType, message));
            }
            ids.push(found.field.id);
        }
        if self.layout()?.cluster == ids {
            return Ok(());
        }
        self.lay_out(LayoutChange::Cluster(ids), layout_label("clustered", columns))
    }

    fn lay_out(&mut self, change: LayoutChange, label: String) -> Result<()> {
        let next = self.state.lay_out(&self.created, change, &label);
        self.state = next.map_err(|reason| unsound(self.name, "be laid out so", reason))?;
        self.done.push(label);
        Ok(())
    }

    fn layout(&self) -> Result<Layout> {
        let layout = self.state.layout().map_err(|reason| self.refused(reason))?;
        Ok(layout.unwrap_or_else(|| self.created.layout.clone()))
    }

    /// A column that new files are cut or sorted by stays as long as they are.
    fn refuse_layout_column(&self, field: &Field, shown: &str) -> Result<()> {
        let layout = self.layout()?;
        let cuts = layout.partition.iter().any(|term| is_within(field, term.field_id));
        let sorts = layout.cluster.iter().any(|id| is_within(field, *id));
        let (what, word) = match (cuts, sorts) {
            (true, _) => ("partitioned", "partitioned"),
            (_, true) => ("sorted", "clustered"),
            _ => return Ok(()),
        };
        Err(Error::new(Code::SchemaChange, format!("`{}` is {what} by `{shown}`", self.name))
            .hint(format!("change that first: `alter table {} reset {word} by`", self.name)))
    }

    /// One change, and its line.
    fn one(&mut self, field_id: i32, what: FieldChange, label: String) -> Result<()> {
        self.change(field_id, what, &label)?;
        self.done.push(label);
        Ok(())
    }

    fn change(&mut self, field_id: i32, what: FieldChange, label: &str) -> Result<()> {
        let next = self.state.alter(&self.created, ColumnChange { field_id, what }, label);
        self.state = next.map_err(|reason| self.refused(reason))?;
        let fields = self.state.columns().map_err(|reason| self.refused(reason))?;
        self.fields = fields.unwrap_or_default();
        Ok(())
    }

    fn refused(&self, reason: Unsound) -> Error {
        unsound(self.name, "be altered so", reason)
    }

    fn schema(&self) -> Schema {
        Schema { id: 0, fields: self.fields.clone() }
    }

    fn found(&self, path: &[String]) -> Result<Found> {
        find(&self.fields, path).ok_or_else(|| {
            let shown = path.join(".");
            let known = self.fields.iter().map(|field| field.name.as_str());
            Error::new(Code::UnknownColumn, format!("`{}` has no column `{shown}`", self.name))
                .maybe_hint(suggestion(&shown, known))
        })
    }

    /// A field that is no element, key or value.
    fn changeable(&self, path: &[String], what: &str) -> Result<Found> {
        let found = self.found(path)?;
        if found.is_fixed {
            let message = format!(
                "`{}` cannot be {what}: every list has its element, every map its key and value",
                path.join(".")
            );
            return Err(Error::new(Code::SchemaChange, message));
        }
        Ok(found)
    }
}

fn refuse_empty(name: &str) -> Result<()> {
    if name.trim().is_empty() {
        return Err(Error::new(Code::InvalidName, "a column needs a name"));
    }
    Ok(())
}

fn find(fields: &[Field], path: &[String]) -> Option<Found> {
    let (mut siblings, mut parent, mut is_fixed) = (fields.to_vec(), 0, false);
    let (last, above) = path.split_last()?;
    for name in above {
        let field = siblings.into_iter().find(|field| field.name == *name)?;
        is_fixed = matches!(field.kind, Type::List(_) | Type::Map(..));
        parent = field.id;
        siblings = field.kind.children().into_iter().cloned().collect();
    }
    let field = siblings.iter().find(|field| field.name == *last)?.clone();
    Some(Found { field, parent, siblings, is_fixed })
}

fn is_within(field: &Field, id: i32) -> bool {
    field.id == id || field.kind.children().into_iter().any(|part| is_within(part, id))
}

fn layout_label(word: &str, terms: &[String]) -> String {
    if terms.is_empty() { format!("reset {word} by") } else { format!("set {word} by ({})", terms.join(", ")) }
}

fn narrower(table: &TableName, column: &str, now: &Type, wanted: &Type) -> Error {
    let new = format!("{column}_new");
    Error::new(Code::SchemaChange, format!("column `{column}` is `{now}`, and not every value of it is a `{wanted}`"))
        .hint("a column can become wider: `int` to `bigint`, `float` to `double`, a `decimal` of more digits")
        .hint(format!(
            "else make a new one: `alter table {table} add column {new} …`, `update {table} set {new} = cast({column} as \
             …)`, `alter table {table} drop column {column}, rename column {new} to {column}`"
        ))
}
