//! `yinxin sample`.

use expect_test::expect;
use ofd::{Limits, Ofd, Package, PartPath};
use ses::{PictureFormat, pixel_size};

use crate::support::Place;

#[test]
fn a_document_and_a_picture_are_written_once() {
    let place = Place::new();
    expect![[r#"
        样例文档：new/sample.ofd（2 页，关键字“盖章处”）
        样例印章图像：new/seal.png（直径 42 mm，600 dpi，仅供测试）
    "#]]
    .assert_eq(&place.ok("sample new"));
    assert!(place.line("sample new").failure(65).contains("--force"));
    expect![[r#"
        sample document: new/sample.ofd (2 pages, keyword 盖章处)
        sample picture of a seal: new/seal.png (42 mm across, 600 dpi, for tests only)
    "#]]
    .assert_eq(&place.ok("--lang en sample new --force"));
    place.write("file", "");
    assert!(place.line("sample file").failure(73).contains("无法写入 file"));
}

#[test]
fn the_document_reads_without_faults_and_has_the_keyword_on_its_last_page() {
    let place = Place::new();
    place.ok("sample .");
    let package = Package::open(place.read("sample.ofd"), Limits::default()).unwrap();
    let ofd = Ofd::read(&package).unwrap();
    let document = ofd.bodies[0].document.as_ref().unwrap();
    assert!(ofd.faults.is_empty() && ofd.findings.is_empty() && document.faults.is_empty());
    let hits: Vec<usize> = document
        .pages
        .iter()
        .map(|page| {
            let part: &PartPath = page.loc.path().unwrap();
            let page = ofd::page::PageContent::read(&package.read(part).unwrap(), package.limits()).unwrap();
            ofd::text::find(&page, &[], "盖章处").len()
        })
        .collect();
    assert_eq!(hits, [0, 1]);
}

#[test]
fn the_picture_is_small_transparent_and_says_its_size() {
    let place = Place::new();
    place.ok("sample .");
    let picture = place.read("seal.png");
    assert_eq!(
        (PictureFormat::sniff(&picture), pixel_size(&picture)),
        (Some(PictureFormat::Png), Some((992, 992)))
    );
    assert!(picture.len() < 100_000, "{}", picture.len());
    let reader = png::Decoder::new(std::io::Cursor::new(&picture))
        .read_info()
        .unwrap();
    let info = reader.info();
    assert_eq!(
        info.pixel_dims.map(|dims| (dims.xppu, dims.yppu)),
        Some((23622, 23622))
    );
    assert!(info.trns.is_some());
}
