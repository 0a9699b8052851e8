//! A batch on the pages: many files in one form, one decision, one PIN, a result for each.

use crate::web::{PARTS, field};
use crate::world::{PIN, SEAL, Who, World, id, ofd};

const NAMES: [&str; 5] = ["示例单位", "发布通知", "公文", "合同", "通知"];

/// A form with several files.
fn body(fields: &[(&str, &str)], files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(
            format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    for (name, bytes) in files {
        let head =
            format!("--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        body.extend(head.bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--XX--\r\n");
    body
}

#[test]
fn r51_a_batch_goes_from_the_form_to_its_sealed_documents() {
    let world = World::with_policy();
    let agent = world.desk(Who::Agent);
    let form = agent.page("/uses/batch", &NAMES);
    let (token, once, seal) = (field(&form, "token"), field(&form, "once"), id(SEAL).to_string());
    let cookie = format!("yinxin={}", Who::Agent.token());
    let send = |once: &str, brought: &str, x_mm: &str, files: &[(&str, Vec<u8>)]| {
        let fields = [
            ("token", token.as_str()),
            ("once", once),
            ("brought", brought),
            ("seal", &seal),
            ("purpose", "发布通知"),
            ("document_type", "official_document"),
            ("place", "point"),
            ("page", "1"),
            ("x_mm", x_mm),
            ("y_mm", "200"),
            ("unclassified", "yes"),
        ];
        world.server.post(
            "/uses/batch",
            &[PARTS, ("cookie", &cookie)],
            &body(&fields, files),
        )
    };
    let three: Vec<_> = (1..=3)
        .map(|number| ("通知.ofd", ofd(&format!("第{number}号通知"))))
        .collect();
    let none = send("a", "", "100", &[]);
    assert_eq!(none.status, 400);
    assert!(none.text().contains("请选择 1 至"), "{}", none.text());
    let junk = send("b", "", "100", &[("坏.ofd", b"junk".to_vec())]);
    assert!(
        junk.status >= 400 && junk.text().contains("“坏.ofd”："),
        "{}",
        junk.text()
    );
    // What was uploaded and typed stays when a field is wrong.
    let wrong = send("c", "", "left", &three);
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    assert!(wrong.text().contains("已上传 3 份") && wrong.text().contains("value=\"发布通知\""));
    let brought = field(wrong.text(), "brought");
    let asked = send(&once, &brought, "100", &[]);
    assert_eq!(asked.status, 303, "{}", asked.text());
    let place = asked.header("location").unwrap().to_owned();
    let approver = world.desk(Who::Approver);
    let page = approver.page(&place, &NAMES);
    assert!(
        page.contains("查看第 3 份") && page.contains("您的决定"),
        "{page}"
    );
    let item = approver.page(&format!("{place}/items/2"), &NAMES);
    assert!(
        item.contains("第 3 份，共 3 份") && item.contains("虚线框为盖章位置"),
        "{item}"
    );
    let picture = approver.get(&format!("{place}/items/2/pages/1"));
    assert!(picture.text().contains("盖章位置"));
    let binding = [
        ("document", field(&page, "document")),
        ("placement", field(&page, "placement").replace("&quot;", "\"")),
    ];
    let binding: Vec<_> = binding
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    approver.done(&place, &format!("{place}/approve"), &binding);
    let custodian = world.desk(Who::Custodian);
    assert!(custodian.page(&place, &NAMES).contains("还有 3 份"));
    let stamp = format!("{place}/batch");
    let wrong = custodian.send(&place, &stamp, &[("pin", "wrong horse")]);
    assert!(wrong.status >= 400 && wrong.text().contains("role=\"alert\""));
    custodian.done(&place, &stamp, &[("pin", PIN)]);
    let mut page = String::new();
    for _ in 0..400 {
        page = custodian.get(&place).text().to_owned();
        if page.contains("全部 3 份已盖章") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(25));
    }
    assert!(
        page.contains("全部 3 份已盖章") && page.matches(">下载<").count() == 3,
        "{page}"
    );
    let link = page
        .split("href=\"")
        .find(|part| part.contains("/sealed\""))
        .unwrap();
    let sealed = custodian.get(link.split('"').next().unwrap());
    assert_eq!((sealed.status, &sealed.body[..2]), (200, &b"PK"[..]));
    custodian.page(&place, &NAMES);
    assert!(
        custodian
            .page(&format!("{place}/items/0"), &NAMES)
            .contains("已盖章文件第 1 页")
    );
    // Nobody of another unit looks at it.
    for place in [
        place.clone(),
        format!("{place}/items/0"),
        format!("{place}/items/0/pages/1"),
    ] {
        assert_eq!(world.desk(Who::Stranger).get(&place).status, 404, "{place}");
    }
}
