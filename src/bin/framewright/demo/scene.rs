//! The picture: a lake at night, aurora and moon above it, and a glowing ball that plays on bars of light.

use super::maths::{Rgb, hash, mix, noise, ridge, smoothstep, wave};
use super::score::{self, BARS, SAMPLE_RATE};

/// Where sky and water meet, from the top, in picture heights.
const HORIZON: f32 = 0.60;
/// Where the bars float.
const BAR_LINE: f32 = 0.80;
const BALL_RADIUS: f32 = 0.026;
const MOON_RADIUS: f32 = 0.055;

const ZENITH: Rgb = Rgb(0.015, 0.020, 0.075);
const DUSK: Rgb = Rgb(0.09, 0.11, 0.27);
const AFTERGLOW: Rgb = Rgb(0.46, 0.30, 0.42);
const AURORA_FOOT: Rgb = Rgb(0.12, 0.92, 0.58);
const AURORA_TOP: Rgb = Rgb(0.48, 0.20, 0.85);
const MOONLIGHT: Rgb = Rgb(1.0, 0.95, 0.84);
const BALL: Rgb = Rgb(1.0, 0.86, 0.62);

/// The bars' colours, from left to right.
const BAR_COLORS: [Rgb; BARS] = [
    Rgb(0.98, 0.32, 0.34),
    Rgb(1.00, 0.50, 0.24),
    Rgb(1.00, 0.76, 0.28),
    Rgb(0.60, 0.92, 0.36),
    Rgb(0.24, 0.90, 0.66),
    Rgb(0.26, 0.72, 1.00),
    Rgb(0.48, 0.50, 1.00),
    Rgb(0.82, 0.42, 1.00),
];

/// Draws the scene at any size.
///
/// Lengths are in picture heights; `u` runs from the middle to the right, `v` from the top down.
pub struct Scene {
    width: usize,
    height: usize,
    aspect: f32,
}

/// What moves, at one moment.
struct Moment {
    seconds: f32,
    skyline: Vec<Column>,
    strikes: Vec<Blow>,
    lights: Vec<Light>,
    ball: (f32, f32),
    levels: [f32; BARS],
    dips: [f32; BARS],
}

/// What the sky has that depends on `u` alone, so that it is computed once a column instead of once a pixel.
#[derive(Clone, Copy)]
struct Column {
    /// How far each range of mountains rises, the farthest first.
    peaks: [f32; 3],
    /// Where each curtain of the aurora ends below, and how bright it is.
    curtains: [(f32, f32); 2],
}

/// A strike that can still be seen, and how long ago it was, in seconds.
struct Blow {
    u: f32,
    age: f32,
    color: Rgb,
}

/// A glow: brightest in its middle, nothing from `reach` on.
struct Light {
    u: f32,
    v: f32,
    reach: f32,
    color: Rgb,
}

impl Scene {
    /// A scene of `width` x `height` pixels, both at least 1.
    pub fn new(width: usize, height: usize) -> Self {
        Scene { width, height, aspect: width as f32 / height as f32 }
    }

    /// Replaces `pixels` by the scene at `time`, in samples of the score: RGB, row after row.
    pub fn render(&self, time: u64, pixels: &mut Vec<u8>) {
        let moment = self.moment(time);
        let pixel = 1.0 / self.height as f32;
        pixels.clear();
        for row in 0..self.height {
            let v = (row as f32 + 0.5) * pixel;
            // Which lights reach this row is asked once, not at each pixel.
            let lights: Vec<&Light> = moment.lights.iter().filter(|light| (light.v - v).abs() < light.reach).collect();
            for column in 0..self.width {
                let u = (column as f32 + 0.5) * pixel - self.aspect / 2.0;
                let ground = if v < HORIZON {
                    self.sky(u, HORIZON - v, &moment, pixel, 1.0)
                } else {
                    self.water(u, v, &moment, pixel)
                };
                let color = self.bars(ground, u, v, &moment, pixel);
                let color = lights.iter().fold(color, |sum, light| light.add(sum, u, v));
                let color = self.orb(color, u, v, &moment, pixel);
                let corner = u * u / (self.aspect * self.aspect) + (v - 0.5) * (v - 0.5);
                let color = color.scaled(1.08 - 0.55 * corner);
                // A fixed pattern of less than one step hides the bands of an 8-bit gradient.
                let dither = hash(column as i32, row as i32, 77) - 0.5;
                pixels.extend([color.0, color.1, color.2].map(|light| to_byte(light, dither)));
            }
        }
    }

