//! Documents that are to be sealed.

use std::io::Write as _;

use gm::sm3;

use crate::support::read_answer;
use crate::world::{Who, World, ofd};

#[test]
fn r49_a_document_is_known_by_its_digest_and_whether_it_is_blank() {
    let world = World::new();
    let document = ofd("关于测试的通知");
    let sent = world.send(Who::Agent, "/api/documents", &document);
    assert_eq!(sent.status, 201, "{}", sent.text());
    let view = sent.json();
    let digest = sm3(&document).to_string();
    assert_eq!(view["document"], digest);
    assert_eq!((&view["kind"], &view["pages"]), (&"ofd".into(), &1.into()));
    assert_eq!(view["blank"], false);
    assert_eq!(view["bytes"], document.len());
    let place = sent.header("location").unwrap().to_owned();
    assert_eq!(world.get(Who::Agent, &place).json(), view);
    let content = world.get(Who::Agent, &format!("{place}/content"));
    assert_eq!(content.body, document);
    assert_eq!(content.header("content-type"), Some("application/ofd"));
    let again = world.send(Who::Agent, "/api/documents", &document);
    assert_eq!((again.status, again.json()), (201, view));
    assert_eq!(
        world.send(Who::Agent, "/api/documents", &ofd("")).json()["blank"],
        true
    );
}

#[test]
fn r75_only_who_brought_a_document_is_given_it() {
    let world = World::new();
    let document = ofd("秘密");
    let sent = world.send(Who::Agent, "/api/documents", &document).json();
    let place = format!("/api/documents/{}", sent["document"].as_str().unwrap());
    for path in [place.clone(), format!("{place}/content")] {
        world.get(Who::Stranger, &path).check_problem(404, "NOT_FOUND");
        world.server.get(&path, &[]).check_problem(401, "NO_SESSION");
    }
    // Whoever has the document itself may bring it, too.
    assert_eq!(world.send(Who::Stranger, "/api/documents", &document).status, 201);
    assert_eq!(world.get(Who::Stranger, &place).status, 200);
}

#[test]
fn what_is_no_document_or_too_large_is_not_kept() {
    let world = World::with("documents.bytes_max = 100000\n");
    for bytes in [&b"text"[..], b"%PDF-1.4 nothing", b"PK\x03\x04"] {
        let refused = world.send(Who::Agent, "/api/documents", bytes);
        refused.check_problem(422, "DOCUMENT_NOT_SEALED");
    }
    world
        .send(Who::Agent, "/api/documents", b"")
        .check_problem(400, "EMPTY");
    let large = world.send(Who::Agent, "/api/documents", &[0; 100_001]);
    large.check_problem(413, "TOO_LARGE");
    let session = format!("Bearer {:043}", Who::Agent as u64);
    let headers = [
        ("authorization", session.as_str()),
        ("transfer-encoding", "chunked"),
    ];
    let mut chunked = world.server.open("POST", "/api/documents", &headers, None);
    write!(chunked, "186a1\r\n{}\r\n0\r\n\r\n", "x".repeat(100_001)).unwrap();
    read_answer(chunked).check_problem(413, "TOO_LARGE");
    let kept = world.server.data().join("documents/sm3");
    let folders = std::fs::read_dir(kept).unwrap();
    let files: usize = folders
        .map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count())
        .sum();
    assert_eq!(files, 2, "the seal and its certificate only");
}
