//! States times weights, which is four fifths of the encoder's work: weights lie as the processor reads them, packed once.
//!
//! A general matrix product packs both sides at each call, and at the twenty to two hundred rows of a text packing the weights is a third of
//! the time. With them packed beforehand, and with the widest vectors that the processor has (`pulp` chooses at run time), the same product takes 0.35
//! to 0.45 of ndarray's time. The sums have one order for each width of vectors: on one kind of processor the same bits every time.

use ndarray::{Array1, Array2};
use pulp::{Arch, Simd, WithSimd};

/// Columns of a panel; a multiple of the lanes of every processor, and a divisor of the encoder's widths.
const PANEL: usize = 32;

/// Weights and what is added to their product.
pub struct Linear {
    inputs: usize,
    weights: Weights,
    bias: Array1<f32>,
    arch: Arch,
}

enum Weights {
    /// The columns in panels of [`PANEL`], each row of a panel side by side.
    Packed(Vec<f32>),
    /// As they came, in a build without optimisation: there vectors are no registers but calls, and ndarray, which is
    /// optimised in every build, is a hundred times faster.
    Plain(Array2<f32>),
}

impl Linear {
    /// Takes weights of inputs × outputs.
    pub fn of(weight: Array2<f32>, bias: Array1<f32>) -> Result<Self, String> {
        let (inputs, outputs) = weight.dim();
        if bias.len() != outputs || outputs % PANEL != 0 || inputs == 0 {
            let (bias, shape) = (bias.len(), weight.dim());
            return Err(format!("weights of {shape:?} with {bias} numbers to add"));
        }
        let weights = match cfg!(debug_assertions) {
            true => Weights::Plain(weight),
            false => Weights::Packed(packed(&weight)),
        };
        Ok(Self {
            inputs,
            weights,
            bias,
            arch: Arch::new(),
        })
    }

    /// Several with the same inputs, side by side.
    pub fn beside(parts: &[(Array2<f32>, Array1<f32>)]) -> Result<Self, String> {
        let weights: Vec<_> = parts.iter().map(|(w, _)| w.view()).collect();
        let biases: Vec<_> = parts.iter().map(|(_, b)| b.view()).collect();
        let weight = ndarray::concatenate(ndarray::Axis(1), &weights);
        let bias = ndarray::concatenate(ndarray::Axis(0), &biases);
        let differ = |e: ndarray::ShapeError| e.to_string();
        Self::of(weight.map_err(differ)?, bias.map_err(differ)?)
    }

    /// A row of outputs for each row of inputs.
    pub fn pass(&self, states: &Array2<f32>) -> Array2<f32> {
        let mut out = match &self.weights {
            Weights::Plain(weight) => states.dot(weight),
            Weights::Packed(panels) => self.in_vectors(panels, states),
        };
        out += &self.bias;
        out
    }

    fn in_vectors(&self, panels: &[f32], states: &Array2<f32>) -> Array2<f32> {
        let (rows, outputs) = (states.nrows(), self.bias.len());
        let mut out = Array2::zeros((rows, outputs));
        let states = states.as_standard_layout();
        if let (Some(states), Some(out)) = (states.as_slice(), out.as_slice_mut()) {
            let product = Product {
                inputs: self.inputs,
                panels,
                states,
                out,
                outputs,
            };
            self.arch.dispatch(product);
        }
        out
    }
}

fn packed(weight: &Array2<f32>) -> Vec<f32> {
    let (inputs, outputs) = weight.dim();
    let columns = (0..outputs).step_by(PANEL);
    let places = columns.flat_map(|first| (0..inputs).map(move |row| (row, first)));
    let places = places.flat_map(|(row, first)| (first..first + PANEL).map(move |c| (row, c)));
    places.map(|place| weight[place]).collect()
}

struct Product<'a> {
    inputs: usize,
    panels: &'a [f32],
    states: &'a [f32],
    out: &'a mut [f32],
    outputs: usize,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many sums as registers hold: 32 of 16 lanes, 16 of 8.
        match S::F32_LANES {
            16 => self.panels::<S, 8, 2>(simd),
            8 => self.panels::<S, 3, 4>(simd),
            4 => self.panels::<S, 2, 8>(simd),
            _ => self.panels::<S, 1, PANEL>(simd),
        }
    }
}

