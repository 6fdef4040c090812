import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hookFifo } from './run.ts';
import { type TrialCommand, trialHome } from './trial.ts';
import { starters, startTrial } from './trial-start.ts';

const secret = 'host-secret-0fb1c7';

/** What a prober in the sandbox was able to see and do. */
interface Seen {
  readable: string[];
  listings: Record<string, string[]>;
  environment: string;
  processes: { pid: string; name: string; environ: string }[];
  status: Record<string, string>;
  writable: string[];
  mounts: { at: string; options: string[] }[];
  answers: Record<string, string>;
  hook: Record<string, string>;
  syscalls: Record<string, string>;
  programs: Record<string, number | null>;
  sysctls: string[];
  keys: string;
  hostname: string;
}

/** Runs inside. `targets` come from the test: what exists outside and must not be reached. */
const prober = `
const fs = require('fs'), net = require('net'), path = require('path'), { spawnSync } = require('child_process');
const targets = JSON.parse(fs.readFileSync(process.env.HOME + '/targets.json', 'utf8'));
const tried = (work) => { try { const value = work(); return value === undefined ? 'ok' : String(value); } catch (error) { return error.code || error.message; } };
const read = (file) => { try { return fs.readFileSync(file, 'latin1'); } catch { return ''; } };
const list = (folder) => { try { return fs.readdirSync(folder).sort(); } catch { return []; } };
const seen = { answers: {}, programs: {} };
seen.readable = targets.files.filter((file) => { try { fs.readFileSync(file); return true; } catch { return false; } });
seen.listings = Object.fromEntries(['/', '/root', '/home', '/var', '/mnt', '/opt', '/srv', '/sys', '/boot', '/run'].map((folder) => [folder, list(folder)]));
seen.environment = JSON.stringify(process.env);
seen.processes = list('/proc').filter((name) => /^\\d+$/.test(name)).map((pid) => ({ pid, name: read('/proc/' + pid + '/comm').trim(), environ: read('/proc/' + pid + '/environ') }));
seen.status = Object.fromEntries(read('/proc/self/status').split('\\n').map((line) => line.split(/:\\s*/)));
seen.mounts = read('/proc/self/mountinfo').trim().split('\\n').map((line) => ({ at: line.split(' ')[4], options: line.split(' ')[5].split(',') }));
seen.writable = [];
const visit = (folder, depth) => {
  const file = path.join(folder, 'x-' + process.pid);
  try { fs.writeFileSync(file, ''); fs.unlinkSync(file); seen.writable.push(folder); } catch {}
  for (const entry of depth === 0 ? [] : list(folder)) {
    const below = path.join(folder, entry);
    if (below === '/proc' || below === '/usr/share' || below === '/usr/lib') continue;
    if (fs.lstatSync(below).isDirectory()) visit(below, depth - 1);
  }
};
visit('/', 4);
for (const folder of ['/proc', '/usr/lib', '/usr/share']) visit(folder, 0);
seen.sysctls = [];
const settings = (folder) => { for (const entry of list(folder)) { const file = path.join(folder, entry); const stat = fs.lstatSync(file);
  if (stat.isDirectory()) settings(file);
  else { try { fs.closeSync(fs.openSync(file, 'r+')); seen.sysctls.push(file); } catch {} } } };
settings('/proc/sys');
seen.hook = {
  read: tried(() => fs.openSync('${hookFifo}', fs.constants.O_RDONLY | fs.constants.O_NONBLOCK) && 'opened'),
  chmod: tried(() => fs.chmodSync('${hookFifo}', 0o666)),
  remove: tried(() => fs.unlinkSync('${hookFifo}')),
  write: tried(() => { fs.writeSync(fs.openSync('${hookFifo}', fs.constants.O_WRONLY | fs.constants.O_NONBLOCK), '{}\\n'); }),
};
const run = (name, command, ...args) => { seen.programs[name] = spawnSync(command, args, { timeout: 5000 }).status; };
run('user namespace', 'unshare', '--user', 'true');
run('mount namespace', 'unshare', '--mount', 'true');
run('network namespace', 'unshare', '--net', 'true');
run('mount', 'mount', '-t', 'tmpfs', 'x', '/tmp');
run('setuid program', 'su', 'root', '-c', 'true');
run('tracer on a neighbour', 'sh', '-c', 'sleep 1 & exec strace -o /dev/null -p $!');
run('first process killed', 'sh', '-c', 'kill -KILL 1; kill -TERM 1; kill -SEGV 1; sleep 0.1; exit 0');
fs.writeFileSync(process.env.HOME + '/copy', read('/usr/bin/id'), 'latin1');
fs.chmodSync(process.env.HOME + '/copy', 0o4755);
seen.answers['own setuid program'] = String(spawnSync(process.env.HOME + '/copy', ['-u']).stdout).trim();
const numbers = process.arch === 'x64' ? { add_key: 248, request_key: 249, keyctl: 250, ptrace: 101, bpf: 321, setns: 308 } : { add_key: 217, request_key: 218, keyctl: 219, ptrace: 117, bpf: 280, setns: 268 };
const perl = (text) => String(spawnSync('perl', ['-e', text]).stdout);
const call = (name, ...args) => perl('my @a = (' + args.join(',') + '); $r = syscall(' + numbers[name] + ', @a); print $r < 0 ? ($!+0) : "done";');
seen.syscalls = {
  add_key: call('add_key', '"user"', '"mine"', '"x"', 1, -3),
  'keyctl search': call('keyctl', 10, -3, '"user"', '"assay-wall"', 0),
  request_key: call('request_key', '"user"', '"assay-wall"', 0, 0),
  'ptrace attach to 1': call('ptrace', 16, 1, 0, 0),
  bpf: call('bpf', 0, 0, 0),
};
seen.keys = read('/proc/keys');
seen.hostname = require('os').hostname();
const reach = (name, options) => new Promise((resolve) => {
  let text = '';
  const done = (answer) => { socket.destroy(); seen.answers[name] = answer; resolve(); };
  const socket = net.connect(options, () => socket.write('hello\\n'));
  socket.on('data', (chunk) => { text += chunk; done(text); });
  socket.on('error', (error) => done(error.code));
  setTimeout(() => done('connected, no answer: ' + text), 1500);
});
(async () => {
  await Promise.all([
    reach('loopback', { host: '127.0.0.1', port: targets.port }),
    reach('abstract socket', { path: '\\0' + targets.abstract }),
    reach('socket file', { path: targets.socket }),
  ]);
  fs.writeFileSync(process.env.HOME + '/report', JSON.stringify(seen));
})();
`;

