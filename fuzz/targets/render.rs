//! Pages as pictures: whole packages, XML in the place of a part, pictures of stamps and fonts.
#![no_main]

use fuzz::package::{host, open};
use libfuzzer_sys::fuzz_target;
use ofd::geometry::Box;
use ofd::{Ofd, Package};
use render::{Document, FontLibrary, Limits, Stamp, View};
use sealing::shown_stamps;

/// Pages of one document that are drawn.
const PAGES_MAX: usize = 2;
/// Low: what is looked for does not depend on it.
const DPI: f64 = 18.0;

fuzz_target!(|data: &[u8]| {
    let Some((selector, rest)) = data.split_first() else {
        return;
    };
    if let Ok(package) = open(data) {
        draw(&package, None);
    } else if selector % 4 == 0 {
        if let Some(package) = host(selector / 4, &[]) {
            draw(&package, Some(rest));
        }
    } else if let Some(package) = host(selector / 4, rest) {
        draw(&package, None);
    }
    let mut fonts = FontLibrary::default();
    fonts.add_font(rest);
});

/// Lays out and draws every page; `picture` is the seal of one stamp more.
fn draw(package: &Package, picture: Option<&[u8]>) {
    let Ok(ofd) = Ofd::read(package) else { return };
    let fonts = FontLibrary::default();
    for body in &ofd.bodies {
        let Ok(document) = &body.document else { continue };
        let shown = shown_stamps(package, body).into_iter().map(|stamp| Stamp {
            page: stamp.page,
            boundary: stamp.boundary,
            clip: stamp.clip,
            picture: stamp.picture,
        });
        let more = picture.map(|picture| Stamp {
            page: 1,
            boundary: Box::new(10.0, 10.0, 40.0, 40.0),
            clip: None,
            picture: picture.into(),
        });
        let stamps: Vec<Stamp> = shown.chain(more).collect();
        let view = View {
            stamps: &stamps,
            ..View::default()
        };
        let pages = Document::new(package, document, &fonts, limits());
        for page in 1..=pages.page_count().min(PAGES_MAX) {
            if let Ok(scene) = pages.scene(page, &view) {
                let _ = (scene.to_pixels(DPI), scene.to_svg());
            }
        }
    }
}

/// The default limits with less of everything: many small inputs show more.
fn limits() -> Limits {
    Limits {
        objects_max: 10_000,
        points_max: 200_000,
        cells_max: 1000,
        image_pixels_max: 1 << 20,
        images_pixels_max: 2 << 20,
        pixels_max: 1 << 20,
        side_pixels_max: 4096,
        work_pixels_max: 20_000_000,
        svg_bytes_max: 16 << 20,
        ..Limits::default()
    }
}
