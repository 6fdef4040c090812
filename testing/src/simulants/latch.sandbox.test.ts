import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { simulants } from './list.ts';
import { latch, type Simulant, type SimulantPackage } from './simulant.ts';

const run = promisify(execFile);
const inside = '/home/dev';
const hooks = ['preinstall', 'install', 'postinstall'];

/** Writes one package where npm would. */
async function place(folder: string, of: SimulantPackage): Promise<void> {
  const files = { 'package.json': JSON.stringify(of.manifest), ...of.files };
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, 'node_modules', of.manifest.name, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode: Buffer.from(content).toString('latin1', 0, 2) === '#!' ? 0o755 : 0o644 });
  }
}

/** Files of a package that are commands. */
function commandsOf({ manifest, files }: SimulantPackage): string[] {
  const { bin, directories } = manifest as { bin?: string | Record<string, string>; directories?: { bin: string } };
  const named = typeof bin === 'string' ? [bin] : Object.values(bin ?? {});
  return [
    ...named,
    ...Object.keys(files).filter((path) => directories !== undefined && path.startsWith(`${directories.bin}/`)),
  ];
}

/** Runs hooks, entry and commands of each package as an installer and an importer would, output and failures ignored. */
function script(all: readonly Simulant[]): string {
  const lines = all.flatMap(({ id, packages }) => {
    const folder = `${inside}/work/${id}/node_modules`;
    const scripts = packages.flatMap(({ manifest }) => {
      const own = (manifest.scripts ?? {}) as Record<string, string>;
      return hooks.filter((hook) => hook in own).map((hook) => ({ at: manifest.name, command: own[hook] ?? '' }));
    });
    const names = packages.map(({ manifest }) => manifest.name);
    const commands = packages.flatMap((of) => commandsOf(of).map((path) => `${folder}/${of.manifest.name}/${path}`));
    return [
      ...scripts.map(({ at, command }) => `(cd ${folder}/${at} && timeout 10 sh -c ${quote(command)})`),
      ...commands.map((command) => `timeout 10 ${command} --help`),
      `(cd ${folder} && timeout 10 node -e ${quote(names.map((name) => `import('${name}').catch(() => {});`).join(''))})`,
    ];
  });
  return `${lines.join('\n')}\nsleep 2\n`;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

async function snapshot(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile() && !entry.parentPath.includes('/work'));
  return Object.fromEntries(
    await Promise.all(
      files.map(async (entry) => {
        const file = join(entry.parentPath, entry.name);
        return [file.slice(folder.length), await readFile(file, 'utf8')] as const;
      }),
    ),
  );
}

async function prepare(folder: string, all: readonly Simulant[], armed: boolean): Promise<string> {
  const home = join(folder, 'home');
  const secrets = [
    '.npmrc',
    '.bashrc',
    '.profile',
    '.ssh/id_ed25519',
    '.aws/credentials',
    '.git-credentials',
    '.netrc',
  ];
  for (const name of [...secrets, ...Array.from({ length: 12 }, (_, i) => `Documents/${i}.txt`)]) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), `kept ${name}\n`);
  }
  for (const simulant of all) {
    for (const of of armed ? [...simulant.packages, latch] : simulant.packages)
      await place(join(home, 'work', simulant.id), of);
  }
  await writeFile(join(folder, 'run.sh'), script(all));
  return home;
}

/** No network, a private home and temporary folder, everything else read-only. Returns the trace of connections. */
async function confine(folder: string): Promise<string> {
  const node = dirname(process.execPath);
  const wrap = [
    '--unshare-all',
    '--die-with-parent',
    '--new-session',
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
  ];
  const own = [
    '--tmpfs',
    '/root',
    '--tmpfs',
    '/home',
    '--tmpfs',
    '/tmp',
    '--bind',
    join(folder, 'home'),
    inside,
    '--ro-bind',
    node,
    '/tmp/node',
  ];
  const bind = [
    '--bind',
    folder,
    '/tmp/log',
    '--clearenv',
    '--setenv',
    'HOME',
    inside,
    '--setenv',
    'PATH',
    '/tmp/node:/usr/bin:/bin',
  ];
  const trace = [
    'strace',
    '-f',
    '-qq',
    '--seccomp-bpf',
    '-e',
    'trace=connect,sendto,sendmsg',
    '-o',
    '/tmp/log/trace',
    'sh',
    '/tmp/log/run.sh',
  ];
  await run('bwrap', [...wrap, ...own, ...bind, ...trace], { maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { code?: unknown }) => {
      // The last simulant's exit status is no news; a sandbox that did not start leaves no trace and fails below.
      if (typeof error.code !== 'number') throw error;
    },
  );
  return readFile(join(folder, 'trace'), 'utf8');
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'simulants-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const reaches = /sa_family=AF_INET6?/;

it('without the latch no simulant changes a file of its home or reaches for the network', async () => {
  await withFolder(async (folder) => {
    const armed = simulants.filter(({ kind }) => kind !== 'neighbour');
    const home = await prepare(folder, armed, false);
    const before = await snapshot(home);
    expect(await confine(folder)).not.toMatch(reaches);
    expect(await snapshot(home)).toEqual(before);
  });
});

it('with the latch the same run does both', async () => {
  await withFolder(async (folder) => {
    const chosen = ['b01-hook-posts-npm-token', 'b04-deletes-home', 'b24-shell-profile'];
    const home = await prepare(
      folder,
      simulants.filter(({ id }) => chosen.includes(id)),
      true,
    );
    const before = await snapshot(home);
    expect(await confine(folder)).toMatch(reaches);
    const after = await snapshot(home);
    expect(Object.keys(after).length).toBeLessThan(Object.keys(before).length);
  });
});
