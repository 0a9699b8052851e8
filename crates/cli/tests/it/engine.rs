//! Make a seal, stamp, verify: the main job, with its refusals and its exit statuses.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use expect_test::expect;

use crate::support::{Place, redact};

const TRUST: [&str; 4] = ["--trust", "ca/trust", "--certs", "ca/certs"];

/// With a CA, keys, the sample document and a seal for `office`.
pub(crate) fn with_seal() -> Place {
    let place = Place::with_ca();
    place.ok("sample .");
    make(&place, &[]).success();
    place
}

fn make(place: &Place, extra: &[&str]) -> crate::support::Run {
    let base = [
        "seal",
        "make",
        "--picture",
        "seal.png",
        "--size",
        "42x42",
        "--code",
        "99010000000001",
    ];
    let names = [
        "--name",
        "测试市测试局",
        "--holder",
        "office.pem",
        "--maker",
        "maker",
        "--out",
        "seal.esl",
    ];
    place.run(&[&base[..], &names, &TRUST, extra].concat())
}

fn stamp(place: &Place, file: &str, out: &str, extra: &[&str]) -> crate::support::Run {
    let base = [
        "stamp", file, "--seal", "seal.esl", "--key", "office", "--out", out,
    ];
    place.run(&[&base[..], &TRUST, extra].concat())
}

fn verify(place: &Place, arguments: &[&str]) -> crate::support::Run {
    place.run(&[&["verify"][..], &TRUST, arguments].concat())
}

