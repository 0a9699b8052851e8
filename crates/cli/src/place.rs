//! Positions as they are written on the command line.

use sealing::{Edge, Fold, PageSelection, Position};

/// Most pages that a list of page numbers may name.
const PAGES_MAX: usize = 100_000;

/// `PAGES:X,Y`.
pub(crate) fn point(text: &str) -> Result<Position, String> {
    let (selection, place) = text.split_once(':').ok_or("write PAGES:X,Y / 应写成 页码:X,Y")?;
    let (x, y) = place.split_once(',').ok_or("write PAGES:X,Y / 应写成 页码:X,Y")?;
    Ok(Position::Point {
        pages: pages(selection)?,
        x_mm: length(x)?,
        y_mm: length(y)?,
    })
}

/// `TEXT` or `TEXT#N`.
pub(crate) fn keyword(text: &str) -> Result<Position, String> {
    let counted = text
        .rsplit_once('#')
        .and_then(|(word, nth)| Some((word, nth.parse().ok()?)));
    let (word, nth) = counted.map_or((text, None), |(word, nth): (&str, usize)| (word, Some(nth)));
    if word.trim().is_empty() || nth == Some(0) {
        return Err("write TEXT or TEXT#N with N from 1 / 应写成 文字 或 文字#N，N 从 1 起".into());
    }
    Ok(Position::Keyword {
        text: word.into(),
        nth,
        pages: PageSelection::All,
    })
}

/// `EDGE[,middle=MM][,group=N]`.
pub(crate) fn straddle(text: &str) -> Result<Position, String> {
    let (first, options) = options(text)?;
    let edge = match first {
        "left" | "左" => Edge::Left,
        "right" | "右" => Edge::Right,
        "top" | "上" => Edge::Top,
        "bottom" | "下" => Edge::Bottom,
        _ => return Err("the edge is left, right, top or bottom / 边为 left、right、top 或 bottom".into()),
    };
    let mut position = (None, None);
    for (name, value) in options {
        match name {
            "middle" => position.0 = Some(length(value)?),
            "group" => position.1 = Some(count(value)?),
            _ => return Err(format!("unknown option {name:?} / 不认识的选项 {name:?}")),
        }
    }
    Ok(Position::Straddle {
        edge,
        middle_mm: position.0,
        group: position.1,
    })
}

/// `FOLD[,middle=MM]`.
pub(crate) fn facing(text: &str) -> Result<Position, String> {
    let (first, options) = options(text)?;
    let fold = match first {
        "left-right" | "左右" => Fold::LeftRight,
        "top-bottom" | "上下" => Fold::TopBottom,
        _ => return Err("the fold is left-right or top-bottom / 对开方式为 left-right 或 top-bottom".into()),
    };
    let mut middle_mm = None;
    for (name, value) in options {
        match name {
            "middle" => middle_mm = Some(length(value)?),
            _ => return Err(format!("unknown option {name:?} / 不认识的选项 {name:?}")),
        }
    }
    Ok(Position::Facing { fold, middle_mm })
}

/// Names and values behind what stands first.
type Options<'a> = Vec<(&'a str, &'a str)>;

/// What stands first, and the options behind it.
fn options(text: &str) -> Result<(&str, Options<'_>), String> {
    let mut fields = text.split(',').map(str::trim);
    let first = fields.next().unwrap_or_default();
    let mut options = Vec::new();
    for field in fields {
        let pair = field.split_once('=');
        options.push(pair.ok_or_else(|| format!("{field:?}: write NAME=VALUE / 应写成 名称=值"))?);
    }
    Ok((first, options))
}

/// `all`, `last`, or numbers and ranges: `1,3-5`.
fn pages(text: &str) -> Result<PageSelection, String> {
    match text.trim() {
        "all" | "全部" => return Ok(PageSelection::All),
        "last" | "末页" => return Ok(PageSelection::Last),
        _ => {}
    }
    let mut numbers = Vec::new();
    for item in text.split(',').map(str::trim) {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (first, last) = (count(first)?, count(last)?);
        if first == 0 || last < first || last - first >= PAGES_MAX - numbers.len() {
            return Err(format!("{item:?} names no pages / {item:?} 不是页码范围"));
        }
        numbers.extend(first..=last);
    }
    Ok(PageSelection::Pages(numbers))
}

fn count(text: &str) -> Result<usize, String> {
    text.trim()
        .parse()
        .map_err(|_| format!("{text:?} is no whole number / {text:?} 不是整数"))
}

fn length(text: &str) -> Result<f64, String> {
    let number: Result<f64, _> = text.trim().trim_end_matches("mm").trim_end().parse();
    let usable = number.ok().filter(|number| number.is_finite());
    usable.ok_or_else(|| format!("{text:?} is no length in mm / {text:?} 不是毫米长度"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points() {
        let at = |pages| {
            Ok(Position::Point {
                pages,
                x_mm: 120.5,
                y_mm: 20.0,
            })
        };
        assert_eq!(point("1:120.5,20"), at(PageSelection::Pages(vec![1])));
        assert_eq!(
            point("1,3-5:120.5mm, 20 mm"),
            at(PageSelection::Pages(vec![1, 3, 4, 5]))
        );
        assert_eq!(point("all:120.5,20"), at(PageSelection::All));
        assert_eq!(point("last:120.5,20"), at(PageSelection::Last));
        for bad in [
            "",
            "1",
            "1:2",
            "0:1,1",
            "3-1:1,1",
            "x:1,1",
            "1:NaN,1",
            "1:inf,1",
            "1-99999999:1,1",
        ] {
            assert!(point(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keywords() {
        let at = |text: &str, nth| {
            Ok(Position::Keyword {
                text: text.into(),
                nth,
                pages: PageSelection::All,
            })
        };
        assert_eq!(keyword("盖章处"), at("盖章处", None));
        assert_eq!(keyword("盖章处#2"), at("盖章处", Some(2)));
        assert_eq!(keyword("C#"), at("C#", None));
        for bad in ["", " ", "#1", "盖章处#0"] {
            assert!(keyword(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn straddles_and_facings() {
        let position = Position::Straddle {
            edge: Edge::Right,
            middle_mm: Some(100.0),
            group: Some(5),
        };
        assert_eq!(straddle("right, middle=100, group=5"), Ok(position));
        assert_eq!(
            straddle("左"),
            Ok(Position::Straddle {
                edge: Edge::Left,
                middle_mm: None,
                group: None
            })
        );
        assert_eq!(
            facing("left-right"),
            Ok(Position::Facing {
                fold: Fold::LeftRight,
                middle_mm: None
            })
        );
        for bad in ["", "middle", "right,5", "right,width=5", "right,group=x"] {
            assert!(straddle(bad).is_err(), "{bad}");
        }
        assert!(facing("right").is_err());
    }
}
