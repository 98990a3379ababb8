//! Errors as people and programs read them.

use std::sync::Arc;

use bywash_cli::context::Verbosity;
use bywash_cli::render::error::{ErrorStyle, render};
use bywash_cli::render::style::Paint;
use bywash_core::{Code, Error, Place};
use insta::assert_snapshot;

const PLAIN: ErrorStyle = ErrorStyle { paint: Paint { on: false }, verbosity: Verbosity::Normal, json: false };

fn span(text: &str, line: u64, column: u64, length: u64) -> Place {
    Place::span("models/marts/delays.sql", Arc::from(text), line, column, length)
}

#[test]
fn a_place_is_shown_with_its_line_and_carets() {
    let error = Error::new(Code::UnknownTable, "there is no table `raw.flihgts`")
        .at(span("select *\nfrom raw.flihgts\n", 2, 6, 11).labelled("no such table"))
        .hint("did you mean `raw.flights`?");
    assert_snapshot!(render(&error, PLAIN), @r"
    error[unknown-table]: there is no table `raw.flihgts`
     --> models/marts/delays.sql:2:6
      |
    2 | from raw.flihgts
      |      ^^^^^^^^^^^ no such table
    hint: did you mean `raw.flights`?
    for more: bywash explain unknown-table
    ");
}

#[test]
fn all_problems_are_shown_and_counted() {
    let cycle = Error::new(Code::CyclicModels, "models depend on one another: a.x → a.y → a.x")
        .at(Place::line("models/a/x.sql", 3))
        .at(Place::file("models/a/y.sql").labelled("reads `a.x`"));
    let name = Error::new(Code::InvalidName, "`2013` is not a table name");
    let setting = Error::new(Code::InvalidSetting, "`memroy` is not a setting").at(Place::span(
        "bywash.toml",
        Arc::from("[engine]\nmemroy = 1\n"),
        2,
        1,
        6,
    ));
    let all = Error::all(vec![cycle, name, setting]).expect("three problems");
    assert_snapshot!(render(&all, PLAIN), @r"
    error[cyclic-models]: models depend on one another: a.x → a.y → a.x
     --> models/a/x.sql:3
     --> models/a/y.sql: reads `a.x`

    error[invalid-name]: `2013` is not a table name

    error[invalid-setting]: `memroy` is not a setting
     --> bywash.toml:2:1
      |
    2 | memroy = 1
      | ^^^^^^

    3 problems
    for more: bywash explain cyclic-models
    ");
}

#[test]
fn carets_stand_under_tabs_and_wide_letters() {
    let error = Error::new(Code::UnknownColumn, "there is no column `x`").at(span("\t'日本', x from t", 1, 8, 1));
    assert_snapshot!(render(&error, PLAIN), @r"
    error[unknown-column]: there is no column `x`
     --> models/marts/delays.sql:1:8
      |
    1 |     '日本', x from t
      |             ^
    for more: bywash explain unknown-column
    ");
}

#[test]
fn of_a_long_line_the_part_around_the_carets_is_shown() {
    let text = format!("select {} wrong, {}", "a, ".repeat(200), "b, ".repeat(200));
    let error = Error::new(Code::UnknownColumn, "there is no column `wrong`").at(span(&text, 1, 609, 5));
    let shown = render(&error, PLAIN);
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[3].starts_with("1 | …") && lines[3].ends_with('…') && lines[3].chars().count() < 180, "{shown}");
    let caret = lines[4].find('^').expect("carets");
    assert_eq!(lines[3].chars().skip(caret).take(5).collect::<String>(), "wrong");
}

#[test]
fn a_place_behind_the_end_of_its_text_does_no_harm() {
    let ends = Error::new(Code::InvalidSql, "expected an expression, found the end").at(span("select", 1, 7, 1));
    assert!(render(&ends, PLAIN).contains("1 | select\n  |       ^\n"));
    for place in [span("select", 9, 9, 9), span("select", 1, 900, u64::MAX), span("", 1, 1, 1), span("x", 0, 0, 0)] {
        assert!(render(&Error::new(Code::InvalidSql, "x").at(place), PLAIN).starts_with("error[invalid-sql]: x\n"));
    }
}

#[test]
fn data_in_a_message_cannot_steer_the_terminal() {
    let error = Error::new(Code::InvalidValue, "`\x1b[2J\u{202e}x` is no number").hint("a\r\nb\tc");
    assert_snapshot!(render(&error, PLAIN), @r"
    error[invalid-value]: `\u{1b}[2J\u{202e}x` is no number
    hint: a
    b\tc
    for more: bywash explain invalid-value
    ");
}

#[test]
fn what_a_library_said_is_shown_when_asked_for() {
    let error = Error::new(Code::FileSystem, "cannot write `x`").caused_by("os error 5");
    assert!(!render(&error, PLAIN).contains("os error"));
    let verbose = ErrorStyle { verbosity: Verbosity::Verbose, ..PLAIN };
    assert!(render(&error, verbose).contains("\ncause: os error 5\n"));
}

#[test]
fn programs_get_one_object_with_every_problem() {
    let first = Error::new(Code::UnknownTable, "there is no table `x`").at(span("from x", 1, 6, 1)).hint("y");
    let all = Error::all(vec![first, Error::new(Code::InvalidName, "`-`")]).expect("two problems");
    let shown = render(&all, ErrorStyle { json: true, ..PLAIN });
    assert_snapshot!(shown.lines().last().unwrap_or_default(), @r#"{"status":"failed","errors":[{"code":"unknown-table","message":"there is no table `x`","places":[{"path":"models/marts/delays.sql","line":1,"column":6,"label":null}],"hints":["y"]},{"code":"invalid-name","message":"`-`","places":[],"hints":[]}]}"#);
}
