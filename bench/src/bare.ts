import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findToolchain, openSession } from '@assay/behaviour/npm';
import { systemClock } from '@assay/kernel';
import { loadNpmConfig, NpmSource, npmLimits, startMirror } from '@assay/registries';
import { boxDirectory, findSystemTools, openBox } from '@assay/sandbox';
import { type Measurement, measure } from './measure.ts';

/** A place where a bare `npm install` and `require` see the same network as an analysis does, and nothing watches them. */
export interface BareStand {
  run(spec: string): Promise<Measurement>;
  close(): Promise<void>;
}

/**
 * The other side of the comparison: same Node, same npm, same flags, same mirror and sinkhole, same warm caches; no tracer,
 * no inner sandbox, no decoys looked for.
 */
export async function openBareStand(cacheDirectory: string): Promise<BareStand> {
  const work = await mkdtemp(path.join(tmpdir(), 'assay-bare-'));
  mkdirSync(path.join(work, 'mirror'), { mode: 0o755 });
  const source = new NpmSource({
    config: await loadNpmConfig({ cwd: tmpdir(), env: process.env }),
    cacheDir: path.join(cacheDirectory, 'npm'),
    clock: systemClock,
    limits: npmLimits,
  });
  const mirror = await startMirror({
    source,
    socketPath: path.join(work, 'mirror/registry.sock'),
    maxRegistryRequests: 100_000,
    onRequest: () => undefined,
  });
  const tools = findSystemTools();
  const toolchain = await findToolchain(cacheDirectory);
  const box = await openBox({
    tools,
    maxDiskBytes: 4 * 1024 ** 3,
    binds: [...toolchain.binds, { host: path.join(work, 'mirror'), name: 'app/mirror' }],
  });
  if (process.getuid?.() === 0) chownSync(mirror.socketPath, box.uid, box.uid);
  const session = await openSession({
    box,
    tools,
    toolchain,
    plan: { run: 'r0', persona: 'developer', clock: 'now', egress: 'sinkhole' },
    random: (count) => randomBytes(count),
    registry: new URL(mirror.baseUrl),
    mirrorSocket: `${boxDirectory}/app/mirror/registry.sock`,
    mounts: [],
    canaries: { adopt: (decoys) => [...decoys] },
  });
  const run = `${boxDirectory}/r0`;
  const own = process.getuid?.() === 0 ? `chown ${box.uid}:${box.uid}` : ':';
  await box.sh(
    `mount --bind ${run}/etc/resolv.conf /etc/resolv.conf && mkdir -p ${run}/bin && ln -sf ${toolchain.nodeInBox} ${run}/bin/node`,
  );
  return {
    async run(spec) {
      const project = `${run}/bare`;
      await box.sh(`rm -rf ${project} && mkdir -p ${project} && ${own} ${project}`);
      const name = spec.slice(0, spec.lastIndexOf('@'));
      const script = `cd ${project} && node ${boxDirectory}/app/npm/bin/npm-cli.js install ${spec} --no-audit --no-fund --no-update-notifier >/dev/null 2>&1; a=$?; node -e 'import(${JSON.stringify(name)}).then(() => process.exit(0), () => process.exit(1))' >/dev/null 2>&1; exit $((a * 2 + $?))`;
      const env = [
        `HOME=${run}/home`,
        `PATH=${run}/bin:/usr/bin:/bin`,
        `NODE_EXTRA_CA_CERTS=${run}/etc/ssl/certs/site-ca.pem`,
      ];
      return await measure([
        ...box.enter(),
        tools.nsenter,
        `--net=${boxDirectory}/net/r0`,
        '--',
        ...box.drop(),
        '/usr/bin/env',
        '-i',
        ...env,
        tools.sh,
        '-c',
        script,
      ]);
    },
    async close() {
      await session.run.close();
      await box.close();
      await mirror.close();
      await source.close();
      await rm(work, { recursive: true, force: true });
    },
  };
}
