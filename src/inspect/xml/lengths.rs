//! Shapes of the ports of a layer: that of a constant or parameter is what its data say, and matrices that are multiplied
//! fit each other.
//!
//! Source: the operation sets of OpenVINO. Not looked at: other operations.

use super::Element;

/// Dimensions of a port that are kept.
const RANK: usize = 64;

/// What a layer says of its shapes.
#[derive(Default)]
pub struct Lengths {
    kind: Kind,
    /// The shape in its data; `None` in the place of what is no plain number above zero.
    data: Option<Vec<Option<u64>>>,
    /// Whether the matrices are turned over.
    turned: [bool; 2],
    inputs: Vec<Vec<Option<u64>>>,
    outputs: Vec<Vec<Option<u64>>>,
    output: bool,
}

/// Layers of which something is known.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// A constant or a parameter.
    Given,
    Product,
    #[default]
    Other,
}

impl Lengths {
    /// Of a layer of that type.
    pub fn of(kind: &str) -> Self {
        let kind = match kind {
            "Const" | "Parameter" => Kind::Given,
            "MatMul" => Kind::Product,
            _ => Kind::Other,
        };
        Self { kind, ..Self::default() }
    }

    /// What its data say.
    pub fn data(&mut self, element: &Element<'_>) {
        let is = |name: &str| element.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        match self.kind {
            Kind::Product => self.turned = [is("transpose_a"), is("transpose_b")],
            Kind::Given => {
                let lengths = element.get("shape").unwrap_or_default().split(',').map(str::trim);
                let lengths = lengths.filter(|text| !text.is_empty()).take(RANK);
                self.data = Some(lengths.map(|text| text.parse().ok().filter(|length| *length > 0)).collect());
            }
            Kind::Other => {}
        }
    }

    /// A port begins.
    pub fn port(&mut self, output: bool) {
        self.output = output;
        if self.kind != Kind::Other {
            if output { &mut self.outputs } else { &mut self.inputs }.push(Vec::new());
        }
    }

    /// A length of the port.
    pub fn length(&mut self, length: Option<i64>) {
        let ports = if self.output { &mut self.outputs } else { &mut self.inputs };
        if let Some(port) = ports.last_mut().filter(|port| port.len() < RANK) {
            port.push(length.and_then(|length| u64::try_from(length).ok()).filter(|length| *length > 0));
        }
    }

    /// What does not fit.
    pub fn fault(&self) -> Option<String> {
        let differ = |one: &Option<u64>, other: &Option<u64>| one.is_some() && other.is_some() && one != other;
        match self.kind {
            Kind::Given => {
                let (data, [port]) = (self.data.as_ref()?, self.outputs.as_slice()) else { return None };
                let odd = data.len() != port.len() || data.iter().zip(port).any(|(one, other)| differ(one, other));
                let both = !data.is_empty() && !port.is_empty();
                (both && odd).then(|| format!("a layer has the shape {}, its output {}", shown(data), shown(port)))
            }
            Kind::Product => {
                let [one, other] = self.inputs.as_slice() else { return None };
                let ([.., rows, width], [.., height, columns]) = (one.as_slice(), other.as_slice()) else {
                    return None;
                };
                let width = if self.turned[0] { rows } else { width };
                let height = if self.turned[1] { columns } else { height };
                let message = || format!("matrices of {} and {} do not fit", shown(one), shown(other));
                differ(width, height).then(message)
            }
            Kind::Other => None,
        }
    }
}

fn shown(lengths: &[Option<u64>]) -> String {
    let length = |length: &Option<u64>| length.map_or_else(|| "?".to_owned(), |length| length.to_string());
    format!("[{}]", lengths.iter().map(length).collect::<Vec<_>>().join(", "))
}
