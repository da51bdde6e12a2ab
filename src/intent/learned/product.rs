//! States times weights, which is four fifths of the encoder's work: weights lie as the processor reads them, packed once.
//!
//! A general matrix product packs both sides at each call, and at the twenty to two hundred rows of a text packing the weights is a third of
//! the time. Here they lie packed in the file, a byte each, and stay there: a quarter of the memory, and of what a text has to fetch. A panel becomes
//! numbers where it is used, in the nearest cache, once for all rows. The sums have one order for each width of vectors (`pulp` chooses
//! the widest that the processor has at run time): on one kind of processor the same bits every time.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, Axis};
use pulp::{Arch, Simd, WithSimd};

/// Outputs of a panel; a multiple of the lanes of every processor, and a divisor of the encoder's widths.
pub const PANEL: usize = 32;

/// Weights, and what is done with their product.
pub struct Linear {
    inputs: usize,
    weights: Weights,
    /// For each output what a step of its bytes is worth.
    scales: Array1<f32>,
    bias: Array1<f32>,
    arch: Arch,
}

enum Weights {
    /// Signed bytes: panels of [`PANEL`] outputs, each row of a panel side by side.
    Packed(&'static [u8]),
    /// As numbers that are scaled already, in a build without optimisation: there vectors are no registers but calls, and
    /// ndarray, which is optimised in every build, is a hundred times faster.
    Plain(Array2<f32>),
}

impl Linear {
    /// Takes panels of that many inputs, with a scale and a number to add for each output.
    pub fn of(
        panels: &'static [u8],
        inputs: usize,
        scales: Array1<f32>,
        bias: Array1<f32>,
    ) -> Result<Self, String> {
        let outputs = bias.len();
        let fit = inputs > 0 && outputs.is_multiple_of(PANEL) && scales.len() == outputs;
        if !fit || panels.len() != inputs * outputs {
            let (bytes, scales) = (panels.len(), scales.len());
            return Err(format!(
                "{bytes} weights for {inputs} inputs with {scales} scales and {outputs} numbers to add"
            ));
        }
        let weights = match cfg!(debug_assertions) {
            true => Weights::Plain(plain(panels, inputs, &scales.to_vec())),
            false => Weights::Packed(panels),
        };
        Ok(Self {
            inputs,
            weights,
            scales,
            bias,
            arch: Arch::new(),
        })
    }

    /// A row of outputs for each row of inputs.
    pub fn pass(&self, states: &Array2<f32>) -> Array2<f32> {
        match &self.weights {
            Weights::Plain(weight) => self.at_once(weight, states),
            Weights::Packed(panels) => {
                let mut out = self.in_vectors(panels, states);
                out *= &self.scales;
                out += &self.bias;
                out
            }
        }
    }

    /// Product and sum in one call: without optimisation a walk over all numbers takes as long as their product.
    fn at_once(&self, weight: &Array2<f32>, states: &Array2<f32>) -> Array2<f32> {
        let shape = (states.nrows(), self.bias.len());
        let biases = self.bias.to_vec().repeat(shape.0);
        let mut out = Array2::from_shape_vec(shape, biases).unwrap_or_default();
        general_mat_mul(1.0, states, weight, 1.0, &mut out);
        out
    }

