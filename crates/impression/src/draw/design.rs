//! What a seal is drawn from: its data, and the measures that the rules prescribe for its kind.

use crate::error::{Error, Part};

/// Longest name of a seal, in characters.
pub const NAME_CHARS_MAX: usize = 40;
/// Longest caption, number or code, in characters.
pub(super) const CAPTION_CHARS_MAX: usize = 24;
/// Smallest seal that is drawn, in mm.
pub const SEAL_MM_MIN: f64 = 8.0;
/// Largest seal that is drawn, in mm. The largest official seal is 60 mm across.
pub const SEAL_MM_MAX: f64 = 100.0;

/// A seal of any shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Design {
    /// Official, special-purpose, contract and finance seals.
    Round(RoundSeal),
    /// Invoice seals, and seals of enterprises with foreign investment.
    Oval(OvalSeal),
    /// Name seals and square seals.
    Name(NameSeal),
}

/// A round seal.
#[derive(Clone, Debug, PartialEq)]
pub struct RoundSeal {
    /// Across the outer rim, in mm.
    pub diameter_mm: f64,
    /// Width of the rim, in mm; 1.0 to 1.2 by practice.
    pub border_mm: f64,
    /// The name along the upper arc, its feet towards the middle.
    pub name: String,
    /// The same name in a second language, in a ring outside of the name's.
    pub second_name: Option<String>,
    /// What stands in the middle.
    pub centre: Centre,
    /// The text that runs from left to right below the middle.
    pub caption: Option<String>,
    /// The anti-counterfeit code along the lower rim; organs of the state have none.
    pub code: Option<String>,
    /// Angle that the name takes, in degrees, from the middle of the seal; `None` for the rule.
    pub span_deg: Option<f64>,
    /// Height of the name's characters, in mm; `None` for the rule.
    pub char_mm: Option<f64>,
}

/// What stands in the middle of a round or oval seal.
#[derive(Clone, Debug, PartialEq)]
pub enum Centre {
    /// Nothing: special-purpose seals.
    Blank,
    /// A five-pointed star.
    Star {
        /// From tip to opposite tip on its circle, in mm.
        diameter_mm: f64,
        /// Turned clockwise, in degrees; 0 stands upright.
        turn_deg: f64,
    },
    /// An emblem in one colour, given as an SVG of outlines.
    Emblem {
        /// The SVG file.
        svg: String,
        /// Its longer side, in mm.
        size_mm: f64,
    },
}

/// Holders whose seal's diameter and middle are prescribed (国发〔1999〕25号; requirement R37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficialLevel {
    /// 国务院: 60 mm, national emblem.
    StateCouncil,
    /// 省级政府、国务院办公厅、部委、正部级直属机构: 50 mm, national emblem.
    Ministry,
    /// 国务院议事协调机构: 50 mm, star.
    Coordination,
    /// 副部级直属机构、部委管理的国家局: 45 mm, national emblem.
    ViceMinistry,
    /// 自治州、市、县、市辖区人民政府: 45 mm, national emblem.
    CityCounty,
    /// 地区（盟）行政公署: 45 mm, star.
    Prefecture,
    /// 部委外事司局、冠“中华人民共和国”“国家”字样的内设机构、驻外使领馆: 42 mm, national emblem.
    ForeignAffairs,
    /// 乡镇人民政府: 42 mm, star.
    Township,
    /// 国家机关内设机构和直属单位: at most 45 mm, usually 42 mm, star.
    Department,
    /// 企业、事业单位、社会团体: at most 45 mm, usually 40 mm, star.
    Organisation,
}

impl OfficialLevel {
    /// Prescribed or usual diameter, in mm.
    pub fn diameter_mm(self) -> f64 {
        match self {
            Self::StateCouncil => 60.0,
            Self::Ministry | Self::Coordination => 50.0,
            Self::ViceMinistry | Self::CityCounty | Self::Prefecture => 45.0,
            Self::ForeignAffairs | Self::Township | Self::Department => 42.0,
            Self::Organisation => 40.0,
        }
    }

    /// Whether the national emblem stands in the middle; else it is the star.
    pub fn has_emblem(self) -> bool {
        matches!(
            self,
            Self::StateCouncil
                | Self::Ministry
                | Self::ViceMinistry
                | Self::CityCounty
                | Self::ForeignAffairs
        )
    }
}

impl RoundSeal {
    /// An official seal with the star, or the emblem where one is given.
    pub fn official(level: OfficialLevel, name: &str, emblem: Option<String>) -> Self {
        let mut seal = Self::plain(level.diameter_mm(), name);
        seal.centre = match emblem {
            Some(svg) => Centre::Emblem {
                svg,
                size_mm: seal.diameter_mm / 3.0,
            },
            None => Centre::star(seal.diameter_mm),
        };
        seal
    }

    /// A special-purpose seal (专用章): no star, the purpose below the middle. 38 mm for contracts and finance.
    pub fn special(diameter_mm: f64, name: &str, purpose: &str) -> Self {
        Self {
            caption: Some(purpose.into()),
            ..Self::plain(diameter_mm, name)
        }
    }

    fn plain(diameter_mm: f64, name: &str) -> Self {
        Self {
            diameter_mm,
            border_mm: if diameter_mm < 40.0 { 1.0 } else { 1.2 },
            name: name.into(),
            second_name: None,
            centre: Centre::Blank,
            caption: None,
            code: None,
            span_deg: None,
            char_mm: None,
        }
    }
}

