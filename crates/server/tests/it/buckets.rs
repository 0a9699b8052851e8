//! Documents in a bucket of a real service that speaks S3 (moto), and two processes that share it.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::body::Bytes;
use gm::sm3;
use store::{Documents, Error, S3Config};
use tempfile::TempDir;
use testkit::Bureau;

use crate::support::{MAKING, Running, request};
use crate::town::Town;

/// A service that speaks S3, on a free port, with the bucket `yinxin`; it ends with the test.
struct Moto {
    process: Child,
    address: SocketAddr,
}

impl Moto {
    /// None, said loudly, where it is not installed.
    fn start() -> Option<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/moto/bin/moto_server");
        if !program.is_file() {
            eprintln!("SKIPPED: moto is not at {} (script/setup)", program.display());
            return None;
        }
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self { process, address };
        for _ in 0..600 {
            let made = request(address, "PUT", "/yinxin", &[], b"");
            if made.is_some_and(|made| made.status == 200) {
                return Some(moto);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("moto did not start");
    }

    fn config(&self, bucket: &str) -> S3Config {
        S3Config {
            endpoint: format!("http://{}", self.address),
            bucket: bucket.to_owned(),
            region: "us-east-1".to_owned(),
            path_style: true,
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
        }
    }

    /// The same in a configuration.
    fn lines(&self) -> String {
        format!(
            "documents.s3.endpoint = \"http://{}\"\ndocuments.s3.bucket = \"yinxin\"\n\
             documents.s3.access_key_id = \"test\"\ndocuments.s3.secret_access_key = \"test\"\n",
            self.address
        )
    }

    /// Names in the bucket, as its service lists them.
    fn names(&self) -> Vec<String> {
        let listed = request(self.address, "GET", "/yinxin?list-type=2", &[], b"").unwrap();
        let names = listed.text().split("<Key>").skip(1);
        names
            .map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Somebody who may write; moto looks at the form only.
const SOMEBODY: &str =
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .build()
        .new_agent()
}

#[test]
fn a_document_in_a_bucket_is_named_by_its_digest_whole_or_not_there() {
    let Some(moto) = Moto::start() else { return };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let documents = Documents::open_s3(&moto.config("yinxin"), agent()).await.unwrap();
        let number = uuid::Uuid::from_u128;
        // More than two parts, and less than one.
        for (at, length) in [(1, 20_000_000), (2, 5), (3, 0)] {
            let bytes: Vec<u8> = (0..length)
                .map(|place: u32| place.to_le_bytes()[0] ^ place.to_le_bytes()[2])
                .collect();
            let parts: Vec<_> = bytes
                .chunks(300_000)
                .map(Bytes::copy_from_slice)
                .map(Ok)
                .collect();
            let stored = documents
                .put(futures_util::stream::iter(parts), 1 << 30, number(at))
                .await;
            let stored = stored.unwrap();
            assert_eq!((stored.digest, stored.bytes), (sm3(&bytes), u64::from(length)));
            assert!(documents.has(&stored.digest).await.unwrap());
            assert_eq!(documents.read(&stored.digest, bytes.len()).await.unwrap(), bytes);
        }
        assert_eq!(moto.names().len(), 3, "{:?}", moto.names());
        let missing = documents.read(&sm3(b"other"), 9).await;
        assert!(matches!(missing, Err(Error::Missing { .. })), "{missing:?}");
        let broken = futures_util::stream::iter([
            Ok(Bytes::from(vec![7; 9_000_000])),
            Err(std::io::Error::other("gone")),
        ]);
        let broken = documents.put(broken, 1 << 30, number(4)).await;
        assert!(matches!(broken, Err(Error::File { .. })), "{broken:?}");
        assert_eq!(moto.names().len(), 3, "{:?}", moto.names());
        // Somebody who can write to the bucket exchanges a document.
        let name = sm3(&[0, 1, 2, 3, 4]).to_string();
        let path = format!("/yinxin/sm3/{}/{name}", &name[..2]);
        assert_eq!(
            request(
                moto.address,
                "PUT",
                &path,
                &[("authorization", SOMEBODY)],
                b"other"
            )
            .unwrap()
            .status,
            200
        );
        let changed = documents.read(&sm3(&[0, 1, 2, 3, 4]), 99).await;
        assert!(matches!(changed, Err(Error::File { .. })), "{changed:?}");
        let nowhere = Documents::open_s3(&moto.config("nowhere"), agent()).await;
        // A bucket that is not there is found when something is put into it at the latest.
        if let Ok(nowhere) = nowhere {
            let stored = nowhere
                .put(futures_util::stream::iter([Ok(Bytes::new())]), 9, number(5))
                .await;
            assert!(stored.is_err());
        }
    });
}

#[test]
fn two_services_on_one_database_share_keys_and_bucket() {
    let Some(moto) = Moto::start() else { return };
    let Some(postgres) = testkit::PrivatePostgres::shared() else {
        return;
    };
    let bureau = Bureau::open();
    let database = postgres.database();
    let lines = format!(
        "{MAKING}{}filing.public_security = \"{}\"\nfiling.poll_seconds = 1\ndatabase.url = \"{}\"\n",
        moto.lines(),
        bureau.url(),
        database
    );
    let town = Town::with(&lines);
    let keys = town.scene.server.data().join("keys");
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::os::unix::fs::symlink(keys, folder.path().join("data/keys")).unwrap();
    let second = Running::start(folder.path(), &lines, &town.scene.server.clock, 9);
    let get = |path: &str, session: &str| {
        request(second.address, "GET", path, &[("authorization", session)], b"").unwrap()
    };
    let seal = town.active();
    town.adopt_policy();
    let sealed = town.sealed_document(&seal, "通知");
    // What came in, was made and was sealed by the one is given out by the other.
    let session = town.session("agent");
    let found = get("/api/uses?own=true", &session).json();
    let id = found["items"][0]["id"].as_str().unwrap();
    let records = get(&format!("/api/uses/{id}/records"), &session).json();
    let sequence = &records["items"][0]["sequence"];
    let given = get(&format!("/api/uses/{id}/records/{sequence}/sealed"), &session);
    assert_eq!((given.status, &given.body), (200, &sealed));
    let report = request(second.address, "POST", "/api/verify", &[], &given.body)
        .unwrap()
        .json();
    assert_eq!(report["conclusion"], "passed", "{report}");
    second.stop.send(()).unwrap();
    assert!(second.thread.join().unwrap());
    assert!(!town.scene.server.data().join("documents").exists());
    assert!(moto.names().len() > 5, "{:?}", moto.names());
    let (report, _) = town.scene.server.stopped_and_exported(Some(&database));
    assert_eq!(
        report.conclusion,
        audit::Conclusion::Passed,
        "{:?}",
        report.findings
    );
}

#[test]
fn a_service_whose_bucket_cannot_be_reached_does_not_start() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = S3Config {
        endpoint: format!("http://{free}"),
        bucket: "yinxin".to_owned(),
        region: "us-east-1".to_owned(),
        path_style: true,
        access_key_id: "test".to_owned(),
        secret_access_key: "very secret".to_owned(),
    };
    assert!(!format!("{config:?}").contains("very secret"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = runtime
        .block_on(Documents::open_s3(&config, agent()))
        .unwrap_err();
    let words = refused.to_string();
    assert!(words.contains("the bucket of documents yinxin"), "{words}");
    assert!(!words.contains("very secret"), "{words}");
}
