// SPDX-License-Identifier: Apache-2.0
// By hand, because it needs installed packages: loads each one, required and imported, with and without the runtime hook,
// and compares exports, output and exit codes; prints the shortest of five times of each.
//   node packages/sandbox/src/inside/testdata/fidelity.mjs <folder with node_modules> <package>...
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hookEnvironment, hookFile, writeHook } from '../../../dist/inside/launch.js';

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined || names.length === 0) {
  process.stderr.write('usage: fidelity.mjs <folder with node_modules> <package>...\n');
  process.exit(2);
}
const scratch = mkdtempSync(path.join(tmpdir(), 'fidelity-'));
const program = path.join(folder, '.fidelity.cjs');
const rounds = 5;
writeFileSync(
  program,
  `const [mode, name] = process.argv.slice(2);
const shape = (value) => (Object(value) !== value ? typeof value : Reflect.ownKeys(value).map((key) => { try { return String(key) + ':' + typeof value[key]; } catch (error) { return String(key) + '!' + error.message; } }).sort().join());
const show = (exports) => { console.log(typeof exports, shape(exports)); if (exports?.default) console.log(typeof exports.default, shape(exports.default)); };
if (mode === 'require') show(require(name)); else import(name).then(show);`,
);
await writeHook(scratch, process.execPath);

function run(mode, name, hooked) {
  const lines = path.join(scratch, 'lines');
  writeFileSync(lines, '');
  const env = { ...process.env, ...(hooked ? hookEnvironment(path.join(scratch, hookFile), { fifo: lines }) : {}) };
  let best = Number.POSITIVE_INFINITY;
  let result;
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    result = spawnSync(process.execPath, [program, mode, name], { cwd: folder, env, encoding: 'utf8' });
    best = Math.min(best, performance.now() - began);
  }
  // Process ids stand in warnings.
  const said = `${result.stdout}${result.stderr}`.replaceAll(/\(node:\d+\)/g, '(node)').replaceAll(/^\s+at .*$/gm, '');
  return { said, status: result.status, best };
}

let different = 0;
for (const name of names) {
  for (const mode of ['require', 'import']) {
    const [bare, hooked] = [run(mode, name, false), run(mode, name, true)];
    const same = bare.said === hooked.said && bare.status === hooked.status;
    if (!same) different += 1;
    console.log(`${same ? 'same     ' : 'DIFFERENT'} ${mode.padEnd(7)} ${name.padEnd(24)} ${bare.best.toFixed(0)} ms bare, ${hooked.best.toFixed(0)} ms hooked`);
  }
}
rmSync(scratch, { recursive: true, force: true });
rmSync(program, { force: true });
process.exitCode = different === 0 ? 0 : 1;
