//! Documents written as text: what is read, what is forgiven, what is a fault, and what is shown.

use ofd::geometry::Box;
use ofd::{
    BadCheckValue, BadLoc, FindingKind, Limits, NewListEntry, NewSignaturePart, NewStamp, Ofd, Package,
    PartKind, PartPath, Provider, Shown, SignatureKind, SignatureList, SignaturePart, Update,
    append_to_signature_list, link_signature_list, shown_parts, signature_list_path, signature_part_path,
    write_signature_part,
};
use proptest::prelude::*;

const OFD: &str = "<o:OFD xmlns:o='http://www.ofdspec.org/2016' Version='1.1' DocType='OFD'><o:DocBody>\
    <o:DocInfo><o:DocID>0123456789abcdef0123456789abcdef</o:DocID><o:Title>证照</o:Title>\
    <o:Keywords><o:Keyword>a</o:Keyword></o:Keywords>\
    <o:CustomDatas><o:CustomData Name='ZZMC'>x</o:CustomData></o:CustomDatas></o:DocInfo>\
    <o:DocRoot>\n Doc_0/Document.xml </o:DocRoot><o:Signatures>Doc_0/Signs/Signatures.xml</o:Signatures>\
    </o:DocBody></o:OFD>";
const DOCUMENT: &str = "<o:Document xmlns:o='http://www.ofdspec.org/2016'><o:CommonData><o:MaxUnitID>9</o:MaxUnitID>\
    <o:PageArea><o:PhysicalBox>0 0 210 297</o:PhysicalBox></o:PageArea><o:PublicRes>PublicRes.xml</o:PublicRes>\
    <o:TemplatePage ID='5' BaseLoc='Tpls/used.xml'/><o:TemplatePage ID='6' BaseLoc='Tpls/idle.xml'/></o:CommonData>\
    <o:Pages><o:Page ID='1' BaseLoc='Pages/1.xml'/><o:Page ID='2' BaseLoc='Pages/2.xml'/></o:Pages>\
    <o:Permissions><o:Signature>false</o:Signature><o:ValidPeriod EndDate='2030-01-01'/></o:Permissions>\
    <o:Annotations>Annots.xml</o:Annotations><o:Attachments>Attachs.xml</o:Attachments>\
    <o:CustomTags>Tags.xml</o:CustomTags><o:Extensions>Ext.xml</o:Extensions></o:Document>";

/// Parts of a sound document, unsigned.
fn parts() -> Vec<(&'static str, String)> {
    let ns = "xmlns:o='http://www.ofdspec.org/2016'";
    [
        ("OFD.xml", OFD.to_owned()),
        ("Doc_0/Document.xml", DOCUMENT.to_owned()),
        (
            "Doc_0/PublicRes.xml",
            format!(
                "<o:Res {ns} BaseLoc='Res'><o:Fonts><o:Font ID='7'><o:FontFile>f.ttf</o:FontFile></o:Font></o:Fonts>\
                 <o:MultiMedias><o:MultiMedia ID='8'><o:MediaFile>i.png</o:MediaFile></o:MultiMedia></o:MultiMedias>\
                 <o:ColorSpaces><o:ColorSpace ID='9' Profile='/Doc_0/Res/c.icc'/></o:ColorSpaces></o:Res>"
            ),
        ),
        ("Doc_0/Res/f.ttf", "font".to_owned()),
        ("Doc_0/Res/i.png", "image".to_owned()),
        ("Doc_0/Res/c.icc", "profile".to_owned()),
        ("Doc_0/Tpls/used.xml", format!("<o:Page {ns}/>")),
        ("Doc_0/Tpls/idle.xml", format!("<o:Page {ns}/>")),
        (
            "Doc_0/Pages/1.xml",
            format!(
                "<o:Page {ns}><o:Area><o:PhysicalBox>0 0 100 50</o:PhysicalBox></o:Area><o:Template TemplateID='5'/>\
                 <o:PageRes>../PageRes.xml</o:PageRes><o:Content/></o:Page>"
            ),
        ),
        ("Doc_0/Pages/2.xml", format!("<o:Page {ns}><o:Content/></o:Page>")),
        (
            "Doc_0/PageRes.xml",
            format!(
                "<o:Res {ns}><o:MultiMedias><o:MultiMedia ID='3'><o:MediaFile>Res/p.jpg</o:MediaFile>\
                 </o:MultiMedia></o:MultiMedias></o:Res>"
            ),
        ),
        ("Doc_0/Res/p.jpg", "photo".to_owned()),
        (
            "Doc_0/Annots.xml",
            format!("<o:Annotations {ns}><o:Page PageID='1'><o:FileLoc>A1.xml</o:FileLoc></o:Page></o:Annotations>"),
        ),
        ("Doc_0/A1.xml", "<o/>".to_owned()),
        (
            "Doc_0/Attachs.xml",
            format!("<o:Attachments {ns}><o:Attachment ID='1'><o:FileLoc>x.xls</o:FileLoc></o:Attachment></o:Attachments>"),
        ),
        ("Doc_0/x.xls", "table".to_owned()),
        (
            "Doc_0/Tags.xml",
            format!(
                "<o:CustomTags {ns}><o:CustomTag><o:SchemaLoc>t.xsd</o:SchemaLoc><o:FileLoc>t.xml</o:FileLoc>\
                 </o:CustomTag></o:CustomTags>"
            ),
        ),
        ("Doc_0/t.xsd", "<s/>".to_owned()),
        ("Doc_0/t.xml", "<t/>".to_owned()),
        (
            "Doc_0/Ext.xml",
            format!("<o:Extensions {ns}><o:Extension><o:ExtendData>e.dat</o:ExtendData></o:Extension></o:Extensions>"),
        ),
        ("Doc_0/e.dat", "data".to_owned()),
    ]
    .into()
}

