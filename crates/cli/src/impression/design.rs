//! A seal's data as it is written on the command line.

use std::path::PathBuf;

use clap::ValueEnum;
use impression::{
    Arrangement, Centre, Design, NameSeal, NameSuffix, OfficialLevel, OvalSeal, Relief, RoundSeal,
};

use crate::common::{Failure, read_small};

/// What is drawn.
#[derive(clap::Args)]
pub(super) struct DesignArgs {
    /// 印章种类 / kind of seal
    #[arg(value_enum)]
    kind: Kind,
    /// 名称或姓名 / the name
    #[arg(long)]
    name: String,
    /// 级别，决定直径和中心图案（国发〔1999〕25号）/ level of an official seal
    #[arg(long, value_enum, default_value_t = Level::Department)]
    level: Level,
    /// 直径（毫米）/ diameter in mm
    #[arg(long, value_name = "MM")]
    diameter: Option<f64>,
    /// 宽x高（毫米），椭圆章和名章 / width and height in mm
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<(f64, f64)>,
    /// 边框宽度（毫米）/ width of the rim in mm
    #[arg(long, value_name = "MM")]
    border: Option<f64>,
    /// 国徽或其他徽记的 SVG（单色轮廓）/ emblem for the middle, an SVG of outlines
    #[arg(long, value_name = "FILE", conflicts_with = "star")]
    emblem: Option<PathBuf>,
    /// 专用章中心也刻五角星 / a star in the middle of a special-purpose seal too
    #[arg(long)]
    star: bool,
    /// 横排文字，如“合同专用章” / text below the middle
    #[arg(long, value_name = "TEXT")]
    caption: Option<String>,
    /// 下沿防伪编码；发票章为顺序号 / code at the lower rim; of an invoice seal the serial number
    #[arg(long)]
    code: Option<String>,
    /// 纳税人识别号（发票专用章）/ taxpayer's number of an invoice seal
    #[arg(long)]
    number: Option<String>,
    /// 第二种文字的名称 / the name in a second language
    #[arg(long, value_name = "NAME")]
    second_name: Option<String>,
    /// 名称所占圆心角（度）/ angle that the name takes, in degrees
    #[arg(long, value_name = "DEGREES")]
    span: Option<f64>,
    /// 名称字高（毫米）/ height of the name's characters in mm
    #[arg(long, value_name = "MM")]
    char_height: Option<f64>,
    /// 名章后缀 / what follows a person's name
    #[arg(long, value_enum, default_value_t = Suffix::None)]
    suffix: Suffix,
    /// 阴文（白文）/ characters left out of a red field
    #[arg(long)]
    intaglio: bool,
    /// 横排（默认自右向左竖排）/ rows instead of columns from the right
    #[arg(long)]
    rows: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// 法定名称章 / official seal
    Official,
    /// 专用章 / special-purpose seal, 40 mm
    Special,
    /// 合同专用章 / contract seal, 38 mm
    Contract,
    /// 财务专用章 / finance seal, 38 mm
    Finance,
    /// 发票专用章，椭圆 40×30 mm / invoice seal
    Invoice,
    /// 中外文椭圆章 45×30 mm / oval bilingual seal
    Oval,
    /// 名章、方章 / name seal, square seal
    Name,
}

#[derive(Clone, Copy, ValueEnum)]
enum Level {
    /// 国务院，60 mm，国徽
    StateCouncil,
    /// 省、部、委，50 mm，国徽
    Ministry,
    /// 国务院议事协调机构，50 mm，五角星
    Coordination,
    /// 副部级，45 mm，国徽
    ViceMinistry,
    /// 州、市、县、区政府，45 mm，国徽
    CityCounty,
    /// 地区（盟）行政公署，45 mm，五角星
    Prefecture,
    /// 外事司局、驻外使领馆等，42 mm，国徽
    ForeignAffairs,
    /// 乡镇政府，42 mm，五角星
    Township,
    /// 内设机构、直属单位，42 mm，五角星
    Department,
    /// 企业、事业单位、社会团体，40 mm，五角星
    Organisation,
}

#[derive(Clone, Copy, ValueEnum)]
enum Suffix {
    /// 无 / none
    None,
    /// 印
    Yin,
    /// 之印
    ZhiYin,
}

impl DesignArgs {
    /// The seal; refusals name what is missing.
    pub(super) fn design(&self) -> Result<Design, Failure> {
        match self.kind {
            Kind::Official => self.official(),
            Kind::Special => self.special(40.0, None),
            Kind::Contract => self.special(38.0, Some("合同专用章")),
            Kind::Finance => self.special(38.0, Some("财务专用章")),
            Kind::Invoice => {
                let number = self
                    .number
                    .as_deref()
                    .ok_or_else(|| missing("--number", "纳税人识别号"))?;
                let mut seal = OvalSeal::invoice(&self.name, number);
                seal.serial = self.code.clone();
                self.oval(seal)
            }
            Kind::Oval => {
                let second = self.second_name.as_deref();
                let second = second.ok_or_else(|| missing("--second-name", "外文名称"))?;
                self.oval(OvalSeal::bilingual(&self.name, second))
            }
            Kind::Name => Ok(Design::Name(self.name_seal())),
        }
    }

