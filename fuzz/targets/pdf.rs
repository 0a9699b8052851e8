//! PDF files: read strictly or by guesswork without panic, each revision by itself; what is added to one is found in it
//! again. Nothing is said of other changes: in attack files a hidden page shares its annotations with a shown one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pdf::{
    Appearance, Document, NewSignature, Picture, SecurityStore, add_security_store,
    add_signature, changes, deflate, fields, find_words, pages, security_store, signatures, signed_revision,
    unlisted,
};

fuzz_target!(|data: &[u8]| {
    if let Ok(document) = Document::open(data) {
        look(&document);
        write(&document);
    }
    if let Ok(document) = Document::repair(data) {
        look(&document);
        assert!(add_security_store(&document, &SecurityStore::default(), b"id").is_err());
    }
});

fn look(document: &Document<'_>) {
    let _ = fields(document);
    let _ = security_store(document);
    let found = signatures(document).unwrap_or_default();
    let _ = unlisted(document.bytes(), &found);
    for signature in &found {
        let Ok(range) = signature.byte_range else { continue };
        assert!(range.hole_start < range.hole_end && range.hole_end <= range.end);
        assert!(range.end <= document.bytes().len());
        if let Ok(revision) = signed_revision(document, signature, range) {
            let _ = changes(&revision, document);
        }
    }
    for page in pages(document).unwrap_or_default().iter().take(3) {
        for area in find_words(document, page, "a").unwrap_or_default() {
            assert!(area.iter().all(|number| !number.is_nan()));
        }
    }
}

/// Evidence and a signature are added; another reading finds them.
fn write(document: &Document<'_>) {
    let evidence = SecurityStore {
        certificates: vec![b"certificate".to_vec()],
        ..SecurityStore::default()
    };
    if let Ok(added) = add_security_store(document, &evidence, b"id") {
        let bytes = [document.bytes(), &added].concat();
        let after = Document::open(&bytes).expect("what was written can be read");
        let store = security_store(&after).expect("a security store");
        assert!(store.certificates.contains(&evidence.certificates[0]));
        let _ = changes(document, &after);
    }
    let picture = Picture::Pixels {
        width: 1,
        height: 1,
        colours: deflate(&[255, 0, 0]),
        opacity: deflate(&[255]),
    };
    let signature = NewSignature {
        filter: "Test",
        sub_filter: "GM.sm2seal",
        value_bytes: 8,
        time: "D:20260615120000+08'00'",
        name: "x",
        certify: None,
        picture: &picture,
        appearances: &[Appearance {
            page: 0,
            seal: [1.0, 1.0, 9.0, 9.0],
            part: [0.0, 0.0, 9.0, 9.0],
        }],
        file_id: b"id",
    };
    let before = signatures(document).map(|found| found.len());
    if let (Ok(mut appended), Ok(before)) = (add_signature(document, &signature), before) {
        appended.fill(&[0x30, 0]).expect("room for two bytes");
        let bytes = [document.bytes(), &appended.bytes].concat();
        let after = Document::open(&bytes).expect("what was written can be read");
        if let Ok(found) = signatures(&after) {
            assert_eq!(found.len(), before + 1);
        }
        let _ = changes(document, &after);
    }
}
