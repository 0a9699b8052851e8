//! From text objects to lines: which characters follow each other on the page.

use std::ops::Range;

use super::Hit;
use crate::geometry::{Box, Point};
use crate::page::{Glyph, PageContent, TextObject, leaves_ink};

/// A step aside, as a part of the font size, up to which characters still stand on one line.
const ASIDE_MAX: f64 = 0.4;
/// A step back, as a part of the font size, up to which the next character still follows: kerning.
const BACK_MAX: f64 = 0.5;
/// A gap between two objects, as a part of the font size, across which words are still found.
const GAP_MAX: f64 = 2.0;
/// The same between two objects of a single character each: forms spread their labels so (合　　计).
const SPREAD_GAP_MAX: f64 = 4.0;
/// A gap, as a part of the font size, that is read as a space.
const SPACE_MIN: f64 = 0.6;
/// Degrees that directions of one line may differ by.
const ANGLE_STEP_DEGREES: f64 = 2.0;
/// How many lines that overlap each other are kept open at once; more would take quadratic time.
const OPEN_LINES_MAX: usize = 8;

/// All characters of a page and its templates.
pub(super) struct Scene<'a> {
    pub(super) objects: Vec<PlacedObject<'a>>,
    pub(super) glyphs: Vec<Glyph>,
}

pub(super) struct PlacedObject<'a> {
    object: &'a TextObject,
    template: Option<usize>,
    /// Its characters in [`Scene::glyphs`].
    pub(super) glyphs: Range<usize>,
}

/// Runs that follow each other.
pub(super) struct Line {
    pub(super) runs: Vec<Run>,
}

/// Characters of one text code that follow each other in a straight line.
#[derive(Clone)]
pub(super) struct Run {
    /// In [`Scene::glyphs`].
    pub(super) glyphs: Range<usize>,
    /// Direction of the line, in steps of [`ANGLE_STEP_DEGREES`].
    angle: i64,
    /// Distance of the line from the page's origin, in mm.
    across: f64,
    /// Where the run begins and ends along the line, in mm.
    along: Range<f64>,
    /// Font size on the page, in mm.
    em: f64,
}

impl Line {
    fn last(&self) -> Option<&Run> {
        self.runs.last()
    }
}

impl Run {
    /// The gap to a run that follows on the same line, as a part of the font size; `None` when it is too wide.
    fn gap_to(&self, next: &Self) -> Option<f64> {
        let gap = (next.along.start - self.along.end) / self.em.min(next.em);
        let spread = self.glyphs.len() == 1 && next.glyphs.len() == 1;
        let gap_max = if spread { SPREAD_GAP_MAX } else { GAP_MAX };
        (-BACK_MAX..=gap_max).contains(&gap).then_some(gap)
    }
}

