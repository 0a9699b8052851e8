//! The picture of a seal: what it is, from its own bytes and never from its label.

use std::fmt;

use crate::svg::{ActiveContent, active_content, is_svg};

/// Widest and highest seal that is believed, in millimetres. The largest official seal is 60 mm across, the
/// longest business seals stay below 100 mm.
pub const SEAL_MM_MAX: i128 = 200;

/// Most pixels in one direction that a picture may claim. 600 dpi over 200 mm are 4725.
pub const PICTURE_PIXELS_MAX: u32 = 20_000;

/// The picture inside a seal.
///
/// ```text
/// SES_ESPictrueInfo ::= SEQUENCE { type IA5String, data OCTET STRING, width INTEGER, height INTEGER }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture<'a> {
    /// What the maker says it is: "PNG", "png", "ofd", …
    pub declared_type: &'a str,
    /// The picture file.
    pub data: &'a [u8],
    /// Width, in millimetres; anything a hostile file may say.
    pub width_mm: i128,
    /// Height, in millimetres; anything a hostile file may say.
    pub height_mm: i128,
}

/// The picture types that seals hold (GM/T 0031-2025 lists all but OFD, which tax seals have).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PictureFormat {
    /// Windows bitmap.
    Bmp,
    /// Graphics Interchange Format.
    Gif,
    /// JPEG.
    Jpeg,
    /// A one-page OFD package.
    Ofd,
    /// Portable Network Graphics.
    Png,
    /// Scalable Vector Graphics.
    Svg,
}

impl PictureFormat {
    /// What the bytes are, by their own signature; `None` for everything that no seal may hold.
    pub fn sniff(data: &[u8]) -> Option<Self> {
        match data {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Self::Gif),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [b'B', b'M', ..] if data.len() >= 26 => Some(Self::Bmp),
            [b'P', b'K', 3, 4, ..] if contains(data, b"OFD.xml") => Some(Self::Ofd),
            _ if is_svg(data) => Some(Self::Svg),
            _ => None,
        }
    }

    /// What a label means; `None` for an unknown one.
    pub fn from_label(label: &str) -> Option<Self> {
        let label = label.trim().trim_start_matches('.').to_ascii_lowercase();
        match label.strip_prefix("image/").unwrap_or(&label) {
            "bmp" => Some(Self::Bmp),
            "gif" => Some(Self::Gif),
            "jpg" | "jpeg" => Some(Self::Jpeg),
            "ofd" => Some(Self::Ofd),
            "png" => Some(Self::Png),
            "svg" | "svg+xml" => Some(Self::Svg),
            _ => None,
        }
    }

    /// The label to write: upper case, as in the standard's list.
    pub fn label(self) -> &'static str {
        match self {
            Self::Bmp => "BMP",
            Self::Gif => "GIF",
            Self::Jpeg => "JPG",
            // Every tax seal writes it so.
            Self::Ofd => "ofd",
            Self::Png => "PNG",
            Self::Svg => "SVG",
        }
    }
}

/// Something about a picture that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PictureFault {
    /// An SVG that runs code or fetches something when shown.
    ActiveContent(ActiveContent),
    /// Width or height is not between 1 and [`SEAL_MM_MAX`].
    SizeAbsurd {
        /// Declared width, in millimetres.
        width_mm: i128,
        /// Declared height, in millimetres.
        height_mm: i128,
    },
    /// The label says something else than the bytes.
    TypeMismatch {
        /// The label.
        declared: String,
        /// What the bytes are.
        found: PictureFormat,
    },
    /// The bytes are no picture that a seal may hold.
    TypeUnknown,
    /// The header of the picture is damaged, or claims no pixels or too many.
    Unreadable,
}

impl PictureFault {
    /// A name that never changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ActiveContent(_) => "PICTURE_ACTIVE_CONTENT",
            Self::SizeAbsurd { .. } => "SEAL_SIZE_ABSURD",
            Self::TypeMismatch { .. } => "PICTURE_TYPE_MISMATCH",
            Self::TypeUnknown => "PICTURE_TYPE_UNKNOWN",
            Self::Unreadable => "PICTURE_UNREADABLE",
        }
    }
}

