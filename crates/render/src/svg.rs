//! A scene as SVG: outlines instead of fonts, images inside, nothing fetched from elsewhere.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tiny_skia::{FillRule, LineCap, LineJoin, Path, PathSegment, Pixmap, SpreadMode, Transform};

use crate::Error;
use crate::decimal::Decimal;
use crate::picture::Image;
use crate::raster::encode;
use crate::scene::{ClipId, Gradient, GradientKind, Item, Line, Paint, Rgba, Scene, Shape};

impl Scene {
    /// The page as an SVG file, in mm. A path that stands on it twice, as glyphs do, is written once.
    pub fn to_svg(&self) -> Result<String, Error> {
        let mut writer = Writer {
            scene: self,
            definitions: String::new(),
            body: String::new(),
            paths: HashMap::new(),
            images: HashMap::new(),
            clips: vec![false; self.clips.len()],
            gradients: 0,
        };
        writer.write()?;
        let (width, height) = (round(self.width_mm as f32), round(self.height_mm as f32));
        let Writer {
            definitions, body, ..
        } = writer;
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"{width}mm\" height=\"{height}mm\" viewBox=\"0 0 {width} {height}\">\n\
             <defs>\n{definitions}</defs>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n{body}</svg>\n"
        ))
    }
}

struct Writer<'a> {
    scene: &'a Scene,
    definitions: String,
    body: String,
    /// Numbers of the paths that are written already, by their address.
    paths: HashMap<*const Path, usize>,
    images: HashMap<*const Image, usize>,
    clips: Vec<bool>,
    gradients: usize,
}

impl<'a> Writer<'a> {
    fn write(&mut self) -> Result<(), Error> {
        let mut open: Option<ClipId> = None;
        for item in &self.scene.items {
            if item.clip != open {
                if open.is_some() {
                    self.body.push_str("</g>\n");
                }
                if let Some(clip) = item.clip {
                    self.clip(clip);
                    let _ = writeln!(self.body, "<g clip-path=\"url(#c{clip})\">");
                }
                open = item.clip;
            }
            self.shape(item)?;
            let max = self.scene.limits.svg_bytes_max;
            if (self.body.len() + self.definitions.len()) as u64 > max {
                return Err(Error::TooMuch {
                    what: "the size of the SVG in bytes",
                    max,
                });
            }
        }
        if open.is_some() {
            self.body.push_str("</g>\n");
        }
        Ok(())
    }

    fn shape(&mut self, item: &'a Item) -> Result<(), Error> {
        match &item.shape {
            Shape::Fill {
                path,
                transform,
                rule,
                paint,
            } => {
                let paint = self.paint("fill", paint);
                let rule = match rule {
                    FillRule::EvenOdd => " fill-rule=\"evenodd\"",
                    FillRule::Winding => "",
                };
                self.path(path, *transform, &format!("{paint}{rule}"));
            }
            Shape::Stroke {
                path,
                transform,
                line,
                paint,
            } => {
                let paint = self.paint("stroke", paint);
                let line = line_style(line);
                self.path(path, *transform, &format!("fill=\"none\" {paint}{line}"));
            }
            Shape::Image {
                image,
                transform,
                alpha,
            } => {
                let id = self.image(image)?;
                let matrix = matrix(*transform);
                let opacity = if *alpha < 1.0 {
                    format!(" opacity=\"{}\"", round(*alpha))
                } else {
                    String::new()
                };
                let _ = writeln!(self.body, "<use xlink:href=\"#i{id}\"{matrix}{opacity}/>");
            }
        }
        Ok(())
    }