impl Product<'_> {
    /// `ROWS` states at a time against `VECTORS` vectors, which are one row of a panel.
    #[inline(always)]
    fn panels<S: Simd, const ROWS: usize, const VECTORS: usize>(self, simd: S) {
        let (inputs, outputs) = (self.inputs, self.outputs);
        for (n, panel) in self.panels.chunks_exact(inputs * PANEL).enumerate() {
            let (panel, _) = S::as_simd_f32s(panel);
            let (many, _) = panel.as_chunks::<VECTORS>();
            let mut states = self.states.chunks_exact(inputs * ROWS);
            let mut out = self.out.chunks_mut(outputs * ROWS);
            for (states, out) in (&mut states).zip(&mut out) {
                block::<S, ROWS, VECTORS>(
                    simd,
                    many,
                    states,
                    inputs,
                    &mut out[n * PANEL..],
                    outputs,
                );
            }
            let rest = states.remainder().chunks_exact(inputs);
            let outs = out.next().unwrap_or_default().chunks_mut(outputs);
            for (states, out) in rest.zip(outs) {
                block::<S, 1, VECTORS>(simd, many, states, inputs, &mut out[n * PANEL..], outputs);
            }
        }
    }
}

#[inline(always)]
fn block<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    panel: &[[S::f32s; VECTORS]],
    states: &[f32],
    inputs: usize,
    out: &mut [f32],
    outputs: usize,
) {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; ROWS];
    let rows: [&[f32]; ROWS] = std::array::from_fn(|row| &states[row * inputs..][..inputs]);
    for (at, weights) in panel.iter().enumerate().take(inputs) {
        for (row, sums) in rows.iter().zip(&mut sums) {
            let state = simd.splat_f32s(row[at]);
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum = simd.mul_add_e_f32s(state, *weight, *sum);
            }
        }
    }
    for (row, sums) in sums.into_iter().enumerate() {
        let (out, _) = S::as_mut_simd_f32s(&mut out[row * outputs..][..PANEL]);
        out.copy_from_slice(&sums);
    }
}

/// Runs a loop over numbers with the widest vectors there are.
pub fn each(arch: Arch, numbers: &mut [f32], apply: impl Fn(f32) -> f32) {
    struct Each<'a, F>(&'a mut [f32], F);
    impl<F: Fn(f32) -> f32> WithSimd for Each<'_, F> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            self.0.iter_mut().for_each(|x| *x = (self.1)(*x));
        }
    }
    arch.dispatch(Each(numbers, apply));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some weights, and their product with some states as ndarray has it.
    fn sample(rows: usize) -> (Linear, Vec<f32>, Array2<f32>, Array2<f32>) {
        let number = |n: usize| (n * 7919 % 101) as f32 / 101.0 - 0.5;
        let weight = Array2::from_shape_fn((48, 96), |(i, j)| number(i * 96 + j));
        let states = Array2::from_shape_fn((rows, 48), |(i, j)| number(i * 31 + j * 17));
        let (panels, wanted) = (packed(&weight), states.dot(&weight));
        let linear = Linear::of(weight, Array1::zeros(96)).unwrap();
        (linear, panels, states, wanted)
    }

    #[track_caller]
    fn same(ours: &Array2<f32>, theirs: &Array2<f32>) {
        assert_eq!(ours.dim(), theirs.dim());
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < 1e-5, "{} rows: {a} {b}", ours.nrows());
        }
    }

    #[test]
    fn the_product_is_that_of_ndarray_for_every_number_of_rows() {
        for rows in 0..20 {
            let (linear, panels, states, wanted) = sample(rows);
            let ours = linear.in_vectors(&panels, &states);
            same(&ours, &wanted);
            assert_eq!(ours, linear.in_vectors(&panels, &states), "the same bits");
            same(&linear.pass(&states), &wanted);
        }
    }

    #[test]
    fn a_processor_without_vectors_gives_the_same_sums() {
        let (_, panels, states, wanted) = sample(5);
        let mut out = Array2::zeros((5, 96));
        let product = Product {
            inputs: 48,
            panels: &panels,
            states: states.as_slice().unwrap(),
            out: out.as_slice_mut().unwrap(),
            outputs: 96,
        };
        product.with_simd(pulp::Scalar);
        same(&out, &wanted);
    }

    #[test]
    fn weights_that_do_not_fit_are_told() {
        assert!(Linear::of(Array2::zeros((8, 33)), Array1::zeros(33)).is_err());
        assert!(Linear::of(Array2::zeros((8, 32)), Array1::zeros(31)).is_err());
    }
}
