//! Files that Bywash writes: they read back, and nothing that was there is lost.

use bywash_pipeline::project::scaffold::{NewResource, add_resources, empty_project, source_file};

use crate::sandbox::{load, show};

fn resource(name: &str, path: &str) -> NewResource {
    NewResource { name: name.to_owned(), path: path.to_owned() }
}

fn add(text: &str, resources: &[NewResource]) -> String {
    match add_resources("sources/raw.yml".as_ref(), text, resources) {
        Ok(text) => text,
        Err(error) => show(&error),
    }
}

#[test]
fn a_new_source_file_reads_back() {
    let resources = [resource("flights", "data/flights*.csv.gz"), resource("on", "data/a \"b\": c.csv"), resource("n", "1.csv")];
    let text = source_file("raw", &resources);
    insta::assert_snapshot!(text, @"");
    let (project, _) = load(&[("sources/raw.yml", &text)]).unwrap();
    let paths: Vec<&str> = project.resources.iter().map(|resource| resource.path.as_str()).collect();
    assert_eq!(paths, ["data/flights*.csv.gz", "data/a \"b\": c.csv", "1.csv"]);
}

#[test]
fn resources_are_added_at_the_end_of_the_list() {
    let before = "# Mine.\nname: raw # the raw ones\nresources:\n- name: flights\n  path: f.csv\n  columns:\n    day: date\n  # more to come\n\n# The end.\ndescription: All.\n";
    let after = add(before, &[resource("planes", "p.csv")]);
    insta::assert_snapshot!(after, @"");
    assert_eq!(add(&after, &[resource("planes", "p.csv")]), after, "adding twice changes nothing");
    let (project, _) = load(&[("sources/raw.yml", &after)]).unwrap();
    assert_eq!(project.resources.len(), 2);
}

#[test]
fn a_file_without_a_last_line_end_is_added_to() {
    let after = add("name: raw\nresources:\n    - name: a\n      path: a.csv", &[resource("b", "b.csv")]);
    assert_eq!(after, "name: raw\nresources:\n    - name: a\n      path: a.csv\n    - name: b\n      path: b.csv\n");
}

#[test]
fn what_cannot_be_added_to_is_left_alone() {
    insta::assert_snapshot!(add("name: raw\nresources: [{name: a, path: a.csv}]\n", &[resource("b", "b.csv")]), @"");
    insta::assert_snapshot!(add("name: raw\nresources:\n  - {name: a, path: a.csv}\n", &[resource("a", "b.csv")]), @"");
    insta::assert_snapshot!(add("name: raw\nresources:\n  - nmae: a\n", &[resource("b", "b.csv")]), @"");
}

#[test]
fn an_empty_project_loads() {
    let files = empty_project("shop");
    let files: Vec<(&str, &str)> = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let (project, graph) = load(&files).unwrap();
    assert_eq!((project.settings.name.as_str(), graph.nodes().len()), ("shop", 0));
}