const outside = mkdtempSync(path.join(tmpdir(), 'assay-walls-'));
const secretFile = path.join(outside, 'secret');
const abstractName = path.basename(outside);
const socketFile = path.join(outside, 'socket');
const reached: string[] = [];
const servers: Server[] = [];

async function listen(name: string, where: { port: number; host: string } | string): Promise<Server> {
  const server = createServer((socket) => {
    reached.push(name);
    socket.end(secret);
  });
  servers.push(server);
  await new Promise<void>((resolve) =>
    typeof where === 'string' ? server.listen(where, resolve) : server.listen(where, resolve),
  );
  return server;
}

let port = 0;
beforeAll(async () => {
  // Open to everybody on the host: what keeps it from the sandbox must be the sandbox.
  chmodSync(outside, 0o755);
  writeFileSync(secretFile, secret, { mode: 0o644 });
  const server = await listen('loopback', { port: 0, host: '127.0.0.1' });
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
  await listen('abstract socket', `\0${abstractName}`);
  await listen('socket file', socketFile);
  chmodSync(socketFile, 0o777);
});
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(outside, { recursive: true });
});

const files = [
  secretFile,
  '/etc/shadow',
  '/etc/machine-id',
  '/etc/fstab',
  '/etc/ssh/ssh_host_rsa_key',
  '/var/log/dpkg.log',
  '/var/lib/dpkg/status',
  '/root/.bashrc',
  '/proc/kcore',
  '/proc/1/root/etc/fstab',
  path.join(import.meta.dirname, 'box.ts'),
  path.join(import.meta.dirname, '../../../package.json'),
];

/** Puts a key into a session key ring of its own before it goes on. *Source:* keyctl(2), add_key(2). */
const withSessionKey = [
  'perl',
  '-e',
  `my ($a, $k) = '${process.arch}' eq 'x64' ? (248, 250) : (217, 219);
   my @key = ("user", "assay-wall", "${secret}", ${secret.length}, -3);
   syscall($k, 1, 0) >= 0 or die "no session: $!"; syscall($a, @key) >= 0 or die "no key: $!"; exec @ARGV`,
];

