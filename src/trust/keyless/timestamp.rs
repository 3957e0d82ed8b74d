//! Timestamps of RFC 3161, over the signature.

use sha2::{Digest as _, Sha256};

use super::super::signing::SignedContent;
use super::asn1::{element, sequence};

/// What the request is said to be.
pub const CONTENT_TYPE: &str = "application/timestamp-query";

/// `AlgorithmIdentifier` of SHA-256.
const SHA256: [u8; 15] = [0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0];

/// `TimeStampReq` with the authority's certificate asked for.
#[must_use]
pub fn request(content: &SignedContent, nonce: u64) -> Vec<u8> {
    let signature = match content {
        SignedContent::Envelope(envelope) => {
            envelope.signatures().first().map(|signature| signature.bytes.as_slice()).unwrap_or_default()
        }
        SignedContent::Message { signature, .. } => signature,
    };
    let imprint = sequence(&[&SHA256, &element(4, &[&Sha256::digest(signature)])]);
    // Below 2^63 and never zero: a positive integer in its shortest form.
    let nonce = (nonce >> 1 | 1 << 62).to_be_bytes();
    sequence(&[&[2, 1, 1], &imprint, &element(2, &[&nonce]), &[1, 1, 0xff]])
}

/// Reads a `TimeStampResp`: it must say that the timestamp was granted. Whether it holds is the verifier's question.
///
/// # Errors
/// A clause.
pub fn answer(body: &[u8]) -> Result<Vec<u8>, String> {
    use der::{Decode, Reader, SliceReader};
    let outer = der::asn1::AnyRef::from_der(body).map_err(|error| error.to_string())?;
    let mut reader = SliceReader::new(outer.value()).map_err(|error| error.to_string())?;
    let status = der::asn1::AnyRef::decode(&mut reader).map_err(|error| error.to_string())?;
    let mut inside = SliceReader::new(status.value()).map_err(|error| error.to_string())?;
    match u8::decode(&mut inside).map_err(|error| error.to_string())? {
        0 | 1 if !reader.is_finished() => Ok(body.to_vec()),
        0 | 1 => Err("the authority granted a timestamp and sent none".to_owned()),
        other => Err(format!("the authority refused with status {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_no_timestamp() {
        assert!(answer(&sequence(&[&sequence(&[&[2, 1, 0]]), &sequence(&[])])).is_ok());
        for bad in
            [sequence(&[&sequence(&[&[2, 1, 0]])]), sequence(&[&sequence(&[&[2, 1, 2]]), &sequence(&[])]), vec![]]
        {
            assert!(answer(&bad).is_err());
        }
    }
}
