//! `bywash.toml`, targets and the environment.

use bywash_pipeline::project::{Project, settings};

use crate::sandbox::{load_target, problems, project, show};

const TARGETS: &str = "[project]\nname = \"shop\"\n\n[engine]\nmemory_limit = \"1GB\"\nthreads = 2\n\n\
                       [targets.prod.lake]\npath = \"/srv/lake\"\n\n[targets.dev.engine]\nthreads = 1\n";

#[test]
fn a_target_overrides_the_file_and_the_environment_both() {
    let folder = project(&[("bywash.toml", TARGETS)]);
    let environment = [("BYWASH_ENGINE__THREADS".to_owned(), "7".to_owned()), ("HOME".to_owned(), "/".to_owned())];
    let (found, problems) = Project::read_with(folder.path().into(), Some("prod"), &environment).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(found.lake_folder(), std::path::Path::new("/srv/lake"));
    assert_eq!((found.settings.memory_limit, found.settings.threads), (Some(1_000_000_000), Some(7)));
    let (plain, _) = Project::read_with(folder.path().into(), None, &[]).unwrap();
    assert_eq!((plain.lake_folder(), plain.settings.threads), (folder.path().join("lake"), Some(2)));
}

#[test]
fn wrong_settings_have_places_and_suggestions() {
    let found = problems(&[(
        "bywash.toml",
        "[project]\nname = \"my shop\"\n\n[lake]\npaht = \"x\"\n\n[engine]\nmemory_limit = \"lots\"\nthreads = 0\n\n\
         [model.marts]\nkind = \"view\"\n\n[models.marts]\nkind = \"vew\"\n\n[targets.prod.project]\nname = \"x\"\n",
    )]);
    insta::assert_snapshot!(found, @r#"
    invalid-setting: `project.name`: `my shop` cannot name a project: use letters, digits and `_`, no digit first
      at bywash.toml:2:8 ^"my shop"^
    invalid-setting: `paht` is not a key of [lake]
      at bywash.toml:5:1 ^paht^
      hint: did you mean `path`?
    invalid-setting: `engine.memory_limit`: `lots` is not a size; write it like `512MB` or `2GiB`
      at bywash.toml:8:16 ^"lots"^
    invalid-setting: `engine.threads`: `0` is not a number of threads from 1 to 1024
      at bywash.toml:9:11 ^0^
    invalid-setting: `model` is not a key of bywash.toml
      at bywash.toml:11:2 ^model^
      hint: did you mean `models`?
    invalid-setting: there is no folder `models/marts`
      at bywash.toml:14:9 ^marts^
    invalid-setting: `vew` is not a value of `kind`
      at bywash.toml:15:8 ^"vew"^
      hint: did you mean `view`?
    invalid-setting: `project` is not a key of a target
      at bywash.toml:17:15 ^project^
      hint: it knows `lake`, `engine`, `catalog`, `python`, `gc` and `models`
    "#);
}

#[test]
fn broken_toml_and_missing_names_are_said() {
    insta::assert_snapshot!(problems(&[("bywash.toml", "[project]\nname = shop\n")]), @r#"
    invalid-setting: broken TOML: invalid string, expected `"`, `'`
      at bywash.toml:2:8 ^s^
      hint: put texts in quotes: `key = "text"`
    "#);
    insta::assert_snapshot!(problems(&[("bywash.toml", "# nothing\n")]), @r#"
    invalid-setting: the project has no name
      at bywash.toml
      hint: write `name = "…"` under `[project]`
    "#);
}

#[test]
fn unknown_targets_and_variables_are_said() {
    let error = load_target(&[("bywash.toml", TARGETS)], Some("prd")).unwrap_err();
    insta::assert_snapshot!(show(&error), @r"
    invalid-setting: there is no target `prd`
      at bywash.toml
      hint: did you mean `prod`?
    ");
    let folder = project(&[]);
    let environment = [("BYWASH_LAKE__PAHT", "x"), ("BYWASH_ENGINE__SPILL_LIMIT", "much")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (_, problems) = Project::read_with(folder.path().into(), None, &environment).unwrap();
    insta::assert_snapshot!(problems.iter().map(show).collect::<String>(), @r"
    invalid-setting: the environment variable `BYWASH_LAKE__PAHT` is not a setting
      hint: did you mean `BYWASH_LAKE__PATH`?
    invalid-setting: the environment variable `BYWASH_ENGINE__SPILL_LIMIT`: `engine.spill_limit`: `much` is not a size; write it like `512MB` or `2GiB`
    ");
}

#[test]
fn every_setting_is_documented_once() {
    let names: Vec<String> = settings::reference().into_iter().map(|setting| setting.name).collect();
    let mut distinct = names.clone();
    distinct.dedup();
    assert_eq!(names, distinct);
    let documented = settings::reference();
    let path = documented.iter().find(|setting| setting.name == "lake.path").unwrap();
    assert_eq!((path.default, path.environment.as_deref()), ("lake", Some("BYWASH_LAKE__PATH")));
    assert!(documented.iter().all(|setting| setting.doc.ends_with('.')));
}

#[test]
fn a_lake_may_lie_elsewhere() {
    let text = "[project]\nname = \"shop\"\n\n[lake]\ncatalog = \"postgres://ada@db.example/lake?schema=shop\"\n\
                warehouse = \"s3://bucket/shop\"\n";
    let folder = project(&[("bywash.toml", text)]);
    let (found, problems) = Project::read_with(folder.path().into(), None, &[]).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let place = found.lake_place();
    assert_eq!(place.catalog.unwrap().to_string(), "postgres://ada@db.example:5432/lake?schema=shop");
    assert_eq!(place.warehouse.unwrap().to_string(), "s3://bucket/shop");
    let environment = [("BYWASH_LAKE__CATALOG".to_owned(), "postgres://bob:secret@other.example/x".to_owned())];
    let (found, problems) = Project::read_with(folder.path().into(), None, &environment).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(format!("{:?}", found.settings.catalog), "Some(postgres://bob@other.example:5432/x)");
}

#[test]
fn a_password_in_the_file_is_refused_and_not_shown() {
    for address in
        ["postgres://ada:secret@db/lake", "postgres://ada@db/lake?password=secret", "postgres://ada:se#cret@db"]
    {
        let text = format!("[project]\nname = \"shop\"\n\n[lake]\ncatalog = \"{address}\"\n");
        insta::allow_duplicates! {
            insta::assert_snapshot!(problems(&[("bywash.toml", &text)]), @r"
            invalid-setting: `lake.catalog` holds a password, and files of a project are kept and shared
              at bywash.toml:5:11
              hint: take it out of the address, and give it as `PGPASSWORD` or in `~/.pgpass`
              hint: or set the whole address in the environment: `BYWASH_LAKE__CATALOG`
            ");
        }
    }
    insta::assert_snapshot!(problems(&[("bywash.toml", "[project]\nname = \"shop\"\n[lake]\ncatalog = \"mysql://db\"\nwarehouse = \"gs://b\"\n")]), @r#"
    invalid-setting: `lake.catalog`: this is not the address of a catalog in PostgreSQL; write it like `postgres://user@host:5432/database`; characters like `@` and `/` in a name are `%40`, `%2F`
      at bywash.toml:4:11 ^"mysql://db"^
    invalid-setting: `lake.warehouse`: this is not the address of a warehouse in an object store; write `s3://bucket/prefix`, `az://container/prefix`, or `abfss://container@account.dfs.core.windows.net/prefix`; a folder is `[lake] path`
      at bywash.toml:5:13 ^"gs://b"^
    "#);
}