    fn moment(&self, time: u64) -> Moment {
        let seconds = time as f32 / SAMPLE_RATE as f32;
        let seconds_since = |then: u64| (time - then) as f32 / SAMPLE_RATE as f32;
        let (place, rise) = score::ball(time);
        let ball = (self.bar_u(place), BAR_LINE - 0.012 - BALL_RADIUS - rise);
        let mut moment = Moment {
            seconds,
            skyline: self.skyline(seconds),
            strikes: Vec::new(),
            lights: Vec::new(),
            ball,
            levels: [0.0; BARS],
            dips: [0.0; BARS],
        };
        for strike in score::recent(time, 3 * u64::from(SAMPLE_RATE)) {
            let age = seconds_since(strike.time);
            let (u, color) = (self.bar_u(strike.bar as f32), BAR_COLORS[strike.bar]);
            let level = 1.0 / (1.0 + 14.0 * age * age + 1.5 * age);
            moment.levels[strike.bar] = moment.levels[strike.bar].max(level);
            moment.dips[strike.bar] += 0.010 * wave(age * 2.2) / (1.0 + 6.0 * age);
            moment.strikes.push(Blow { u, age, color });
            sparks(strike.number, u, age, color, &mut moment.lights);
        }
        for (bar, &color) in BAR_COLORS.iter().enumerate() {
            let (u, level) = (self.bar_u(bar as f32), moment.levels[bar]);
            moment.lights.push(Light { u, v: BAR_LINE, reach: 0.16, color: color.scaled(0.10 + 0.55 * level) });
        }
        for step in 1..=10u64 {
            let then = time.saturating_sub(step * u64::from(SAMPLE_RATE) / 90);
            let (place, rise) = score::ball(then);
            let v = BAR_LINE - 0.012 - BALL_RADIUS - rise;
            let fade = 1.0 - step as f32 / 11.0;
            let color = BALL.scaled(0.20 * fade * fade);
            moment.lights.push(Light { u: self.bar_u(place), v, reach: BALL_RADIUS * (1.6 + fade), color });
        }
        moment.lights.push(Light { u: ball.0, v: ball.1, reach: 0.22, color: BALL.scaled(0.42) });
        moment
    }

    /// Where along the picture bar number `place` stands.
    fn bar_u(&self, place: f32) -> f32 {
        let spread = self.aspect.min(2.0) * 0.80;
        (place / (BARS - 1) as f32 - 0.5) * spread
    }

    /// One column a pixel, and some on either side for what the ripples mirror from there.
    fn skyline(&self, seconds: f32) -> Vec<Column> {
        let margin = self.margin() as f32;
        let columns = 0..self.width + 2 * self.margin();
        columns
            .map(|index| column((index as f32 - margin + 0.5) / self.height as f32 - self.aspect / 2.0, seconds))
            .collect()
    }

    fn margin(&self) -> usize {
        self.height / 8 + 1
    }

    /// The column at `u`, between the two nearest of the skyline.
    fn column(&self, skyline: &[Column], u: f32) -> Column {
        let last = skyline.len() - 1;
        let place = (u + self.aspect / 2.0) * self.height as f32 - 0.5 + self.margin() as f32;
        let place = place.clamp(0.0, last as f32);
        let index = place as usize;
        let (left, right) = (&skyline[index], &skyline[(index + 1).min(last)]);
        let between = place - index as f32;
        let curtain = |index: usize| {
            let ((foot, strength), (next_foot, next_strength)) = (left.curtains[index], right.curtains[index]);
            (mix(foot, next_foot, between), mix(strength, next_strength, between))
        };
        Column {
            peaks: [0, 1, 2].map(|layer| mix(left.peaks[layer], right.peaks[layer], between)),
            curtains: [curtain(0), curtain(1)],
        }
    }