impl Centre {
    /// The star of a seal of this diameter: 14 mm on 42 mm.
    pub fn star(diameter_mm: f64) -> Self {
        Self::Star {
            diameter_mm: diameter_mm / 3.0,
            turn_deg: 0.0,
        }
    }
}

/// An oval seal.
#[derive(Clone, Debug, PartialEq)]
pub struct OvalSeal {
    /// Across, in mm.
    pub width_mm: f64,
    /// Down, in mm.
    pub height_mm: f64,
    /// Width of the rim, in mm.
    pub border_mm: f64,
    /// The name along the upper arc.
    pub name: String,
    /// Height of the name's characters, in mm; `None` for the rule.
    pub char_mm: Option<f64>,
    /// The name in another language along the lower arc, its heads towards the middle.
    pub second_name: Option<String>,
    /// The number in the middle: of an invoice seal the taxpayer's.
    pub number: Option<String>,
    /// The text below the middle; of a seal without number, in the middle.
    pub caption: Option<String>,
    /// The serial number below the caption.
    pub serial: Option<String>,
    /// A mark in the middle.
    pub centre: Centre,
    /// Angle that the name takes, in degrees; `None` for the rule.
    pub span_deg: Option<f64>,
}

impl OvalSeal {
    /// An invoice seal (发票专用章, 税务总局公告 2011年第7号): 40 × 30 mm with the taxpayer's number.
    pub fn invoice(name: &str, taxpayer: &str) -> Self {
        Self {
            width_mm: 40.0,
            height_mm: 30.0,
            border_mm: 1.0,
            name: name.into(),
            char_mm: Some(4.2),
            second_name: None,
            number: Some(taxpayer.into()),
            caption: Some("发票专用章".into()),
            serial: None,
            centre: Centre::Blank,
            span_deg: None,
        }
    }

    /// The seal of an enterprise with foreign investment: 45 × 30 mm, two languages, no star.
    pub fn bilingual(name: &str, second_name: &str) -> Self {
        Self {
            width_mm: 45.0,
            char_mm: None,
            second_name: Some(second_name.into()),
            number: None,
            caption: None,
            ..Self::invoice(name, "")
        }
    }
}

/// A seal in a rectangle: a person's name, or the text of a square seal.
#[derive(Clone, Debug, PartialEq)]
pub struct NameSeal {
    /// The text: for a person 2 to 4 characters.
    pub name: String,
    /// What follows the name.
    pub suffix: NameSuffix,
    /// Width, in mm; 18 or 20 for persons.
    pub width_mm: f64,
    /// Height, in mm.
    pub height_mm: f64,
    /// Width of the rim, in mm.
    pub border_mm: f64,
    /// Red characters on paper, or paper characters in red.
    pub relief: Relief,
    /// How the text runs.
    pub arrangement: Arrangement,
}

impl NameSeal {
    /// A square name seal, in columns from the right.
    pub fn square(name: &str, side_mm: f64) -> Self {
        Self {
            name: name.into(),
            suffix: NameSuffix::None,
            width_mm: side_mm,
            height_mm: side_mm,
            border_mm: side_mm / 20.0,
            relief: Relief::Raised,
            arrangement: Arrangement::Columns,
        }
    }
}

/// What follows a person's name in the seal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameSuffix {
    /// Nothing.
    None,
    /// 印
    Yin,
    /// 之印
    ZhiYin,
}

impl NameSuffix {
    /// The characters.
    pub fn text(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Yin => "印",
            Self::ZhiYin => "之印",
        }
    }
}

/// Which side is red.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relief {
    /// 阳文（朱文）: red characters.
    Raised,
    /// 阴文（白文）: characters left out of a red field.
    Intaglio,
}

/// How the text of a square seal runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// Columns from right to left, each from top to bottom.
    Columns,
    /// Rows from top to bottom, each from left to right.
    Rows,
}

/// Checks the length of a text.
pub(super) fn checked_text(part: Part, text: &str, max: usize) -> Result<(), Error> {
    let chars = text.chars().count();
    if (1..=max).contains(&chars) && text.chars().all(|one| !one.is_control()) {
        return Ok(());
    }
    Err(Error::TextLength {
        part,
        chars,
        min: 1,
        max,
    })
}

/// Checks a measure.
pub(super) fn checked_mm(part: Part, value_mm: f64, min_mm: f64, max_mm: f64) -> Result<(), Error> {
    if (min_mm..=max_mm).contains(&value_mm) {
        return Ok(());
    }
    Err(Error::Measure {
        part,
        value_mm,
        min_mm,
        max_mm,
    })
}

/// Least and greatest angle that a name may be told to take, in degrees.
const SPAN_MIN_DEG: f64 = 5.0;
const SPAN_MAX_DEG: f64 = 355.0;

/// Checks the angle of the name, where one is given.
pub(super) fn checked_span(span_deg: Option<f64>) -> Result<(), Error> {
    match span_deg {
        Some(value_deg) if !(SPAN_MIN_DEG..=SPAN_MAX_DEG).contains(&value_deg) => Err(Error::Angle {
            part: Part::Name,
            value_deg,
            min_deg: SPAN_MIN_DEG,
            max_deg: SPAN_MAX_DEG,
        }),
        _ => Ok(()),
    }
}
