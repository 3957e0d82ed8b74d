//! Calls to begin with, shown below the help of a verb.

/// `verify`
pub const VERIFY: &str = "\
Examples:
  weighbridge verify ./model --policy production --key publisher.pem
  weighbridge verify ./model --format sarif --output result.sarif
  weighbridge verify --report result.json --policy regulated

Exit codes: 0 pass, 1 fail, 2 mistake in the call, 3 unknown (something could not be looked at).";

/// `scan`
pub const SCAN: &str = "\
Examples:
  weighbridge scan ./model
  weighbridge scan pytorch_model.bin --format json
  weighbridge scan ./model --structure-only";

/// `audit`
pub const AUDIT: &str = "\
Examples:
  weighbridge audit --db advisories.wbdb
  weighbridge audit Cargo.lock requirements.txt --db ./advisory-db --fix";

/// `hash`
pub const HASH: &str = "\
Examples:
  weighbridge hash ./model > SHA256SUMS
  weighbridge hash --check SHA256SUMS";

/// `inspect`
pub const INSPECT: &str = "\
Examples:
  weighbridge inspect model.safetensors
  weighbridge inspect --verbose checkpoint.pt";

/// `sbom`
pub const SBOM: &str = "\
Examples:
  weighbridge sbom ./model --format cyclonedx-1.7 --output model.cdx.json
  weighbridge sbom . --format spdx-2.3 --author 'Acme Ltd'
  weighbridge sbom check vendor.cdx.json --require cisa-2026";

/// `sbom merge`
pub const MERGE: &str = "\
Examples:
  weighbridge sbom merge model.cdx.json service.spdx.json --name product --version 1.2 --output product.cdx.json";

/// `sign`
pub const SIGN: &str = "\
Examples:
  weighbridge key generate signer.pem
  weighbridge sign ./model --key signer.pem";

/// `attest`
pub const ATTEST: &str = "\
Examples:
  weighbridge attest ./model --policy production --trusted-key publisher.pem --key signer.pem --output summary.json
  weighbridge attest ./model --predicate sbom --sbom model.cdx.json --key signer.pem --output bill.json
  weighbridge attest verify summary.json --subject ./model --key signer.pem.pub";

/// `attest verify`
pub const ATTEST_VERIFY: &str = "\
Examples:
  weighbridge attest verify summary.json --subject ./model --key signer.pem.pub --max-age 24h
  weighbridge attest verify summary.json --subject ./model --key a.pem --key b.pem --threshold 2 --level production

Exit codes: 0 the summary holds, 1 it does not, 2 mistake in the call, 3 unknown.";

/// `policy`
pub const POLICY: &str = "\
Examples:
  weighbridge policy show production
  weighbridge policy check ours.toml --strict
  weighbridge policy test cases.toml --policy ours.toml
  weighbridge policy diff production ours.toml result.json";
