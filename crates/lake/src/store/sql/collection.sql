-- Version 2: garbage collection (rule T7).
create table leases (
    number integer primary key autoincrement, reflog integer not null, began integer not null,
    heartbeat integer not null, machine text not null, process integer not null);
create table condemned_objects (id blob primary key, time integer not null) without rowid;
create table condemned_files (
    path text primary key, bytes integer not null, time integer not null, lease integer not null) without rowid;
create table doomed_files (path text primary key, bytes integer not null) without rowid;
-- The newest lease when the output was given up: it is not taken any more, and holds nothing once such leases ended.
alter table outputs add column expired integer;
