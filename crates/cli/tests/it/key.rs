//! `yinxin key`.

use expect_test::{Expect, expect};

use crate::support::{PIN, Place};

/// What the failing call says, and its status.
#[track_caller]
fn refused(place: &Place, line: &str, status: i32, expected: Expect) {
    expected.assert_eq(&place.line(line).failure(status));
}

#[test]
fn a_key_is_made_and_listed_in_both_languages() {
    let place = Place::new();
    expect![[r#"
        已生成 SM2 密钥“office”
          编号：HEX
          口令连续错 6 次，密钥即锁定且无法恢复。
          下一步：yinxin key csr 生成证书请求，交 CA 签发。
    "#]]
    .assert_eq(&place.ok("key create office"));
    expect![[r#"
        made the SM2 key "第二个"
          id: HEX
          6 wrong PINs in a row lock it for good.
          next: yinxin key csr makes a request for the CA.
    "#]]
    .assert_eq(&place.ok("--lang en key create 第二个"));
    expect![[r#"
        标签    编号                              生成时间                    口令         证书
        office  HEX  TIME  可试 6/6 次  （无）
        第二个  HEX  TIME  可试 6/6 次  （无）
    "#]]
    .assert_eq(&place.ok("key list"));
    expect![[r#"
        label   id                                made                        PIN                certificate
        office  HEX  TIME  6 of 6 tries left  (none)
        第二个  HEX  TIME  6 of 6 tries left  (none)
    "#]]
    .assert_eq(&place.ok("key list --lang en"));
}

#[test]
fn what_cannot_become_a_key_is_refused() {
    let place = Place::new();
    place.ok("key create office");
    refused(
        &place,
        "key create office",
        64,
        expect![[r#"
            错误：标签“office”已被另一密钥使用：请另取一个
        "#]],
    );
    let long = format!("key create {}", "长".repeat(65));
    assert!(place.line(&long).failure(64).contains("须为 1 至 64 个字符"));
    place.write("weak", "12345678\n");
    refused(
        &place,
        "key create other --pin-file weak",
        65,
        expect![[r#"
            错误：新口令太弱：字符只是依次递增或递减；请另设口令
        "#]],
    );
    place.write("short", "1a2b3c");
    refused(
        &place,
        "--lang en key create other --pin-file short",
        65,
        expect![[r#"
            error: the new PIN is too weak: it has 6 characters, at least 8 are needed; choose another
        "#]],
    );
    refused(
        &place,
        "key create other --pin-file none",
        66,
        expect![[r#"
            错误：无法读取 none：文件或文件夹不存在
        "#]],
    );
    assert_eq!(place.ok("key list").lines().count(), 2, "one key and the titles");
}

#[test]
fn without_file_environment_or_terminal_there_is_no_pin() {
    let place = Place::new();
    let said = place.without_terminal("key create office").failure(69);
    assert!(said.starts_with("错误：没有终端可以询问口令"), "{said}");
    assert!(said.contains("--pin-file"), "{said}");
    let said = place.without_terminal("--lang en key create office").failure(69);
    assert!(
        said.starts_with("error: there is no terminal to ask for the PIN"),
        "{said}"
    );
}

#[test]
fn pins_come_from_standard_input_line_by_line() {
    let place = Place::new();
    assert!(
        place
            .piped("key create office --pin-file -", "first secret\n")
            .success()
            .contains("office")
    );
    let line = "key change-pin office --pin-file - --new-pin-file -";
    expect![[r#"
        密钥“office”的口令已修改。
    "#]]
    .assert_eq(&place.piped(line, "first secret\nsecond secret\n").success());
    expect![[r#"
        错误：口令错误；连续错 6 次将锁定，还可再试 5 次
    "#]]
    .assert_eq(&place.piped(line, "first secret\nthird secret\n").failure(77));
    place.piped(line, "second secret\nthird secret\n").success();
    assert!(
        place
            .piped(line, "third secret\n")
            .failure(65)
            .contains("没有口令")
    );
    expect![[r#"
        错误：新口令与旧口令相同；请另设口令
    "#]]
    .assert_eq(&place.piped(line, "third secret\nthird secret\n").failure(65));
}

#[test]
fn six_wrong_pins_lock_a_key_and_then_nobody_is_asked_again() {
    let place = Place::new();
    place.ok("key create office");
    place.write("wrong", "wrong horse");
    place.write("new", "another horse");
    let line = "key change-pin office --pin-file wrong --new-pin-file new";
    for left in (1..=5).rev() {
        let said = place.line(line).failure(77);
        assert_eq!(
            said,
            format!("错误：口令错误；连续错 6 次将锁定，还可再试 {left} 次\n")
        );
    }
    refused(
        &place,
        line,
        77,
        expect![[r#"
            错误：口令错误；已连续错 6 次，密钥已锁定
        "#]],
    );
    // The right one does not help any more, nor is it asked for.
    refused(
        &place,
        "key csr office --subject CN=x",
        77,
        expect![[r#"
            错误：密钥 HEX 已因连续 6 次口令错误而锁定，无法在此解锁：请向签发机构申请重置口令或更换密钥
        "#]],
    );
    assert!(
        place
            .without_terminal("--lang en key csr office --subject CN=x")
            .failure(77)
            .contains("is locked after 6")
    );
    assert!(place.ok("key list").contains("已锁定"));
    assert!(place.ok("key list --lang en").contains("locked"));
}

#[test]
fn unknown_keys_and_stores_are_named() {
    let place = Place::new();
    refused(
        &place,
        "key list",
        64,
        expect![[r#"
            错误：没有密钥库 ./keys：请用 --keys 指明目录，或先用 yinxin key create 生成密钥
        "#]],
    );
    place.ok("key create office --keys elsewhere");
    refused(
        &place,
        "key csr nobody --keys elsewhere --subject CN=x",
        64,
        expect![[r#"
            错误：密钥库中没有密钥“nobody”：请用 yinxin key list 查看现有密钥
        "#]],
    );
    refused(
        &place,
        "--lang en key csr 00112233445566778899aabbccddeeff --keys elsewhere --subject CN=x",
        64,
        expect![[r#"
            error: there is no key "HEX" in this store; list the keys to see what there is
        "#]],
    );
    assert!(
        !place.path("keys").exists(),
        "looking for a store does not make one"
    );
}

#[test]
fn a_store_that_others_may_enter_and_a_damaged_key_are_told() {
    let place = Place::new();
    place.ok("key create office");
    std::fs::write(place.key_file(), "{}").unwrap();
    let run = place.line("key list");
    assert_eq!(run.status(), Some(65));
    assert!(run.errors().contains("已损坏"), "{}", run.errors());
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(place.path("keys"), std::fs::Permissions::from_mode(0o755)).unwrap();
    refused(
        &place,
        "key list",
        77,
        expect![[r#"
            错误：密钥库目录 ./keys 对其他用户开放（权限 755）：请先执行 chmod 700 ./keys
        "#]],
    );
}

#[test]
fn a_request_is_accepted_by_openssl() {
    let place = Place::new();
    place.ok("key create office");
    let subject = "C=CN, O=测试市测试局, CN=99010000000001";
    let said = place
        .run(&[
            "key",
            "csr",
            "office",
            "--subject",
            subject,
            "--out",
            "office.csr",
        ])
        .success();
    expect![[r#"
        证书请求已写入 office.csr
          主体：C=CN, O=测试市测试局, CN=99010000000001
    "#]]
    .assert_eq(&said);
    let printed = place
        .run(&["key", "csr", "office", "--subject", subject])
        .output();
    assert!(printed.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"));
    refused(
        &place,
        "key csr office --subject CN=x --out office.csr",
        65,
        expect![[r#"
            错误：office.csr 已存在：请换一个文件名，或用 --force 覆盖
        "#]],
    );
    let line = "req -in office.csr -verify -noout -subject -nameopt utf8 -vfyopt distid:1234567812345678";
    let Some((said, good)) = place.openssl(line) else {
        return;
    };
    assert!(
        good && said.contains("verify OK") && said.contains("O=测试市测试局"),
        "{said}"
    );
    place.ok("key csr office --subject CN=x --out office.csr --force");
}

#[test]
fn what_is_no_subject_is_refused() {
    let place = Place::new();
    place.ok("key create office");
    for subject in ["", "office", "XX=1", "CN="] {
        let run = place.run(&["key", "csr", "office", "--subject", subject]);
        assert!(run.failure(64).contains("不是主体名称"), "{subject:?}");
    }
}

#[test]
fn keys_of_openssl_are_imported() {
    let place = Place::new();
    if place.openssl("genpkey -algorithm SM2 -out plain.pem").is_none() {
        return;
    }
    let openssl = |line: &str| {
        let (said, good) = place.openssl(line).unwrap();
        assert!(good, "{line}: {said}");
    };
    openssl("pkcs8 -topk8 -in plain.pem -out locked.pem -v2 aes-256-cbc -passout pass:geheim");
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.pem");
    place.write("password", "geheim\n");
    place.write("wrong", "falsch\n");
    expect![[r#"
        已导入 SM2 密钥“plain”
          编号：HEX
    "#]]
    .assert_eq(&place.ok("key import plain.pem --label plain"));
    let again = place
        .line("key import locked.pem --label again --password-file password")
        .failure(65);
    expect![[r#"
        错误：该密钥已在库中：HEX（“plain”）
    "#]]
    .assert_eq(&again);
    refused(
        &place,
        "key import locked.pem --label again --password-file wrong",
        65,
        expect![[r#"
            错误：密码错误，或密钥文件已损坏
        "#]],
    );
    refused(
        &place,
        "key import p256.pem --label p256",
        65,
        expect![[r#"
            错误：不是 SM2 密钥（算法或曲线为 1.2.840.10045.3.1.7）；电子印章须用 SM2
        "#]],
    );
    place.write("junk", "junk");
    let said = place.line("key import junk --label junk").failure(65);
    assert!(said.contains("请提供 PKCS#8 或 PKCS#12"), "{said}");
    // Where nobody can be asked for the password, that is said.
    place.write("pin", PIN);
    let line = "key import locked.pem --label again --pin-file pin";
    assert!(
        place
            .without_terminal(line)
            .failure(69)
            .contains("--password-file")
    );
}

#[test]
fn a_pkcs12_file_comes_with_its_certificates() {
    let place = Place::new();
    let lines = [
        "genpkey -algorithm SM2 -out key.pem",
        "req -x509 -new -key key.pem -subj /CN=TEST -sm3 -sigopt distid:1234567812345678 -days 10 -out cert.pem",
        "pkcs12 -export -inkey key.pem -in cert.pem -passout pass:geheim -out both.p12",
    ];
    for line in lines {
        let Some((said, good)) = place.openssl(line) else {
            return;
        };
        assert!(good, "{line}: {said}");
    }
    place.write("password", "geheim");
    expect![[r#"
        imported the SM2 key "both"
          id: HEX
          certificate: CN=TEST
    "#]]
    .assert_eq(&place.ok("--lang en key import both.p12 --label both --password-file password"));
    assert!(place.ok("key list").contains("CN=TEST"));
}

#[test]
fn only_the_certificate_of_the_key_is_attached() {
    let place = Place::with_ca();
    refused(
        &place,
        "key certify office maker.pem",
        65,
        expect![[r#"
            错误：这些证书（C=CN, O=测试市, CN=测试市电子印章制作系统 等）都不是为密钥“office”签发的
        "#]],
    );
    place.write("text", "no certificate\n");
    let said = place.line("key certify office text").failure(66);
    assert!(said.starts_with("错误：无法读取 text："), "{said}");
    // The order of the files does not matter.
    expect![[r#"
        证书已放入密钥“office”
          主体：C=CN, O=测试市测试局, CN=99010000000001
          有效期至：TIME
          上级证书：2 张
    "#]]
    .assert_eq(&place.ok("key certify office ca/trust/root.pem office.pem"));
    expect![[r#"
        attached the certificate to the key "office"
          subject: C=CN, O=测试市测试局, CN=99010000000001
          valid until: TIME
          certificates above it: 1
    "#]]
    .assert_eq(&place.ok("--lang en key certify office office.pem"));
}
