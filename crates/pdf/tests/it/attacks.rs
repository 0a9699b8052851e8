//! What is done to signed files: each change is seen, and called what it is.

use pdf::{
    ByteRangeFault, ChangeKind, Document, RevisionFault, changes, signatures, signed_revision, unlisted,
};

use crate::made::{Made, form, signed};

/// The kinds of changes since the only signature.
fn kinds(made: &Made) -> Vec<ChangeKind> {
    let document = Document::open(&made.bytes).unwrap();
    let found = signatures(&document).unwrap();
    let range = found[0].byte_range.unwrap();
    let before = signed_revision(&document, &found[0], range).unwrap();
    let mut kinds: Vec<_> = changes(&before, &document)
        .unwrap()
        .into_iter()
        .map(|change| change.kind)
        .collect();
    kinds.dedup();
    kinds
}

fn after(objects: &[(u32, &str)]) -> Vec<ChangeKind> {
    let mut made = signed("");
    made.append(objects, "");
    kinds(&made)
}

const CATALOG: &str = "/Type/Catalog/Pages 2 0 R/Names 9 0 R";

#[test]
fn a_signed_file_is_as_it_was() {
    let made = signed("");
    let document = Document::open(&made.bytes).unwrap();
    let found = signatures(&document).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].byte_range.unwrap().end, made.bytes.len());
    assert_eq!(kinds(&made), []);
    assert_eq!(unlisted(&made.bytes, &found), [] as [usize; 0]);
}

#[test]
fn shadow_attacks_are_seen_whatever_they_exchange() {
    let content = "<</Length 9>>stream\n(pay 900)\nendstream";
    assert_eq!(
        after(&[(4, content)]),
        [ChangeKind::PageContentChanged],
        "replace by content"
    );
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Courier>>";
    assert_eq!(
        after(&[(8, font)]),
        [ChangeKind::PageContentChanged],
        "replace by font"
    );
    let pages = "<</Type/Pages/Kids[3 0 R 11 0 R]/Count 2/MediaBox[0 0 595 842]>>";
    let page = "<</Type/Page/Parent 2 0 R>>";
    assert_eq!(
        after(&[(2, pages), (11, page)]),
        [ChangeKind::PagesChanged],
        "a page added"
    );
    let smaller = "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 300 842]>>";
    assert_eq!(
        after(&[(2, smaller)]),
        [ChangeKind::PageContentChanged],
        "a part of the page cut off"
    );
    assert_eq!(
        after(&[(10, "<</Names[(x) 4 0 R]>>")]),
        [ChangeKind::CatalogChanged]
    );
    let catalog = format!("<<{CATALOG}/AcroForm<</Fields[5 0 R 6 0 R]/SigFlags 3>>/OpenAction 4 0 R>>");
    assert_eq!(after(&[(1, &catalog)]), [ChangeKind::CatalogChanged], "an action");
    assert_eq!(
        after(&[(9, "null")]),
        [ChangeKind::CatalogChanged],
        "an object set to null"
    );
}

#[test]
fn fields_and_annotations() {
    let filled = "<</Type/Annot/Subtype/Widget/FT/Tx/T(Amount)/V(9)/Rect[10 10 90 30]/P 3 0 R>>";
    assert_eq!(after(&[(6, filled)]), [ChangeKind::FieldFilled]);
    let moved = "<</Type/Annot/Subtype/Widget/FT/Tx/T(Amount)/V(1)/Rect[10 10 590 830]/P 3 0 R>>";
    assert_eq!(after(&[(6, moved)]), [ChangeKind::FieldChanged]);
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 6 0 R 11 0 R]/Resources<</Font<</F 8 0 R>>>>>>";
    let note = "<</Type/Annot/Subtype/FreeText/Rect[0 0 595 842]/Contents(no)>>";
    assert_eq!(after(&[(3, page), (11, note)]), [ChangeKind::AnnotationAdded]);
    let catalog = format!("<<{CATALOG}/AcroForm<</Fields[5 0 R 6 0 R 11 0 R]/SigFlags 3>>>>");
    let shown = "<</Type/Annot/Subtype/Widget/FT/Sig/T(B)/Rect[0 0 595 842]/AP<</N 12 0 R>>>>";
    let covering = [
        (1, catalog.as_str()),
        (3, page),
        (11, shown),
        (12, "<</Length 1>>stream\nf\nendstream"),
    ];
    assert_eq!(
        after(&covering),
        [ChangeKind::UnsignedFieldShown],
        "a picture that nobody signed"
    );
    let hidden = "<</Type/Annot/Subtype/Widget/FT/Sig/T(B)/Rect[0 0 0 0]>>";
    assert_eq!(
        after(&[(1, &catalog), (3, page), (11, hidden)]),
        [ChangeKind::SignatureFieldAdded]
    );
    let acting = "<</Type/Annot/Subtype/Widget/FT/Sig/T(B)/Rect[0 0 0 0]/AA<</O 4 0 R>>>>";
    assert_eq!(
        after(&[(1, &catalog), (3, page), (11, acting)]),
        [ChangeKind::FieldAdded]
    );
    let regenerate =
        format!("<<{CATALOG}/AcroForm<</Fields[5 0 R 6 0 R]/SigFlags 3/NeedAppearances true>>>>");
    assert_eq!(after(&[(1, &regenerate)]), [ChangeKind::FormChanged]);
}