    /// Sky and mountains at `rise` above the horizon, with stars of brightness `starlight`.
    fn sky(&self, u: f32, rise: f32, moment: &Moment, pixel: f32, starlight: f32) -> Rgb {
        let column = self.column(&moment.skyline, u);
        // What is behind a mountain need not be drawn.
        let hidden = column.peaks.iter().rposition(|peak| rise < peak - pixel);
        let open = if hidden.is_none() { self.open_sky(&column, u, rise, moment, pixel, starlight) } else { DUSK };
        MOUNTAINS.iter().zip(column.peaks).skip(hidden.unwrap_or(0)).fold(open, |color, (mountains, peak)| {
            let mist = AFTERGLOW.mixed(DUSK, 0.5).scaled(0.8);
            let face = mist.mixed(mountains.color, smoothstep(-0.02, peak, rise));
            color.mixed(face, smoothstep(peak + pixel, peak - pixel, rise))
        })
    }

    fn open_sky(&self, column: &Column, u: f32, rise: f32, moment: &Moment, pixel: f32, starlight: f32) -> Rgb {
        let mut color = AFTERGLOW.mixed(DUSK, smoothstep(0.0, 0.22, rise)).mixed(ZENITH, smoothstep(0.12, 0.62, rise));
        let aurora = aurora(column, rise);
        if starlight > 0.0 {
            let starlight = starlight * (1.0 - (aurora.1 * 1.5).min(1.0));
            color = color.plus(stars(u, rise, moment.seconds, pixel).scaled(starlight));
        }
        color = color.plus(aurora);

        let (moon_u, moon_rise) = (self.aspect * 0.25, 0.335 + 0.006 * moment.seconds.min(20.0));
        let distance = length(u - moon_u, rise - moon_rise);
        let halo = 0.30 / (1.0 + 90.0 * distance * distance) + 0.05 / (1.0 + 6.0 * distance * distance);
        color = color.plus(Rgb(0.62, 0.66, 0.80).scaled(halo));
        if distance > MOON_RADIUS + pixel {
            return color;
        }
        let disc = smoothstep(MOON_RADIUS + pixel, MOON_RADIUS - pixel, distance);
        let seas = 1.0 - 0.22 * smoothstep(0.45, 0.75, noise(u * 38.0, (rise - moon_rise) * 38.0, 5));
        color.mixed(MOONLIGHT.scaled(seas), disc)
    }

    /// The mirrored sky, bent by ripples and by the rings that strikes leave. Stars would only glitter in it.
    fn water(&self, u: f32, v: f32, moment: &Moment, pixel: f32) -> Rgb {
        let depth = v - HORIZON;
        // Ripples get smaller, and run together, towards the horizon.
        let far = 1.0 / (depth + 0.05);
        let ripple = noise(u * far * 0.7 + moment.seconds * 0.5, far * 5.0 + moment.seconds * 1.1, 11)
            + 0.5 * noise(u * far * 1.9 - moment.seconds * 0.7, far * 11.0 + moment.seconds * 1.7, 12)
            - 0.75;
        let mut tilt = ripple * depth * 0.22;
        let mut glint = Rgb(0.0, 0.0, 0.0);
        for blow in &moment.strikes {
            let distance = length(u - blow.u, (v - BAR_LINE) * 2.6);
            let front = (distance - 0.05 - blow.age * 0.30) / 0.035;
            if front.abs() < 2.0 {
                let strength = (1.0 - blow.age / 3.0) / (1.0 + 2.0 * blow.age);
                let crest = (1.0 - front * front / 4.0) * strength;
                tilt += 0.06 * crest * wave(front / 2.0);
                glint = glint.plus(blow.color.scaled(0.20 * crest * (0.5 + 0.5 * wave(front / 2.0 + 0.25))));
            }
        }
        let mirrored = self.sky(u + tilt * 0.5, (depth * 1.25 + tilt).max(0.001), moment, pixel * 2.0, 0.0);
        let sheen = mix(0.80, 0.42, smoothstep(0.0, 0.40, depth));
        let mut color = mirrored.scaled(sheen).plus(Rgb(0.006, 0.016, 0.034)).plus(glint);

        // The moon's road.
        let road = (u - self.aspect * 0.25 + tilt * 3.0).abs() / (0.03 + depth * 0.28);
        let sparkle = smoothstep(0.12, 0.55, ripple) * smoothstep(1.0, 0.0, road);
        color = color.plus(MOONLIGHT.scaled(0.42 * sparkle));

        let below = v - BAR_LINE;
        if below > 0.0 {
            for (bar, &tone) in BAR_COLORS.iter().enumerate() {
                let side = (u - self.bar_u(bar as f32) + tilt * 2.0) / 0.040;
                let column = (1.0 - side * side).max(0.0) / (1.0 + 160.0 * below * below);
                color = color.plus(tone.scaled(column * (0.10 + 0.55 * moment.levels[bar])));
            }
            let (ball_u, ball_v) = moment.ball;
            let mirrored = 2.0 * BAR_LINE - ball_v;
            let distance = length(u - ball_u + tilt * 1.5, (v - mirrored) * 0.7) / (BALL_RADIUS * 1.5);
            color = color.plus(BALL.scaled(0.38 * (1.0 - distance * distance).max(0.0)));
        }
        color
    }

