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
    let resources =
        [resource("flights", "data/flights*.csv.gz"), resource("on", "data/a \"b\": c.csv"), resource("n", "1.csv")];
    let text = source_file("raw", &resources);
    insta::assert_snapshot!(text, @r#"
    # Tables of the namespace `raw`, loaded from files; each resource is the table `raw.<resource>`.
    # A resource may also say: format, delimiter, header, null_values, encoding, columns (name: type),
    # on_error: quarantine, write_disposition: replace, partition_by, cluster_by, description.
    name: raw
    type: files
    resources:
      - name: flights
        path: data/flights*.csv.gz
      - name: "on"
        path: "data/a \"b\": c.csv"
      - name: n
        path: "1.csv"
    "#);
    let (project, _) = load(&[("sources/raw.yml", &text)]).unwrap();
    let paths: Vec<&str> = project.resources.iter().map(|resource| resource.path.as_str()).collect();
    assert_eq!(paths, ["data/flights*.csv.gz", "data/a \"b\": c.csv", "1.csv"]);
}

#[test]
fn resources_are_added_at_the_end_of_the_list() {
    let before = "# Mine.\nname: raw # the raw ones\nresources:\n- name: flights\n  path: f.csv\n  columns:\n    day: date\n  # more to come\n\n# The end.\ndescription: All.\n";
    let after = add(before, &[resource("planes", "p.csv")]);
    insta::assert_snapshot!(after, @r"
    # Mine.
    name: raw # the raw ones
    resources:
    - name: flights
      path: f.csv
      columns:
        day: date
      # more to come
    - name: planes
      path: p.csv

    # The end.
    description: All.
    ");
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
    insta::assert_snapshot!(add("name: raw\nresources: [{name: a, path: a.csv}]\n", &[resource("b", "b.csv")]), @r"
    invalid-yaml: cannot add to this list of resources
      at sources/raw.yml
      hint: write it in lines that begin with `- name:`, or add the resource by hand
    ");
    insta::assert_snapshot!(add("name: raw\nresources:\n  - {name: a, path: a.csv}\n", &[resource("a", "b.csv")]), @r"
    table-exists: the table `raw.a` is already loaded from `a.csv`
      at sources/raw.yml:3:12 ^a^
      hint: load under another name, into another namespace, or edit the path in this file
    ");
    insta::assert_snapshot!(add("name: raw\nresources:\n  - nmae: a\n", &[resource("b", "b.csv")]), @r"
    invalid-yaml: a resource needs `name`
      at sources/raw.yml:3:5 ^nmae^
    invalid-yaml: a resource needs `path`
      at sources/raw.yml:3:5 ^nmae^
      hint: write the file or glob, like `path: data/flights*.csv.gz`
    invalid-yaml: `nmae` is not a key of a resource
      at sources/raw.yml:3:5 ^nmae^
      hint: did you mean `name`?
    ");
}

#[test]
fn an_empty_project_loads() {
    let files = empty_project("shop");
    let files: Vec<(&str, &str)> = files.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
    let (project, graph) = load(&files).unwrap();
    assert_eq!((project.settings.name.as_str(), graph.nodes().len()), ("shop", 0));
}
