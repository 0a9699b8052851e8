//! Impressions: what a seal looks like.
//!
//! Draws seal images to the prescribed shapes ([`draw`]), and compares an impression with the registered one
//! ([`compare`]). Knows nothing of documents, certificates or files: fonts and images come in as bytes.

mod compare;
mod draw;
mod error;
mod font;
mod geometry;
mod ink;
mod plane;
mod raster;
mod register;
mod report;
mod shape;

pub use compare::{
    Comparison, DIFFERENT_MAX, Impression, Measure, MeasureKind, Region, SAME_MIN, Verdict, compare, differ,
};
pub use draw::{
    Arrangement, Centre, DPI_MAX, Design, Drawing, Fonts, Ink, NAME_CHARS_MAX, NameSeal, NameSuffix,
    OfficialLevel, Opacity, OvalSeal, Piece, Relief, Rim, RoundSeal, SEAL_MM_MAX, SEAL_MM_MIN, draw,
};
pub use error::{Error, Part};
pub use font::{FAMILY, FONT_BYTES_MAX, Font};
pub use geometry::{Bounds, Outline, Point, Segment, boxes_overlap};
pub use raster::{IMAGE_BYTES_MAX, IMAGE_PIXELS_MAX, IMAGE_SIDE_PIXELS_MAX};
pub use report::{ReportTitles, report, report_picture};
pub use shape::ShapeKind;
