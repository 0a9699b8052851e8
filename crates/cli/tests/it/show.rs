//! `yinxin show`.

use expect_test::expect;
use ofd::{Limits, Package, PartPath, Update};
use pki::{SignedDataShape, TimestampRequest, TimestampResponse, read_certificates, write_signed_data};

use crate::support::Place;

/// A folder with a seal `office.esl` and the sealed document `sealed.ofd`.
fn sealed() -> Place {
    let place = Place::with_ca();
    place.ok("sample .");
    let seal = "seal make --picture seal.png --size 42x42 --code 99010000000001 --name 测试市测试局 --holder office.pem \
                --maker maker --trust ca/trust --certs ca/certs --out office.esl";
    place.ok(seal);
    place.ok(
        "stamp sample.ofd --seal office.esl --key office --keyword 盖章处 --trust ca/trust --certs ca/certs --out sealed.ofd",
    );
    place
}

#[test]
fn a_certificate_field_by_field() {
    let place = Place::with_ca();
    expect![[r#"
        证书（Certificate）
          版本（version）：v3
          序列号（serialNumber）：HEX
          签名算法（signature）：1.2.156.10197.1.501 SM2-with-SM3
          签发者（issuer）：C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试根 CA TEST ROOT
          生效时间（notBefore）：TIME
          失效时间（notAfter）：TIME
          主体（subject）：C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试根 CA TEST ROOT
          公钥（subjectPublicKeyInfo）：SM2 HEX
          扩展（extensions）
            2.5.29.14 subjectKeyIdentifier：HEX
            2.5.29.35 authorityKeyIdentifier：HEX
            2.5.29.15 keyUsage，关键：keyCertSign, cRLSign
            2.5.29.19 basicConstraints，关键：cA TRUE
            2.16.840.1.113730.1.13 nsComment：TEST CERTIFICATE of the yinxin test CA: for tests only, without legal effect
          签名算法（signatureAlgorithm）：1.2.156.10197.1.501 SM2-with-SM3
          签名值（signatureValue）：HEX
          证书的 SM3 杂凑值：HEX
    "#]].assert_eq(&place.ok("show ca/trust/root.pem"));
    let der = read_certificates(&place.read("clock.pem")).unwrap()[0]
        .der()
        .to_vec();
    place.write("clock.der", der);
    expect![[r#"
        Certificate
          version: v3
          serialNumber: HEX
          signature: 1.2.156.10197.1.501 SM2-with-SM3
          issuer: C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
          notBefore: TIME
          notAfter: TIME
          subject: C=CN, O=测试市, CN=测试时间戳服务
          subjectPublicKeyInfo: SM2 HEX
          extensions
            2.5.29.14 subjectKeyIdentifier: HEX
            2.5.29.35 authorityKeyIdentifier: HEX
            2.5.29.15 keyUsage, critical: digitalSignature, nonRepudiation
            2.5.29.37 extKeyUsage, critical: 1.3.6.1.5.5.7.3.8 timeStamping
            2.5.29.19 basicConstraints, critical: cA FALSE
            2.16.840.1.113730.1.13 nsComment: TEST CERTIFICATE of the yinxin test CA: for tests only, without legal effect
          signatureAlgorithm: 1.2.156.10197.1.501 SM2-with-SM3
          signatureValue: HEX
          SM3 of the certificate: HEX
    "#]].assert_eq(&place.ok("--lang en show clock.der"));
}

#[test]
fn a_request_and_a_revocation_list() {
    let place = Place::with_ca();
    place.ok("ca revoke ca office.pem --reason superseded --at 2026-01-31T12:00:00+08:00");
    place.ok("ca crl ca --out new.crl");
    expect![[r#"
        office.csr
        证书请求（CertificationRequest）
          版本（version）：v1
          主体（subject）：C=CN, O=测试市测试局, CN=99010000000001
          公钥（subjectPKInfo）：SM2 HEX
          签名算法（signatureAlgorithm）：1.2.156.10197.1.501 SM2-with-SM3
          签名值（signature）：HEX
          签名：成立（请求者持有私钥）
        new.crl
        证书撤销列表（CertificateList）
          版本（version）：v2
          签名算法（signature）：1.2.156.10197.1.501 SM2-with-SM3
          签发者（issuer）：C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
          本次更新（thisUpdate）：TIME
          下次更新（nextUpdate）：TIME
          被撤销证书（revokedCertificates）：1
            HEX  TIME  superseded
          扩展（crlExtensions）
            2.5.29.20 cRLNumber：01
            2.5.29.35 authorityKeyIdentifier：HEX
          签名算法（signatureAlgorithm）：1.2.156.10197.1.501 SM2-with-SM3
          签名值（signatureValue）：HEX
    "#]]
    .assert_eq(&place.ok("show office.csr new.crl"));
}

#[test]
fn a_seal_field_by_field_and_its_picture() {
    let place = sealed();
    expect![[r#"
        电子印章（SESeal）
          结构：v4 GB/T 38540-2020
          印章信息（eSealInfo）
            头信息（header）
              标识（ID）：ES
              版本（version）：4
              厂商（Vid）：YINXIN
            印章编码（esID）：99010000000001
            印章属性（property）
              印章类型（type）：1 法定名称章
              印章名称（name）：测试市测试局
              证书列表类型（certListType）：1
              签章者证书（certList）
                版本（version）：v3
                序列号（serialNumber）：HEX
                签名算法（signature）：1.2.156.10197.1.501 SM2-with-SM3
                签发者（issuer）：C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
                生效时间（notBefore）：TIME
                失效时间（notAfter）：TIME
                主体（subject）：C=CN, O=测试市测试局, CN=99010000000001
                公钥（subjectPublicKeyInfo）：SM2 HEX
                扩展（extensions）
                  2.5.29.14 subjectKeyIdentifier：HEX
                  2.5.29.35 authorityKeyIdentifier：HEX
                  2.5.29.15 keyUsage，关键：digitalSignature, nonRepudiation
                  2.5.29.19 basicConstraints，关键：cA FALSE
                  2.16.840.1.113730.1.13 nsComment：TEST CERTIFICATE of the yinxin test CA: for tests only, without legal effect
                签名算法（signatureAlgorithm）：1.2.156.10197.1.501 SM2-with-SM3
                签名值（signatureValue）：HEX
                证书的 SM3 杂凑值：HEX
              制作时间（createDate）：TIME
              有效期起（validStart）：TIME
              有效期止（validEnd）：TIME
            印章图像（picture）
              类型（type）：PNG
              数据（data）：PNG, 992×992 px, 26864 B, SM3 HEX
              宽度（width）：42 mm
              高度（height）：42 mm
          制章者证书（cert）
            版本（version）：v3
            序列号（serialNumber）：HEX
            签名算法（signature）：1.2.156.10197.1.501 SM2-with-SM3
            签发者（issuer）：C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
            生效时间（notBefore）：TIME
            失效时间（notAfter）：TIME
            主体（subject）：C=CN, O=测试市, CN=测试市电子印章制作系统
            公钥（subjectPublicKeyInfo）：SM2 HEX
            扩展（extensions）
              2.5.29.14 subjectKeyIdentifier：HEX
              2.5.29.35 authorityKeyIdentifier：HEX
              2.5.29.15 keyUsage，关键：digitalSignature, nonRepudiation
              2.5.29.19 basicConstraints，关键：cA FALSE
              2.16.840.1.113730.1.13 nsComment：TEST CERTIFICATE of the yinxin test CA: for tests only, without legal effect
            签名算法（signatureAlgorithm）：1.2.156.10197.1.501 SM2-with-SM3
            签名值（signatureValue）：HEX
            证书的 SM3 杂凑值：HEX
          签名算法（signAlgID）：1.2.156.10197.1.501 SM2-with-SM3
          签名值（signedValue）：HEX
          印章的 SM3 杂凑值：HEX
    "#]].assert_eq(&place.ok("show office.esl"));
    let said = place.ok("--lang en show office.esl --picture out.png");
    assert!(
        said.ends_with("bytes)\n") && said.contains("wrote the picture to out.png (PNG, "),
        "{said}"
    );
    assert_eq!(place.read("out.png"), place.read("seal.png"));
    assert!(
        place
            .line("show office.esl --picture out.png")
            .failure(65)
            .contains("--force")
    );
    place.ok("show sealed.ofd --picture out.png --force");
    assert_eq!(place.read("out.png"), place.read("seal.png"));
    let run = place.line("show office.pem --picture none.png");
    assert_eq!((run.status(), place.path("none.png").exists()), (Some(65), false));
    assert!(
        run.errors().contains("共有 0 个不同的印章图像"),
        "{}",
        run.errors()
    );
}

#[test]
fn a_sealed_document_with_everything_in_it() {
    let place = sealed();
    let shown = place.ok("show sealed.ofd");
    let (entries, document) = shown.split_at(shown.find("  文档 1").unwrap());
    for (name, purpose) in [
        ("OFD.xml", "入口"),
        ("Page_1/Content.xml", "页面"),
        ("SignedValue.dat", "签名"),
    ] {
        let line = entries.lines().find(|line| line.contains(name)).unwrap();
        assert!(line.ends_with(&format!("{purpose}  HEX")), "{line}");
    }
    // What changes from day to day, and what other tests look at.
    let deep = " ".repeat(14);
    let is_new =
        |line: &&str| !line.contains("创建日期") && !line.contains("签名时间") && !line.starts_with(&deep);
    let document: String = document
        .lines()
        .filter(is_new)
        .map(|line| format!("{line}\n"))
        .collect();
    expect![[r#"
        OFD
          文档 1（DocBody 1）
            文档标识（DocID）：HEX
            标题（Title）：样例：试用电子印章的证明
            作者（Author）：印信（测试）
            制作程序（Creator）：yinxin
            文档根（DocRoot）：Doc_0/Document.xml
            签名列表（Signatures）：/Doc_0/Signs/Signatures.xml
            最大对象标识（MaxUnitID）：18
            页数（Pages）：2
              1  ID 2  210 × 297 mm  Pages/Page_0/Content.xml
              2  ID 11  210 × 297 mm  Pages/Page_1/Content.xml
            公共资源（PublicRes）：PublicRes.xml
            权限（Permissions）
              编辑（Edit）：允许
              注释（Annot）：允许
              导出（Export）：允许
              签名（Signature）：允许
              水印（Watermark）：允许
              截屏（PrintScreen）：允许
              打印（Print）：允许
          签名列表（Signatures）
            文件：/Doc_0/Signs/Signatures.xml
            最大标识（MaxSignId）：1
            签名 s001（Signature s001）
              标识（ID）：s001
              类型（Type）：Seal
              位置（BaseLoc）：/Doc_0/Signs/Sign_0/Signature.xml
              签名程序（Provider）：Yinxin 0.1.0 Yinxin
              签名方法（SignatureMethod）：1.2.156.10197.1.501
              保护的文件（References）：6
                杂凑方法（CheckMethod）：1.2.156.10197.1.401
                /OFD.xml  HEX  相符
                /Doc_0/Document.xml  HEX  相符
                /Doc_0/PublicRes.xml  HEX  相符
                /Doc_0/Pages/Page_0/Content.xml  HEX  相符
                /Doc_0/Pages/Page_1/Content.xml  HEX  相符
                /Doc_0/Signs/Sign_0/Seal.esl  HEX  相符
              印章外观（StampAnnot）：ID s001 PageRef 11 Boundary 121.5 117.2 42 42
              印章文件（Seal）：/Doc_0/Signs/Sign_0/Seal.esl
              签名值文件（SignedValue）：/Doc_0/Signs/Sign_0/SignedValue.dat
              印章（Seal）：与签名值中的印章相同
              签名值（SignedValue）
                电子签章数据（SES_Signature）
                  结构：v4 GB/T 38540-2020
                  待签章数据（toSign）
                    版本（version）：4
                    电子印章（eseal）
                    签章时间（timeInfo）：TIME
                    原文杂凑值（dataHash）：HEX
                    原文属性（propertyInfo）：/Doc_0/Signs/Sign_0/Signature.xml
                  签章者证书（cert）
                    版本（version）：v3
                    序列号（serialNumber）：HEX
                    签名算法（signature）：1.2.156.10197.1.501 SM2-with-SM3
                    签发者（issuer）：C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
                    生效时间（notBefore）：TIME
                    失效时间（notAfter）：TIME
                    主体（subject）：C=CN, O=测试市测试局, CN=99010000000001
                    公钥（subjectPublicKeyInfo）：SM2 HEX
                    扩展（extensions）
                    签名算法（signatureAlgorithm）：1.2.156.10197.1.501 SM2-with-SM3
                    签名值（signatureValue）：HEX
                    证书的 SM3 杂凑值：HEX
                  签名算法（signatureAlgID）：1.2.156.10197.1.501 SM2-with-SM3
                  签名值（signature）：HEX
    "#]]
    .assert_eq(&format!("OFD\n{document}"));
}

#[test]
fn parts_that_differ_from_their_digests_and_damaged_ones_are_pointed_out() {
    let place = sealed();
    let sealed = place.read("sealed.ofd");
    let package = Package::open(sealed.clone(), Limits::default()).unwrap();
    let mut update = Update::new(&package);
    let page = PartPath::new("/Doc_0/Pages/Page_0/Content.xml").unwrap();
    let other = String::from_utf8(package.read(&page).unwrap().to_vec())
        .unwrap()
        .replace("样例", "原件");
    update.replace(&page, other).unwrap();
    let mut tampered = Vec::new();
    update.write(&mut tampered).unwrap();
    place.write("tampered.ofd", tampered);
    let shown = place.ok("show tampered.ofd");
    let differ = shown
        .lines()
        .filter(|line| line.ends_with("不符"))
        .collect::<Vec<_>>();
    assert!(
        matches!(differ.as_slice(), [line] if line.contains("Page_0/Content.xml")),
        "{differ:?}"
    );
    let mut damaged = sealed;
    let name = b"Doc_0/Pages/Page_0/Content.xml";
    let at = damaged
        .windows(name.len())
        .position(|window| window == name)
        .unwrap()
        + name.len();
    damaged[at + 50] ^= 0xff;
    place.write("damaged.ofd", damaged);
    let shown = place.ok("--lang en show damaged.ofd");
    let line = shown
        .lines()
        .find(|line| line.contains("Page_0/Content.xml") && line.contains("Page  "));
    assert!(line.is_some_and(|line| line.contains("is damaged")), "{shown}");
}

#[test]
fn permissions_attachments_stray_parts_and_odd_titles() {
    use ofd::builder::{A4, DocumentBuilder, Drawing, PackageBuilder};
    let place = Place::new();
    let mut document = DocumentBuilder::new("0123456789abcdef0123456789abcdef");
    let font = document.font("宋体");
    document.page(A4, Drawing::new().text(font, 5.0, 20.0, 30.0, "正文"));
    document.permissions(ofd::builder::Permissions {
        signature: Some(false),
        valid_period: Some(("2026-01-01T00:00:00".into(), "2026-12-31T00:00:00".into())),
        ..Default::default()
    });
    document.attachment("附件", "txt", b"attached".to_vec());
    document.title("标题\u{1b}[31m\u{202e}");
    let package =
        PackageBuilder::new(document).entry("Doc_0/Signs/Sign_0/SignedValue.dat", b"stray".to_vec());
    place.write("odd.ofd", package.build().unwrap());
    expect![[r#"
        OFD
          bytes: 1992
          Version: 1.0
          DocType: OFD
          entries: 7
            entry                                bytes  packed  use                  SM3
            /OFD.xml                             319    217     Entry                HEX
            /Doc_0/Document.xml                  577    303     Document             HEX
            /Doc_0/PublicRes.xml                 171    148     Resource             HEX
            /Doc_0/Pages/Page_0/Content.xml      376    253     Page                 HEX
            /Doc_0/Attachs/Attachments.xml       234    174     Attachments          HEX
            /Doc_0/Attachs/Attach_0.txt          8      10      Attachment           HEX
            /Doc_0/Signs/Sign_0/SignedValue.dat  5      7       nothing links to it  HEX
          DocBody 1
            DocID: HEX
            Title: 标题�[31m\u{202e}
            DocRoot: Doc_0/Document.xml
            MaxUnitID: 4
            Pages: 1
              1  ID 2  210 × 297 mm  Pages/Page_0/Content.xml
            PublicRes: PublicRes.xml
            Attachments: Attachs/Attachments.xml
            Permissions
              Edit: allowed
              Annot: allowed
              Export: allowed
              Signature: forbidden
              Watermark: allowed
              PrintScreen: allowed
              Print: allowed
              StartDate: 2026-01-01T00:00:00
              EndDate: 2026-12-31T00:00:00
          stray part: /Doc_0/Signs/Sign_0/SignedValue.dat
          unlisted signature part: /Doc_0/Signs/Sign_0/SignedValue.dat
    "#]]
    .assert_eq(&place.ok("--lang en show odd.ofd"));
}

#[test]
fn time_stamps_requests_and_responses() {
    let place = Place::with_ca();
    let request = TimestampRequest::new(b"stamped", Some(0x1234_5678), true);
    place.write("q.tsq", request.der());
    expect![[r#"
        时间戳请求（TimeStampReq）
          版本（version）：1
          被加时间戳数据的杂凑值（messageImprint）：1.2.156.10197.1.401 SM3 HEX
          随机数（nonce）：12345678
          索要证书（certReq）：是
    "#]]
    .assert_eq(&place.ok("show q.tsq"));
    let server = crate::tsa::Server::start(&place);
    let reply = server.ask(request.der());
    let token = TimestampResponse::read(&reply)
        .unwrap()
        .granted(&request)
        .unwrap();
    place.write("r.tsr", &reply);
    place.write("token", token.signed().der());
    expect![[r#"
        TimeStampToken
          version: 1
          digestAlgorithms: 1.2.156.10197.1.401 SM3
          contentType: 1.2.840.113549.1.9.16.1.4 id-ct-TSTInfo
          TSTInfo
            version: 1
            policy: 1.2.3.4.1
            messageImprint: 1.2.156.10197.1.401 SM3 HEX
            serialNumber: HEX
            genTime: TIME
            ordering: FALSE
            nonce: 12345678
            tsa: C=CN, O=测试市, CN=测试时间戳服务
          certificates 1
            version: v3
            serialNumber: HEX
            signature: 1.2.156.10197.1.501 SM2-with-SM3
            issuer: C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
            notBefore: TIME
            notAfter: TIME
            subject: C=CN, O=测试市, CN=测试时间戳服务
            subjectPublicKeyInfo: SM2 HEX
            extensions
              2.5.29.14 subjectKeyIdentifier: HEX
              2.5.29.35 authorityKeyIdentifier: HEX
              2.5.29.15 keyUsage, critical: digitalSignature, nonRepudiation
              2.5.29.37 extKeyUsage, critical: 1.3.6.1.5.5.7.3.8 timeStamping
              2.5.29.19 basicConstraints, critical: cA FALSE
              2.16.840.1.113730.1.13 nsComment: TEST CERTIFICATE of the yinxin test CA: for tests only, without legal effect
            signatureAlgorithm: 1.2.156.10197.1.501 SM2-with-SM3
            signatureValue: HEX
            SM3 of the certificate: HEX
          certificates 2
            version: v3
            serialNumber: HEX
            signature: 1.2.156.10197.1.501 SM2-with-SM3
            issuer: C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试根 CA TEST ROOT
            notBefore: TIME
            notAfter: TIME
            subject: C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
            subjectPublicKeyInfo: SM2 HEX
            extensions
              2.5.29.14 subjectKeyIdentifier: HEX
              2.5.29.35 authorityKeyIdentifier: HEX
              2.5.29.15 keyUsage, critical: keyCertSign, cRLSign
              2.5.29.19 basicConstraints, critical: cA TRUE, pathLenConstraint 0
              2.16.840.1.113730.1.13 nsComment: TEST CERTIFICATE of the yinxin test CA: for tests only, without legal effect
            signatureAlgorithm: 1.2.156.10197.1.501 SM2-with-SM3
            signatureValue: HEX
            SM3 of the certificate: HEX
          signerInfos 1
            version: 1
            issuer: C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
            serialNumber: HEX
            digestAlgorithm: 1.2.156.10197.1.401 SM3
            signedAttrs
              1.2.840.113549.1.9.3 contentType: 1.2.840.113549.1.9.16.1.4 id-ct-TSTInfo
              1.2.840.113549.1.9.5 signingTime: TIME
              1.2.840.113549.1.9.4 messageDigest: HEX
              1.2.840.113549.1.9.16.2.47 signingCertificateV2: HEX
                certHash: SM3 HEX
                issuer: C=CN, O=印信测试（仅供测试） TEST ONLY, CN=印信测试签发 CA TEST CA
                serialNumber: HEX
            signatureAlgorithm: 1.2.156.10197.1.301.1 SM2-1
            signature: HEX
    "#]].assert_eq(&place.ok("--lang en show token"));
    assert!(
        place
            .ok("show r.tsr")
            .starts_with("时间戳应答（TimeStampResp）\n  状态（status）：Granted\n  时间戳")
    );
    place.write("refused.tsr", server.ask(b"junk"));
    expect![[r#"
        时间戳应答（TimeStampResp）
          状态（status）：Rejection
          说明（statusString）：time-stamp request is cut off: 117 bytes announced, 2 left
          失败原因（failInfo）：BadDataFormat
    "#]]
    .assert_eq(&place.ok("show refused.tsr"));
}

#[test]
fn a_signed_message_also_as_base64() {
    let place = Place::new();
    let pki = testkit::TestPki::new(1);
    let message = write_signed_data(
        SignedDataShape::Content(b"signed content"),
        &pki.sealer.certificate,
        &[],
        &pki.sealer.key,
    );
    let message = message.unwrap();
    place.write("message.p7s", &message);
    let shown = place.ok("show message.p7s");
    expect![[r#"
        签名消息（SignedData）
          版本（version）：1
          杂凑算法（digestAlgorithms）：1.2.156.10197.1.401 SM3
          内容类型（contentType）：1.2.156.10197.6.1.4.2.1 data (GB/T 35275)
          内容（content）：HEX
          证书 1（certificates 1）
            版本（version）：v3
            序列号（serialNumber）：04
            签名算法（signature）：1.2.156.10197.1.501 SM2-with-SM3
            签发者（issuer）：C=CN, O=印信测试（仅供测试）, CN=测试签发 CA
            生效时间（notBefore）：TIME
            失效时间（notAfter）：TIME
            主体（subject）：C=CN, O=印信测试（仅供测试）, CN=测试市大数据局
            公钥（subjectPublicKeyInfo）：SM2 HEX
            扩展（extensions）
              2.5.29.14 subjectKeyIdentifier：HEX
              2.5.29.35 authorityKeyIdentifier：HEX
              2.5.29.15 keyUsage，关键：digitalSignature, nonRepudiation
              2.5.29.19 basicConstraints，关键：cA FALSE
            签名算法（signatureAlgorithm）：1.2.156.10197.1.501 SM2-with-SM3
            签名值（signatureValue）：HEX
            证书的 SM3 杂凑值：HEX
          签名者 1（signerInfos 1）
            版本（version）：1
            证书签发者（issuer）：C=CN, O=印信测试（仅供测试）, CN=测试签发 CA
            证书序列号（serialNumber）：04
            杂凑算法（digestAlgorithm）：1.2.156.10197.1.401 SM3
            签名算法（signatureAlgorithm）：1.2.156.10197.1.301.1 SM2-1
            签名值（signature）：HEX
    "#]]
    .assert_eq(&shown);
    use base64::Engine as _;
    place.write(
        "message.txt",
        base64::engine::general_purpose::STANDARD.encode(message) + "\n",
    );
    assert_eq!(place.ok("show message.txt"), shown);
}

#[test]
fn of_private_keys_only_that_they_are_there() {
    let place = Place::new();
    place.ok("key create office");
    std::fs::copy(place.key_file(), place.path("stored")).unwrap();
    expect![[r#"
        密钥库中的密钥文件，私钥已用口令加密；请用 yinxin key list 查看
    "#]]
    .assert_eq(&place.ok("show stored"));
    for (line, names) in [
        ("genpkey -algorithm SM2 -out plain.pem", "plain.pem"),
        (
            "pkcs8 -topk8 -nocrypt -in plain.pem -outform DER -out plain.der",
            "plain.der",
        ),
        (
            "pkcs8 -topk8 -in plain.pem -v2 aes-256-cbc -passout pass:geheim -outform DER -out locked.der",
            "locked.der",
        ),
        ("ec -in plain.pem -outform DER -out sec1.der", "sec1.der"),
    ] {
        let Some((said, good)) = place.openssl(line) else {
            return;
        };
        assert!(good, "{line}: {said}");
        let said = place.ok(&format!("show {names}"));
        assert!(
            said.contains("内容保密，不予显示") && !said.contains("HEX"),
            "{said}"
        );
    }
    place
        .openssl("pkey -in plain.pem -pubout -out public.pem")
        .unwrap();
    expect![[r#"
        SubjectPublicKeyInfo
          algorithm: 1.2.840.10045.2.1 ecPublicKey, 1.2.156.10197.1.301 SM2
          subjectPublicKey: HEX
          a point of the SM2 curve
    "#]]
    .assert_eq(&place.ok("--lang en show public.pem"));
}

#[test]
fn signature_values_alone() {
    let place = Place::new();
    place.write("raw", [[0x11; 32], [0x22; 32]].concat());
    place.write(
        "der",
        [&[0x30, 0x44, 2, 0x20][..], &[0x11; 32], &[2, 0x20], &[0x22; 32]].concat(),
    );
    expect![[r#"
        raw
        SM2Signature
          encoding: r‖s
          r: HEX
          s: HEX
        der
        SM2Signature
          encoding: Der
          r: HEX
          s: HEX
    "#]]
    .assert_eq(&place.ok("--lang en show raw der"));
}

#[test]
fn what_is_nothing_known_is_refused() {
    let place = Place::with_ca();
    place.write("text", "hello\n");
    place.write("empty", "");
    place.write("picture", b"\x89PNG\r\n\x1a\n0000");
    place.write("zip", b"PK\x03\x04 but no archive");
    let office = place.read("office.pem");
    let der = read_certificates(&office).unwrap()[0].der().to_vec();
    place.write("cut", &der[..der.len() - 1]);
    let mut bent = der.clone();
    // The first character of notBefore.
    let at = bent.windows(2).position(|window| window == [0x17, 0x0d]).unwrap();
    bent[at + 2] = b'x';
    place.write("bent", bent);
    for (name, status, part) in [
        ("text", 65, "无法识别（开头为 68656c6c6f0a）"),
        ("empty", 65, "文件是空的"),
        ("picture", 65, "是 PNG 图像，不是印章"),
        ("zip", 65, "像是 OFD 文件，但无法读取"),
        ("cut", 65, "无法识别"),
        ("bent", 65, "像是证书，但无法读取"),
        ("none", 66, "无法读取 none"),
    ] {
        let said = place.line(&format!("show {name}")).failure(status);
        assert!(said.contains(part), "{name}: {said}");
    }
    let english = place.line("show text --lang en").failure(65);
    assert!(
        english.starts_with("error: text: it is nothing known here (it begins with 68656c6c6f0a)"),
        "{english}"
    );
    // The others are shown all the same.
    let run = place.line("show text office.csr");
    assert_eq!(run.status(), Some(65));
    assert!(run.output().contains("CertificationRequest"));
}

/// Real and hostile files: shown or refused, and never the end of the program.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the environment says where the corpus is"
)]
fn every_file_of_the_corpus_is_shown_or_refused() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let corpus = std::env::var_os("YINXIN_CORPUS").map_or_else(|| beside.into(), std::path::PathBuf::from);
    if !corpus.is_dir() {
        eprintln!(
            "SKIPPED: corpus not found at {} (set YINXIN_CORPUS)",
            corpus.display()
        );
        return;
    }
    let mut folders = vec![corpus];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    assert!(files.len() > 100, "{}", files.len());
    let place = Place::new();
    for language in ["zh", "en"] {
        let output = place
            .command()
            .args(["--lang", language, "show"])
            .args(&files)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(65));
        let refused = String::from_utf8(output.stderr).unwrap().lines().count();
        let pdfs = files
            .iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "pdf"))
            .count();
        // PDFs, the papers about the corpus, and what is no OFD at all or has two meanings.
        assert!(refused < pdfs + 20, "{refused} refused, {pdfs} of them PDFs");
        assert!(
            output
                .stdout
                .iter()
                .all(|byte| *byte == b'\n' || !byte.is_ascii_control())
        );
    }
}
