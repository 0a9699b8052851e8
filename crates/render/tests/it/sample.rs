//! Small documents for one feature each, made of the XML of the standard.

use ofd::builder::{DocumentBuilder, Drawing};
use ofd::{Limits, Ofd, Package, PartPath, Update};
use render::{Document, Error, FontLibrary, Scene, Stamp, View};

/// Width and height of every sample in mm.
pub(crate) const SIZE_MM: (f64, f64) = (60.0, 40.0);

/// A document of one page.
#[derive(Default)]
pub(crate) struct Sample {
    /// Inside `Res`.
    pub(crate) resources: String,
    /// Inside `Content` of the page.
    pub(crate) content: String,
    /// Beside `Content` in the page.
    pub(crate) page: String,
    /// Inside `CommonData`.
    pub(crate) common: String,
    /// Beside `Pages` in the document.
    pub(crate) document: String,
    /// More parts, below `/Doc_0/`.
    pub(crate) parts: Vec<(&'static str, Vec<u8>)>,
    pub(crate) stamps: Vec<Stamp>,
    pub(crate) fonts: FontLibrary,
}

impl Sample {
    /// One body layer with these objects.
    pub(crate) fn of(objects: &str) -> Self {
        Self {
            content: format!("<o:Layer ID=\"2\">{objects}</o:Layer>"),
            ..Self::default()
        }
    }

    pub(crate) fn resources(self, resources: &str) -> Self {
        Self {
            resources: resources.to_owned(),
            ..self
        }
    }

    pub(crate) fn part(mut self, name: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        self.parts.push((name, bytes.into()));
        self
    }

    pub(crate) fn stamp(mut self, stamp: Stamp) -> Self {
        self.stamps.push(stamp);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut blank = DocumentBuilder::new("9b0b8d3ac6e34b0c8a5a5f0e7d1c2b3a");
        blank.page(SIZE_MM, Drawing::new());
        let package = Package::open(blank.build().unwrap(), Limits::default()).unwrap();
        let mut update = Update::new(&package);
        let mut put = |name: &str, bytes: Vec<u8>| {
            update
                .put(PartPath::new(&format!("/Doc_0/{name}")).unwrap(), bytes)
                .unwrap();
        };
        let (width, height) = SIZE_MM;
        let Self {
            resources,
            content,
            page,
            common,
            document,
            ..
        } = self;
        put(
            "Document.xml",
            root(
                "Document",
                &format!(
                    "<o:CommonData><o:MaxUnitID>99</o:MaxUnitID><o:PageArea><o:PhysicalBox>0 0 {width} {height}\
             </o:PhysicalBox></o:PageArea><o:PublicRes>PublicRes.xml</o:PublicRes>{common}</o:CommonData>\
             <o:Pages><o:Page ID=\"1\" BaseLoc=\"Pages/Page_0/Content.xml\"/></o:Pages>{document}"
                ),
            ),
        );
        put("PublicRes.xml", root("Res", resources));
        put(
            "Pages/Page_0/Content.xml",
            root("Page", &format!("{page}<o:Content>{content}</o:Content>")),
        );
        for (name, bytes) in &self.parts {
            put(name, bytes.clone());
        }
        let mut out = Vec::new();
        update.write(&mut out).unwrap();
        out
    }

    pub(crate) fn scene(&self) -> Scene {
        self.try_scene(render::Limits::default()).unwrap()
    }

    pub(crate) fn try_scene(&self, limits: render::Limits) -> Result<Scene, Error> {
        let package = Package::open(self.bytes(), Limits::default()).unwrap();
        let ofd = Ofd::read(&package).unwrap();
        let document = ofd.bodies[0].document.as_ref().unwrap();
        let view = View {
            stamps: &self.stamps,
            ..View::default()
        };
        Document::new(&package, document, &self.fonts, limits).scene(1, &view)
    }
}

/// A part with this root element; `xml` uses the prefix `o`.
pub(crate) fn root(name: &str, xml: &str) -> Vec<u8> {
    format!("<o:{name} xmlns:o=\"http://www.ofdspec.org/2016\">{xml}</o:{name}>").into_bytes()
}

/// A path object; `attributes` and `colors` as they stand.
pub(crate) fn path(boundary: &str, attributes: &str, colors: &str, data: &str) -> String {
    format!(
        "<o:PathObject ID=\"3\" Boundary=\"{boundary}\" {attributes}>{colors}\
         <o:AbbreviatedData>{data}</o:AbbreviatedData></o:PathObject>"
    )
}

/// An image of colours from row to row.
pub(crate) fn png(width: u32, pixels: &[[u8; 4]]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, width, pixels.len() as u32 / width);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels.concat()).unwrap();
    writer.finish().unwrap();
    out
}
