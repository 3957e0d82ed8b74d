// Holds `weighbridge audit` on npm's lockfiles against an independent matcher on `semver`, npm's own library.
//
//     node audit_npm.mjs WEIGHBRIDGE LOCKFILES
//
// LOCKFILES is a folder with one folder for each lockfile. The records are published advisories (ranges as GitHub's
// database gives them) and, for every package of every lockfile, invented ones whose boundaries lie at the locked version
// and beside it; then edge records. They are written as OSV files, imported by `db import`, and audited. `semver` is
// looked for from NODE_PATH. Exits 1 on any disagreement.

import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";

const semver = createRequire(import.meta.url)("semver");

/** Published: identifier, package, pairs of introduced and fixed. */
const PUBLISHED = [
  ["GHSA-35jh-r3h4-6jhm", "lodash", [["0", "4.17.21"]]],
  ["GHSA-p6mc-m468-83gw", "lodash", [["3.7.0", "4.17.19"]]],
  ["GHSA-xvch-5gv4-984h", "minimist", [["1.0.0", "1.2.6"], ["0", "0.2.4"]]],
  ["GHSA-vh95-rmgr-6w4m", "minimist", [["1.0.0", "1.2.3"], ["0", "0.2.1"]]],
  ["GHSA-r683-j2x4-v87g", "node-fetch", [["0", "2.6.7"], ["3.0.0", "3.1.1"]]],
  ["GHSA-cph5-m8f7-6c5x", "axios", [["0", "0.21.2"]]],
  ["GHSA-wf5p-g6vw-rhxx", "axios", [["0.8.1", "0.28.0"], ["1.0.0", "1.6.0"]]],
  ["GHSA-jchw-25xp-jwwc", "follow-redirects", [["0", "1.15.4"]]],
  ["GHSA-c2qf-rxjj-qqgw", "semver", [["7.0.0", "7.5.2"], ["6.0.0", "6.3.1"], ["0", "5.7.2"]]],
  ["GHSA-3h5v-q93c-6h6q", "ws", [["7.0.0", "7.5.10"], ["8.0.0", "8.17.1"], ["6.0.0", "6.2.3"], ["2.1.0", "5.2.4"]]],
  ["GHSA-rv95-896h-c2vc", "express", [["0", "4.19.2"]]],
  ["GHSA-hrpp-h998-j3pp", "qs", [["6.5.0", "6.5.3"], ["6.7.0", "6.7.3"], ["6.4.0", "6.4.1"]]],
  ["GHSA-grv7-fg5c-xmjg", "braces", [["0", "3.0.3"]]],
  ["GHSA-952p-6rrq-rcjv", "micromatch", [["0", "4.0.8"]]],
  ["GHSA-9c47-m6qq-7p4h", "json5", [["2.0.0", "2.2.2"], ["0", "1.0.2"]]],
  ["GHSA-93q8-gq69-wqmw", "ansi-regex", [["6.0.0", "6.0.1"], ["5.0.0", "5.0.1"], ["4.0.0", "4.1.1"], ["3.0.0", "3.0.1"]]],
  ["GHSA-ww39-953v-wcq6", "glob-parent", [["0", "5.1.2"]]],
  ["GHSA-67hx-6x53-jw92", "@babel/traverse", [["0", "7.23.2"], ["8.0.0-alpha.0", "8.0.0-alpha.4"]]],
  ["GHSA-7fh5-64p2-3v2j", "postcss", [["0", "8.4.31"]]],
];

