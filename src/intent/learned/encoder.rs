//! The encoder: a BERT (Devlin 2018; multilingual-e5-small cut down and taught further), and for each label an attention over the states of its exits, so that
//! a label's logit is a sum over the pieces: the sum explains itself.
//!
//! It has an exit halfway. Where that is sure of every label the rest is not computed; else both exits are heard, and their mean is better than
//! either (tests/training/README.md).

use super::LABELS;
use super::product::{Linear, each};
use super::weights::File;
use ndarray::{Array1, Array2, ArrayView1, Axis, Slice};
use pulp::Arch;
use std::collections::BTreeMap;

const HEADS: usize = 12;
const TINY: f32 = 1e-12;
/// The log-odds from which on the first exit is believed without the layers above it.
const SURE: f32 = 4.5;

/// The weights, ready to be multiplied.
pub struct Encoder {
    /// Two four-bit numbers a byte: the first half of a group of 32 in the low bits, the second in the high ones.
    nibbles: &'static [u8],
    scales: Array2<f32>,
    positions: Array2<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    /// By the number of layers below; the last layer has one.
    exits: BTreeMap<usize, Exit>,
    arch: Arch,
}

struct Exit {
    attend: Head,
    out: Head,
}

/// For each label its logit, and what each piece adds to it.
type Said = Vec<(f32, Vec<f32>)>;

struct Norm {
    weight: Array1<f32>,
    bias: Array1<f32>,
}

/// A column for each label; too few for vectors.
struct Head {
    /// Inputs × labels.
    weight: Array2<f32>,
    bias: Array1<f32>,
}

struct Layer {
    /// Query, key and value side by side.
    looks: Linear,
    join: Linear,
    joined: Norm,
    widen: Linear,
    narrow: Linear,
    narrowed: Norm,
}

impl Encoder {
    /// Reads all weights.
    pub fn read(file: &File<'static>) -> Result<Self, String> {
        let mut layers = Vec::new();
        while file.has(&format!("layer{}.looks", layers.len())) {
            layers.push(Layer::read(file, layers.len())?);
        }
        if layers.is_empty() {
            return Err("the weights have no layers".to_owned());
        }
        let mut exits = BTreeMap::new();
        for below in 1..=layers.len() {
            if file.has(&format!("exit{below}.out")) {
                exits.insert(below, Exit::read(file, below)?);
            }
        }
        let encoder = Self {
            nibbles: file.bytes("word")?,
            scales: file.matrix("word.scale")?,
            positions: file.matrix("position")?,
            norm: Norm::read(file, "norm")?,
            layers,
            exits,
            arch: Arch::new(),
        };
        let width = encoder.norm.weight.len();
        let fits = encoder.positions.ncols() == width
            && encoder.positions.nrows() >= super::LONGEST
            && encoder.nibbles.len() == encoder.scales.nrows() * width / 2
            && encoder.exits.contains_key(&encoder.layers.len())
            && (encoder.exits.values()).all(|e| e.out.bias.len() == LABELS.len());
        fits.then_some(encoder)
            .ok_or_else(|| "the weights do not fit together".to_owned())
    }

    /// For each label its logit, and what each piece adds to it.
    pub fn judge(&self, ids: &[u32]) -> Said {
        let mut states = self.embed(ids);
        let mut heard: Vec<Said> = Vec::new();
        for (layer, below) in self.layers.iter().zip(1..) {
            states = layer.pass(states, self.arch);
            if let Some(exit) = self.exits.get(&below) {
                let said = exit.judge(&states);
                if heard.is_empty() && said.iter().all(|(logit, _)| logit.abs() >= SURE) {
                    return said;
                }
                heard.push(said);
            }
        }
        mean(heard)
    }

    fn embed(&self, ids: &[u32]) -> Array2<f32> {
        let width = self.norm.weight.len();
        let mut states = self
            .positions
            .slice_axis(Axis(0), Slice::from(..ids.len()))
            .to_owned();
        for (mut state, id) in states.outer_iter_mut().zip(ids) {
            let row = &self.nibbles[*id as usize * width / 2..][..width / 2];
            let scales = self.scales.row(*id as usize);
            for (group, (bytes, scale)) in row.chunks_exact(16).zip(scales).enumerate() {
                for (n, byte) in bytes.iter().enumerate() {
                    state[group * 32 + n] += (f32::from(byte & 15) - 8.0) * scale;
                    state[group * 32 + n + 16] += (f32::from(byte >> 4) - 8.0) * scale;
                }
            }
        }
        self.norm.apply(&mut states);
        states
    }
}

/// The mean of what several exits said.
fn mean(heard: Vec<Said>) -> Said {
    let share = 1.0 / heard.len().max(1) as f32;
    let mut heard = heard.into_iter();
    let mut all = heard.next().unwrap_or_default();
    for said in heard {
        for ((sum, parts), (logit, more)) in all.iter_mut().zip(said) {
            *sum += logit;
            parts.iter_mut().zip(more).for_each(|(a, b)| *a += b);
        }
    }
    for (sum, parts) in &mut all {
        *sum *= share;
        parts.iter_mut().for_each(|part| *part *= share);
    }
    all
}

impl Exit {
    fn read(file: &File<'_>, below: usize) -> Result<Self, String> {
        Ok(Self {
            attend: Head::read(file, &format!("exit{below}.attend"))?,
            out: Head::read(file, &format!("exit{below}.out"))?,
        })
    }