    /// Glyphs are shared, so they are written once and used; a path of its own is written where it stands.
    fn path(&mut self, path: &Arc<Path>, transform: Transform, style: &str) {
        let matrix = matrix(transform);
        if Arc::strong_count(path) == 1 {
            let data = data(path);
            let _ = writeln!(self.body, "<path d=\"{data}\" {style}{matrix}/>");
            return;
        }
        let next = self.paths.len();
        let id = *self.paths.entry(Arc::as_ptr(path)).or_insert(next);
        if id == next {
            let data = data(path);
            let _ = writeln!(self.definitions, "<path id=\"p{id}\" d=\"{data}\"/>");
        }
        let _ = writeln!(self.body, "<use xlink:href=\"#p{id}\" {style}{matrix}/>");
    }

    fn image(&mut self, image: &Arc<Image>) -> Result<usize, Error> {
        let next = self.images.len();
        let id = *self.images.entry(Arc::as_ptr(image)).or_insert(next);
        if id == next {
            let (kind, encoded) = match &image.file {
                Some((kind, bytes)) => (*kind, STANDARD.encode(bytes)),
                None => ("image/png", STANDARD.encode(png_of(&image.pixels)?)),
            };
            let _ = writeln!(
                self.definitions,
                "<image id=\"i{id}\" width=\"1\" height=\"1\" preserveAspectRatio=\"none\" \
                 xlink:href=\"data:{kind};base64,{encoded}\"/>"
            );
        }
        Ok(id)
    }

    fn clip(&mut self, id: ClipId) {
        // Outermost first, so that nothing recurses.
        let mut wanted = Vec::new();
        let mut next = Some(id);
        while let Some(id) = next.filter(|id| !self.clips[*id]) {
            self.clips[id] = true;
            wanted.push(id);
            next = self.scene.clips[id].parent;
        }
        for id in wanted.into_iter().rev() {
            let clip = &self.scene.clips[id];
            let parent = clip
                .parent
                .map(|parent| format!(" clip-path=\"url(#c{parent})\""))
                .unwrap_or_default();
            let _ = write!(self.definitions, "<clipPath id=\"c{id}\"{parent}>");
            for area in &clip.areas {
                let (data, matrix) = (data(&area.path), matrix(area.transform));
                let rule = match area.rule {
                    FillRule::EvenOdd => " clip-rule=\"evenodd\"",
                    FillRule::Winding => "",
                };
                let _ = write!(self.definitions, "<path d=\"{data}\"{rule}{matrix}/>");
            }
            self.definitions.push_str("</clipPath>\n");
        }
    }

    fn paint(&mut self, name: &str, paint: &Paint) -> String {
        match paint {
            Paint::Color(color) => {
                let opacity = opacity(&format!("{name}-opacity"), *color);
                format!("{name}=\"{}\"{opacity}", hex(*color))
            }
            Paint::Gradient(gradient) => {
                let id = self.gradients;
                self.gradients += 1;
                write_gradient(&mut self.definitions, id, gradient);
                format!("{name}=\"url(#g{id})\"")
            }
        }
    }
}

fn write_gradient(out: &mut String, id: usize, gradient: &Gradient) {
    let spread = match gradient.spread {
        SpreadMode::Pad => "",
        SpreadMode::Reflect => " spreadMethod=\"reflect\"",
        SpreadMode::Repeat => " spreadMethod=\"repeat\"",
    };
    let transform = matrix(gradient.transform).replace(" transform=", " gradientTransform=");
    let (name, place) = match gradient.kind {
        GradientKind::Linear { start, end } => {
            let [x1, y1, x2, y2] = [start.0, start.1, end.0, end.1].map(round);
            (
                "linearGradient",
                format!("x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\""),
            )
        }
        GradientKind::Radial {
            start,
            start_radius,
            end,
            end_radius,
        } => {
            let [fx, fy, fr, cx, cy, r] =
                [start.0, start.1, start_radius, end.0, end.1, end_radius].map(round);
            (
                "radialGradient",
                format!("fx=\"{fx}\" fy=\"{fy}\" fr=\"{fr}\" cx=\"{cx}\" cy=\"{cy}\" r=\"{r}\""),
            )
        }
    };
    let _ = write!(
        out,
        "<{name} id=\"g{id}\" gradientUnits=\"userSpaceOnUse\" {place}{spread}{transform}>"
    );
    for (offset, color) in &gradient.stops {
        let opacity = opacity("stop-opacity", *color);
        let (offset, color) = (round(*offset), hex(*color));
        let _ = write!(out, "<stop offset=\"{offset}\" stop-color=\"{color}\"{opacity}/>");
    }
    let _ = writeln!(out, "</{name}>");
}