    fn official(&self) -> Result<Design, Failure> {
        let level = self.level.level();
        let emblem = self.emblem()?;
        if level.has_emblem() && emblem.is_none() && !self.star {
            return Err(Failure::usage(
                "这一级别的印章中央刻国徽：请用 --emblem 给出国徽的 SVG，或用 --star 明示改刻五角星",
                "a seal of this level has the national emblem: give its SVG with --emblem, or say --star to draw a star",
            ));
        }
        self.round(RoundSeal::official(level, &self.name, emblem))
    }

    fn special(&self, diameter_mm: f64, purpose: Option<&str>) -> Result<Design, Failure> {
        let purpose = self.caption.as_deref().or(purpose);
        let purpose = purpose.ok_or_else(|| missing("--caption", "用途，如“行政审批专用章”"))?;
        self.round(RoundSeal::special(diameter_mm, &self.name, purpose))
    }

    fn round(&self, mut seal: RoundSeal) -> Result<Design, Failure> {
        if let Some(diameter_mm) = self.diameter {
            seal.diameter_mm = diameter_mm;
            if matches!(seal.centre, Centre::Star { .. }) {
                seal.centre = Centre::star(diameter_mm);
            }
        }
        match self.emblem()? {
            Some(svg) => {
                seal.centre = Centre::Emblem {
                    svg,
                    size_mm: seal.diameter_mm / 3.0,
                };
            }
            None if self.star => seal.centre = Centre::star(seal.diameter_mm),
            None => {}
        }
        seal.border_mm = self.border.unwrap_or(seal.border_mm);
        seal.caption = self.caption.clone().or(seal.caption);
        seal.code.clone_from(&self.code);
        seal.second_name.clone_from(&self.second_name);
        (seal.span_deg, seal.char_mm) = (self.span, self.char_height);
        Ok(Design::Round(seal))
    }

    fn oval(&self, mut seal: OvalSeal) -> Result<Design, Failure> {
        if let Some((width_mm, height_mm)) = self.size {
            (seal.width_mm, seal.height_mm) = (width_mm, height_mm);
        }
        if let Some(svg) = self.emblem()? {
            seal.centre = Centre::Emblem {
                svg,
                size_mm: seal.height_mm / 4.0,
            };
        }
        seal.border_mm = self.border.unwrap_or(seal.border_mm);
        seal.caption = self.caption.clone().or(seal.caption);
        seal.char_mm = self.char_height.or(seal.char_mm);
        seal.span_deg = self.span;
        Ok(Design::Oval(seal))
    }

    fn name_seal(&self) -> NameSeal {
        let mut seal = NameSeal::square(&self.name, 20.0);
        if let Some((width_mm, height_mm)) = self.size {
            (seal.width_mm, seal.height_mm) = (width_mm, height_mm);
            seal.border_mm = width_mm.min(height_mm) / 20.0;
        }
        seal.border_mm = self.border.unwrap_or(seal.border_mm);
        seal.suffix = match self.suffix {
            Suffix::None => NameSuffix::None,
            Suffix::Yin => NameSuffix::Yin,
            Suffix::ZhiYin => NameSuffix::ZhiYin,
        };
        if self.intaglio {
            seal.relief = Relief::Intaglio;
        }
        if self.rows {
            seal.arrangement = Arrangement::Rows;
        }
        seal
    }

    fn emblem(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.emblem else { return Ok(None) };
        let text = String::from_utf8(read_small(path)?)
            .map_err(|error| Failure::unreadable(path, "不是 UTF-8 文本", error))?;
        Ok(Some(text))
    }
}

impl Level {
    fn level(self) -> OfficialLevel {
        match self {
            Self::StateCouncil => OfficialLevel::StateCouncil,
            Self::Ministry => OfficialLevel::Ministry,
            Self::Coordination => OfficialLevel::Coordination,
            Self::ViceMinistry => OfficialLevel::ViceMinistry,
            Self::CityCounty => OfficialLevel::CityCounty,
            Self::Prefecture => OfficialLevel::Prefecture,
            Self::ForeignAffairs => OfficialLevel::ForeignAffairs,
            Self::Township => OfficialLevel::Township,
            Self::Department => OfficialLevel::Department,
            Self::Organisation => OfficialLevel::Organisation,
        }
    }
}

fn missing(option: &str, what: &str) -> Failure {
    Failure::usage(
        format!("这种印章需要{what}：请用 {option} 给出"),
        format!("this kind of seal needs {option}"),
    )
}

/// `42x42`, in mm.
fn size(text: &str) -> Result<(f64, f64), String> {
    let pair = text.split_once(['x', 'X', '×']);
    let number = |text: &str| text.trim().parse().ok().filter(|number: &f64| number.is_finite());
    let pair = pair.and_then(|(width, height)| Some((number(width)?, number(height)?)));
    pair.ok_or_else(|| "write WIDTHxHEIGHT in mm, as 20x20 / 应写成 宽x高（毫米），如 20x20".into())
}
