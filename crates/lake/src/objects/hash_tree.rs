//! A map of names to values as a tree of objects, fanned out by the hash of the name.
//!
//! The shape follows from the content alone, so equal maps have equal roots, and a change to one of 10,000 names
//! writes three small objects. A node with at most `LEAF` names is a leaf; a larger one has up to sixteen children,
//! one for each hexadecimal digit of the name's hash at its depth.

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use bywash_core::{ObjectId, Result};

use super::{Named, Objects};

const LEAF: usize = 32;

/// The root of such a tree; `None` is the empty map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HashTree<V> {
    root: Option<ObjectId>,
    #[serde(skip)]
    values: PhantomData<fn() -> V>,
}

#[derive(Serialize, Deserialize)]
enum Node<V> {
    Leaf(BTreeMap<String, V>),
    Fan(BTreeMap<char, Child>),
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Child {
    id: ObjectId,
    names: usize,
}

impl<V: Named> Named for Node<V> {
    fn names(&self, tell: &mut dyn FnMut(ObjectId)) {
        match self {
            Self::Leaf(names) => names.values().for_each(|value| value.names(tell)),
            Self::Fan(children) => children.values().for_each(|child| tell(child.id)),
        }
    }
}

type Edits<V> = BTreeMap<String, Option<V>>;
type Boxed<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

impl<V> Default for HashTree<V> {
    fn default() -> Self {
        Self { root: None, values: PhantomData }
    }
}

impl<V> HashTree<V> {
    /// Whether it holds nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// The object at its root; none for the empty map.
    pub(crate) const fn root(&self) -> Option<ObjectId> {
        self.root
    }
}

impl<V: DeserializeOwned + Send> HashTree<V> {
    /// The values below the nodes that `enter` says yes to; below the others nothing is read.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub(crate) async fn walk(
        &self,
        objects: &Objects,
        enter: &mut (dyn FnMut(ObjectId) -> bool + Send),
    ) -> Result<Vec<V>> {
        let mut found = Vec::new();
        let mut left: Vec<ObjectId> = self.root.into_iter().collect();
        while let Some(id) = left.pop() {
            if !enter(id) {
                continue;
            }
            match objects.read::<Node<V>>(id).await? {
                Node::Leaf(names) => found.extend(names.into_values()),
                Node::Fan(children) => left.extend(children.values().map(|child| child.id)),
            }
        }
        Ok(found)
    }
}

impl<V: Clone + PartialEq + Serialize + DeserializeOwned + Named + Send + Sync + 'static> HashTree<V> {
    /// The value of one name.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn get(&self, objects: &Objects, name: &str) -> Result<Option<V>> {
        let (mut next, digits) = (self.root, digits_of(name));
        for digit in digits.chars() {
            let Some(id) = next else { return Ok(None) };
            match objects.read::<Node<V>>(id).await? {
                Node::Leaf(mut names) => return Ok(names.remove(name)),
                Node::Fan(children) => next = children.get(&digit).map(|child| child.id),
            }
        }
        Ok(None)
    }

    /// Every name and value.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn all(&self, objects: &Objects) -> Result<BTreeMap<String, V>> {
        let mut found = BTreeMap::new();
        let mut left: Vec<ObjectId> = self.root.into_iter().collect();
        while !left.is_empty() {
            objects.fetch(&left).await?;
            for id in std::mem::take(&mut left) {
                match objects.read::<Node<V>>(id).await? {
                    Node::Leaf(names) => found.extend(names),
                    Node::Fan(children) => left.extend(children.values().map(|child| child.id)),
                }
            }
        }
        Ok(found)
    }

    /// The tree with these names set (`Some`) or removed (`None`); its new nodes are added to `objects`.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn with(&self, objects: &Objects, edits: Edits<V>) -> Result<Self> {
        let root = edit(objects, self.root, edits, 0).await?;
        Ok(Self { root: root.map(|child| child.id), values: PhantomData })
    }

    /// The names whose values differ, with both values; equal subtrees are not read.
    ///
    /// # Errors
    /// The catalog cannot be read.
    pub async fn differences(
        &self,
        other: &Self,
        objects: &Objects,
    ) -> Result<BTreeMap<String, (Option<V>, Option<V>)>> {
        let mut found = BTreeMap::new();
        let mut left = vec![(self.root, other.root)];
        while let Some((one, two)) = left.pop() {
            if one == two {
                continue;
            }
            match (read(objects, one).await?, read(objects, two).await?) {
                (Node::Fan(ones), Node::Fan(twos)) => {
                    for digit in "0123456789abcdef".chars() {
                        left.push((ones.get(&digit).map(|c| c.id), twos.get(&digit).map(|c| c.id)));
                    }
                }
                (one, two) => {
                    let (mut ones, mut twos) = (flat(objects, one).await?, flat(objects, two).await?);
                    for (name, value) in std::mem::take(&mut ones) {
                        let other = twos.remove(&name);
                        if other.as_ref() != Some(&value) {
                            found.insert(name, (Some(value), other));
                        }
                    }
                    found.extend(twos.into_iter().map(|(name, value)| (name, (None, Some(value)))));
                }
            }
        }
        Ok(found)
    }
}

