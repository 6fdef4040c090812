import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { availableMemory } from './doctor/machine.ts';
import { explainNamespaces } from './doctor/walls.ts';
import { type Capability, isReady, type ProbeOptions, probeCapabilities } from './doctor.ts';

const made: string[] = [];
afterEach(async () => {
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true });
});

/** A directory of programs, each the given shell script. */
async function programs(scripts: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'assay-doctor-test-'));
  made.push(directory);
  for (const [name, body] of Object.entries(scripts)) {
    await writeFile(join(directory, name), `#!/bin/sh\n${body}\n`);
    await chmod(join(directory, name), 0o755);
  }
  return directory;
}

async function probe(options: Partial<ProbeOptions>): Promise<Record<string, Capability>> {
  const capabilities = await probeCapabilities({
    directories: [],
    faketimeLibraries: [],
    node: process.execPath,
    dataDirectory: tmpdir(),
    isolation: 'bubblewrap',
    timeoutMs: 10_000,
    ...options,
  });
  return Object.fromEntries(capabilities.map((capability) => [capability.id, capability]));
}

describe('probeCapabilities on a machine without any program', () => {
  it('says of each what is missing and which command brings it', async () => {
    const seen = await probe({});
    for (const [id, debianPackage] of Object.entries({
      namespaces: 'util-linux',
      bubblewrap: 'bubblewrap',
      gvisor: 'runsc',
      trace: 'strace',
      network: 'iproute2',
      nat: 'nftables',
      clock: 'libfaketime',
      python: 'python3-venv',
      git: 'git',
    })) {
      expect(seen[id]).toMatchObject({
        status: 'missing',
        fix: expect.stringMatching(`apt-get install -y.* ${debianPackage}\\b`),
      });
    }
    expect(isReady(Object.values(seen))).toBe(false);
  });

  it('names every capability, so that none is left out of a report', async () => {
    const full = Object.keys(await probe({}));
    expect(full).toEqual(
      'namespaces bubblewrap gvisor trace network nat overlay tmpfs clock node npm python git disk memory proc'.split(
        ' ',
      ),
    );
  });
});

describe('probeCapabilities with programs that do not do their part', () => {
  it('calls bubblewrap broken when capabilities are left inside', async () => {
    const directory = await programs({
      bwrap: 'case $1 in --version) echo bubblewrap 9;; *) echo "CapEff:	000001ffffffffff";; esac',
    });
    expect((await probe({ directories: [directory] })).bubblewrap).toMatchObject({
      status: 'broken',
      detail: 'bubblewrap 9: capabilities are left inside',
    });
  });

  it('asks for a newer bubblewrap when it does not know how to forbid nested namespaces', async () => {
    const directory = await programs({ bwrap: 'echo "bwrap: Unknown option --disable-userns" >&2; exit 1' });
    expect((await probe({ directories: [directory] })).bubblewrap).toMatchObject({
      status: 'broken',
      fix: 'install bubblewrap 0.7 or newer',
    });
  });

  it('calls the trace broken when the tracer runs the command but sees nothing of it', async () => {
    const stub = 'exit 0';
    const directory = await programs({
      unshare: stub,
      sh: stub,
      mount: stub,
      bwrap: stub,
      strace: stub,
      prlimit: stub,
      setpriv: stub,
    });
    expect((await probe({ directories: [directory] })).trace).toMatchObject({
      status: 'broken',
      detail: 'nothing was traced',
    });
  });

  it('gives up on a program that does not end, and says so', async () => {
    const directory = await programs({ git: 'exec /bin/sleep 600' });
    expect((await probe({ directories: [directory], timeoutMs: 200 })).git).toMatchObject({
      status: 'broken',
      detail: 'no answer within 200 ms',
    });
  });

  it('calls the clock broken when the library does not shift it', async () => {
    const inert = (await programs({ 'inert.so': '' })).concat('/inert.so');
    expect((await probe({ faketimeLibraries: [inert] })).clock).toMatchObject({
      status: 'broken',
      detail: 'asked for 400 days, the clock is 0 ahead',
    });
  });

  it('calls a Node that is too old broken and one that is not there missing', async () => {
    const directory = await programs({ node: 'echo v20.20.2' });
    expect((await probe({ node: join(directory, 'node') })).node).toMatchObject({
      status: 'broken',
      detail: 'v20.20.2 is too old',
    });
    expect((await probe({ node: join(directory, 'none') })).node?.status).toBe('missing');
  });

  it('calls Python broken, and optional, when it cannot make an environment with pip', async () => {
    const directory = await programs({
      python3: `echo "ModuleNotFoundError: No module named 'ensurepip'" >&2; exit 1`,
    });
    expect((await probe({ directories: [directory] })).python).toMatchObject({
      required: false,
      status: 'broken',
      detail: "ModuleNotFoundError: No module named 'ensurepip'",
    });
  });
});

it('what isolates is required: bubblewrap by default, gVisor when it is chosen', async () => {
  const required = async (isolation: ProbeOptions['isolation']): Promise<boolean[]> => {
    const { bubblewrap, gvisor } = await probe({ isolation });
    return [bubblewrap?.required === true, gvisor?.required === true];
  };
  expect(await required('bubblewrap')).toEqual([true, false]);
  expect(await required('gvisor')).toEqual([false, true]);
});

it('a machine is ready when only optional capabilities are missing', () => {
  const capability: Capability = { id: 'x', label: 'x', required: false, status: 'missing', detail: '' };
  expect(isReady([capability])).toBe(true);
  expect(isReady([{ ...capability, required: true }])).toBe(false);
});

describe('explainNamespaces', () => {
  it.each([
    ['/proc/sys/kernel/unprivileged_userns_clone', '0', 'kernel.unprivileged_userns_clone=1'],
    ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1', 'kernel.apparmor_restrict_unprivileged_userns=0'],
    ['/proc/sys/user/max_user_namespaces', '0', 'user.max_user_namespaces=15000'],
    ['/nothing', '', '--security-opt systempaths=unconfined'],
  ])('reads %s', (file, value, says) => {
    expect(explainNamespaces((asked) => (asked === file ? value : undefined))).toContain(says);
  });
});

describe('availableMemory', () => {
  const meminfo = 'MemTotal:  8000000 kB\nMemAvailable:    4000000 kB\n';
  const read = (files: Record<string, string>) => (file: string) => files[file];

  it('is what the machine has when no control group limits it', () => {
    expect(availableMemory(read({ '/proc/meminfo': meminfo, '/sys/fs/cgroup/memory.max': 'max' }))).toBe(
      4_000_000 * 1024,
    );
  });

  it('is what the control group leaves when that is less', () => {
    const files = {
      '/proc/meminfo': meminfo,
      '/sys/fs/cgroup/memory.max': '1000000',
      '/sys/fs/cgroup/memory.current': '400000',
    };
    expect(availableMemory(read(files))).toBe(600_000);
  });

  it('is unknown, not zero, when the kernel does not say', () => {
    expect(availableMemory(read({}))).toBeUndefined();
  });
});
