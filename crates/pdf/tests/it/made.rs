//! Small files made for a test: objects in order, a table, a trailer; updates behind it.

use std::fmt::Write;

/// A file under construction. Offsets are counted while it is written.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    start: usize,
}

impl Made {
    /// A file with these objects (number, body) and `/Root 1 0 R`.
    pub(crate) fn new(objects: &[(u32, &str)]) -> Self {
        let mut made = Self {
            bytes: b"%PDF-1.7\n".to_vec(),
            start: 0,
        };
        made.append(objects, "");
        made
    }

    /// An incremental update; `trailer` is put into its trailer dictionary.
    pub(crate) fn append(&mut self, objects: &[(u32, &str)], trailer: &str) {
        let mut table = String::from("xref\n");
        if self.start == 0 {
            table.push_str("0 1\n0000000000 65535 f \n");
        }
        for (number, body) in objects {
            let at = self.bytes.len();
            self.bytes
                .extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
            write!(table, "{number} 1\n{at:010} 00000 n \n").unwrap();
        }
        let previous = if self.start == 0 {
            String::new()
        } else {
            format!("/Prev {}", self.start)
        };
        self.start = self.bytes.len();
        write!(table, "trailer\n<</Size 100/Root 1 0 R{previous}{trailer}>>\n").unwrap();
        write!(table, "startxref\n{}\n%%EOF\n", self.start).unwrap();
        self.bytes.extend_from_slice(table.as_bytes());
    }
}

/// One page with a picture of text, a text field and a signature field that is not signed.
pub(crate) fn form() -> Made {
    Made::new(&[
        (
            1,
            "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R]/SigFlags 3>>/Names 9 0 R>>",
        ),
        (2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>"),
        (
            3,
            "<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[5 0 R 6 0 R]/Resources<</Font<</F 8 0 R>>>>>>",
        ),
        (4, "<</Length 9>>stream\n(pay 100)\nendstream"),
        (
            5,
            "<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/Rect[0 0 0 0]/P 3 0 R>>",
        ),
        (
            6,
            "<</Type/Annot/Subtype/Widget/FT/Tx/T(Amount)/V(1)/Rect[10 10 90 30]/P 3 0 R>>",
        ),
        (8, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"),
        (9, "<</Dests 10 0 R>>"),
        (10, "<</Names[]>>"),
    ])
}

/// [`form`], signed in its field by an update whose byte range is exact. The signature value is no cryptography.
pub(crate) fn signed(extra: &str) -> Made {
    let mut made = form();
    let value = format!(
        "<</Type/Sig/Filter/X/SubFilter/X/ByteRange[0 0000000000 0000000000 0000000000]/Contents<{}>{extra}>>",
        "00".repeat(20)
    );
    made.append(
        &[
            (
                5,
                "<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/Rect[0 0 0 0]/P 3 0 R/V 7 0 R>>",
            ),
            (7, &value),
        ],
        "",
    );
    let text = String::from_utf8(made.bytes.clone()).unwrap();
    let hole_start = text.rfind("/Contents<").unwrap() + "/Contents".len();
    let hole_end = hole_start + 42;
    let range = format!(
        "[0 {hole_start:010} {hole_end:010} {:010}]",
        text.len() - hole_end
    );
    made.bytes = text
        .replace("[0 0000000000 0000000000 0000000000]", &range)
        .into_bytes();
    made
}
