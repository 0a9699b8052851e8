//! `yinxin ca`: what it issues is marked as a test and accepted by OpenSSL.

use expect_test::expect;
use pki::asn1::{self, SEQUENCE};
use pki::{Certificate, Crl, read_certificates};

use crate::support::Place;

#[track_caller]
fn certificate(place: &Place, name: &str) -> Certificate {
    read_certificates(&place.read(name)).unwrap().swap_remove(0)
}

#[test]
fn a_ca_is_set_up_once() {
    let place = Place::new();
    expect![[r#"
        已建立测试 CA：ca
          信任锚：ca/trust
          中间证书：ca/certs
        注意：测试 CA，仅供演示和测试，不具法律效力；切勿加入正式的信任锚。
    "#]]
    .assert_eq(&place.ok("ca init ca"));
    expect![[r#"
        错误：ca 不是空目录：请换一个目录，已有的 CA 不会被覆盖
    "#]]
    .assert_eq(&place.line("ca init ca").failure(65));
    let root = certificate(&place, "ca/trust/root.pem");
    let issuing = certificate(&place, "ca/certs/issuing.pem");
    assert!(root.is_self_issued() && issuing.verify_issued_by(root.public_key().unwrap()).is_ok());
    for certificate in [root, issuing] {
        assert!(
            certificate
                .subject()
                .to_string()
                .contains("（仅供测试） TEST ONLY"),
            "{certificate:?}"
        );
    }
    expect![[r#"
        set up the test CA other
          trust anchor: other/trust
          intermediate certificate: other/certs
        note: a test CA, for demonstrations and tests only, without legal effect; never trust it in earnest.
    "#]]
    .assert_eq(&place.ok("ca init other --lang en"));
}

#[test]
fn certificates_are_listed_and_shown_to_be_for_tests() {
    let place = Place::with_ca();
    expect![[r#"
        序列号                            用途    有效期至                    状态  主体
        HEX  ca      TIME  有效  C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
        HEX  maker   TIME  有效  C=CN, O=测试市, CN=测试市电子印章制作系统
        HEX  signer  TIME  有效  C=CN, O=测试市测试局, CN=99010000000001
        HEX  tsa     TIME  有效  C=CN, O=测试市, CN=测试时间戳服务
        注意：测试 CA，仅供演示和测试，不具法律效力；切勿加入正式的信任锚。
    "#]]
    .assert_eq(&place.ok("ca list ca"));
    for name in ["maker.pem", "office.pem", "clock.pem", "ca/trust/root.pem"] {
        let text = String::from_utf8_lossy(certificate(&place, name).der()).into_owned();
        assert!(text.contains("TEST CERTIFICATE of the yinxin test CA"), "{name}");
    }
    place.ok("key create plain");
    place
        .run(&[
            "key",
            "csr",
            "plain",
            "--subject",
            "C=CN,O=某市某局,CN=1",
            "--out",
            "plain.csr",
        ])
        .success();
    expect![[r#"
        issued plain.pem
          subject: C=CN, O=某市某局, OU=仅供测试 TEST ONLY, CN=1
          serial number: HEX
          valid until: TIME
        note: a test CA, for demonstrations and tests only, without legal effect; never trust it in earnest.
    "#]]
    .assert_eq(&place.ok("--lang en ca issue ca --csr plain.csr --profile signer --days 30 --out plain.pem"));
}

#[test]
fn openssl_accepts_every_link_of_the_chain() {
    let place = Place::with_ca();
    place.ok("key create below");
    place
        .run(&[
            "key",
            "csr",
            "below",
            "--subject",
            "CN=TEST below",
            "--out",
            "below.csr",
        ])
        .success();
    place.ok("ca issue ca --csr below.csr --profile ca --out below.pem");
    for (anchor, leaf) in [
        ("ca/trust/root.pem", "ca/certs/issuing.pem"),
        ("ca/trust/root.pem", "below.pem"),
        ("ca/certs/issuing.pem", "maker.pem"),
        ("ca/certs/issuing.pem", "office.pem"),
        ("ca/certs/issuing.pem", "clock.pem"),
    ] {
        let options = "-x509_strict -partial_chain -vfyopt distid:1234567812345678";
        let line = format!("verify {options} -trusted {anchor} {leaf}");
        let Some((said, good)) = place.openssl(&line) else {
            return;
        };
        assert!(good, "{leaf}: {said}");
    }
    let (said, good) = place.openssl("x509 -in clock.pem -noout -purpose").unwrap();
    assert!(good && said.contains("Time Stamp signing : Yes"), "{said}");
}

#[test]
fn what_cannot_be_issued_is_refused() {
    let place = Place::with_ca();
    let refused = |line: &str, status, part: &str| {
        let said = place.line(line).failure(status);
        assert!(said.contains(part), "{line}: {said}");
    };
    place.write("junk", "junk");
    refused(
        "ca issue nowhere --csr office.csr --profile signer",
        64,
        "没有测试 CA",
    );
    refused(
        "ca issue ca --csr junk --profile signer",
        65,
        "不是可用的 SM2 证书请求",
    );
    refused(
        "ca issue ca --csr office.pem --profile signer",
        65,
        "不是可用的 SM2 证书请求",
    );
    refused("ca issue ca --csr none --profile signer", 66, "无法读取 none");
    refused(
        "ca issue ca --csr office.csr --profile signer --out office.pem",
        65,
        "--force",
    );
    refused(
        "ca issue ca --csr office.csr --profile signer --days 20000",
        65,
        "请减少 --days",
    );
    refused("ca issue ca --csr office.csr --profile judge", 64, "judge");
    refused(
        "ca issue ca --csr office.csr --profile signer --days 0",
        64,
        "--days",
    );
    let mut forged = pki::CertificateRequest::read(&place.read("office.csr"))
        .unwrap()
        .der()
        .to_vec();
    let at = forged
        .windows(14)
        .position(|window| window == b"99010000000001")
        .unwrap();
    forged[at] = b'8';
    place.write("forged.csr", forged);
    refused(
        "ca issue ca --csr forged.csr --profile signer",
        65,
        "未证明持有私钥",
    );
    let before = place.ok("ca list ca").lines().count();
    place.write("wrong", "wrong horse");
    refused(
        "ca issue ca --csr office.csr --profile signer --pin-file wrong",
        77,
        "口令错误",
    );
    assert_eq!(place.ok("ca list ca").lines().count(), before);
    place.write("ca/ca.json", "{");
    refused("ca list ca", 65, "已损坏");
}

#[test]
fn revoked_certificates_stand_in_the_list() {
    let place = Place::with_ca();
    place.ok("ca crl ca --out empty.crl");
    assert!(Crl::read(&place.read("empty.crl")).unwrap().is_empty());
    expect![[r#"
        已撤销：C=CN, O=测试市测试局, CN=99010000000001
          撤销时间：TIME
          下一步：yinxin ca crl ca --out FILE 签发撤销列表
    "#]]
    .assert_eq(&place.ok("ca revoke ca office.pem --reason key-compromise"));
    let maker = certificate(&place, "maker.pem");
    place.ok(&format!(
        "ca revoke ca {} --at 2026-01-31T12:00:00+08:00",
        maker.serial_hex().to_lowercase()
    ));
    let issuing = certificate(&place, "ca/certs/issuing.pem");
    let said = place.ok(&format!("--lang en ca revoke ca {}", issuing.serial_hex()));
    assert!(said.contains("ca crl ca --issuer root --out"), "{said}");
    expect![[r#"
        已签发证书撤销列表：new.crl
          签发者：C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
          撤销证书：2 张
          下次更新：TIME
    "#]]
    .assert_eq(&place.ok("ca crl ca --out new.crl --days 7"));
    place.ok("ca crl ca --issuer root --out root.crl");
    let crl = Crl::read(&place.read("new.crl")).unwrap();
    let office = certificate(&place, "office.pem");
    let entry = |certificate: &Certificate| crl.find(certificate.serial()).next().unwrap();
    assert_eq!((entry(&office).reason, entry(&maker).reason), (Some(1), None));
    assert_eq!(entry(&maker).at.to_string(), "2026-01-31T04:00:00Z");
    assert!(
        Crl::read(&place.read("root.crl"))
            .unwrap()
            .find(issuing.serial())
            .next()
            .is_some()
    );
    assert!(place.ok("ca list ca").contains("已撤销 TIME key-compromise"));
    let again = place.line("ca revoke ca office.pem").failure(65);
    assert!(again.contains("已于 TIME 撤销"), "{again}");
    assert!(place.line("ca revoke ca 00ff").failure(65).contains("没有签发过"));
    assert!(
        place
            .line("ca revoke ca clock.pem --at 2999-01-01T00:00:00Z")
            .failure(64)
            .contains("将来")
    );
    openssl_accepts_the_list(&place, "new.crl", "ca/certs/issuing.pem", &office);
}

/// OpenSSL 3.0 checks CRL signatures without the identifier of SM2: here the signed bytes and the value are given to
/// it one by one.
fn openssl_accepts_the_list(place: &Place, crl: &str, issuer: &str, revoked: &Certificate) {
    let line = format!("crl -inform DER -in {crl} -noout -text");
    let Some((said, good)) = place.openssl(&line) else {
        return;
    };
    assert!(
        good && said.contains(&revoked.serial_hex()) && said.contains("Key Compromise"),
        "{said}"
    );
    let der = place.read(crl);
    let mut parts = asn1::read_single(&der, SEQUENCE, "crl").unwrap().children();
    place.write("tbs", parts.next("tbs").unwrap().raw);
    parts.next("algorithm").unwrap();
    place.write("value", parts.next("value").unwrap().bit_bytes("value").unwrap());
    let (said, good) = place
        .openssl(&format!("x509 -in {issuer} -noout -pubkey -out key.pub"))
        .unwrap();
    assert!(good, "{said}");
    let line = "dgst -sm3 -sigopt distid:1234567812345678 -verify key.pub -signature value tbs";
    let (said, good) = place.openssl(line).unwrap();
    assert!(good && said.contains("Verified OK"), "{said}");
}

#[test]
fn calls_at_the_same_time_lose_no_record() {
    let place = Place::with_ca();
    let before = place.ok("ca list ca").lines().count();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| place.ok("ca issue ca --csr office.csr --profile signer"));
        }
    });
    assert_eq!(place.ok("ca list ca").lines().count(), before + 4);
}
