//! Contents of PDF pages, character maps and fonts: words are found on the page or not at all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pdf::{Document, find_words, pages};

fuzz_target!(|data: &[u8]| {
    // The contents, then a character map, then the widths and encoding of a font.
    let mut parts = data.splitn(3, |byte| *byte == 0xFF);
    let mut next = || parts.next().unwrap_or_default();
    let (contents, map, font) = (next(), next(), next());
    let mut file = b"%PDF-1.7\n".to_vec();
    let mut places = Vec::new();
    let stream = |bytes: &[u8]| {
        [
            format!("<</Length {}>>stream\n", bytes.len()).as_bytes(),
            bytes,
            b"\nendstream",
        ]
        .concat()
    };
    let objects = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 600 800]>>".to_vec(),
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources 8 0 R>>".to_vec(),
        stream(contents),
        [b"<</Type/Font/Subtype/Type1/ToUnicode 7 0 R ", font, b">>"].concat(),
        b"<</Type/Font/Subtype/Type0/Encoding 7 0 R/ToUnicode 7 0 R/DescendantFonts[5 0 R]>>".to_vec(),
        stream(map),
        b"<</Font<</F 5 0 R/G 6 0 R>>/XObject<</X 9 0 R>>>>".to_vec(),
        [b"<</Subtype/Form", &stream(contents)[2..]].concat(),
    ];
    for (index, body) in objects.iter().enumerate() {
        places.push(file.len());
        file.extend_from_slice(format!("{} 0 obj\n", index + 1).as_bytes());
        file.extend_from_slice(body);
        file.extend_from_slice(b"\nendobj\n");
    }
    let start = file.len();
    file.extend_from_slice(b"xref\n0 10\n0000000000 65535 f \n");
    for place in places {
        file.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    file.extend_from_slice(
        format!("trailer\n<</Size 10/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").as_bytes(),
    );
    let Ok(document) = Document::open(&file) else {
        return;
    };
    let Ok(pages) = pages(&document) else { return };
    for word in ["a", "盖章", "aa"] {
        for area in find_words(&document, &pages[0], word).unwrap_or_default() {
            assert!(area.iter().all(|number| !number.is_nan()) && area[2] >= 0.0 && area[3] >= 0.0);
        }
    }
});