    fn judge(&self, states: &Array2<f32>) -> Said {
        let mut weights = self.attend.pass(states);
        let values = self.out.pass(states);
        for mut column in weights.axis_iter_mut(Axis(1)) {
            softmax(&mut column);
        }
        (0..LABELS.len())
            .map(|label| {
                let (weights, values) = (weights.column(label), values.column(label));
                let logit = weights.dot(&values);
                // Against the mean, so that what merely stands there adds nothing.
                let mean = values.mean().unwrap_or_default();
                let parts = weights.iter().zip(values).map(|(w, v)| w * (v - mean));
                (logit, parts.collect())
            })
            .collect()
    }
}

impl Layer {
    fn read(file: &File<'static>, number: usize) -> Result<Self, String> {
        let name = |part: &str| format!("layer{number}.{part}");
        let linear = |part: &str| {
            let name = name(part);
            let (panels, inputs) = file.panels(&name)?;
            let (scales, bias) = (
                file.row(&format!("{name}.scale"))?,
                file.row(&format!("{name}.bias"))?,
            );
            Linear::of(panels, inputs, scales, bias).map_err(|why| format!("{name}: {why}"))
        };
        Ok(Self {
            looks: linear("looks")?,
            join: linear("join")?,
            joined: Norm::read(file, &name("joined"))?,
            widen: linear("widen")?,
            narrow: linear("narrow")?,
            narrowed: Norm::read(file, &name("narrowed"))?,
        })
    }

    fn pass(&self, states: Array2<f32>, arch: Arch) -> Array2<f32> {
        let looks = self.looks.pass(&states);
        let width = states.ncols();
        let size = width / HEADS;
        let scale = 1.0 / (size as f32).sqrt();
        let mut context = Array2::zeros(states.raw_dim());
        for head in 0..HEADS {
            // Query, key and value of a head, `width` columns apart.
            let of = |nth: usize| {
                let first = nth * width + head * size;
                looks.slice_axis(Axis(1), Slice::from(first..first + size))
            };
            let mut weights = of(0).dot(&of(1).t());
            weights *= scale;
            for mut row in weights.outer_iter_mut() {
                softmax(&mut row);
            }
            let own = Slice::from(head * size..(head + 1) * size);
            let mut own = context.slice_axis_mut(Axis(1), own);
            own.assign(&weights.dot(&of(2)));
        }
        let mut states = states + self.join.pass(&context);
        self.joined.apply(&mut states);
        let mut wide = self.widen.pass(&states);
        if let Some(numbers) = wide.as_slice_mut() {
            each(arch, numbers, gelu);
        }
        states += &self.narrow.pass(&wide);
        self.narrowed.apply(&mut states);
        states
    }
}

impl Head {
    fn read(file: &File<'_>, name: &str) -> Result<Self, String> {
        let weight = file.matrix(name)?.reversed_axes();
        Ok(Self {
            weight: weight.as_standard_layout().to_owned(),
            bias: file.row(&format!("{name}.bias"))?,
        })
    }

    fn pass(&self, states: &Array2<f32>) -> Array2<f32> {
        let mut out = states.dot(&self.weight);
        out += &self.bias;
        out
    }
}

impl Norm {
    fn read(file: &File<'_>, name: &str) -> Result<Self, String> {
        Ok(Self {
            weight: file.row(&format!("{name}.weight"))?,
            bias: file.row(&format!("{name}.bias"))?,
        })
    }

    fn apply(&self, states: &mut Array2<f32>) {
        for mut row in states.outer_iter_mut() {
            let (mean, spread) = moments(row.view());
            for ((x, w), b) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
                *x = (*x - mean) * spread * w + b;
            }
        }
    }
}

/// The mean, and one over the standard deviation.
fn moments(row: ArrayView1<'_, f32>) -> (f32, f32) {
    let mean = row.mean().unwrap_or_default();
    let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / row.len() as f32;
    (mean, 1.0 / (variance + TINY).sqrt())
}

fn softmax(row: &mut ndarray::ArrayViewMut1<'_, f32>) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.mapv_inplace(|x| (x - most).exp());
    let sum = row.sum();
    row.mapv_inplace(|x| x / sum);
}

/// x·Φ(x), with the error function of Abramowitz and Stegun 7.1.26 (1.5e-7 off at most). No branch and no call, so that
/// a loop over it is done in vectors.
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = t
        * (0.254_829_6
            + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4))));
    let erf = 1.0 - series * exp(-z * z);
    0.5 * x * (1.0 + erf.copysign(x))
}

/// The exponential of a number that is not positive: a power of two, and a polynomial for the rest; off by a few units of the last place,
/// and by one more for each unit of `x`.
#[inline(always)]
fn exp(x: f32) -> f32 {
    let x = x.max(-87.0) * std::f32::consts::LOG2_E;
    let whole = x.floor();
    let y = (x - whole) * std::f32::consts::LN_2;
    let rest = 1.0
        + y * (1.0
            + y * (0.5
                + y * (1.0 / 6.0
                    + y * (1.0 / 24.0
                        + y * (1.0 / 120.0
                            + y * (1.0 / 720.0 + y * (1.0 / 5_040.0 + y / 40_320.0)))))));
    rest * f32::from_bits(((whole + 127.0) as u32) << 23)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_exponential_is_that_of_the_library() {
        for n in 0..=87_000 {
            let x = -(n as f32) / 1_000.0;
            let (ours, theirs) = (exp(x), x.exp());
            let bound = 1e-7 * (4.0 - x) * theirs;
            assert!((ours - theirs).abs() <= bound, "{x}: {ours} {theirs}");
        }
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }
}
