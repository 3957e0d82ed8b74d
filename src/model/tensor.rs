//! Tensors as inventory.

use std::collections::BTreeMap;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One tensor as its file's header describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor {
    /// Name in the file.
    pub name: String,
    /// Element type in the format's own spelling (`BF16`, `Q4_K`, `float32`).
    pub dtype: String,
    /// Dimensions, outermost first; empty for a scalar.
    pub shape: Vec<u64>,
    /// Where its bytes lie in the file, if they lie there in one piece.
    pub bytes: Option<Range<u64>>,
}

impl Tensor {
    /// Number of elements; `None` if the product does not fit 64 bits.
    #[must_use]
    pub fn elements(&self) -> Option<u64> {
        self.shape.iter().try_fold(1u64, |product, dimension| product.checked_mul(*dimension))
    }
}

/// Tensors of one file in three figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TensorSummary {
    /// Number of tensors.
    pub count: u64,
    /// Number of elements in all of them; saturates at 2^64 - 1.
    pub parameters: u64,
    /// Elements by element type.
    pub dtypes: BTreeMap<String, u64>,
}

impl TensorSummary {
    /// Sums up a list of tensors.
    #[must_use]
    pub fn of(tensors: &[Tensor]) -> Self {
        let mut summary = Self::default();
        for tensor in tensors {
            let elements = tensor.elements().unwrap_or(u64::MAX);
            summary.count = summary.count.saturating_add(1);
            summary.parameters = summary.parameters.saturating_add(elements);
            let of_type = summary.dtypes.entry(tensor.dtype.clone()).or_default();
            *of_type = of_type.saturating_add(elements);
        }
        summary
    }
}