fn path(name: &str) -> PartPath {
    PartPath::new(name).unwrap()
}

fn package(parts: &[(&str, String)]) -> Package {
    let empty = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    let empty = Package::open(empty, Limits::default()).unwrap();
    let mut update = Update::new(&empty);
    for (name, text) in parts {
        update.put(path(name), text.as_bytes()).unwrap();
    }
    written(&update)
}

fn written(update: &Update<'_>) -> Package {
    let mut bytes = Vec::new();
    update.write(&mut bytes).unwrap();
    Package::open(bytes, Limits::default()).unwrap()
}

/// The parts with one of them changed.
fn with(name: &'static str, from: &str, to: &str) -> Vec<(&'static str, String)> {
    let mut parts = parts();
    let (_, text) = parts.iter_mut().find(|(known, _)| *known == name).unwrap();
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1);
    parts
}

fn shown(package: &Package) -> Shown {
    shown_parts(package, &Ofd::read(package).unwrap(), &[]).unwrap()
}

#[test]
fn sound_document() {
    let package = package(&parts());
    let ofd = Ofd::read(&package).unwrap();
    assert_eq!(
        (ofd.version.as_deref(), ofd.doc_type.as_deref()),
        (Some("1.1"), Some("OFD"))
    );
    let [body] = ofd.bodies.as_slice() else {
        panic!("one body")
    };
    assert_eq!(body.info.title.as_deref(), Some("证照"));
    assert_eq!(body.info.keywords, ["a"]);
    assert_eq!(body.info.custom_data, [("ZZMC".to_owned(), "x".to_owned())]);
    let kinds: Vec<_> = ofd.findings.iter().map(|finding| finding.kind).collect();
    assert_eq!(kinds, [FindingKind::Link], "white space around DocRoot");
    let document = body.document.as_ref().unwrap();
    assert_eq!(document.max_unit_id, Some(9));
    assert!(document.faults.is_empty() && body.faults.is_empty());
    assert!(!document.permissions.sign && document.permissions.print);
    assert_eq!(document.permissions.valid_to.as_deref(), Some("2030-01-01"));
    let boxes: Vec<_> = document
        .pages
        .iter()
        .map(|page| page.physical_box.unwrap())
        .collect();
    assert_eq!(
        boxes,
        [Box::new(0.0, 0.0, 100.0, 50.0), Box::new(0.0, 0.0, 210.0, 297.0)]
    );
    assert_eq!(document.page(2).map(|(number, _)| number), Some(1));
}