impl fmt::Display for PictureFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ActiveContent(content) => write!(f, "the picture contains {content}"),
            Self::SizeAbsurd { width_mm, height_mm } => {
                write!(f, "the seal claims to be {width_mm} mm × {height_mm} mm")
            }
            Self::TypeMismatch { declared, found } => {
                write!(
                    f,
                    "the picture is declared as {declared:?} but is {}",
                    found.label()
                )
            }
            Self::TypeUnknown => f.write_str("the picture is of no type that a seal may have"),
            Self::Unreadable => f.write_str("the header of the picture cannot be read"),
        }
    }
}

impl Picture<'_> {
    /// What the bytes are.
    pub fn format(&self) -> Option<PictureFormat> {
        PictureFormat::sniff(self.data)
    }

    /// Everything a person should know about it. Nothing is decoded: only headers, and the text of an SVG.
    pub fn faults(&self) -> Vec<PictureFault> {
        let mut faults = Vec::new();
        match self.format() {
            None => faults.push(PictureFault::TypeUnknown),
            Some(found) => {
                if PictureFormat::from_label(self.declared_type) != Some(found) {
                    let declared = self.declared_type.chars().take(32).collect();
                    faults.push(PictureFault::TypeMismatch { declared, found });
                }
                faults.extend(content_fault(found, self.data));
            }
        }
        let is_absurd = |mm: i128| !(1..=SEAL_MM_MAX).contains(&mm);
        if is_absurd(self.width_mm) || is_absurd(self.height_mm) {
            let Self {
                width_mm, height_mm, ..
            } = *self;
            faults.push(PictureFault::SizeAbsurd { width_mm, height_mm });
        }
        faults
    }
}

fn content_fault(format: PictureFormat, data: &[u8]) -> Option<PictureFault> {
    match format {
        PictureFormat::Ofd => None,
        PictureFormat::Svg => active_content(data).map(PictureFault::ActiveContent),
        _ => {
            let claims = |side: &u32| (1..=PICTURE_PIXELS_MAX).contains(side);
            let is_readable =
                pixel_size(data).is_some_and(|(width, height)| claims(&width) && claims(&height));
            (!is_readable).then_some(PictureFault::Unreadable)
        }
    }
}

/// Width and height in pixels, from the header of a PNG, GIF, BMP or JPEG.
pub fn pixel_size(data: &[u8]) -> Option<(u32, u32)> {
    match PictureFormat::sniff(data)? {
        PictureFormat::Png => {
            let header = data
                .get(8..24)
                .filter(|header| header.starts_with(b"\0\0\0\x0dIHDR"))?;
            Some((be32(&header[8..12]), be32(&header[12..16])))
        }
        PictureFormat::Gif => {
            let size = data.get(6..10)?;
            Some((u32::from(le16(&size[..2])), u32::from(le16(&size[2..]))))
        }
        PictureFormat::Bmp => match le32(data.get(14..18)?) {
            12 => Some((u32::from(le16(&data[18..20])), u32::from(le16(&data[20..22])))),
            // A negative height means that the rows run from top to bottom.
            40.. => Some((le32(&data[18..22]), (le32(&data[22..26]) as i32).unsigned_abs())),
            _ => None,
        },
        PictureFormat::Jpeg => jpeg_size(data),
        PictureFormat::Ofd | PictureFormat::Svg => None,
    }
}

/// Walks the segments to the frame header (ITU-T T.81 B.2.2).
fn jpeg_size(data: &[u8]) -> Option<(u32, u32)> {
    let mut rest = data.get(2..)?;
    loop {
        let marker_at = rest.iter().position(|octet| *octet != 0xff)?;
        let (marker, segment) = rest.get(marker_at..)?.split_first()?;
        if marker_at == 0 {
            return None;
        }
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let size = segment.get(3..7)?;
                return Some((u32::from(be16(&size[2..])), u32::from(be16(&size[..2]))));
            }
            0x01 | 0xd0..=0xd8 => rest = segment,
            0xd9 | 0xda => return None,
            _ => rest = segment.get(usize::from(be16(segment.get(..2)?)).max(2)..)?,
        }
    }
}