fn line_style(line: &Line) -> String {
    let stroke = &line.stroke;
    let mut out = format!(" stroke-width=\"{}\"", round(stroke.width));
    match stroke.line_cap {
        LineCap::Butt => {}
        LineCap::Round => out.push_str(" stroke-linecap=\"round\""),
        LineCap::Square => out.push_str(" stroke-linecap=\"square\""),
    }
    match stroke.line_join {
        LineJoin::Miter | LineJoin::MiterClip => {
            let _ = write!(out, " stroke-miterlimit=\"{}\"", round(stroke.miter_limit));
        }
        LineJoin::Round => out.push_str(" stroke-linejoin=\"round\""),
        LineJoin::Bevel => out.push_str(" stroke-linejoin=\"bevel\""),
    }
    if !line.dashes.is_empty() {
        let lengths: Vec<String> = line
            .dashes
            .iter()
            .map(|length| round(*length).to_string())
            .collect();
        let (lengths, offset) = (lengths.join(" "), round(line.dash_offset));
        let _ = write!(
            out,
            " stroke-dasharray=\"{lengths}\" stroke-dashoffset=\"{offset}\""
        );
    }
    out
}

fn png_of(pixels: &Pixmap) -> Result<Vec<u8>, Error> {
    let straight: Vec<u8> = pixels
        .pixels()
        .iter()
        .flat_map(|pixel| {
            let color = pixel.demultiply();
            [color.red(), color.green(), color.blue(), color.alpha()]
        })
        .collect();
    encode(
        &straight,
        (pixels.width(), pixels.height()),
        png::ColorType::Rgba,
        None,
    )
    .map_err(|error| Error::Png(error.to_string()))
}

fn data(path: &Path) -> String {
    let mut out = String::new();
    for segment in path.segments() {
        let _ = match segment {
            PathSegment::MoveTo(to) => write!(out, "M{} {}", round(to.x), round(to.y)),
            PathSegment::LineTo(to) => write!(out, "L{} {}", round(to.x), round(to.y)),
            PathSegment::QuadTo(by, to) => {
                let [x1, y1, x, y] = [by.x, by.y, to.x, to.y].map(round);
                write!(out, "Q{x1} {y1} {x} {y}")
            }
            PathSegment::CubicTo(one, two, to) => {
                let [x1, y1, x2, y2, x, y] = [one.x, one.y, two.x, two.y, to.x, to.y].map(round);
                write!(out, "C{x1} {y1} {x2} {y2} {x} {y}")
            }
            PathSegment::Close => write!(out, "Z"),
        };
    }
    out
}

fn matrix(transform: Transform) -> String {
    if transform.is_identity() {
        return String::new();
    }
    let Transform {
        sx,
        ky,
        kx,
        sy,
        tx,
        ty,
    } = transform;
    // Factors are small where outlines have 1000 units per em: they keep more digits than places do.
    let factors = [sx, ky, kx, sy].map(|value| Decimal(value, 8));
    let [a, b, c, d] = factors;
    format!(
        " transform=\"matrix({a} {b} {c} {d} {} {})\"",
        round(tx),
        round(ty)
    )
}

/// Four decimals: a tenth of a micrometre.
fn round(value: f32) -> Decimal {
    Decimal(value, 4)
}

fn hex(color: Rgba) -> String {
    let [red, green, blue] = color.rgb;
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn opacity(name: &str, color: Rgba) -> String {
    if color.alpha < 1.0 {
        format!(" {name}=\"{}\"", round(color.alpha))
    } else {
        String::new()
    }
}