/** By hand: events, listed versions, versions to try. */
const EDGES = [
  [[{ introduced: "0" }, { fixed: "1.0.0" }], [], ["0.0.0", "0.9.9", "1.0.0-0", "1.0.0-rc.1", "1.0.0", "1.0.0+build", "1.0.1"]],
  [[{ introduced: "1.0.0" }, { last_affected: "2.0.0" }], [], ["1.0.0-rc.1", "1.0.0", "1.5.0", "2.0.0-beta", "2.0.0", "2.0.0+x", "2.0.1"]],
  [[{ introduced: "0" }, { fixed: "1.0.0" }, { introduced: "2.0.0" }, { fixed: "2.5.0" }], [], ["0.5.0", "1.0.0", "1.9.9", "2.0.0-a", "2.0.0", "2.4.9", "2.5.0"]],
  [[{ fixed: "2.5.0" }, { introduced: "2.0.0" }], [], ["1.9.9", "2.0.0", "2.4.0", "2.5.0"]],
  [[{ introduced: "0" }, { fixed: "1.0.0" }, { introduced: "1.0.0" }, { fixed: "2.0.0" }], [], ["0.5.0", "1.0.0", "1.5.0", "2.0.0"]],
  [[{ introduced: "0" }, { limit: "2.0.0" }], [], ["1.9.9", "2.0.0-rc.1", "2.0.0", "3.0.0"]],
  [[], ["1.0.0", "1.1.0-rc.1", "2.0.0+b"], ["1.0.0", "1.0.1", "1.1.0-rc.1", "1.1.0-rc.2", "2.0.0+b", "2.0.0+c"]],
  [[{ introduced: "0" }, { fixed: "1.0.0" }], ["1.5.0"], ["0.9.0", "1.0.0", "1.5.0", "1.6.0"]],
  [[{ introduced: "0" }], [], ["0.0.1", "99999.0.0", "1.0.0-x"]],
  [[{ introduced: "1.0.0-alpha.2" }, { fixed: "1.0.0-alpha.10" }], [], ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.2", "1.0.0-alpha.9", "1.0.0-alpha.10", "1.0.0-alpha.beta", "1.0.0"]],
  [[{ introduced: "0" }, { fixed: "0.0.0-0" }], [], ["0.0.0-0", "0.0.0"]],
  [[{ introduced: "10.0.0" }, { fixed: "10.10.0" }], [], ["9.0.0", "10.2.0", "10.9.0", "10.10.0-rc.1", "10.10.0"]],
];

/** Is it affected? The OSV schema's evaluation, with npm's order of versions. */
function affects(affected, version) {
  const compare = (bound) => (bound === "0" ? 1 : semver.compare(version, bound));
  if ((affected.versions ?? []).some((listed) => listed === version || semver.eq(listed, version))) return true;
  for (const range of affected.ranges ?? []) {
    const limits = range.events.filter((event) => event.limit).map((event) => event.limit);
    if (limits.length && !limits.some((limit) => limit === "*" || semver.lt(version, limit))) continue;
    const steps = range.events.filter((event) => !event.limit).map((event) => Object.entries(event)[0]);
    const place = (bound) => (bound === "0" ? "0.0.0-0" : bound);
    steps.sort((one, two) => (one[1] === "0" ? (two[1] === "0" ? 0 : -1) : two[1] === "0" ? 1 : semver.compare(place(one[1]), place(two[1]))));
    let inside = false;
    for (const [kind, bound] of steps) {
      if (kind === "introduced" && compare(bound) >= 0) inside = true;
      if (kind === "fixed" && compare(bound) >= 0) inside = false;
      if (kind === "last_affected" && compare(bound) > 0) inside = false;
    }
    if (inside) return true;
  }
  return false;
}

/** Name and version of every package that a registry serves. */
function locked(file) {
  const text = fs.readFileSync(file, "utf8");
  const found = new Set();
  const add = (name, version) => semver.valid(version) && found.add(`${name} ${version}`);
  switch (path.basename(file)) {
    case "package-lock.json": {
      const lock = JSON.parse(text);
      if (lock.packages) {
        for (const [place, entry] of Object.entries(lock.packages)) {
          if (place && !entry.link) add(entry.name ?? place.slice(place.lastIndexOf("node_modules/") + 13), entry.version);
        }
      } else {
        const walk = (entries) => {
          for (const [name, entry] of Object.entries(entries ?? {})) {
            const alias = /^npm:(.+)@([^@]+)$/.exec(entry.version);
            alias ? add(alias[1], alias[2]) : add(name, entry.version);
            walk(entry.dependencies);
          }
        };
        walk(lock.dependencies);
      }
      break;
    }
    case "pnpm-lock.yaml": {
      const packages = text.slice(text.indexOf("\npackages:"), text.indexOf("\nsnapshots:"));
      for (const [, name, version] of packages.matchAll(/^  '?(@?[^@'\s]+)@([^:'(]+)'?:$/gm)) add(name, version);
      break;
    }
    case "yarn.lock": {
      const blocks = text.split(/\n\n+/);
      for (const block of blocks) {
        const berry = /\n  resolution: "(@?[^@"]+)@npm:([^"]+)"/.exec(block);
        const classic = /^"?(@?[^@"\s]+)@[^\n]*:\n  version "([^"]+)"/m.exec(block);
        if (berry) add(berry[1], berry[2]);
        else if (classic) add(classic[1], classic[2]);
      }
      break;
    }
    case "bun.lock": {
      const lock = JSON.parse(text.replace(/,(\s*[}\]])/g, "$1"));
      for (const [what] of Object.values(lock.packages)) add(what.slice(0, what.lastIndexOf("@")), what.slice(what.lastIndexOf("@") + 1));
      break;
    }
    default:
      return null;
  }
  return [...found].map((pair) => pair.split(" "));
}

