//! Numbers in a rectangle: how much ink each pixel has.

/// Values row by row, 0 for paper and 1 for ink.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<f32>,
}

impl Plane {
    pub(crate) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            values: vec![0.0; width * height],
        }
    }

    /// Made of what `value` says for each x and y.
    pub(crate) fn from_fn(width: usize, height: usize, mut value: impl FnMut(usize, usize) -> f32) -> Self {
        let mut values = Vec::with_capacity(width * height);
        for y in 0..height {
            values.extend((0..width).map(|x| value(x, y)));
        }
        Self {
            width,
            height,
            values,
        }
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> f32 {
        self.values[y * self.width + x]
    }

    /// Between pixels, whose middles have whole numbers; 0 outside.
    pub(crate) fn sample(&self, x: f32, y: f32) -> f32 {
        // Written so that NaN is outside too.
        if !(x > -1.0 && y > -1.0 && x < self.width as f32 && y < self.height as f32) {
            return 0.0;
        }
        let (left, top) = (x.floor(), y.floor());
        let (fx, fy) = (x - left, y - top);
        let (left, top) = (left as isize, top as isize);
        if left >= 0 && top >= 0 && left + 1 < self.width as isize && top + 1 < self.height as isize {
            let at = top as usize * self.width + left as usize;
            let (upper, lower) = (
                &self.values[at..at + 2],
                &self.values[at + self.width..at + self.width + 2],
            );
            let (upper, lower) = (
                upper[0] + (upper[1] - upper[0]) * fx,
                lower[0] + (lower[1] - lower[0]) * fx,
            );
            return upper + (lower - upper) * fy;
        }
        let value = |x: isize, y: isize| {
            let inside = x >= 0 && y >= 0 && x < self.width as isize && y < self.height as isize;
            if inside {
                self.at(x as usize, y as usize)
            } else {
                0.0
            }
        };
        let upper = value(left, top) * (1.0 - fx) + value(left + 1, top) * fx;
        let lower = value(left, top + 1) * (1.0 - fx) + value(left + 1, top + 1) * fx;
        upper + (lower - upper) * fy
    }

    /// Blurred with a Gaussian of this width, in pixels.
    pub(crate) fn blurred(&self, sigma: f32) -> Self {
        if sigma < 0.2 {
            return self.clone();
        }
        let reach = (3.0 * sigma).ceil() as usize;
        let mut weights: Vec<f32> = (0..=reach)
            .map(|at| (-0.5 * (at as f32 / sigma).powi(2)).exp())
            .collect();
        let whole = weights[0] + 2.0 * weights[1..].iter().sum::<f32>();
        weights.iter_mut().for_each(|weight| *weight /= whole);
        let mut across = Self::new(self.width, self.height);
        let mut padded = vec![0.0; self.width + 2 * reach];
        for y in 0..self.height {
            let row = &self.values[y * self.width..(y + 1) * self.width];
            padded[reach..reach + self.width].copy_from_slice(row);
            let out = &mut across.values[y * self.width..(y + 1) * self.width];
            for (x, out) in out.iter_mut().enumerate() {
                *out = padded[x + reach] * weights[0];
            }
            for (step, weight) in weights.iter().enumerate().skip(1) {
                let (before, after) = (&padded[reach - step..], &padded[reach + step..]);
                for ((out, before), after) in out.iter_mut().zip(before).zip(after) {
                    *out += (before + after) * weight;
                }
            }
        }
        let mut down = Self::new(self.width, self.height);
        for y in 0..self.height {
            let out = &mut down.values[y * self.width..(y + 1) * self.width];
            for (step, weight) in weights.iter().enumerate() {
                for (count, row) in [(1, y.checked_sub(step)), (step.min(1), y.checked_add(step))] {
                    let Some(row) = row.filter(|row| count > 0 && *row < self.height) else {
                        continue;
                    };
                    let row = &across.values[row * self.width..(row + 1) * self.width];
                    for (out, value) in out.iter_mut().zip(row) {
                        *out += value * weight;
                    }
                }
            }
        }
        down
    }

    /// Half as wide and high, each pixel the mean of four.
    pub(crate) fn halved(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        Self::from_fn(width, height, |x, y| {
            let (x, y) = (2 * x, 2 * y);
            (self.at(x, y) + self.at(x + 1, y) + self.at(x, y + 1) + self.at(x + 1, y + 1)) / 4.0
        })
    }

    /// The greatest value within `reach` pixels in either direction.
    pub(crate) fn dilated(&self, reach: usize) -> Self {
        let mut across = self.clone();
        for (from, to) in self
            .values
            .chunks(self.width)
            .zip(across.values.chunks_mut(self.width))
        {
            for step in 1..=reach.min(self.width.saturating_sub(1)) {
                raise(&mut to[step..], from);
                raise(to, &from[step..]);
            }
        }
        let mut down = across.clone();
        for step in 1..=reach.min(self.height.saturating_sub(1)) {
            raise(&mut down.values[step * self.width..], &across.values);
            raise(&mut down.values, &across.values[step * self.width..]);
        }
        down
    }
}

/// Raises each value to the other's, as far as both reach.
fn raise(values: &mut [f32], others: &[f32]) {
    values
        .iter_mut()
        .zip(others)
        .for_each(|(value, other)| *value = value.max(*other));
}

/// The value below which `part` of the values lie; 0 for none.
pub(crate) fn quantile(values: &mut [f32], part: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let at = ((values.len() - 1) as f32 * part.clamp(0.0, 1.0)) as usize;
    *values.select_nth_unstable_by(at, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blur_keeps_the_sum_inside() {
        let mut plane = Plane::new(41, 31);
        plane.values[15 * 41 + 20] = 1.0;
        let blurred = plane.blurred(2.0);
        assert!((blurred.values.iter().sum::<f32>() - 1.0).abs() < 1e-3);
        assert!((blurred.at(18, 15) - blurred.at(22, 15)).abs() < 1e-6);
        assert!((blurred.at(20, 13) - blurred.at(22, 15)).abs() < 1e-6);
    }

    #[test]
    fn dilation_reaches_a_square() {
        let mut plane = Plane::new(9, 7);
        plane.values[3 * 9 + 4] = 1.0;
        let wide = plane.dilated(2);
        let expected = Plane::from_fn(9, 7, |x, y| {
            f32::from(u8::from(x.abs_diff(4) <= 2 && y.abs_diff(3) <= 2))
        });
        assert_eq!(wide, expected);
        assert_eq!(plane.dilated(50), Plane::from_fn(9, 7, |_, _| 1.0));
    }

    #[test]
    fn samples_outside_are_paper() {
        let plane = Plane::from_fn(2, 2, |_, _| 1.0);
        for (x, y) in [(-5.0, 0.0), (0.0, f32::NAN), (f32::INFINITY, 1.0), (3.0, 3.0)] {
            assert_eq!(plane.sample(x, y), 0.0, "{x} {y}");
        }
        assert_eq!(plane.sample(0.5, 0.5), 1.0);
        assert_eq!(plane.sample(-0.5, 0.0), 0.5);
    }

    #[test]
    fn quantiles() {
        assert_eq!(quantile(&mut [], 0.5), 0.0);
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(&mut [3.0, 1.0, 2.0], 1.0), 3.0);
    }
}
