//! The lake as its callers see it: files on a real disk, tables read back from what was written.

#![expect(clippy::unwrap_used, reason = "tests may fail loudly")]

mod ancestors;
mod bounds;
mod changes;
mod collecting;
mod columns;
mod commits;
mod conforming;
mod durability;
mod fixture;
mod layouts;
mod moving;
mod objects;
mod postgres;
mod row_sums;
mod rows;
mod stores;
mod transforms;
mod writing;
