//! Pages as pictures: OFD and PDF to SVG and PNG.
//!
//! A page becomes a [`Scene`], a list of shapes in mm; the scene becomes pixels or SVG. Fonts that a package does
//! not hold come from a [`FontLibrary`] that the caller gives; stamps come from the caller too, since nothing here
//! knows signatures. What cannot be drawn as the document asks is a [`Warning`]; what is above a limit is an
//! [`Error`].
//!
//! ```
//! use ofd::builder::{A4, DocumentBuilder, Drawing};
//! use ofd::geometry::Box as Place;
//! use render::{Document, FontLibrary, Limits, View};
//!
//! let mut builder = DocumentBuilder::new("9b0b8d3ac6e34b0c8a5a5f0e7d1c2b3a");
//! builder.page(A4, Drawing::new().rectangle(Place::new(20.0, 20.0, 50.0, 30.0), None, Some([200, 0, 0])));
//! let package = ofd::Package::open(builder.build()?, ofd::Limits::default())?;
//! let ofd = ofd::Ofd::read(&package)?;
//! let document = ofd.bodies[0].document.as_ref().map_err(Clone::clone)?;
//!
//! let fonts = FontLibrary::default();
//! let pages = Document::new(&package, document, &fonts, Limits::default());
//! let scene = pages.scene(1, &View::default())?;
//! let pixels = scene.to_pixels(25.4)?; // a pixel for each mm
//! assert_eq!((pixels.width(), pixels.height()), (210, 297));
//! assert_eq!(pixels.rgba()[(25 * 210 + 25) * 4..][..4], [200, 0, 0, 255]);
//! assert!(scene.to_svg()?.starts_with("<svg"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod color;
mod decimal;
mod document;
mod draw;
mod error;
mod face;
mod font;
mod library;
mod limits;
mod outlines;
mod path_data;
mod pdf;
mod picture;
mod raster;
mod resources;
mod scene;
mod shading;
mod stamp;
mod svg;
mod text;
mod unit;

pub use document::{Document, View};
pub use error::{Error, Warning};
pub use library::FontLibrary;
pub use limits::Limits;
pub use outlines::Outlines;
pub use pdf::{PdfDocument, PdfPicture};
pub use raster::{ClearPixels, Pixels};
pub use scene::Scene;
pub use stamp::Stamp;
