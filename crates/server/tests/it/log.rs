//! The log of acts as everybody may check it.

use audit::{LogKey, SignedCheckpoint, verify_consistency};
use gm::Digest;

use crate::support::TestServer;

/// The newest checkpoint, as soon as it covers `size` entries, verified.
fn checkpoint(server: &TestServer, size: u64) -> audit::Checkpoint {
    let key = LogKey::parse(server.get("/api/log/key", &[]).text()).unwrap();
    loop {
        let answer = server.get("/api/log/checkpoint", &[]);
        if answer.status == 404 {
            continue;
        }
        let signed = SignedCheckpoint::parse(answer.text()).unwrap();
        let checkpoint = signed.verify(std::slice::from_ref(&key)).unwrap();
        if checkpoint.size >= size {
            return checkpoint.clone();
        }
    }
}

fn proof(server: &TestServer, from: u64, size: u64) -> Vec<Digest> {
    let answer = server.get(&format!("/api/log/consistency?from={from}&size={size}"), &[]);
    let hashes = answer.json()["hashes"].as_array().unwrap().clone();
    let hash = |hash: &serde_json::Value| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(hash.as_str().unwrap(), &mut bytes).unwrap();
        Digest(bytes)
    };
    hashes.iter().map(hash).collect()
}

#[test]
fn r66_every_start_is_logged_and_the_log_provably_only_grows() {
    let server = TestServer::start();
    let first = checkpoint(&server, 1);
    assert_eq!((first.origin.as_str(), first.size), ("test/audit", 1));
    let server = server.restarted("").restarted("");
    let third = checkpoint(&server, 3);
    assert_eq!(third.size, 3);
    let hashes = proof(&server, 1, 3);
    verify_consistency(1, 3, &first.root, &third.root, &hashes).unwrap();
    assert!(verify_consistency(1, 3, &third.root, &third.root, &hashes).is_err());
}

#[test]
fn proofs_for_sizes_that_the_log_never_had_are_refused() {
    let server = TestServer::start();
    for query in [
        "from=0&size=2",
        "from=1&size=0",
        "from=2&size=18446744073709551615",
    ] {
        server
            .get(&format!("/api/log/consistency?{query}"), &[])
            .check_problem(422, "OUTSIDE_LOG");
    }
    server
        .get("/api/log/consistency?from=-1&size=1", &[])
        .check_problem(400, "BAD_QUERY");
    assert!(proof(&server, 0, 1).is_empty());
}