    fn in_vectors(&self, panels: &[u8], states: &Array2<f32>) -> Array2<f32> {
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

/// Panels as a matrix of inputs × outputs. Its inmost loop is as plain as it can be: each process of an unoptimised build goes through
/// twenty million weights, and closures took a second for it.
fn plain(panels: &[u8], inputs: usize, scales: &[f32]) -> Array2<f32> {
    let mut numbers = Array2::zeros((inputs, scales.len()));
    let panels = panels.chunks_exact(inputs * PANEL);
    let columns = numbers.axis_chunks_iter_mut(Axis(1), PANEL);
    for ((panel, scales), mut columns) in panels.zip(scales.chunks_exact(PANEL)).zip(columns) {
        for (bytes, mut row) in panel.chunks_exact(PANEL).zip(columns.rows_mut()) {
            let Some(row) = row.as_slice_mut() else {
                continue;
            };
            let mut at = 0;
            while at < PANEL {
                row[at] = f32::from(bytes[at].cast_signed()) * scales[at];
                at += 1;
            }
        }
    }
    numbers
}

/// A byte of the weights as a number.
#[inline(always)]
fn number(byte: u8) -> f32 {
    f32::from(byte.cast_signed())
}

struct Product<'a> {
    inputs: usize,
    panels: &'a [u8],
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
        let mut numbers = vec![0.0; inputs * PANEL];
        for (n, panel) in self.panels.chunks_exact(inputs * PANEL).enumerate() {
            let both = numbers.iter_mut().zip(panel);
            both.for_each(|(to, byte)| *to = number(*byte));
            let (panel, _) = S::as_simd_f32s(&numbers);
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

/// With counters instead of `zip`: whether iterators are dissolved in here is left to how a build is cut into units, and where they
/// are not it takes five times as long.
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
        for row in 0..ROWS {
            let state = simd.splat_f32s(rows[row][at]);
            for vector in 0..VECTORS {
                sums[row][vector] = simd.mul_add_e_f32s(state, weights[vector], sums[row][vector]);
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

    /// Panels of 96 outputs for 48 inputs.
    fn panels() -> &'static [u8] {
        let bytes = (0..48 * 96).map(|n: usize| (n * 7919 % 251) as u8);
        bytes.collect::<Vec<_>>().leak()
    }

    /// Some states, and their product with the panels as ndarray has it.
    fn sample(rows: usize) -> (Array2<f32>, Array2<f32>) {
        let number = |n: usize| (n * 7919 % 101) as f32 / 101.0 - 0.5;
        let states = Array2::from_shape_fn((rows, 48), |(i, j)| number(i * 31 + j * 17));
        let wanted = states.dot(&plain(panels(), 48, &[1.0; 96]));
        (states, wanted)
    }

    fn linear() -> Linear {
        Linear::of(panels(), 48, Array1::ones(96), Array1::zeros(96)).unwrap()
    }

    #[track_caller]
    fn same(ours: &Array2<f32>, theirs: &Array2<f32>) {
        assert_eq!(ours.dim(), theirs.dim());
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < 1e-3, "{} rows: {a} {b}", ours.nrows());
        }
    }

    #[test]
    fn the_product_is_that_of_ndarray_for_every_number_of_rows() {
        for rows in 0..20 {
            let (linear, (states, wanted)) = (linear(), sample(rows));
            let ours = linear.in_vectors(panels(), &states);
            same(&ours, &wanted);
            assert_eq!(ours, linear.in_vectors(panels(), &states), "the same bits");
            same(&linear.pass(&states), &wanted);
        }
    }

    #[test]
    fn a_processor_without_vectors_gives_the_same_sums() {
        let (states, wanted) = sample(5);
        let mut out = Array2::zeros((5, 96));
        let product = Product {
            inputs: 48,
            panels: panels(),
            states: states.as_slice().unwrap(),
            out: out.as_slice_mut().unwrap(),
            outputs: 96,
        };
        product.with_simd(pulp::Scalar);
        same(&out, &wanted);
    }

    #[test]
    fn each_output_has_its_own_scale_and_a_number_to_add() {
        let counted = |first: f32| (0..96).map(|n| first + n as f32).collect::<Array1<f32>>();
        let linear = Linear::of(panels(), 48, counted(1.0), counted(0.5)).unwrap();
        let (states, wanted) = sample(3);
        let wanted = wanted * &counted(1.0) + &counted(0.5);
        let ours = linear.pass(&states);
        for (a, b) in ours.iter().zip(&wanted) {
            assert!((a - b).abs() < 0.1, "{a} {b}");
        }
    }

    #[test]
    fn weights_that_do_not_fit_are_told() {
        let of = |bytes: usize, inputs, scales, adds| {
            let (scales, adds) = (Array1::zeros(scales), Array1::zeros(adds));
            Linear::of(&panels()[..bytes], inputs, scales, adds).map(drop)
        };
        assert_eq!(of(8 * 32, 8, 32, 32), Ok(()));
        assert!(of(8 * 33, 8, 33, 33).is_err(), "no whole panel");
        assert!(of(8 * 32, 8, 31, 32).is_err(), "a scale is missing");
        assert!(of(8 * 32, 7, 32, 32).is_err(), "too many weights");
    }
}