#[test]
fn everything_that_is_shown_is_found() {
    let mut all = parts();
    all.push(("Doc_0/stray.xml", "<x/>".to_owned()));
    let package = package(&all);
    let found = shown(&package);
    let kinds: Vec<_> = found
        .parts
        .iter()
        .map(|part| (part.kind, part.path.as_str()))
        .collect();
    let expected = [
        (PartKind::Entry, "/OFD.xml"),
        (PartKind::Document, "/Doc_0/Document.xml"),
        (PartKind::Page, "/Doc_0/Pages/1.xml"),
        (PartKind::Page, "/Doc_0/Pages/2.xml"),
        (PartKind::Template, "/Doc_0/Tpls/used.xml"),
        (PartKind::UnusedTemplate, "/Doc_0/Tpls/idle.xml"),
        (PartKind::Resource, "/Doc_0/PublicRes.xml"),
        (PartKind::Font, "/Doc_0/Res/f.ttf"),
        (PartKind::Media, "/Doc_0/Res/i.png"),
        (PartKind::ColorProfile, "/Doc_0/Res/c.icc"),
        (PartKind::Resource, "/Doc_0/PageRes.xml"),
        (PartKind::Media, "/Doc_0/Res/p.jpg"),
        (PartKind::Annotations, "/Doc_0/Annots.xml"),
        (PartKind::PageAnnotations, "/Doc_0/A1.xml"),
        (PartKind::Attachments, "/Doc_0/Attachs.xml"),
        (PartKind::Attachment, "/Doc_0/x.xls"),
        (PartKind::CustomTags, "/Doc_0/Tags.xml"),
        (PartKind::Tag, "/Doc_0/t.xml"),
        (PartKind::TagSchema, "/Doc_0/t.xsd"),
        (PartKind::Extensions, "/Doc_0/Ext.xml"),
        (PartKind::ExtensionData, "/Doc_0/e.dat"),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(found.parts[10].holder, path("/Doc_0/Pages/1.xml"));
    assert_eq!(found.stray, [path("/Doc_0/stray.xml")]);
    assert!(found.broken.is_empty() && found.faults.is_empty());
}

#[test]
fn versions_are_shown_too() {
    let versions =
        "<o:Versions><o:Version ID='v1' Index='1' Current='true' BaseLoc='Doc_0/V1.xml'/></o:Versions>";
    let mut all = with("OFD.xml", "<o:Signatures>", &format!("{versions}<o:Signatures>"));
    all.push((
        "Doc_0/V1.xml",
        "<DocVersion ID='v1'><FileList><File ID='1'>x.xls</File><File ID='2'>gone.xml</File></FileList>\
         <DocRoot>Document_1.xml</DocRoot></DocVersion>"
            .to_owned(),
    ));
    all.push((
        "Doc_0/Document_1.xml",
        DOCUMENT.replace("Pages/2.xml", "Pages/other.xml"),
    ));
    all.push(("Doc_0/Pages/other.xml", "<Page/>".to_owned()));
    let package = package(&all);
    let ofd = Ofd::read(&package).unwrap();
    let version = &ofd.bodies[0].versions[0];
    assert!(version.current && version.fault.is_none());
    assert_eq!(
        version.document.as_ref().unwrap().as_ref().unwrap().pages.len(),
        2
    );
    let found = shown(&package);
    let kind = |name| {
        found
            .parts
            .iter()
            .find(|part| part.path == path(name))
            .map(|part| part.kind)
    };
    assert_eq!(kind("/Doc_0/V1.xml"), Some(PartKind::Version));
    assert_eq!(kind("/Doc_0/Document_1.xml"), Some(PartKind::Document));
    assert_eq!(kind("/Doc_0/Pages/other.xml"), Some(PartKind::Page));
    assert_eq!(found.broken.len(), 1);
    assert_eq!(found.broken[0].kind, PartKind::VersionFile);
    assert_eq!(found.broken[0].why, BadLoc::Missing(path("/Doc_0/gone.xml")));
}

#[test]
fn broken_body_is_a_fault_and_the_others_are_read() {
    let second = "<o:DocBody><o:DocRoot>Doc_9/Document.xml</o:DocRoot></o:DocBody></o:OFD>";
    let package = package(&with("OFD.xml", "</o:OFD>", second));
    let ofd = Ofd::read(&package).unwrap();
    assert!(ofd.bodies[0].document.is_ok());
    assert_eq!(ofd.bodies[1].document.as_ref().unwrap_err().code(), "SCHEMA");
    assert_eq!(shown(&package).broken.len(), 1);
}

#[test]
fn broken_parts_are_faults() {
    let page = package(&with("Doc_0/Pages/1.xml", "</o:Area>", ""));
    let found = shown(&page);
    assert_eq!(found.faults[0].code(), "XML_MALFORMED");
    assert_eq!(found.faults[0].part(), Some(&path("/Doc_0/Pages/1.xml")));

    let dtd = package(&with(
        "Doc_0/Document.xml",
        "<o:Document",
        "<!DOCTYPE x []><o:Document",
    ));
    assert_eq!(
        Ofd::read(&dtd).unwrap().bodies[0]
            .document
            .as_ref()
            .unwrap_err()
            .code(),
        "XML_DTD"
    );
    let dtd = package(&with("OFD.xml", "<o:OFD", "<!DOCTYPE x []><o:OFD"));
    assert_eq!(Ofd::read(&dtd).unwrap_err().code(), "XML_DTD");
    let dtd = package(&with("Doc_0/PublicRes.xml", "<o:Res", "<!DOCTYPE x []><o:Res"));
    assert_eq!(shown(&dtd).faults[0].code(), "XML_DTD");
    let none = package(&[("Doc_0/Document.xml", DOCUMENT.to_owned())]);
    assert_eq!(Ofd::read(&none).unwrap_err().code(), "PART_MISSING");
}

#[test]
fn what_readers_would_guess_about_is_a_fault() {
    let check = |name, from: &str, to: &str| {
        let package = package(&with(name, from, to));
        let ofd = Ofd::read(&package).unwrap();
        let body = &ofd.bodies[0];
        let inner = body.document.as_ref().map_or(0, |document| document.faults.len());
        assert_eq!(body.faults.len() + inner, 1, "{to}");
    };
    check(
        "OFD.xml",
        "<o:Signatures>",
        "<o:DocRoot>Doc_1/Document.xml</o:DocRoot><o:Signatures>",
    );
    check(
        "OFD.xml",
        "</o:DocBody>",
        "<o:Signatures>/a</o:Signatures></o:DocBody>",
    );
    check("Doc_0/Document.xml", "</o:Document>", "<o:Pages/></o:Document>");
    check("Doc_0/Document.xml", "<o:Page ID='2'", "<o:Page ID='1'");
    check("Doc_0/Document.xml", "<o:Page ID='2'", "<o:Page");
    check("Doc_0/Document.xml", "<o:Page ID='2'", "<o:Page ID='two'");
    check("Doc_0/Document.xml", "<o:Signature>false", "<o:Signature>maybe");
}

#[test]
fn limits_on_counts() {
    let package = package(&parts());
    let mut bytes = Vec::new();
    Update::new(&package).write(&mut bytes).unwrap();
    let read = |limits| {
        let package = Package::open(bytes.clone(), limits).unwrap();
        Ofd::read(&package)
            .and_then(|ofd| shown_parts(&package, &ofd, &[]))
            .map_err(|error| error.code())
    };
    assert!(read(Limits::default()).is_ok());
    assert_eq!(
        read(Limits {
            pages_max: 1,
            ..Limits::default()
        })
        .unwrap_err(),
        "LIMIT"
    );
    assert_eq!(
        read(Limits {
            links_max: 5,
            ..Limits::default()
        })
        .unwrap_err(),
        "LIMIT"
    );
    assert_eq!(
        read(Limits {
            bodies_max: 0,
            ..Limits::default()
        })
        .unwrap_err(),
        "LIMIT"
    );
    assert_eq!(
        read(Limits {
            xml_total_bytes_max: 1000,
            ..Limits::default()
        })
        .unwrap_err(),
        "LIMIT"
    );
}

/// A signature as it is made: OFD.xml is linked, then the part is written, then the list.
fn signed() -> Package {
    let base = package(&with(
        "OFD.xml",
        "<o:Signatures>Doc_0/Signs/Signatures.xml</o:Signatures>",
        "",
    ));
    let limits = Limits::default();
    let list = signature_list_path(&path("/Doc_0/Document.xml"));
    assert_eq!(list, path("/Doc_0/Signs/Signatures.xml"));
    let mut update = Update::new(&base);
    let root = base.read(&PartPath::root()).unwrap();
    update
        .replace(
            &PartPath::root(),
            link_signature_list(&root, 0, &list, &limits).unwrap(),
        )
        .unwrap();
    let places = ["Signature.xml", "Seal.esl", "SignedValue.dat"];
    let [part, seal, value] = places.map(|name| signature_part_path(&base, &list, name));
    assert_eq!(part, path("/Doc_0/Signs/Sign_0/Signature.xml"));
    let provider = Provider {
        name: Some("印信 & Co".to_owned()),
        version: Some("1".to_owned()),
        ..Provider::default()
    };
    let references = [
        (PartPath::root(), &[1_u8; 32][..]),
        (path("/Doc_0/Document.xml"), &[2; 32]),
    ];
    let stamps = [
        NewStamp {
            page_ref: 1,
            boundary: Box::new(140.0, 230.5, 42.0, 42.0),
            clip: None,
        },
        NewStamp {
            page_ref: 2,
            boundary: Box::new(168.0, 100.0, 42.0, 42.0),
            clip: Some(Box::new(0.0, 0.0, 21.0, 42.0)),
        },
    ];
    let xml = write_signature_part(&NewSignaturePart {
        provider: &provider,
        method: "1.2.156.10197.1.501",
        date_time: "20260101000000Z",
        check_method: "1.2.156.10197.1.401",
        references: &references,
        stamps: &stamps,
        seal: Some(&seal),
        signed_value: &value,
    });
    update.add(part.clone(), xml).unwrap();
    update.add(seal, *b"seal").unwrap();
    update.add(value, *b"value").unwrap();
    let entry = NewListEntry {
        kind: SignatureKind::Seal,
        base_loc: &part,
        relative: None,
    };
    let (xml, id) = append_to_signature_list(None, &entry, &limits).unwrap();
    assert_eq!(id, "s001");
    update.add(list, xml).unwrap();
    written(&update)
}

fn list(package: &Package) -> SignatureList {
    let ofd = Ofd::read(package).unwrap();
    let link = ofd.bodies[0].signatures.as_ref().unwrap();
    SignatureList::read(package, link.path().unwrap()).unwrap()
}

#[test]
fn what_is_written_reads_back() {
    let package = signed();
    let list = list(&package);
    assert_eq!(list.max_sign_id.as_deref(), Some("1"));
    assert!(list.faults.is_empty() && list.findings.is_empty());
    let [entry] = list.entries.as_slice() else {
        panic!("one signature")
    };
    assert_eq!(
        (entry.id.as_str(), entry.kind),
        ("s001", Some(SignatureKind::Seal))
    );
    let part = entry.part.as_ref().unwrap();
    assert!(part.faults.is_empty());
    assert_eq!(part.provider.name.as_deref(), Some("印信 & Co"));
    assert_eq!(part.method.as_deref(), Some("1.2.156.10197.1.501"));
    assert_eq!(part.check_method.as_deref(), Some("1.2.156.10197.1.401"));
    assert_eq!(part.date_time.as_deref(), Some("20260101000000Z"));
    assert_eq!(part.references.len(), 2);
    assert_eq!(part.references[0].file_ref.path(), Some(&PartPath::root()));
    assert_eq!(part.references[1].check_value.as_deref(), Ok(&[2; 32][..]));
    assert_eq!(part.stamps[0].boundary, Some(Box::new(140.0, 230.5, 42.0, 42.0)));
    assert_eq!(part.stamps[1].clip, Some(Box::new(0.0, 0.0, 21.0, 42.0)));
    assert_eq!(
        (part.stamps[1].id.as_deref(), part.stamps[1].page_ref),
        (Some("s002"), Some(2))
    );
    assert_eq!(
        part.seal.as_ref().unwrap().path(),
        Some(&path("/Doc_0/Signs/Sign_0/Seal.esl"))
    );
    assert_eq!(
        part.signed_value.as_ref().unwrap().path(),
        Some(&path("/Doc_0/Signs/Sign_0/SignedValue.dat"))
    );
    let next = signature_part_path(&package, &list.path, "Signature.xml");
    assert_eq!(next, path("/Doc_0/Signs/Sign_1/Signature.xml"));

    let shown = shown_parts(&package, &Ofd::read(&package).unwrap(), &[list]).unwrap();
    assert!(shown.stray.is_empty());
    assert_eq!(shown.plumbing.len(), 4);
}

#[test]
fn stripped_signature_is_noticed() {
    let package = signed();
    let mut update = Update::new(&package);
    let list = path("/Doc_0/Signs/Signatures.xml");
    update
        .replace(&list, *b"<Signatures><MaxSignId>1</MaxSignId></Signatures>")
        .unwrap();
    let stripped = written(&update);
    let ofd = Ofd::read(&stripped).unwrap();
    let lists = [SignatureList::read(&stripped, &list).unwrap()];
    let shown = shown_parts(&stripped, &ofd, &lists).unwrap();
    assert_eq!(shown.unlisted_signatures().count(), 3);
}

/// The signature part with a change; the list is as it was.
fn changed(from: &str, to: &str) -> Result<SignaturePart, ofd::Error> {
    let package = signed();
    let part = path("/Doc_0/Signs/Sign_0/Signature.xml");
    let text = String::from_utf8(package.read(&part).unwrap().to_vec()).unwrap();
    assert!(text.contains(from), "{from}");
    let mut update = Update::new(&package);
    update.replace(&part, text.replacen(from, to, 1)).unwrap();
    SignaturePart::read(&written(&update), &part)
}

#[test]
fn doubtful_signature_parts_have_faults() {
    let count = |from: &str, to: &str| changed(from, to).unwrap().faults.len();
    assert_eq!(
        count("</ofd:SignedInfo>", "</ofd:SignedInfo><ofd:SignedInfo/>"),
        1
    );
    assert_eq!(
        count("</ofd:References>", "</ofd:References><ofd:References/>"),
        1
    );
    assert_eq!(
        count("FileRef=\"/Doc_0/Document.xml\"", "FileRef=\"OFD.xml\""),
        1,
        "the same part in other words"
    );
    assert_eq!(count("FileRef=\"/Doc_0/Document.xml\"", ""), 1);
    assert_eq!(count("PageRef=\"1\"", ""), 1);
    assert_eq!(count("PageRef=\"1\"", "PageRef=\"one\""), 1);
    assert_eq!(count("140 230.5 42 42", "140 230.5 42"), 1);
    assert_eq!(count("<ofd:Seal>", "<ofd:Seal/><ofd:Seal>"), 1);
    assert_eq!(
        count(
            "<ofd:SignedValue>/Doc_0/Signs/Sign_0/SignedValue.dat</ofd:SignedValue>",
            ""
        ),
        1
    );
}

#[test]
fn deviations_of_signature_parts_are_forgiven() {
    let part = changed("CheckMethod=\"1.2.156.10197.1.401\"", "").unwrap();
    assert_eq!(part.check_method, None, "GB/T 33190 reads this as MD5");
    let part = changed(
        "<ofd:Provider ProviderName=\"印信 &amp; Co\"",
        "<ofd:Provider><ofd:ProviderName>dms</ofd:ProviderName></ofd:Provider><ofd:Other a=\"\"",
    )
    .unwrap();
    assert_eq!(part.provider.name.as_deref(), Some("dms"));
    let part = changed("/Doc_0/Signs/Sign_0/SignedValue.dat", " SignedValue.dat\n").unwrap();
    assert_eq!(
        part.signed_value.unwrap().path(),
        Some(&path("/Doc_0/Signs/Sign_0/SignedValue.dat"))
    );
    let part = changed("FileRef=\"/OFD.xml\"", "FileRef=\"../../../../etc/hostname\"").unwrap();
    assert_eq!(part.references[0].file_ref.target, Err(BadLoc::Escapes));
    assert!(part.faults.is_empty());
}

#[test]
fn check_values() {
    let value = |to: &str| {
        changed("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", to)
            .unwrap()
            .references[0]
            .check_value
            .clone()
    };
    assert_eq!(
        value("AQEB\n AQ"),
        Ok(vec![1; 4]),
        "white space and missing padding"
    );
    assert_eq!(value(""), Err(BadCheckValue::Missing));
    assert_eq!(value("AQE*"), Err(BadCheckValue::NotBase64));
    assert_eq!(
        value("AQ==</ofd:CheckValue><ofd:CheckValue>AQ=="),
        Err(BadCheckValue::Repeated)
    );
}

#[test]
fn more_references_than_parts_are_refused() {
    let many = "<ofd:Reference FileRef=\"/OFD.xml\"/>".repeat(18_000);
    let error = changed("</ofd:References>", &format!("{many}</ofd:References>")).unwrap_err();
    assert_eq!(error.code(), "LIMIT");
}

#[test]
fn faults_of_lists() {
    let package = signed();
    let path = path("/Doc_0/Signs/Signatures.xml");
    let check = |text: &str, faults: usize, findings: usize| {
        let mut update = Update::new(&package);
        update.replace(&path, text).unwrap();
        let list = SignatureList::read(&written(&update), &path).unwrap();
        assert_eq!(
            (list.faults.len(), list.findings.len()),
            (faults, findings),
            "{text}"
        );
        list
    };
    let ns = "xmlns='http://www.ofdspec.org/2016'";
    let one = "BaseLoc='Sign_0/Signature.xml'";
    let list = check(
        &format!("<Signatures {ns}><Signature ID='1' {one}/></Signatures>"),
        0,
        1,
    );
    assert_eq!(list.entries[0].kind, None);
    let sign = check(
        &format!("<Signatures {ns}><Signature ID='1' Type='Sign' Relative='0' {one}/></Signatures>"),
        0,
        0,
    );
    assert_eq!(
        (sign.entries[0].kind, sign.entries[0].relative.as_deref()),
        (Some(SignatureKind::Sign), Some("0"))
    );
    check(
        &format!("<Signatures {ns}><Signature ID='1' Type='Stamp' {one}/></Signatures>"),
        1,
        0,
    );
    check(
        &format!("<Signatures {ns}><Signature Type='Seal' {one}/></Signatures>"),
        1,
        0,
    );
    let twice = format!("<Signature ID='1' Type='Seal' {one}/>").repeat(2);
    check(&format!("<Signatures {ns}>{twice}</Signatures>"), 2, 0);
    let gone = check(
        &format!("<Signatures {ns}><Signature ID='1' Type='Seal' BaseLoc='/no.xml'/></Signatures>"),
        0,
        0,
    );
    assert_eq!(gone.entries[0].part.as_ref().unwrap_err().code(), "PART_MISSING");
    check("<o:Signatures xmlns:o='http://www.ofdspec.org'/>", 0, 1);
    check("<Signatures/>", 0, 1);
}

/// Reads everything there is; what it says does not matter.
fn read_all(package: &Package) {
    let Ok(ofd) = Ofd::read(package) else { return };
    let links = ofd
        .bodies
        .iter()
        .filter_map(|body| body.signatures.as_ref()?.path());
    let lists: Vec<_> = links
        .filter_map(|path| SignatureList::read(package, path).ok())
        .collect();
    if let Ok(shown) = shown_parts(package, &ofd, &lists) {
        // Whatever was mutated, no part is lost: it is shown, serves a signature, or is stray.
        let mut all: Vec<_> = shown.parts.into_iter().map(|part| part.path).collect();
        all.extend(shown.plumbing);
        all.extend(shown.stray);
        all.sort();
        let mut expected: Vec<_> = package.parts().map(|entry| entry.path().clone()).collect();
        expected.sort();
        assert_eq!(all, expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn mutated_documents_are_read_without_panic(
        part in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        length in 0..40_usize,
        splice in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..8),
            "[<>/'\"=& ]{0,4}".prop_map(String::into_bytes),
            Just(b"<o:DocRoot>/OFD.xml</o:DocRoot>".to_vec()),
            Just(b"<o:Res/>".to_vec()),
            Just(b"BaseLoc='/OFD.xml'".to_vec()),
            Just(b"../../".to_vec()),
        ],
    ) {
        let package = signed();
        let names: Vec<_> = package.parts().map(|entry| entry.path().clone()).collect();
        let name = &names[part.index(names.len())];
        let mut bytes = package.read(name).unwrap().to_vec();
        let start = place.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, splice);
        let mut update = Update::new(&package);
        update.replace(name, bytes).unwrap();
        read_all(&written(&update));
    }
}