impl<'a> Scene<'a> {
    pub(super) fn new(page: &'a PageContent, templates: &[&'a PageContent]) -> Self {
        let mut scene = Self {
            objects: Vec::new(),
            glyphs: Vec::new(),
        };
        for (index, template) in templates.iter().enumerate() {
            scene.add(template, Some(index));
        }
        scene.add(page, None);
        scene
    }

    fn add(&mut self, content: &'a PageContent, template: Option<usize>) {
        for object in &content.texts {
            let start = self.glyphs.len();
            self.glyphs.extend(object.glyphs());
            self.objects.push(PlacedObject {
                object,
                template,
                glyphs: start..self.glyphs.len(),
            });
        }
    }

    pub(super) fn object_of(&self, glyph: usize) -> usize {
        self.objects.partition_point(|object| object.glyphs.end <= glyph)
    }

    /// A hit of these characters, of which there is at least one.
    pub(super) fn hit(&self, glyphs: impl Iterator<Item = usize> + Clone) -> Hit {
        let bounds = glyphs.clone().map(|glyph| self.glyphs[glyph].bounds);
        let object = |glyph| &self.objects[self.object_of(glyph)];
        let first = glyphs.clone().next().map(object);
        Hit {
            bounds: bounds.reduce(|all, one| all.union(&one)).unwrap_or_default(),
            text_object_id: first.and_then(|first| first.object.id),
            template: first.and_then(|first| first.template),
            visible: glyphs.map(object).all(|placed| placed.object.visible),
        }
    }

    pub(super) fn bounds(&self, line: &Line) -> Box {
        let glyphs = line.runs.iter().flat_map(|run| run.glyphs.clone());
        glyphs
            .map(|glyph| self.glyphs[glyph].bounds)
            .reduce(|all, one| all.union(&one))
            .unwrap_or_default()
    }

    /// The characters of the line, white space collapsed, a space for each wide gap.
    pub(super) fn text(&self, line: &Line) -> String {
        let mut text = String::new();
        let mut end = f64::INFINITY;
        for run in &line.runs {
            if run.along.start - end > SPACE_MIN * run.em {
                text.push(' ');
            }
            end = run.along.end;
            text.extend(
                self.glyphs[run.glyphs.clone()]
                    .iter()
                    .map(|glyph| glyph.character),
            );
        }
        let words = text
            .split(|character: char| !leaves_ink(character))
            .filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(" ")
    }

    /// The lines along which the characters were written.
    pub(super) fn rows(&self) -> Vec<Line> {
        let mut runs = Vec::new();
        for placed in &self.objects {
            self.split_into_runs(placed, &mut runs);
        }
        self.join_into_lines(runs)
    }

    /// Columns of objects with a single character each, as vertical words are often written. Characters that
    /// stand between others of their kind in a row are left out: those are text of single characters.
    pub(super) fn columns(&self, rows: &[Line]) -> Vec<Line> {
        let mut runs = Vec::new();
        for row in rows {
            let single = |index: usize| row.runs.get(index).is_some_and(|run| run.glyphs.len() == 1);
            for (index, run) in row.runs.iter().enumerate() {
                if single(index) && !single(index + 1) && !single(index.wrapping_sub(1)) {
                    let object = self.objects[self.object_of(run.glyphs.start)].object;
                    runs.push(self.run(&Axes::of(object), Direction::Down, run.glyphs.clone()));
                }
            }
        }
        self.join_into_lines(runs)
    }

    fn split_into_runs(&self, placed: &PlacedObject<'_>, runs: &mut Vec<Run>) {
        let axes = Axes::of(placed.object);
        let mut start = placed.glyphs.start;
        let mut direction = None;
        for glyph in placed.glyphs.clone() {
            let step = (glyph + 1 < placed.glyphs.end).then(|| {
                let (one, other) = (&self.glyphs[glyph], &self.glyphs[glyph + 1]);
                (one.code == other.code)
                    .then(|| axes.direction(one.origin, other.origin))
                    .flatten()
            });
            match step.flatten() {
                Some(Step::Stays) => {}
                Some(Step::Goes(to)) if direction.is_none_or(|known| known == to) => direction = Some(to),
                _ => {
                    runs.push(self.run(&axes, direction.unwrap_or(Direction::Right), start..glyph + 1));
                    (start, direction) = (glyph + 1, None);
                }
            }
        }
    }

    /// `glyphs` is not empty.
    fn run(&self, axes: &Axes, direction: Direction, glyphs: Range<usize>) -> Run {
        let (first, last) = (&self.glyphs[glyphs.start], &self.glyphs[glyphs.end - 1]);
        let (unit, end) = match direction {
            Direction::Right => (axes.right, last.width),
            Direction::Down => (axes.down, axes.em),
        };
        let normal = Point {
            x: -unit.y,
            y: unit.x,
        };
        let start = dot(first.origin, unit);
        Run {
            glyphs,
            angle: (unit.y.atan2(unit.x).to_degrees().rem_euclid(360.0) / ANGLE_STEP_DEGREES).round() as i64,
            across: dot(first.origin, normal),
            along: start..(dot(last.origin, unit) + end).max(start),
            em: axes.em,
        }
    }

    fn join_into_lines(&self, mut runs: Vec<Run>) -> Vec<Line> {
        let steps = (360.0 / ANGLE_STEP_DEGREES) as i64;
        for run in &mut runs {
            run.angle %= steps;
        }
        runs.sort_by(|one, other| {
            one.angle
                .cmp(&other.angle)
                .then(one.across.total_cmp(&other.across))
        });
        let mut lines = Vec::new();
        let mut rest = runs.into_iter().peekable();
        while let Some(anchor) = rest.next() {
            let (angle, across, em) = (anchor.angle, anchor.across, anchor.em);
            let mut level = vec![anchor];
            while let Some(run) =
                rest.next_if(|run| run.angle == angle && run.across - across <= ASIDE_MAX * em.min(run.em))
            {
                level.push(run);
            }
            level.sort_by(|one, other| one.along.start.total_cmp(&other.along.start));
            self.join_level(level, &mut lines);
        }
        lines
    }

    /// Joins runs that stand on one level, sorted by their start, to lines without wide gaps.
    fn join_level(&self, level: Vec<Run>, lines: &mut Vec<Line>) {
        let first_open = lines.len();
        for run in level {
            let open = first_open.max(lines.len().saturating_sub(OPEN_LINES_MAX));
            let open = lines.get_mut(open..).unwrap_or_default();
            if open
                .iter()
                .filter_map(Line::last)
                .any(|other| self.printed_twice(&run, other))
            {
                continue;
            }
            let nearest = open
                .iter_mut()
                .filter_map(|line| Some((line.last()?.gap_to(&run)?.abs(), line)))
                .min_by(|(one, _), (other, _)| one.total_cmp(other));
            match nearest {
                Some((_, line)) => line.runs.push(run),
                None => lines.push(Line { runs: vec![run] }),
            }
        }
    }

    /// The same characters at the same place.
    fn printed_twice(&self, one: &Run, other: &Run) -> bool {
        let characters = |run: &Run| {
            self.glyphs[run.glyphs.clone()]
                .iter()
                .map(|glyph| glyph.character)
        };
        (one.along.start - other.along.start).abs() < 0.3 * one.em && characters(one).eq(characters(other))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Right,
    Down,
}