fn contains(data: &[u8], needle: &[u8]) -> bool {
    data.windows(needle.len()).any(|window| window == needle)
}

fn be16(bytes: &[u8]) -> u16 {
    u16::from(bytes[0]) << 8 | u16::from(bytes[1])
}

fn be32(bytes: &[u8]) -> u32 {
    u32::from(be16(bytes)) << 16 | u32::from(be16(&bytes[2..]))
}

fn le16(bytes: &[u8]) -> u16 {
    be16(bytes).swap_bytes()
}

fn le32(bytes: &[u8]) -> u32 {
    be32(bytes).swap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x01\0\0\0\0\x80\x08\x06\0\0\0";
    const GIF: &[u8] = b"GIF89a\x2c\x01\xc8\x00\0\0\0";
    const BMP: &[u8] = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x10\0\0\0\xf0\xff\xff\xff\x01\0\x18\0";
    const JPEG: &[u8] =
        b"\xff\xd8\xff\xe0\0\x04JF\xff\xff\xdb\0\x02\xff\xc0\0\x0b\x08\0\x20\0\x10\x01\x01\x11\0\xff\xd9";

    #[test]
    fn headers_tell_type_and_pixels() {
        for (data, format, size) in [
            (PNG, PictureFormat::Png, (256, 128)),
            (GIF, PictureFormat::Gif, (300, 200)),
            (BMP, PictureFormat::Bmp, (16, 16)),
            (JPEG, PictureFormat::Jpeg, (16, 32)),
        ] {
            assert_eq!(PictureFormat::sniff(data), Some(format));
            assert_eq!(pixel_size(data), Some(size), "{format:?}");
            for end in 0..data.len() {
                pixel_size(&data[..end]);
            }
        }
        assert_eq!(
            PictureFormat::sniff(b"PK\x03\x04......OFD.xml"),
            Some(PictureFormat::Ofd)
        );
        for other in [
            &b""[..],
            b"PK\x03\x04",
            b"BM",
            b"%PDF-1.7",
            b"II*\0",
            b"RIFF....WEBP",
            b"GIF90a",
        ] {
            assert_eq!(PictureFormat::sniff(other), None);
        }
    }

    fn codes(declared_type: &str, data: &[u8], width_mm: i128, height_mm: i128) -> Vec<&'static str> {
        let picture = Picture {
            declared_type,
            data,
            width_mm,
            height_mm,
        };
        picture.faults().iter().map(PictureFault::code).collect()
    }

    #[test]
    fn faults_stand_each_for_itself() {
        assert_eq!(codes("PNG", PNG, 40, 40), [""; 0]);
        assert_eq!(codes("png", PNG, 1, 200), [""; 0]);
        assert_eq!(codes("bmp", GIF, 40, 40), ["PICTURE_TYPE_MISMATCH"]);
        assert_eq!(
            codes("", GIF, 0, 40),
            ["PICTURE_TYPE_MISMATCH", "SEAL_SIZE_ABSURD"]
        );
        assert_eq!(codes("PNG", PNG, 1 << 63, -1), ["SEAL_SIZE_ABSURD"]);
        assert_eq!(
            codes("PNG", b"junk", 40, 201),
            ["PICTURE_TYPE_UNKNOWN", "SEAL_SIZE_ABSURD"]
        );
        assert_eq!(codes("PNG", &PNG[..20], 40, 40), ["PICTURE_UNREADABLE"]);
        let mut huge = PNG.to_vec();
        huge[16] = 0x7f;
        assert_eq!(codes("PNG", &huge, 40, 40), ["PICTURE_UNREADABLE"]);
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>0</script></svg>";
        assert_eq!(codes("SVG", svg, 40, 40), ["PICTURE_ACTIVE_CONTENT"]);
    }

    #[test]
    fn labels_in_any_spelling() {
        for (label, format) in [
            ("PNG", Some(PictureFormat::Png)),
            (".jpeg", Some(PictureFormat::Jpeg)),
            ("image/svg+xml", Some(PictureFormat::Svg)),
            ("ofd", Some(PictureFormat::Ofd)),
            ("tiff", None),
        ] {
            assert_eq!(PictureFormat::from_label(label), format);
        }
    }
}
