//! Packed files: gzip, zstd and zip, whole and broken.

use std::io::Write;

use bywash_core::Code;
use serde_json::json;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::support::{Folder, options, rows, told};

const TEXT: &str = "a,b\n1,x\n2,y\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).unwrap()
}

fn zip_of(members: &[(&str, &[u8], CompressionMethod)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content, method) in members {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(*method)).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Text that packs badly, longer than a chunk.
fn long_text() -> String {
    let mut text = "a,b\n".to_owned();
    let mut state = 1_u64;
    for row in 0..150_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text.push_str(&format!("{row},{:016x}\n", state));
    }
    text
}

#[test]
fn packed_files_are_read_like_plain_ones() {
    let expected = rows(&[&["1", "x"], &["2", "y"]]);
    let twice = [gzip(b"a,b\n1,x\n"), gzip(b"2,y\n")].concat();
    let frames = [zstd(b"a,b\n1,x\n"), zstd(b"2,y\n")].concat();
    let files: [(&str, Vec<u8>); 7] = [
        ("a.csv.gz", gzip(TEXT.as_bytes())),
        ("a.csv.gz", twice),
        ("a.csv.zst", zstd(TEXT.as_bytes())),
        ("a.csv.zst", frames),
        ("a.csv", gzip(TEXT.as_bytes())),
        ("a.zip", zip_of(&[("a.csv", TEXT.as_bytes(), CompressionMethod::Deflated)])),
        ("a.csv.zip", zip_of(&[("data", TEXT.as_bytes(), CompressionMethod::Stored)])),
    ];
    for (name, bytes) in files {
        let outcome = Folder::with(name, bytes).read(name, &options(json!({}))).unwrap();
        assert_eq!(outcome.rows(), expected, "{name}");
    }
}

#[test]
fn every_member_that_fits_is_read() {
    let more = gzip(b"a,b\n3,\n");
    let archive = zip_of(&[
        ("folder/2.csv", b"b,a\ny,x\n", CompressionMethod::Deflated),
        ("1.csv", TEXT.as_bytes(), CompressionMethod::Stored),
        ("3.csv.gz", &more, CompressionMethod::Stored),
        ("README.txt", b"not, rows", CompressionMethod::Stored),
        ("__MACOSX/1.csv", b"junk", CompressionMethod::Stored),
        (".hidden.csv", b"junk", CompressionMethod::Stored),
    ]);
    let folder = Folder::with("all.zip", archive);
    let outcome = folder.read("all.zip", &options(json!({"on_error": "quarantine", "columns": {"a": "int"}}))).unwrap();
    assert_eq!(outcome.column("a"), ["1", "2", "3"]);
    let reject = &outcome.rejects[0];
    assert_eq!((reject.file.as_str(), reject.line), ("all.zip/folder/2.csv", 2));
}

#[test]
fn json_and_parquet_are_found_in_archives() {
    let archive = zip_of(&[("a.jsonl", b"{\"a\": 1}\n", CompressionMethod::Deflated)]);
    assert_eq!(Folder::with("x.zip", archive).read("x.zip", &options(json!({}))).unwrap().counts.rows, 1);
    let parquet = super::parquet::small_file();
    let archive = zip_of(&[("a.parquet", &parquet, CompressionMethod::Deflated)]);
    assert_eq!(Folder::with("x.zip", archive).read("x.zip", &options(json!({}))).unwrap().counts.rows, 3);
    let packed = gzip(&parquet);
    assert_eq!(Folder::with("a.parquet.gz", packed).read("*", &options(json!({}))).unwrap().counts.rows, 3);
}

#[test]
fn a_cut_file_is_told_wherever_it_was_cut() {
    let text = long_text();
    let whole = [
        ("a.csv.gz", gzip(text.as_bytes())),
        ("a.csv.zst", zstd(text.as_bytes())),
        ("a.zip", zip_of(&[("a.csv", text.as_bytes(), CompressionMethod::Deflated)])),
    ];
    for (name, bytes) in whole {
        assert_eq!(Folder::with(name, &bytes).read(name, &options(json!({}))).unwrap().counts.rows, 150_000);
        for cut in [bytes.len() - 1, bytes.len() / 2, 5] {
            let error = Folder::with(name, &bytes[..cut]).read(name, &options(json!({}))).unwrap_err();
            assert_eq!(error.code(), Code::TruncatedFile, "{name} cut at {cut}: {}", told(&error));
            assert!(told(&error).contains(name), "{}", told(&error));
        }
        let error = Folder::with(name, b"").read(name, &options(json!({"on_error": "quarantine"}))).unwrap_err();
        assert_eq!(error.code(), Code::TruncatedFile, "an empty {name}");
    }
}

#[test]
fn a_damaged_file_is_no_other_data() {
    let text = long_text();
    let mut archive = zip_of(&[("a.csv", text.as_bytes(), CompressionMethod::Stored)]);
    archive[2_000_000] ^= 1;
    let mut zipped = gzip(text.as_bytes());
    let middle = zipped.len() / 2;
    zipped[middle..middle + 64].fill(0xff);
    for (name, bytes) in [("a.zip", archive), ("a.csv.gz", zipped)] {
        let error = Folder::with(name, bytes).read(name, &options(json!({"on_error": "quarantine"}))).unwrap_err();
        assert!(matches!(error.code(), Code::UnreadableFile | Code::TruncatedFile), "{name}: {}", told(&error));
    }
}

#[test]
fn a_name_that_lies_is_told() {
    let error = Folder::with("a.csv.gz", TEXT).read("a.csv.gz", &options(json!({}))).unwrap_err();
    assert!(told(&error).contains("is named like a gzip file but is none"), "{}", told(&error));
    let error = Folder::with("a.dat", TEXT).read("a.dat", &options(json!({}))).unwrap_err();
    assert!(told(&error).contains("`format: csv`"), "{}", told(&error));
    assert_eq!(Folder::with("a.dat", TEXT).read("a.dat", &options(json!({"format": "csv"}))).unwrap().counts.rows, 2);
    let folder = Folder::with("a.csv", TEXT).and("b.jsonl", "{}\n");
    let error = folder.read("*", &options(json!({}))).unwrap_err();
    assert!(told(&error).contains("`a.csv` is csv and `b.jsonl` is json_lines"), "{}", told(&error));
}
