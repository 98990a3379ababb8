-- The catalog. Version 1. Ids are 16 bytes; times are microseconds since 1970, UTC.
create table objects (id blob primary key, body blob not null) without rowid;
create table refs (name text primary key, kind text not null, commit_id blob not null) without rowid;
create table reflog (
    sequence integer primary key autoincrement, name text not null, old blob, new blob,
    time integer not null, message text not null, run text);
create index reflog_by_name on reflog (name, time);
create table field_ids (
    table_uuid text not null, id integer not null, parent integer not null, name text not null, kind text not null,
    primary key (table_uuid, id)) without rowid;
create table runs (
    id text primary key, run_key text, command text not null, status text not null, target text not null, base blob,
    commit_id blob, publish text, plans integer not null, started integer not null, finished integer,
    heartbeat integer not null, host text not null, process integer not null, error text) without rowid;
create index runs_by_key on runs (run_key) where run_key is not null;
create table run_nodes (
    sequence integer primary key autoincrement, run text not null, name text not null, kind text not null,
    status text not null, reason text not null, rows integer not null, rows_in integer not null,
    bytes integer not null, ms integer not null, error text);
create index run_nodes_by_run on run_nodes (run);
create table loads (
    sequence integer primary key autoincrement, run text not null, table_name text not null, path text not null,
    content text not null, rows_read integer not null, rows_written integer not null, rows_filtered integer not null,
    rows_quarantined integer not null, rows_discarded integer not null, bytes integer not null);
create index loads_by_run on loads (run);
create table tests (
    sequence integer primary key autoincrement, run text not null, name text not null, table_name text not null,
    status text not null, bad_rows integer not null, ms integer not null, query text not null);
create index tests_by_run on tests (run);
-- A full refresh gives a key another version: both are recorded (rule R7), and the newest is taken.
create table outputs (
    key blob not null, node text not null, entry blob not null, version blob not null, run text not null,
    primary key (key, version)) without rowid;
create index outputs_by_node on outputs (node, version);