describe.each(starters)('a sandbox that %s starts', (starter) => {
  let seen: Seen;
  let traced: TrialCommand;
  let descriptors: string;
  let uid: number;

  beforeAll(async () => {
    const leaked = openSync(secretFile, 'r');
    const result = await startTrial(
      starter,
      {
        files: {
          'probe.cjs': prober,
          'targets.json': JSON.stringify({ files, port, abstract: abstractName, socket: socketFile }),
        },
        commands: [
          { script: 'ls -l /proc/self/fd > report' },
          { script: `touch made; exec node probe.cjs`, deadlineMs: 60_000 },
        ],
      },
      { env: { ASSAY_WALL_SECRET: secret }, before: withSessionKey, descriptors: [leaked, leaked] },
    ).finally(() => closeSync(leaked));
    const [first, second] = result.commands;
    descriptors = first?.report ?? '';
    traced = second as TrialCommand;
    expect(`${traced.ended} ${traced.exitCode} ${traced.stderr}`).toBe('exit 0 ');
    seen = JSON.parse(traced.report) as Seen;
    uid = result.uid;
  });

  it('shows no file of the host but programs, and no folder of its people', () => {
    expect(files.filter((file) => existsSync(file)).length).toBeGreaterThan(3);
    // /etc/machine-id is there, but is the sandbox's own.
    expect(seen.readable).toEqual(['/etc/machine-id']);
    expect(seen.listings).toMatchObject({
      '/root': [],
      '/home': ['jo'],
      '/var': ['tmp'],
      '/mnt': [],
      '/opt': [],
      '/srv': [],
      '/sys': [],
      '/boot': [],
      '/run': ['user'],
    });
    expect(seen.listings['/']).toEqual([
      'bin',
      'dev',
      'etc',
      'home',
      'lib',
      'lib64',
      'proc',
      'root',
      'run',
      'sbin',
      'tmp',
      'usr',
      'var',
    ]);
  });

  it("has none of the orchestrator's environment, descriptors and key rings", () => {
    expect(seen.environment).not.toContain(secret);
    expect(seen.processes.filter(({ environ }) => environ.includes(secret))).toEqual([]);
    expect(descriptors.match(/ -> .*/g)).toHaveLength(4);
    expect(descriptors).toMatch(/ 3 -> \/proc\/\d+\/fd$/m);
    expect(descriptors).not.toContain(outside);
    // The key itself is listed, as it is possessed; nothing can be read of it.
    expect([seen.syscalls.add_key, seen.syscalls['keyctl search'], seen.syscalls.request_key]).toEqual(['1', '1', '1']);
  });

  it('shows no process of the host, and no tracer', () => {
    // Node calls its own main thread so.
    expect(seen.processes.map(({ name }) => name)).toEqual(['bwrap', 'MainThread']);
    expect(seen.status.TracerPid).toBe('0');
    expect(seen.programs['tracer on a neighbour']).not.toBe(0);
    expect(seen.syscalls['ptrace attach to 1']).toBe('1');
  });

  it('keeps the first process alive and the tracer at work, whatever is sent', () => {
    expect(seen.programs['first process killed']).toBe(0);
    expect(traced.trace).toMatch(/connect\(.*assay-walls-/);
  });

  it('gives no capability, no way to one, and nothing to make namespaces or mounts with', () => {
    expect(seen.status).toMatchObject({
      CapInh: '0000000000000000',
      CapPrm: '0000000000000000',
      CapEff: '0000000000000000',
      CapBnd: '0000000000000000',
      CapAmb: '0000000000000000',
      NoNewPrivs: '1',
    });
    for (const name of ['user namespace', 'mount namespace', 'network namespace', 'mount', 'setuid program']) {
      expect([name, seen.programs[name]]).not.toEqual([name, 0]);
    }
    expect(seen.answers['own setuid program']).toBe('1000');
    expect(seen.mounts.filter(({ options }) => !options.includes('nosuid'))).toEqual([]);
    expect(seen.syscalls.bpf).not.toBe('done');
  });

  it('records the attempts', () => {
    for (const call of [
      /unshare\(CLONE_NEWUSER\) += -1/,
      /mount\(.* = -1/,
      /ptrace\(PTRACE_ATTACH.* = -1/,
      /keyctl\(.* = -1 EPERM/,
      /add_key\(.* = -1 EPERM/,
      /bpf\(/,
    ]) {
      expect(traced.trace).toMatch(call);
    }
  });

  it('can be written to in its home, project and temporary folders alone', () => {
    const roots = [trialHome, '/tmp', '/var/tmp', '/dev/shm'];
    expect(seen.writable.filter((folder) => !folder.startsWith(`${trialHome}/`))).toEqual(
      expect.arrayContaining(roots),
    );
    expect(
      seen.writable.filter((folder) => !roots.some((root) => folder === root || folder.startsWith(`${root}/`))),
    ).toEqual([]);
    expect(seen.sysctls).toEqual([]);
  });

  it("does not reach the host's loopback, abstract sockets or socket files", () => {
    expect(seen.answers.loopback).not.toContain(secret);
    expect(seen.answers['abstract socket']).toBe('ECONNREFUSED');
    expect(seen.answers['socket file']).toBe('ENOENT');
    expect(reached).toEqual([]);
  });

  it("lets package code write to the hook's channel, and neither read nor change it", () => {
    expect(seen.hook).toEqual({
      read: 'EACCES',
      chmod: 'EROFS',
      remove: expect.stringMatching(/EBUSY|EROFS/),
      write: 'ok',
    });
    expect(traced.hookBytes).toBe(3);
  });

  it('runs under an id that is not that of an account', () => {
    expect(seen.hostname).toBe('workbench');
    expect(seen.hostname).not.toBe(hostname());
    if (starter === 'root') {
      expect(uid).toBeGreaterThanOrEqual(1_000_000_000);
      expect(traced.owner).toBe(uid);
    } else expect(traced.owner).not.toBe(0);
  });
});