    fn bars(&self, ground: Rgb, u: f32, v: f32, moment: &Moment, pixel: f32) -> Rgb {
        if (v - BAR_LINE).abs() > 0.04 {
            return ground;
        }
        let half = 0.036 * self.aspect.min(2.0) / 1.78;
        (0..BARS).fold(ground, |color, bar| {
            let x = ((u - self.bar_u(bar as f32)).abs() - half + 0.010).max(0.0);
            let y = v - BAR_LINE - moment.dips[bar];
            let edge = length(x, y) - 0.011;
            let cover = smoothstep(pixel, -pixel, edge);
            if cover == 0.0 {
                return color;
            }
            let level = moment.levels[bar];
            let shade = 0.50 + 0.5 * level - y * 16.0;
            let lit = BAR_COLORS[bar].scaled(shade).mixed(Rgb(1.0, 1.0, 1.0), 0.45 * level * level);
            color.mixed(lit, cover)
        })
    }

    fn orb(&self, color: Rgb, u: f32, v: f32, moment: &Moment, pixel: f32) -> Rgb {
        let (x, y) = (u - moment.ball.0, v - moment.ball.1);
        let distance = length(x, y);
        let cover = smoothstep(BALL_RADIUS + pixel, BALL_RADIUS - pixel, distance);
        if cover == 0.0 {
            return color;
        }
        let light = length(x + 0.009, y + 0.010) / BALL_RADIUS;
        let face = Rgb(1.0, 0.98, 0.92).mixed(Rgb(1.0, 0.62, 0.26), smoothstep(0.1, 1.5, light));
        color.mixed(face, cover)
    }
}

/// A range of mountains.
struct Mountains {
    /// The least that it rises above the horizon, and how much more.
    foot: f32,
    height: f32,
    /// How many peaks to a picture height.
    peaks: f32,
    color: Rgb,
}

/// The farthest first.
const MOUNTAINS: [Mountains; 3] = [
    Mountains { foot: 0.06, height: 0.25, peaks: 2.6, color: Rgb(0.16, 0.16, 0.33) },
    Mountains { foot: 0.01, height: 0.22, peaks: 3.7, color: Rgb(0.08, 0.10, 0.23) },
    Mountains { foot: -0.06, height: 0.20, peaks: 6.5, color: Rgb(0.025, 0.04, 0.105) },
];

fn column(u: f32, seconds: f32) -> Column {
    let peak = |layer: u8| {
        let Mountains { foot, height, peaks, .. } = MOUNTAINS[usize::from(layer)];
        // The near ones pass by faster.
        let drift = u + seconds * 0.006 * (f32::from(layer) + 0.5);
        foot + height * ridge(drift * peaks + 20.0 * f32::from(layer), 5, 40 + u32::from(layer))
    };
    let curtain = |index: u8| {
        let (side, seed) = (f32::from(index), u32::from(index));
        let sway = noise(u * 1.1 + seconds * 0.10 + 9.0 * side, seconds * 0.13, 21 + seed) - 0.5;
        let foot = 0.25 + 0.10 * side + 0.22 * sway + 0.05 * wave(u * 0.30 + seconds * 0.04 + 0.35 * side);
        let rays = 0.35 + 0.65 * noise(u * 13.0 + 3.0 * sway + seconds * 0.5, seconds * 0.35, 31 + seed);
        let patch = smoothstep(0.25, 0.75, noise(u * 1.4 - seconds * 0.12, 4.0 * side + seconds * 0.10, 41));
        (foot, rays * (0.25 + 0.75 * patch) * (0.74 - 0.24 * side))
    };
    Column { peaks: [0, 1, 2].map(peak), curtains: [0, 1].map(curtain) }
}