enum Step {
    Stays,
    Goes(Direction),
}

/// The directions of an object's space on the page, as unit vectors, and its font size there.
struct Axes {
    right: Point,
    down: Point,
    em: f64,
}

impl Axes {
    fn of(object: &TextObject) -> Self {
        let unit = |x: f64, y: f64| {
            let Point { x: dx, y: dy } = object.ctm.apply_vector(Point { x, y });
            let length = dx.hypot(dy);
            if length > 1e-9 {
                Point {
                    x: dx / length,
                    y: dy / length,
                }
            } else {
                Point { x, y }
            }
        };
        let height = object.ctm.apply_vector(Point {
            x: 0.0,
            y: object.size,
        });
        Self {
            right: unit(1.0, 0.0),
            down: unit(0.0, 1.0),
            em: height.x.hypot(height.y).max(1e-6),
        }
    }

    /// Where the step leads; `None` when the next character begins a new run.
    fn direction(&self, from: Point, to: Point) -> Option<Step> {
        let step = Point {
            x: to.x - from.x,
            y: to.y - from.y,
        };
        let (right, down) = (dot(step, self.right) / self.em, dot(step, self.down) / self.em);
        let (ahead, aside, direction) = if right.abs() >= down.abs() {
            (right, down, Direction::Right)
        } else {
            (down, right, Direction::Down)
        };
        if ahead.abs() < 1e-6 {
            Some(Step::Stays)
        } else {
            (ahead >= -BACK_MAX && aside.abs() <= ASIDE_MAX).then_some(Step::Goes(direction))
        }
    }
}

fn dot(one: Point, other: Point) -> f64 {
    one.x * other.x + one.y * other.y
}
