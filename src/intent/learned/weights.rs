//! The file of weights: safetensors with our names, the large matrices as signed bytes in the order in which they are multiplied, with a
//! scale for each output.

use super::product::PANEL;
use ndarray::{Array1, Array2};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

/// A file that was opened; its tensors are looked up by name.
pub struct File<'a> {
    tensors: SafeTensors<'a>,
    labels: Vec<String>,
}

impl<'a> File<'a> {
    /// Opens it.
    pub fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let (_, head) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
        let known = head.metadata().as_ref().and_then(|m| m.get("labels"));
        let labels = known.ok_or("the weights do not say what they judge")?;
        Ok(Self {
            tensors: SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?,
            labels: labels.split(',').map(str::to_owned).collect(),
        })
    }

    /// What is judged.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Whether there is a tensor of this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// The bytes of a tensor.
    pub fn bytes(&self, name: &str) -> Result<&'a [u8], String> {
        Ok(self.tensor(name, Dtype::U8)?.data())
    }

    fn tensor(&self, name: &str, kind: Dtype) -> Result<TensorView<'a>, String> {
        let found = self.tensors.tensor(name);
        let tensor = found.map_err(|e| format!("{name}: {e}"))?;
        if tensor.dtype() != kind {
            return Err(format!("{name} holds {:?}, not {kind:?}", tensor.dtype()));
        }
        Ok(tensor)
    }

    /// Numbers in a row.
    pub fn row(&self, name: &str) -> Result<Array1<f32>, String> {
        let data = self.tensor(name, Dtype::F32)?.data();
        let numbers = data
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        Ok(numbers.collect())
    }

    /// A matrix of numbers.
    pub fn matrix(&self, name: &str) -> Result<Array2<f32>, String> {
        let shape = shape(&self.tensor(name, Dtype::F32)?, name)?;
        let numbers = self.row(name)?.to_vec();
        Array2::from_shape_vec(shape, numbers).map_err(|e| format!("{name}: {e}"))
    }

    /// A matrix of signed bytes as they lie in the file, with its number of inputs: panels of [`PANEL`] outputs, each with a row for each
    /// input. Nothing is copied.
    pub fn panels(&self, name: &str) -> Result<(&'a [u8], usize), String> {
        let tensor = self.tensor(name, Dtype::I8)?;
        match tensor.shape() {
            [_, inputs, PANEL] => Ok((tensor.data(), *inputs)),
            other => Err(format!(
                "{name} has the shape {other:?}, not panels of {PANEL}"
            )),
        }
    }
}

fn shape(tensor: &TensorView<'_>, name: &str) -> Result<(usize, usize), String> {
    match tensor.shape() {
        [rows, columns] => Ok((*rows, *columns)),
        other => Err(format!(
            "{name} has the shape {other:?}, not rows and columns"
        )),
    }
}