/// Curtains of light, sharp below and fading upwards.
fn aurora(column: &Column, rise: f32) -> Rgb {
    column.curtains.iter().fold(Rgb(0.0, 0.0, 0.0), |sum, (foot, strength)| {
        let above = rise - foot;
        let up = above.max(0.0);
        let body = smoothstep(-0.045, 0.015, above) / (1.0 + 26.0 * up * up + 3.5 * up);
        sum.plus(AURORA_FOOT.mixed(AURORA_TOP, smoothstep(0.0, 0.26, above)).scaled(body * strength))
    })
}

/// At most one star in each cell of a grid.
fn stars(u: f32, rise: f32, seconds: f32, pixel: f32) -> Rgb {
    const CELL: f32 = 0.036;
    // Far enough from zero that a cast rounds down.
    let (column, row) = ((u / CELL + 4096.0) as i32, (rise / CELL + 4096.0) as i32);
    let cell = |seed| hash(column, row, seed);
    let brightness = cell(51);
    if brightness < 0.55 {
        return Rgb(0.0, 0.0, 0.0);
    }
    let place = |cell: i32, aside: f32| ((cell - 4096) as f32 + 0.15 + 0.7 * aside) * CELL;
    let (x, y) = (place(column, cell(52)), place(row, cell(53)));
    let radius = (0.0022f32).max(pixel * 0.9);
    let shape = (1.0 - length(u - x, rise - y) / radius).max(0.0);
    let twinkle = 0.75 + 0.25 * wave(seconds * (0.3 + cell(54)) + cell(55));
    let magnitude = (brightness - 0.55) / 0.45;
    let tint = Rgb(1.0, 0.88, 0.78).mixed(Rgb(0.76, 0.86, 1.0), cell(56));
    tint.scaled(shape * twinkle * (0.25 + 1.1 * magnitude * magnitude))
}

/// Drops of light that fly up from a strike and fall back.
fn sparks(number: u64, u: f32, age: f32, color: Rgb, lights: &mut Vec<Light>) {
    const LIFE: f32 = 0.85;
    if age >= LIFE {
        return;
    }
    let fade = 1.0 - age / LIFE;
    for spark in 0..14 {
        let chance = |seed| hash(number as i32, spark, seed);
        let aside = (chance(61) - 0.5) * 0.52;
        let up = 0.20 + 0.42 * chance(62);
        let v = BAR_LINE - 0.012 - up * age + 0.62 * age * age;
        if v > BAR_LINE + 0.01 {
            continue;
        }
        let color = color.mixed(Rgb(1.0, 1.0, 0.9), 0.45).scaled(1.1 * fade * (0.5 + 0.5 * chance(63)));
        lights.push(Light { u: u + aside * age, v, reach: 0.006 + 0.006 * fade, color });
    }
}

impl Light {
    fn add(&self, color: Rgb, u: f32, v: f32) -> Rgb {
        let (x, y) = ((u - self.u) / self.reach, (v - self.v) / self.reach);
        let falloff = (1.0 - x * x - y * y).max(0.0);
        if falloff == 0.0 { color } else { color.plus(self.color.scaled(falloff * falloff * falloff)) }
    }
}

fn length(x: f32, y: f32) -> f32 {
    (x * x + y * y).sqrt()
}

/// Light as a byte: straight up to 0.7, and bent above so that glows do not tear.
fn to_byte(light: f32, dither: f32) -> u8 {
    let bent = if light > 0.7 {
        let over = (light - 0.7) / 0.3;
        0.7 + 0.3 * over / (1.0 + over)
    } else {
        light
    };
    (bent * 255.0 + 0.5 + dither * 0.9).clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_is_drawn_whole() {
        let mut pixels = Vec::new();
        for (width, height) in [(1, 1), (1, 90), (90, 1), (37, 21)] {
            for time in [0, 24_000, 1 << 40] {
                Scene::new(width, height).render(time, &mut pixels);
                assert_eq!(pixels.len(), width * height * 3);
            }
        }
    }
}
