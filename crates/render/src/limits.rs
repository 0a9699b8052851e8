//! How much one page may cost. Limits are met before memory and time are.

/// Bounds on drawing one page; [`Limits::default`] fits maps and scans as well as text.
///
/// A value at the limit is accepted, one above it is [`Error::TooMuch`](crate::Error::TooMuch).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Objects visited on one page, each repetition of a composite or a pattern counted.
    pub objects_max: u64,
    /// Page blocks, composites and patterns within each other.
    pub nesting_max: u32,
    /// Points of all paths and glyphs of one page.
    pub points_max: u64,
    /// Cells of all patterns of one page.
    pub cells_max: u64,
    /// Pixels of one image.
    pub image_pixels_max: u64,
    /// Pixels of all images of one page.
    pub images_pixels_max: u64,
    /// Bytes of one font file of the package.
    pub font_bytes_max: u64,
    /// Pixels of the picture that is drawn.
    pub pixels_max: u64,
    /// Pixels in one direction.
    pub side_pixels_max: u32,
    /// Pixels touched while drawing, each time counted: bounds the time.
    pub work_pixels_max: u64,
    /// Bytes of the SVG that is written.
    pub svg_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            objects_max: 500_000,
            nesting_max: 32,
            points_max: 8_000_000,
            cells_max: 20_000,
            image_pixels_max: 40_000_000,
            images_pixels_max: 60_000_000,
            font_bytes_max: 64 << 20,
            pixels_max: 80_000_000,
            side_pixels_max: 30_000,
            work_pixels_max: 2_000_000_000,
            svg_bytes_max: 256 << 20,
        }
    }
}
