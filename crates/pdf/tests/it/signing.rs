//! A signature added to a file: nothing else changes, whatever the file is made of.

use pdf::{
    Appearance, ChangeKind, Document, Error, NewSignature, Object, Picture, add_signature, changes, deflate,
    places, signatures, signed_revision,
};

use crate::corpus::files;
use crate::made::{form, signed};

fn picture() -> Picture {
    Picture::Pixels {
        width: 2,
        height: 1,
        colours: deflate(&[255, 0, 0, 255, 0, 0]),
        opacity: deflate(&[255, 0]),
    }
}

/// The file with a signature added at these places; the value is no cryptography.
fn add(document: &Document<'_>, appearances: &[Appearance], certify: Option<u8>) -> Result<Vec<u8>, Error> {
    let picture = picture();
    let mut appended = add_signature(
        document,
        &NewSignature {
            filter: "Test",
            sub_filter: "GM.sm2seal",
            value_bytes: 64,
            time: "D:20260615120000+08'00'",
            name: "测试",
            certify,
            picture: &picture,
            appearances,
            file_id: &[7; 16],
        },
    )?;
    appended.fill(&[0x30, 0x03, 0x02, 0x01, 0x05])?;
    assert!(
        matches!(appended.fill(&[0; 65]), Err(Error::Limit { .. })),
        "there is room for 64 bytes"
    );
    let bytes = [document.bytes(), &appended.bytes].concat();
    let [zero, start, end, length] = appended.byte_range();
    assert_eq!((zero, end + length), (0, bytes.len()));
    assert_eq!((bytes[start], bytes[end - 1]), (b'<', b'>'));
    Ok(bytes)
}

fn at(page: usize) -> Appearance {
    Appearance {
        page,
        seal: [20.0, 30.0, 40.0, 40.0],
        part: [0.0, 0.0, 40.0, 40.0],
    }
}

/// The kinds of changes between two files, one the beginning of the other.
fn kinds(before: &[u8], after: &[u8]) -> Vec<ChangeKind> {
    let (before, after) = (Document::open(before).unwrap(), Document::open(after).unwrap());
    let mut kinds: Vec<_> = changes(&before, &after)
        .unwrap()
        .into_iter()
        .map(|change| change.kind)
        .collect();
    kinds.dedup();
    kinds
}

#[test]
fn a_signature_is_all_that_is_added() {
    let made = form();
    let document = Document::open(&made.bytes).unwrap();
    let bytes = add(&document, &[at(0), at(0)], None).unwrap();
    assert_eq!(kinds(&made.bytes, &bytes), [ChangeKind::SignatureAdded]);
    let after = Document::open(&bytes).unwrap();
    let found = signatures(&after).unwrap();
    assert_eq!(found.len(), 1);
    let range = found[0].byte_range.unwrap();
    assert_eq!(range.end, bytes.len());
    assert!(signed_revision(&after, &found[0], range).is_ok());
    let seen = places(&after, &found[0].widgets);
    assert_eq!(seen.len(), 2);
    for place in seen {
        assert_eq!(place.page, Some(0));
        assert!(
            place
                .seen
                .iter()
                .zip([20.0, 30.0, 40.0, 40.0])
                .all(|(found, put)| (found - put).abs() < 0.01)
        );
    }
}

#[test]
fn certifying_is_read_back() {
    let made = form();
    let bytes = add(&Document::open(&made.bytes).unwrap(), &[at(0)], Some(1)).unwrap();
    let after = Document::open(&bytes).unwrap();
    let found = signatures(&after).unwrap();
    assert_eq!(found[0].permits, Some(1));
    let catalog = after.catalog().unwrap();
    let permissions = after.get(&catalog, "Perms").unwrap().unwrap();
    let by = permissions
        .as_dictionary()
        .unwrap()
        .get("DocMDP")
        .and_then(Object::as_reference);
    assert_eq!(by, found[0].id);
}

#[test]
fn the_second_signature_has_another_name() {
    let made = signed("");
    let first = add(&Document::open(&made.bytes).unwrap(), &[at(0)], None).unwrap();
    let second = add(&Document::open(&first).unwrap(), &[at(0)], None).unwrap();
    let names: Vec<String> = signatures(&Document::open(&second).unwrap())
        .unwrap()
        .into_iter()
        .map(|found| found.field)
        .collect();
    assert_eq!(names, ["Seal", "Seal1", "Seal2"]);
}

#[test]
fn pages_that_are_not_there_and_files_that_are_damaged() {
    let made = form();
    let document = Document::open(&made.bytes).unwrap();
    assert!(matches!(
        add(&document, &[at(1)], None),
        Err(Error::Structure { .. })
    ));
    let repaired = Document::repair(&made.bytes).unwrap();
    assert!(matches!(
        add(&repaired, &[at(0)], None),
        Err(Error::Structure { .. })
    ));
}

/// A shadow attack: the page it hides, to which names still lead, shares its list of annotations with the page that
/// is shown, so a stamp on the one changes the other.
const SHARED_LIST: &str = "fdee4b52";

#[test]
fn every_file_of_the_corpus_takes_a_signature_and_nothing_else() {
    for (name, bytes) in files("pdf") {
        let Ok(document) = Document::open(&bytes) else {
            continue;
        };
        // Files of which nothing can be read are refused; so are encrypted ones.
        let Ok(sealed) = add(&document, &[at(0)], None) else {
            let readable = pdf::pages(&document).is_ok() && pdf::fields(&document).is_ok();
            assert!(!readable || document.is_encrypted(), "{name}");
            continue;
        };
        assert!(sealed.starts_with(&bytes), "{name}");
        if name != SHARED_LIST {
            assert_eq!(kinds(&bytes, &sealed), [ChangeKind::SignatureAdded], "{name}");
        }
        let after = Document::open(&sealed).unwrap();
        let found = signatures(&after).unwrap();
        let range = found
            .iter()
            .filter_map(|found| found.byte_range.ok())
            .max_by_key(|range| range.end);
        assert_eq!(range.map(|range| range.end), Some(sealed.len()), "{name}");
    }
}
