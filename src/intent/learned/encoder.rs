//! The encoder: a BERT of few layers (Devlin 2018; multilingual-e5-small cut down and taught further), and for each label an
//! attention over its last states, so that a label's logit is a sum over the pieces: the sum explains itself.

use super::LABELS;
use super::weights::File;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Slice};

const HEADS: usize = 12;
const TINY: f32 = 1e-12;

/// The weights, ready to be multiplied.
pub struct Encoder {
    /// Two four-bit numbers a byte: the first half of a group of 32 in the low bits, the second in the high ones.
    nibbles: Vec<u8>,
    scales: Array2<f32>,
    positions: Array2<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    attend: Linear,
    out: Linear,
}

struct Norm {
    weight: Array1<f32>,
    bias: Array1<f32>,
}

struct Linear {
    /// Inputs × outputs.
    weight: Array2<f32>,
    bias: Array1<f32>,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    join: Linear,
    joined: Norm,
    widen: Linear,
    narrow: Linear,
    narrowed: Norm,
}

impl Encoder {
    /// Reads all weights.
    pub fn read(file: &File<'_>) -> Result<Self, String> {
        let mut layers = Vec::new();
        while file.has(&format!("layer{}.query", layers.len())) {
            layers.push(Layer::read(file, layers.len())?);
        }
        if layers.is_empty() {
            return Err("the weights have no layers".to_owned());
        }
        let heads = |name: &str| -> Result<Linear, String> {
            let weight = file
                .matrix(name)?
                .reversed_axes()
                .as_standard_layout()
                .to_owned();
            let bias = file.row(&format!("{name}.bias"))?;
            Ok(Linear { weight, bias })
        };
        let encoder = Self {
            nibbles: file.bytes("word")?.to_vec(),
            scales: file.matrix("word.scale")?,
            positions: file.matrix("position")?,
            norm: Norm::read(file, "norm")?,
            layers,
            attend: heads("attend")?,
            out: heads("out")?,
        };
        let width = encoder.norm.weight.len();
        let fits = encoder.positions.ncols() == width
            && encoder.positions.nrows() >= super::LONGEST
            && encoder.nibbles.len() == encoder.scales.nrows() * width / 2
            && encoder.out.bias.len() == LABELS.len();
        fits.then_some(encoder)
            .ok_or_else(|| "the weights do not fit together".to_owned())
    }

    /// For each label its logit, and what each piece adds to it.
    pub fn judge(&self, ids: &[u32]) -> Vec<(f32, Vec<f32>)> {
        let mut states = self.embed(ids);
        for layer in &self.layers {
            states = layer.pass(states);
        }
        let mut weights = self.attend.pass(&states);
        let values = self.out.pass(&states);
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

impl Layer {
    fn read(file: &File<'_>, number: usize) -> Result<Self, String> {
        let name = |part: &str| format!("layer{number}.{part}");
        let linear = |part: &str| Linear::read(file, &name(part));
        Ok(Self {
            query: linear("query")?,
            key: linear("key")?,
            value: linear("value")?,
            join: linear("join")?,
            joined: Norm::read(file, &name("joined"))?,
            widen: linear("widen")?,
            narrow: linear("narrow")?,
            narrowed: Norm::read(file, &name("narrowed"))?,
        })
    }

    fn pass(&self, states: Array2<f32>) -> Array2<f32> {
        let (queries, keys, values) = (
            self.query.pass(&states),
            self.key.pass(&states),
            self.value.pass(&states),
        );
        let size = queries.ncols() / HEADS;
        let scale = 1.0 / (size as f32).sqrt();
        let mut context = Array2::zeros(states.raw_dim());
        for head in 0..HEADS {
            let part = Slice::from(head * size..(head + 1) * size);
            let of = |all| columns(all, part);
            let mut looks = of(&queries).dot(&of(&keys).t());
            looks *= scale;
            for mut row in looks.outer_iter_mut() {
                softmax(&mut row);
            }
            let mut own = context.slice_axis_mut(Axis(1), part);
            own.assign(&looks.dot(&of(&values)));
        }
        let mut states = states + self.join.pass(&context);
        self.joined.apply(&mut states);
        let mut wide = self.widen.pass(&states);
        wide.mapv_inplace(gelu);
        states += &self.narrow.pass(&wide);
        self.narrowed.apply(&mut states);
        states
    }
}

impl Linear {
    fn read(file: &File<'_>, name: &str) -> Result<Self, String> {
        let weight = file.turned(name)?;
        let bias = file.row(&format!("{name}.bias"))?;
        if bias.len() != weight.ncols() {
            return Err(format!("{name} and its bias do not fit"));
        }
        Ok(Self { weight, bias })
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

fn columns(all: &Array2<f32>, part: Slice) -> ArrayView2<'_, f32> {
    all.slice_axis(Axis(1), part)
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

/// x·Φ(x), with the error function of Abramowitz and Stegun 7.1.26 (1.5e-7 off at most).
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = t
        * (0.254_829_6
            + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4))));
    let erf = 1.0 - series * (-z * z).exp();
    0.5 * x * (1.0 + erf.copysign(x))
}