function record(id, name, ranges, versions = []) {
  const affected = { package: { ecosystem: "npm", name }, versions };
  if (ranges.length) affected.ranges = ranges.map((events) => ({ type: "SEMVER", events }));
  return { id, modified: "2026-01-01T00:00:00Z", published: "2026-01-01T00:00:00Z", affected: [affected] };
}

/** Boundaries at a version and beside it. */
function around(name, version, number) {
  const [next, early] = [semver.inc(version, "patch"), `${version.split(/[-+]/)[0]}-0`];
  const events = [
    [{ introduced: "0" }, { fixed: version }],
    [{ introduced: "0" }, { fixed: next }],
    [{ introduced: version }],
    [{ introduced: next }],
    [{ introduced: "0" }, { last_affected: version }],
    [{ introduced: early }, { last_affected: version }],
  ];
  return events.map((range, index) => record(`TEST-${number}-${index}`, name, [range]));
}

const temporary = fs.mkdtempSync(path.join(os.tmpdir(), "npm-"));
process.on("exit", () => fs.rmSync(temporary, { recursive: true }));
const [weighbridge, lockfiles] = process.argv.slice(2);
let wrong = [];

function compare(label, records, packages, tree) {
  const dump = fs.mkdtempSync(path.join(temporary, "dump-"));
  for (const one of records) fs.writeFileSync(path.join(dump, `${one.id}.json`), JSON.stringify(one));
  const database = `${dump}.db`;
  execFileSync(weighbridge, ["db", "import", dump, "--db", database, "--quiet"]);
  const run = spawnSync(weighbridge, ["audit", tree, "--db", database, "--offline", "--format", "json"], { maxBuffer: 1 << 28 });
  if (![0, 1, 3].includes(run.status)) throw new Error(`${label}: exit ${run.status}: ${run.stderr}`);
  const told = new Set();
  for (const finding of JSON.parse(run.stdout).findings) {
    if (finding.rule !== "vulnerable-package") continue;
    for (const id of [finding.advisory.id, ...finding.advisory.aliases]) {
      told.add(`${finding.package.name} ${finding.package.version} ${id}`);
    }
  }
  const wanted = new Set();
  for (const [name, version] of packages) {
    for (const one of records) {
      if (one.affected[0].package.name === name && affects(one.affected[0], version)) wanted.add(`${name} ${version} ${one.id}`);
    }
  }
  const differ = [...wanted].filter((one) => !told.has(one)).map((one) => `${label}: ${one} is not told`);
  differ.push(...[...told].filter((one) => !wanted.has(one)).map((one) => `${label}: ${one} is told and not wanted`));
  console.log(`${label}: ${packages.length} packages, ${wanted.size} matches, ${differ.length} disagreements`);
  wrong = wrong.concat(differ);
}

const published = PUBLISHED.map(([id, name, pairs]) =>
  record(id, name, pairs.map(([introduced, fixed]) => [{ introduced }, { fixed }])));
for (const folder of fs.readdirSync(lockfiles).sort()) {
  for (const file of fs.readdirSync(path.join(lockfiles, folder))) {
    const packages = locked(path.join(lockfiles, folder, file));
    if (!packages) continue;
    if (!packages.length) wrong.push(`${folder}: nothing is locked`);
    const invented = packages.flatMap(([name, version], number) => around(name, version, number));
    compare(`${folder}/${file}`, [...published, ...invented], packages, path.join(lockfiles, folder));
  }
}

const tree = path.join(temporary, "edges");
fs.mkdirSync(tree);
const [records, packages, entries] = [[], [], {}];
EDGES.forEach(([events, versions, tried], number) => {
  for (const version of tried) {
    const name = `edge-${number}-${packages.length}`;
    records.push(record(`EDGE-${packages.length}`, name, events.length ? [events] : [], versions));
    packages.push([name, version]);
    entries[`node_modules/${name}`] = { version, resolved: `https://registry.npmjs.org/${name}/-/${name}-${version}.tgz` };
  }
});
fs.writeFileSync(path.join(tree, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, packages: entries }));
compare("edge records", records, packages, tree);

wrong.slice(0, 50).forEach((line) => console.log(line));
process.exit(wrong.length ? 1 : 0);