#[test]
fn seal_stamp_and_verify_in_both_languages() {
    let place = with_seal();
    let said = stamp(
        &place,
        "sample.ofd",
        "out.ofd",
        &["--keyword", "盖章处", "--straddle", "right"],
    )
    .success();
    expect![[r#"
        已盖章：out.ofd（签章 s001，3 处，保护 6 个部件）
    "#]]
    .assert_eq(&said);
    let run = verify(&place, &["out.ofd"]);
    assert_eq!(run.status(), Some(0));
    expect![[r#"
        通过  out.ofd：签章有效，内容未改动：测试市测试局，TIME
          签章 1  通过  测试市测试局，TIME
            [提示] 没有时间戳：签章时间由签章人自报
            [提示] 制章者证书撤销状态：未核对撤销状态
                怎么办：须有签发机构的撤销列表才能核对
            [提示] 签章人证书撤销状态：未核对撤销状态
                怎么办：须有签发机构的撤销列表才能核对
          说明：可靠的电子印章与实物印章具有同等法律效力；打印件或转换格式的文件按复印件对待。
    "#]]
    .assert_eq(&redact(&run.output()));
    let run = verify(&place, &["out.ofd", "--lang", "en", "--detail", "full"]);
    expect![[r#"
        PASSED  out.ofd: sealed and unchanged: 测试市测试局, TIME
          judged for: TIME
          document: 样例：试用电子印章的证明 (DocID HEX, 2 pages, 9 parts)
          seal 1  PASSED  测试市测试局, TIME
            part: /Doc_0/Signs/Sign_0/Signature.xml
            signed at: TIME [claimed]
            sealer's certificate: C=CN, O=测试市测试局, CN=99010000000001
              issuer: C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
              serial: HEX
              valid: TIME – TIME
              SM3: HEX
            seal: 测试市测试局 (code 99010000000001, type 1, GB/T 38540-2020, 42 × 42 mm, PNG)
              made: TIME
              valid: TIME – TIME
            maker's certificate: C=CN, O=测试市, CN=测试市电子印章制作系统
              issuer: C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
              serial: HEX
              valid: TIME – TIME
              SM3: HEX
            stamp: page 2 x 121.5 y 117.2 width 42 height 42 mm
            stamp: page 1 x 189 y 127.5 width 42 height 42 mm (part)
            stamp: page 2 x 168 y 127.5 width 42 height 42 mm (part)
            holds  format  [GB/T 38540-2020 7.3 a; GB/T 33190-2016 §18]
            holds  protected parts unchanged  [GB/T 33190-2016 §18]
            holds  digest of the original  [GB/T 38540-2020 7.3 h]
            holds  sealer's signature  [GB/T 38540-2020 7.3 b]
            holds  sealer's certificate belongs to the seal  [GB/T 38540-2020 7.3 c]
            holds  seal maker's signature  [GB/T 38540-2020 6.3 b, 7.3 d]
            holds  period of the seal  [GB/T 38540-2020 6.3 d, 7.3 f]
            holds  sealer's certificate path  [GB/T 38540-2020 7.3 e, f]
            holds  seal maker's certificate path  [GB/T 38540-2020 6.3 c]
            open  revocation of the sealer's certificate  [GB/T 38540-2020 7.3 f]
            open  revocation of the seal maker's certificate  [GB/T 38540-2020 6.3 c]
            holds  signing time and timestamp  [GB/T 38540-2020 7.3 g; GB/T 20520]
            holds  everything shown is protected  [GB/T 33190-2016 §18; GM/T 0099-2020]
            holds  appearance of the stamp  [GB/T 33190-2016 §18]
            [note] no timestamp: the signing time is the sealer's own claim <TIMESTAMP_ABSENT>
            [note] revocation of the seal maker's certificate: revocation was not checked <REVOCATION_NOT_CHECKED>
                there is no revocation list of the issuer
                what to do: checking it takes the issuer's revocation list
            [note] revocation of the sealer's certificate: revocation was not checked <REVOCATION_NOT_CHECKED>
                there is no revocation list of the issuer
                what to do: checking it takes the issuer's revocation list
          Note: a reliable electronic seal has the same legal effect as the physical one; a print or a converted file counts as a copy.
    "#]].assert_eq(&redact(&run.output()));
    let run = verify(&place, &["seal.esl", "--detail", "line"]);
    expect![[r#"
        通过  seal.esl：印章有效：测试市测试局
    "#]]
    .assert_eq(&redact(&run.output()));
}

#[test]
fn exit_statuses_speak_for_all_files() {
    let place = with_seal();
    stamp(&place, "sample.ofd", "good.ofd", &["--point", "1:20,200"]).success();
    let mut bytes = place.read("good.ofd");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    place.write("bad.ofd", bytes);
    let status = |files: &[&str]| verify(&place, files).status();
    assert_eq!(status(&["good.ofd"]), Some(0));
    assert_eq!(status(&["good.ofd", "bad.ofd", "sample.ofd"]), Some(1));
    assert_eq!(status(&["good.ofd", "sample.ofd"]), Some(3));
    assert_eq!(
        place.run(&["verify", "good.ofd", "sample.ofd"]).status(),
        Some(2),
        "no anchors: undecided"
    );
    assert_eq!(status(&["missing.ofd"]), Some(66));
    assert_eq!(place.run(&["verify"]).status(), Some(64));
    assert_eq!(
        place.run(&["verify", "good.ofd", "--at", "yesterday"]).status(),
        Some(64)
    );
    assert_eq!(
        status(&["good.ofd", "--at", "2001-01-01T00:00:00Z"]),
        Some(2),
        "signed later than that"
    );
}

#[test]
fn folders_and_json_lines() {
    let place = with_seal();
    stamp(&place, "sample.ofd", "out.ofd", &["--point", "1:20,200"]).success();
    fs::create_dir_all(place.path("many/deep")).unwrap();
    for index in 0..40 {
        let (from, to) = if index % 2 == 0 {
            ("out.ofd", "a")
        } else {
            ("sample.ofd", "deep/b")
        };
        fs::copy(place.path(from), place.path(&format!("many/{to}{index:03}.ofd"))).unwrap();
    }
    let run = verify(&place, &["many", "--json"]);
    assert_eq!(run.status(), Some(3));
    let reports: Vec<serde_json::Value> = run
        .output()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(reports.len(), 40);
    let names: Vec<_> = reports
        .iter()
        .map(|report| report["file"].as_str().unwrap())
        .collect();
    assert!(names.is_sorted(), "in a stable order: {names:?}");
    assert!(reports.iter().all(|report| report["schema"] == "yinxin-report-1"));
    let first = &reports[0]["signatures"][0];
    assert_eq!(
        (&first["conclusion"], &first["seal"]["code"]),
        (&"passed".into(), &"99010000000001".into())
    );
}

#[test]
fn what_the_rules_forbid_is_refused_with_the_rule() {
    let place = Place::with_ca();
    place.ok("sample .");
    let refused = |extra: &[&str], rule: &str| {
        let said = make(&place, extra).failure(65);
        assert!(said.contains(rule), "{rule} not in {said}");
        assert!(!place.path("seal.esl").exists());
    };
    refused(&["--until", "2099-01-01T00:00:00Z"], "R32");
    refused(
        &[
            "--from",
            "2027-02-01T00:00:00Z",
            "--until",
            "2027-01-01T00:00:00Z",
        ],
        "R32",
    );
    refused(&["--tsa", "http://127.0.0.1:9"], "第 4 版印章没有时间戳字段");
    let base = [
        "seal", "make", "--size", "42x42", "--code", "1", "--maker", "maker", "--out", "seal.esl",
    ];
    let with = |extra: &[&str]| place.run(&[&base[..], &TRUST, extra].concat());
    let office = ["--holder", "office.pem", "--picture", "seal.png"];
    let said = with(&[&office[..], &["--name", "另一个局"]].concat()).failure(65);
    expect![[r#"
        错误：印章名称“另一个局”与证书“C=CN, O=测试市测试局, CN=99010000000001”中的名称不一致：请更正，或用 --name-reason 说明理由（规则 R35，芜湖 art. 12）
    "#]].assert_eq(&said);
    with(
        &[
            &office[..],
            &["--name", "另一个局", "--name-reason", "机构更名过渡期"],
        ]
        .concat(),
    )
    .success();
    fs::remove_file(place.path("seal.esl")).unwrap();
    place.write("broken.png", &place.read("seal.png")[..200]);
    let broken = [
        "--holder",
        "office.pem",
        "--picture",
        "broken.png",
        "--name",
        "测试市测试局",
    ];
    assert!(with(&broken).failure(65).contains("R4"));
    place.write(
        "script.svg",
        r#"<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>"#,
    );
    let active = [
        "--holder",
        "office.pem",
        "--picture",
        "script.svg",
        "--name",
        "测试市测试局",
    ];
    assert!(with(&active).failure(65).contains("R4"));
    let maker = [
        "--holder",
        "maker.pem",
        "--picture",
        "seal.png",
        "--name",
        "测试市电子印章制作系统",
    ];
    with(&maker).success();
}

#[test]
fn a_revoked_certificate_makes_no_seal_and_no_stamp() {
    let place = with_seal();
    place.ok("ca revoke ca office.pem");
    place.ok("ca crl ca --out ca.crl");
    let said = stamp(
        &place,
        "sample.ofd",
        "out.ofd",
        &["--point", "1:20,200", "--crl", "ca.crl"],
    )
    .failure(65);
    assert!(said.contains("撤销"), "{said}");
    assert!(!place.path("out.ofd").exists());
    let said = make(&place, &["--crl", "ca.crl", "--force"]).failure(65);
    assert!(said.contains("R29"), "{said}");
}

#[test]
fn stamping_is_refused_with_the_reason_and_leaves_nothing_behind() {
    let place = with_seal();
    stamp(
        &place,
        "sample.ofd",
        "locked.ofd",
        &["--point", "1:20,200", "--lock"],
    )
    .success();
    let refused = |file: &str, extra: &[&str]| {
        let said = stamp(&place, file, "out.ofd", extra).failure(65);
        assert!(!place.path("out.ofd").exists() && !place.path("out.ofd.part").exists());
        said
    };
    expect![[r#"
        错误：签章 s001 已锁定文件，再盖章会使其失效：请在锁定前加盖，或用未锁定的文件
    "#]]
    .assert_eq(&refused("locked.ofd", &["--point", "1:20,200"]));
    expect![[r#"
        错误：关键字“没有这个词”出现 0 处，没有第 1 处
    "#]]
    .assert_eq(&refused("sample.ofd", &["--keyword", "没有这个词"]));
    expect![[r#"
        错误：没有第 9 页：文件共 2 页
    "#]]
    .assert_eq(&refused("sample.ofd", &["--point", "9:20,200"]));
    expect![[r#"
        错误：文件不能盖章：文件不完整，或不是 OFD（第 26864 字节处）：请向发送方索取原文件
    "#]]
    .assert_eq(&refused("seal.png", &["--point", "1:20,200"]));
    assert_eq!(
        stamp(&place, "sample.ofd", "out.ofd", &[]).status(),
        Some(64),
        "no position"
    );
    assert_eq!(
        stamp(&place, "sample.ofd", "out.ofd", &["--point", "x"]).status(),
        Some(64)
    );
    let wrong = place.piped(
        "stamp sample.ofd --seal seal.esl --key office --out out.ofd --trust ca/trust --certs ca/certs --point 1:20,200 --pin-file -",
        "wrong pin here\n",
    );
    assert_eq!(wrong.status(), Some(77));
    let maker = [
        "stamp",
        "sample.ofd",
        "--seal",
        "seal.esl",
        "--key",
        "maker",
        "--out",
        "out.ofd",
        "--point",
        "1:20,200",
    ];
    let said = place.run(&[&maker[..], &TRUST].concat()).failure(65);
    assert!(said.contains("R59"), "not listed in the seal: {said}");
    stamp(&place, "sample.ofd", "out.ofd", &["--point", "1:20,200"]).success();
    let said = stamp(&place, "sample.ofd", "out.ofd", &["--point", "1:20,200"]).failure(65);
    assert!(said.contains("--force"), "{said}");
}

/// A running test TSA, stopped at the end of the test.
struct Tsa {
    child: Child,
    url: String,
}

impl Tsa {
    fn start(place: &Place) -> Self {
        let mut command = place.command();
        command.args(["tsa", "--key", "clock", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| {
            line.unwrap()
                .split_whitespace()
                .find(|w| w.starts_with("http://"))
                .map(String::from)
        });
        let url = url.expect("the address that it listens on");
        Self {
            child,
            url: url.trim_end_matches(['。', '.', '，', ',']).to_owned(),
        }
    }
}

impl Drop for Tsa {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_timestamp_from_the_built_in_authority() {
    let place = with_seal();
    let tsa = Tsa::start(&place);
    stamp(
        &place,
        "sample.ofd",
        "out.ofd",
        &["--point", "1:20,200", "--tsa", &tsa.url],
    )
    .success();
    let run = verify(&place, &["out.ofd", "--json"]);
    assert_eq!(run.status(), Some(0), "{}", run.output());
    let report: serde_json::Value = serde_json::from_str(&run.output()).unwrap();
    assert_eq!(report["signatures"][0]["time_source"], "timestamp");
    make(&place, &["--version", "5", "--tsa", &tsa.url, "--force"]).success();
    assert_eq!(verify(&place, &["seal.esl"]).status(), Some(0));
}
