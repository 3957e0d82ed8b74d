//! The reference loader's view of the same header, beside ours.

use std::collections::BTreeMap;

use safetensors::tensor::Metadata;

use super::header::Entry;

/// How the reference crate's reading differs from ours: `None` if both see the same.
///
/// `clean` says that we found nothing wrong, `data` is the length of the data in bytes. The crate is asked for what
/// it makes of the header alone, so this does not touch the tensors.
pub fn disagrees(header: &[u8], entries: &[Entry], data: u64, clean: bool) -> Option<String> {
    let metadata = match serde_json::from_slice::<Metadata>(header) {
        Ok(metadata) => metadata,
        Err(error) if clean => return Some(format!("the reference loader refuses the header: {error}")),
        Err(_) => return None,
    };
    if clean && metadata.data_len() as u64 != data {
        return Some(format!("the reference loader expects {} bytes of data, there are {data}", metadata.data_len()));
    }
    let theirs = metadata.tensors();
    if theirs.len() != entries.len() {
        return Some(format!("the header lists {} tensors, the reference loader sees {}", entries.len(), theirs.len()));
    }
    let theirs: BTreeMap<_, _> = theirs.into_iter().collect();
    entries.iter().find_map(|entry| {
        let Some(tensor) = theirs.get(&entry.name) else {
            return Some(format!("the reference loader does not see {:?}", entry.name));
        };
        let same = entry.dtype.as_deref() == Some(format!("{:?}", tensor.dtype).as_str())
            && entry
                .shape
                .as_ref()
                .is_some_and(|shape| shape.iter().copied().eq(tensor.shape.iter().map(|d| *d as u64)))
            && entry.offsets == Some((tensor.data_offsets.0 as u64, tensor.data_offsets.1 as u64));
        (!same).then(|| format!("the reference loader reads {:?} differently", entry.name))
    })
}
