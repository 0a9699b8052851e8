//! Bytes from anywhere.

use impression::{Error, Font, Impression};
use proptest::prelude::*;

#[test]
fn more_pixels_than_the_limit_are_refused_before_they_are_decoded() {
    // A PNG whose header claims 100 000 × 100 000 pixels; a BMP with 60 000 × 10 000.
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\x01\x86\xa0\0\x01\x86\xa0\x08\x06\0\0\0".to_vec();
    png.extend([0; 64]);
    let mut bmp = b"BM".to_vec();
    let fields = [54_u32, 0, 54, 40, 60_000, 10_000, 1 | 24 << 16, 0, 0, 0, 0, 0, 0];
    bmp.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
    for bytes in [png, bmp] {
        assert!(matches!(Impression::read(&bytes, None), Err(Error::Image { .. })));
    }
}

#[test]
fn blank_and_unknown_files_show_no_impression() {
    let mut bmp = b"BM".to_vec();
    let fields = [
        54_u32 + 64 * 64 * 3,
        0,
        54,
        40,
        64,
        64,
        1 | 24 << 16,
        0,
        64 * 64 * 3,
        0,
        0,
        0,
        0,
    ];
    bmp.extend(fields.iter().flat_map(|field| field.to_le_bytes()));
    bmp.extend(std::iter::repeat_n(255, 64 * 64 * 3));
    assert!(matches!(
        Impression::read(&bmp, None),
        Err(Error::NoImpression { .. })
    ));
    assert!(matches!(
        Impression::read(b"%PDF-1.7", None),
        Err(Error::Image { .. })
    ));
    let script = b"<svg xmlns='http://www.w3.org/2000/svg' width='10' height='10'><script>1</script></svg>";
    assert!(matches!(Impression::read(script, None), Err(Error::Svg { .. })));
}

/// Red, paper, black and grey.
const COLOURS: [[u8; 3]; 4] = [[255, 0, 0], [255; 3], [0; 3], [90, 90, 90]];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_read_without_panic(
        head in prop::sample::select(vec![
            &b"\x89PNG\r\n\x1a\n"[..], b"BM", b"GIF89a", b"\xff\xd8\xff\xe0\0\x10JFIF\0", b"II*\0\x08\0\0\0",
            b"MM\0*\0\0\0\x08", b"<svg xmlns='http://www.w3.org/2000/svg'>", b"",
        ]),
        tail in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [head, &tail].concat();
        let _ = Impression::read(&bytes, None);
        let _ = Font::read(bytes, None);
    }

    #[test]
    fn any_little_picture_is_read_and_fitted_without_panic(
        width in 1_usize..48,
        colours in prop::collection::vec(prop::sample::select(COLOURS.to_vec()), 48 * 48),
    ) {
        let line = (width * 3).div_ceil(4) * 4;
        let mut bmp = b"BM".to_vec();
        let fields = [0, 0, 54, 40, width as u32, 48, 1 | 24 << 16, 0, 0, 11811, 11811, 0, 0];
        bmp.extend(fields.iter().flat_map(|field: &u32| field.to_le_bytes()));
        for row in colours.chunks(48) {
            bmp.extend(row[..width].iter().flatten());
            bmp.extend(std::iter::repeat_n(0, line - width * 3));
        }
        if let Ok(found) = Impression::read(&bmp, None) {
            let comparison = impression::compare(&found, &found);
            prop_assert!(comparison.similarity.is_finite());
        }
    }
}
