//! Colours (GB/T 33190-2016 8.3): GRAY, RGB and CMYK, palettes, and values as real files write them.

use ofd::Element;
use ofd::geometry::number;

use crate::scene::Rgba;

/// Channels of a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Model {
    Gray,
    Rgb,
    Cmyk,
}

/// `ColorSpace`. ICC profiles are not applied: the values are taken as sRGB, or turned into it by the simple rule.
#[derive(Clone, Debug)]
pub(crate) struct ColorSpace {
    model: Model,
    /// Largest value of a channel.
    max: f64,
    palette: Vec<String>,
}

/// Entries of a palette that are kept.
const PALETTE_MAX: usize = 65_536;

impl ColorSpace {
    /// RGB with 8 bits, which holds where nothing else is said.
    pub(crate) const RGB: Self = Self {
        model: Model::Rgb,
        max: 255.0,
        palette: Vec::new(),
    };

    pub(crate) fn read(element: &Element) -> Self {
        let kind = element
            .attribute("Type")
            .unwrap_or_default()
            .trim()
            .to_ascii_uppercase();
        let bits = element
            .attribute("BitsPerComponent")
            .and_then(|bits| bits.trim().parse().ok());
        let bits: u32 = bits.unwrap_or(8);
        let palette = element.child("Palette").map(|palette| {
            let values = palette.children_named("CV").take(PALETTE_MAX);
            values.map(|value| value.text.clone()).collect()
        });
        Self {
            model: match kind.as_str() {
                "GRAY" => Model::Gray,
                "CMYK" => Model::Cmyk,
                _ => Model::Rgb,
            },
            max: ((1u64 << bits.clamp(1, 16)) - 1) as f64,
            palette: palette.unwrap_or_default(),
        }
    }

    /// The colour of `Value` or `Index` of a `CT_Color`; black where neither can be read.
    pub(crate) fn color(&self, element: &Element) -> Rgba {
        let alpha = element.attribute("Alpha").and_then(number).unwrap_or(255.0);
        let alpha = (alpha / 255.0).clamp(0.0, 1.0) as f32;
        let index = element
            .attribute("Index")
            .and_then(|index| index.trim().parse().ok());
        let value = element
            .attribute("Value")
            .or_else(|| index.and_then(|index: usize| self.palette.get(index).map(String::as_str)));
        let rgb = value.and_then(|value| self.rgb(value)).unwrap_or([0; 3]);
        Rgba { rgb, alpha }
    }

    /// The number of channels decides where it contradicts the colour space, as other readers do.
    fn rgb(&self, value: &str) -> Option<[u8; 3]> {
        let channel = |word: &str| match word.strip_prefix('#') {
            Some(hex) => u32::from_str_radix(hex, 16).ok().map(f64::from),
            None => number(word),
        };
        let words = value.split(|character: char| character.is_ascii_whitespace() || character == ',');
        let channels: Option<Vec<f64>> = words
            .filter(|word| !word.is_empty())
            .take(5)
            .map(channel)
            .collect();
        let share = |value: f64| (value / self.max).clamp(0.0, 1.0);
        match (self.model, channels?.as_slice()) {
            (_, &[gray]) => Some([byte(share(gray)); 3]),
            (_, &[red, green, blue]) => Some([red, green, blue].map(|value| byte(share(value)))),
            (_, &[cyan, magenta, yellow, black]) => {
                let light = 1.0 - share(black);
                Some([cyan, magenta, yellow].map(|ink| byte((1.0 - share(ink)) * light)))
            }
            _ => None,
        }
    }
}

fn byte(share: f64) -> u8 {
    (share * 255.0).round() as u8 // from 0 to 255
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(space: &str, color: &str, expected: ([u8; 3], f32)) {
        let read = |xml: &str| Element::read(xml.as_bytes(), &[], &ofd::Limits::default()).unwrap();
        let space = if space.is_empty() {
            ColorSpace::RGB
        } else {
            ColorSpace::read(&read(space))
        };
        let color = space.color(&read(color));
        assert_eq!((color.rgb, color.alpha), expected);
    }

    #[test]
    fn values_of_every_model() {
        check("", "<C Value='255 0 128'/>", ([255, 0, 128], 1.0));
        check("", "<C Value='#FF #0 #80' Alpha='0'/>", ([255, 0, 128], 0.0));
        check("<S Type='GRAY'/>", "<C Value='51'/>", ([51; 3], 1.0));
        check("<S Type='CMYK'/>", "<C Value='0 255 255 0'/>", ([255, 0, 0], 1.0));
        check("<S Type='CMYK'/>", "<C Value='0 0 0 255'/>", ([0; 3], 1.0));
        check(
            "<S Type='RGB' BitsPerComponent='4'/>",
            "<C Value='15 0 3'/>",
            ([255, 0, 51], 1.0),
        );
    }

    #[test]
    fn palettes_and_their_ends() {
        let space = "<S Type='RGB'><Palette><CV>1 2 3</CV><CV>4 5 6</CV></Palette></S>";
        check(space, "<C Index='1'/>", ([4, 5, 6], 1.0));
        check(space, "<C Index='2'/>", ([0; 3], 1.0));
    }

    #[test]
    fn values_that_contradict_their_space() {
        check("<S Type='GRAY'/>", "<C Value='1 2 3'/>", ([1, 2, 3], 1.0));
        check("", "<C Value='7'/>", ([7; 3], 1.0));
        check("", "<C Value='x'/>", ([0; 3], 1.0));
        check("", "<C Value='999 -4 1e99'/>", ([0; 3], 1.0));
        check("", "<C/>", ([0; 3], 1.0));
    }
}
