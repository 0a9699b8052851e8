//! Pages of documents as pictures: OFD by `render`, PDF by a process of its own (decision 0017).

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use gm::Digest;
use ofd::{Ofd, Package};
use registry::{Digest32, SealRecord};
use render::{Document, FontLibrary, Limits, Stamp, View};
use sealing::{Placement, shown_stamps};
use serde::Deserialize;
use ses::{SES_BYTES_MAX, Seal};

use super::placement::StampPlace;
use super::{Error, Service};
use crate::outside::PageProcess;

/// Where systems keep their fonts.
const FONT_FOLDERS: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];
/// How finely pages are drawn, in dots per inch.
const DPI: f64 = 110.0;
/// Most bytes of a picture that are taken from the process that draws.
const PICTURE_BYTES_MAX: u64 = 64 << 20;

/// A page as a picture.
#[derive(Debug)]
pub(crate) struct PagePicture {
    pub(crate) png: Vec<u8>,
    pub(crate) width_mm: f64,
    pub(crate) height_mm: f64,
}

/// What the process that draws says first.
#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Drawn { width_mm: f64, height_mm: f64 },
    Refused { en: String },
}

/// The picture in a seal's data, and how large it is on paper.
#[derive(Debug)]
pub(crate) struct SealFace {
    pub(crate) bytes: Vec<u8>,
    pub(crate) width_mm: f64,
    pub(crate) height_mm: f64,
}

impl Service {
    /// The face of a seal, of its edition in use.
    pub(crate) async fn seal_face(&self, seal: &SealRecord) -> Result<SealFace, Error> {
        let edition = seal.edition().ok_or(Error::NotFound { what: "edition" })?;
        let bytes = self
            .documents
            .read(&Digest(edition.seal_data.0), SES_BYTES_MAX)
            .await?;
        let damaged = |_| Error::Damaged {
            what: "a seal's data",
        };
        let data = Seal::read(&bytes).map_err(damaged)?;
        let picture = data.picture();
        Ok(SealFace {
            bytes: picture.data.to_vec(),
            width_mm: picture.width_mm as f64,
            height_mm: picture.height_mm as f64,
        })
    }

    /// How many pages a document has that somebody brought.
    pub(crate) async fn pages_of(&self, document: Digest32) -> Result<u64, Error> {
        let spooled = self.take_out(document).await?;
        Ok(self.facts_of(&spooled.file).await?.pages as u64)
    }

    /// Where a seal would appear on a document, as the document and the place say.
    pub(crate) async fn seal_places(
        &self,
        document: Digest32,
        place: &StampPlace,
        face: &SealFace,
    ) -> Result<Vec<Placement>, Error> {
        let (positions, size) = (place.positions(), (face.width_mm, face.height_mm));
        let spooled = self.take_out(document).await?;
        let turn = self.document_turn().await?;
        let work = tokio::task::spawn_blocking(move || {
            let found = sealing::placements(spooled.file, &positions, size);
            drop(turn);
            found
        });
        Ok(work.await.map_err(|_| Error::Ended)??)
    }

    /// Draws a page, counted from 1, on a thread of its own, a bounded number at a time.
    pub(crate) async fn draw_page(
        self: &Arc<Self>,
        file: Arc<Mutex<File>>,
        page: usize,
    ) -> Result<PagePicture, Error> {
        let turn = self.document_turn().await?;
        let service = Arc::clone(self);
        let work = tokio::task::spawn_blocking(move || {
            let drawn = service.draw(&file, page);
            drop(turn);
            drawn
        });
        let drawn = work.await.map_err(|_| Error::Ended)?;
        drawn.map_err(|reason| Error::PageNotDrawn { reason })
    }

    fn draw(&self, file: &Mutex<File>, page: usize) -> Result<PagePicture, String> {
        // Handles of one file share their position.
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut head = [0; 4];
        file.seek(SeekFrom::Start(0)).map_err(|error| error.to_string())?;
        let _ = file.read(&mut head).map_err(|error| error.to_string())?;
        file.seek(SeekFrom::Start(0)).map_err(|error| error.to_string())?;
        let file = file.try_clone().map_err(|error| error.to_string());
        if &head == b"%PDF" {
            let process = self
                .outside
                .pdf_pages()
                .ok_or("no program draws pages of PDF files")?;
            draw_pdf(process, file?, page)
        } else {
            draw_ofd(file?, page)
        }
    }
}

fn draw_ofd(file: File, page: usize) -> Result<PagePicture, String> {
    static FONTS: OnceLock<FontLibrary> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| FontLibrary::from_folders(&FONT_FOLDERS));
    let package = Package::open(file, ofd::Limits::default()).map_err(|error| error.to_string())?;
    let ofd = Ofd::read(&package).map_err(|error| error.to_string())?;
    // Pages are counted over all documents of the package.
    let mut before = 0;
    for body in &ofd.bodies {
        let document = body.document.as_deref().map_err(ToString::to_string)?;
        let pages = Document::new(&package, document, fonts, Limits::default());
        if page > before + pages.page_count() {
            before += pages.page_count();
            continue;
        }
        let stamps: Vec<Stamp> = shown_stamps(&package, body).into_iter().map(stamp).collect();
        let view = View {
            stamps: &stamps,
            annotations: true,
        };
        let scene = pages
            .scene(page - before, &view)
            .map_err(|error| error.to_string())?;
        let pixels = scene.to_pixels(DPI).map_err(|error| error.to_string())?;
        return Ok(PagePicture {
            png: pixels.to_png().map_err(|error| error.to_string())?,
            width_mm: scene.width_mm,
            height_mm: scene.height_mm,
        });
    }
    Err("there is no such page".to_owned())
}

fn stamp(shown: sealing::ShownStamp) -> Stamp {
    Stamp {
        page: shown.page,
        boundary: shown.boundary,
        clip: shown.clip,
        picture: shown.picture,
    }
}

fn draw_pdf(process: &PageProcess, file: File, page: usize) -> Result<PagePicture, String> {
    let mut command = Command::new(&process.program);
    command.args(&process.arguments);
    command.args(["--page", &page.to_string(), "--dpi", &DPI.to_string()]);
    command.stdin(file).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    let read = match child.stdout.take() {
        Some(stdout) => stdout.take(PICTURE_BYTES_MAX + 1).read_to_end(&mut answer),
        None => Ok(0),
    };
    if read.is_err() || answer.len() as u64 > PICTURE_BYTES_MAX {
        // Whatever it still does, nobody waits for it.
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    let end = answer.iter().position(|byte| *byte == b'\n');
    let Some(end) = end.filter(|_| status.success()) else {
        return Err("the process that draws ended without a picture".to_owned());
    };
    let png = answer.split_off(end + 1);
    match serde_json::from_slice(&answer) {
        Ok(Said::Drawn { width_mm, height_mm }) => Ok(PagePicture {
            png,
            width_mm,
            height_mm,
        }),
        Ok(Said::Refused { en }) => Err(en),
        Err(error) => Err(error.to_string()),
    }
}