#[test]
fn signatures_that_are_taken_out_or_exchanged() {
    let unsigned = "<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/Rect[0 0 0 0]/P 3 0 R>>";
    let mut made = signed("");
    made.append(&[(5, unsigned)], "");
    let document = Document::open(&made.bytes).unwrap();
    assert_eq!(signatures(&document).unwrap(), []);
    assert_eq!(
        unlisted(&made.bytes, &[]).len(),
        1,
        "its byte range is still in the file"
    );
    let mut made = signed("");
    made.append(&[(7, "<</Type/Sig/ByteRange[0 1 2 3]>>")], "");
    let document = Document::open(&made.bytes).unwrap();
    let found = signatures(&document).unwrap();
    assert_eq!(found[0].byte_range, Err(ByteRangeFault::NoContents));
}

#[test]
fn wrapping_needs_a_hole_that_is_not_the_value() {
    let made = signed("");
    let text = String::from_utf8(made.bytes.clone()).unwrap();
    let stated = |from: &str, to: &str| {
        let bytes = text.replacen(from, to, 1).into_bytes();
        let document = Document::open(&bytes).unwrap();
        signatures(&document).unwrap()[0].byte_range.unwrap_err()
    };
    let range_at = text.find("/ByteRange[").unwrap() + 11;
    let range = &text[range_at..text[range_at..].find(']').unwrap() + range_at];
    let numbers: Vec<usize> = range.split(' ').map(|number| number.parse().unwrap()).collect();
    let write = |n: [usize; 4]| format!("{} {:010} {:010} {:010}", n[0], n[1], n[2], n[3]);
    let &[start, first, second, length] = numbers.as_slice() else {
        panic!("four numbers")
    };
    assert_eq!(
        stated(range, &write([start, first, second + 9, length - 9])),
        ByteRangeFault::HoleIsNotContents
    );
    assert_eq!(
        stated(range, &write([start, first - 1, second, length])),
        ByteRangeFault::HoleIsNotContents
    );
    assert_eq!(
        stated(range, &write([start, first, second, length + 1])),
        ByteRangeFault::BehindEnd
    );
    assert_eq!(
        stated(range, &write([1, first, second, length])),
        ByteRangeFault::NotFromStart
    );
    assert_eq!(
        stated(range, &write([start, second, first, length])),
        ByteRangeFault::Overlap
    );
    assert_eq!(
        stated("/Contents<0", "/Contents< "),
        ByteRangeFault::HoleHoldsMore
    );
    assert_eq!(stated("/ByteRange[0 ", "/ByteRungs[0 "), ByteRangeFault::Missing);
}

#[test]
fn signed_bytes_that_are_no_revision() {
    let made = signed("");
    let text = String::from_utf8(made.bytes.clone()).unwrap();
    let document = Document::open(&made.bytes).unwrap();
    let signature = signatures(&document).unwrap().remove(0);
    let mut range = signature.byte_range.unwrap();
    range.end = text.rfind("%%EOF").unwrap();
    let result = signed_revision(&document, &signature, range).map(|_| ());
    assert_eq!(result, Err(RevisionFault::EndsEarly));
    range.end = text.find("%%EOF").unwrap() + 6;
    let result = signed_revision(&document, &signature, range).map(|_| ());
    assert_eq!(
        result,
        Err(RevisionFault::SignatureNotInIt),
        "the first revision has no signature"
    );
}

#[test]
fn permissions_and_locks_are_read() {
    let extra = "/Reference[<</TransformMethod/DocMDP/TransformParams<</P 1>>>>\
        <</TransformMethod/FieldMDP/TransformParams<</Action/Include/Fields[(Amount)]>>>>]";
    let made = signed(extra);
    let document = Document::open(&made.bytes).unwrap();
    let signature = signatures(&document).unwrap().remove(0);
    assert_eq!(signature.permits, Some(1));
    assert!(signature.locks[0].locks("Amount") && signature.locks[0].locks("Amount.x"));
    assert!(!signature.locks[0].locks("Amounts"));
}

#[test]
fn a_file_without_signatures_has_none() {
    let made = form();
    let document = Document::open(&made.bytes).unwrap();
    assert_eq!(signatures(&document).unwrap(), []);
    assert!(document.ends_properly());
}

#[test]
fn a_field_of_a_name_that_is_taken_is_still_a_new_one() {
    let catalog = format!("<<{CATALOG}/AcroForm<</Fields[5 0 R 6 0 R 11 0 R]/SigFlags 3>>>>");
    let page = "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 6 0 R 11 0 R]/Resources<</Font<</F 8 0 R>>>>>>";
    let twin = "<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/Rect[0 0 595 842]/AP<</N 4 0 R>>>>";
    assert_eq!(
        after(&[(1, &catalog), (3, page), (11, twin)]),
        [ChangeKind::UnsignedFieldShown]
    );
}