async fn read<V: DeserializeOwned>(objects: &Objects, id: Option<ObjectId>) -> Result<Node<V>> {
    match id {
        Some(id) => objects.read(id).await,
        None => Ok(Node::Leaf(BTreeMap::new())),
    }
}

async fn flat<V: DeserializeOwned>(objects: &Objects, node: Node<V>) -> Result<BTreeMap<String, V>> {
    let mut found = BTreeMap::new();
    let mut left = vec![node];
    while let Some(node) = left.pop() {
        match node {
            Node::Leaf(names) => found.extend(names),
            Node::Fan(children) => {
                for child in children.values() {
                    left.push(objects.read(child.id).await?);
                }
            }
        }
    }
    Ok(found)
}

fn edit<'a, V>(objects: &'a Objects, id: Option<ObjectId>, edits: Edits<V>, depth: usize) -> Boxed<'a, Option<Child>>
where
    V: Clone + PartialEq + Serialize + DeserializeOwned + Named + Send + Sync + 'static,
{
    Box::pin(async move {
        match read::<V>(objects, id).await? {
            Node::Leaf(mut names) => {
                for (name, value) in edits {
                    match value {
                        Some(value) => names.insert(name, value),
                        None => names.remove(&name),
                    };
                }
                build(objects, names, depth)
            }
            Node::Fan(mut children) => {
                for (digit, edits) in by_digit(edits, depth) {
                    let child = children.get(&digit).map(|child| child.id);
                    match edit(objects, child, edits, depth + 1).await? {
                        Some(child) => children.insert(digit, child),
                        None => children.remove(&digit),
                    };
                }
                let names: usize = children.values().map(|child| child.names).sum();
                if names <= LEAF {
                    let names = flat(objects, Node::<V>::Fan(children)).await?;
                    return build(objects, names, depth);
                }
                let id = objects.add(&Node::<V>::Fan(children))?;
                Ok(Some(Child { id, names }))
            }
        }
    })
}

fn build<V: Clone + Serialize + Named>(
    objects: &Objects,
    names: BTreeMap<String, V>,
    depth: usize,
) -> Result<Option<Child>> {
    let count = names.len();
    if count == 0 {
        return Ok(None);
    }
    if count <= LEAF {
        let id = objects.add(&Node::Leaf(names))?;
        return Ok(Some(Child { id, names: count }));
    }
    let mut children = BTreeMap::new();
    for (digit, names) in by_digit(names, depth) {
        if let Some(child) = build(objects, names, depth + 1)? {
            children.insert(digit, child);
        }
    }
    let id = objects.add(&Node::<V>::Fan(children))?;
    Ok(Some(Child { id, names: count }))
}

fn by_digit<T>(names: BTreeMap<String, T>, depth: usize) -> BTreeMap<char, BTreeMap<String, T>> {
    let mut parts: BTreeMap<char, BTreeMap<String, T>> = BTreeMap::new();
    for (name, value) in names {
        let digit = digits_of(&name).chars().nth(depth).unwrap_or('0');
        parts.entry(digit).or_default().insert(name, value);
    }
    parts
}

fn digits_of(name: &str) -> String {
    ObjectId::of(name.as_bytes()).to_string()
}
