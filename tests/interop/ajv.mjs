#!/usr/bin/env node
// Holds CycloneDX JSON against the official schemas with ajv: `ajv.mjs SCHEMAS FILE…`, where SCHEMAS is a folder with
// bom-1.6.schema.json, bom-1.7.schema.json and what they refer to. Needs `npm install ajv ajv-formats`.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(process.env.AJV_HOME ? join(process.env.AJV_HOME, "package.json") : import.meta.url);
const Ajv = require("ajv").default ?? require("ajv");
const formats = require("ajv-formats").default ?? require("ajv-formats");

const [folder, ...files] = process.argv.slice(2);
const read = (path) => JSON.parse(readFileSync(path, "utf8"));
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
formats(ajv);
// Formats of draft 2019 that ajv-formats leaves out.
ajv.addFormat("iri-reference", true);
ajv.addFormat("idn-email", true);
for (const name of readdirSync(folder).filter((name) => /^(spdx|jsf-0\.82|cryptography-defs)\.schema\.json$/.test(name))) {
    const schema = read(join(folder, name));
    ajv.addSchema(schema, schema.$id);
}
let bad = 0;
for (const file of files) {
    const document = read(file);
    const schema = read(join(folder, `bom-${document.specVersion}.schema.json`));
    const check = ajv.getSchema(schema.$id) ?? ajv.compile(schema);
    const ok = check(document);
    bad += ok ? 0 : 1;
    console.log(`${file}: ${ok ? "ok" : "INVALID"}`);
    for (const error of check.errors ?? []) console.log(`  ${error.instancePath} ${error.message}`);
}
process.exit(bad || files.length === 0 ? 1 : 0);
