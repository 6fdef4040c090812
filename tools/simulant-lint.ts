// SPDX-License-Identifier: Apache-2.0
// Holds the safety rules of the inert simulants and prints what they cover. `node tools/simulant-lint.ts`; exit 1 when a
// rule is broken or a row of the contract has no positive, neighbour or evasion.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { simulants as all } from '../testing/src/simulants/list.ts';
import type { Simulant } from '../testing/src/simulants/simulant.ts';
import { coverageOf, gapsIn, tableOf } from './simulant-lint-coverage.ts';
import { hostsIn, isAllowedHost } from './simulant-lint-hosts.ts';
import { checkPackage } from './simulant-lint-rules.ts';

const home = 'testing/src/simulants';
/** Rows whose subject is a name that is not recognisable as a simulant's. */
const freelyNamed: readonly string[] = ['B17'];
/** Matches 120 characters of base64 or hex in a row; not a digest or a short constant. */
const opaque = /[A-Za-z0-9+/]{120,}/;

/** Every violation in these simulants, one line each, with the id of the simulant in front. */
export function checkSimulants(simulants: readonly Simulant[]): string[] {
  const ids = simulants.map(({ id }) => id);
  const twice = ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${id}: there is another of this id`);
  return [
    ...twice,
    ...simulants.flatMap((simulant) => checkSimulant(simulant).map((says) => `${simulant.id}: ${says}`)),
  ];
}

function checkSimulant(simulant: Simulant): string[] {
  const { id, row, kind, packages, previous, expect } = simulant;
  const problems: string[] = [];
  if (!id.startsWith(`${row.toLowerCase()}-`)) problems.push(`the id does not begin with its row ${row}`);
  if (row.startsWith('G') !== (kind === 'neighbour') && !(row.startsWith('B') && kind === 'neighbour'))
    problems.push(`a ${kind} has the row ${row}`);
  if (kind === 'neighbour' && expect.levelAtMost === undefined) problems.push('a neighbour bounds its level');
  if (kind !== 'neighbour' && expect.findings.length === 0) problems.push(`a ${kind} expects a finding`);
  if (expect.findings.some(({ evidenceTypes }) => evidenceTypes.length === 0))
    problems.push('an expected finding names its evidence');
  for (const of of [...packages, ...(previous === undefined ? [] : [previous])]) {
    const { name } = of.manifest;
    if (!/^(?:simulant-|@simulant\/)/.test(name) && !freelyNamed.includes(row))
      problems.push(`the package ${name} is not named as a simulant`);
    problems.push(...checkPackage(simulant, of).map((says) => `${name}/${says}`));
  }
  return problems;
}

/** The simulants' own sources: what is written there in plain must be harmless before any encoder hides it. */
export function checkSource(path: string, text: string): string[] {
  const rowsOfFile = [...text.matchAll(/row: '([BG]\d\d)'/g)].map(([, row = '']) => row);
  const hosts = hostsIn(text)
    .filter((host) => !rowsOfFile.some((row) => isAllowedHost(host, row)) && !isAllowedHost(host, ''))
    .map((host) => `${path}: names the host ${host}`);
  const blob = opaque.exec(text);
  return blob === null
    ? hosts
    : [...hosts, `${path}: holds an opaque constant (${blob[0].slice(0, 24)}…); write it in plain and encode it`];
}

/** All rules over a checkout. */
export function checkCheckout(root: string): string[] {
  const sources = readdirSync(join(root, home)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  return [
    ...checkSimulants(all),
    ...sources.flatMap((name) => checkSource(`${home}/${name}`, readFileSync(join(root, home, name), 'utf8'))),
    ...gapsIn(coverageOf(all)),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const problems = checkCheckout(join(import.meta.dirname, '..'));
  const { rows, ids } = coverageOf(all);
  process.stdout.write(`${tableOf(rows)}\n\n${tableOf(ids)}\n\n${all.length} simulants, ${problems.length} problems\n`);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
