import { sha256 } from '@assay/kernel';
import type { DynamicAnalysisReport } from '../schema.ts';
import { base64, completedRun, environment, finding, reportOf } from './common.ts';
import { Tape } from './tape.ts';

const name = 'columns-lite';

/** A well-behaved library with a printing install hook: fully measured, benign. */
export function benignReport(): DynamicAnalysisReport {
  const tape = new Tape().at('r0', 'install');
  const npm = tape.start(undefined, ['npm', 'install', '--foreground-scripts'], { toolchain: true });
  tape.add(npm, 'phase.start');
  tape.request(npm, 'mirror.test', { path: `/${name}`, egress: 'mirror' });
  tape.request(npm, 'mirror.test', { path: `/${name}/-/${name}-2.0.1.tgz`, egress: 'mirror' });
  tape.wait(400);
  const hook = tape.exec(npm, ['sh', '-c', 'node scripts/hello.js'], { package: name });
  const node = tape.exec(hook.key, ['node', 'scripts/hello.js'], { package: name });
  tape.add(node.key, 'file.read', { path: '{pkg}/package.json', bytes: 811 });
  tape.end(node.key);
  tape.end(hook.key);
  tape.add(npm, 'phase.end');
  tape.end(npm);
  tape.at('r0', 'import').wait(50);
  const driver = tape.exec(undefined, ['node', 'drive-import.mjs', name], { package: name });
  tape.add(driver.key, 'file.read', { path: '{pkg}/index.js', bytes: 2210, count: 3 });
  tape.add(driver.key, 'runtime.hook', { api: 'process.env', detail: 'NO_COLOR', caller: '{pkg}/index.js:4:11' });
  tape.end(driver.key);
  const phase = { Sockets: [], DNS: [], Stdout: '', Stderr: '' };
  const ready = { measured: true, how: 'tracer' };
  return reportOf(tape, {
    purl: `pkg:npm/${name}@2.0.1`,
    requested_purl: `pkg:npm/${name}@2.0.1`,
    Package: { Ecosystem: 'npm', Name: name, Version: '2.0.1' },
    CreatedTimestamp: 1775730042,
    findings: [
      finding('install.lifecycle-hook', 'Runs a script at install', {
        severity: 'info',
        category: 'execution',
        phase: 'install',
        package: name,
        evidence: ['s1', hook.event],
        summary: 'postinstall prints a line',
        baseline: 'unchanged',
      }),
    ],
    limitations: [],
    Analysis: {
      install: {
        ...phase,
        Status: 'completed',
        Files: [{ Path: '{pkg}/**', Read: true, Write: true, Delete: false, Count: 12 }],
        Commands: [{ Command: ['node', 'scripts/hello.js'], Environment: ['npm_lifecycle_event=postinstall'] }],
        Stdout: base64('thank you for installing columns-lite\nadded 1 package in 402ms\n'),
        SyscallCounts: { openat: 214, execve: 4 },
      },
      import: { ...phase, Status: 'completed', Files: [], Commands: [] },
      execute: { ...phase, Status: 'completed', Files: [], Commands: [] },
    },
    source: {
      kind: 'registry',
      files: [{ name: `${name}-2.0.1.tgz`, sha256: sha256(name), size_bytes: 8120, integrity: 'verified' }],
    },
    dependencies: {
      count: 1,
      packages: [
        { purl: `pkg:npm/${name}@2.0.1`, sha256: sha256(name), hooks: ['postinstall'], new: false, imported: true },
      ],
    },
    metadata: {
      age_days: { status: 'measured', value: 913 },
      yanked: { status: 'measured', value: false },
      deprecated: { status: 'measured', value: false },
    },
    static: {
      files_scanned: 12,
      bytes: 18_440,
      parse_failures: [],
      signals: [
        {
          id: 's1',
          rule: 'meta.lifecycle-hook',
          file: 'package.json',
          line: 9,
          column: 5,
          snippet: '"postinstall": "node scripts/hello.js"',
        },
      ],
    },
    canaries: [{ id: 'c1', kind: 'npm_token', location: '~/.npmrc', placed: true, reads: [], egress: [] }],
    dropped_files: [],
    baseline: {
      status: 'compared',
      previous_version: '2.0.0',
      previous_sha256: sha256('2.0.0'),
      new: { hooks: [], files: [] },
      removed: {},
      findings_new: [],
    },
    triggers: { runs: (['r0', 'r1', 'r2', 'r3', 'r4', 'r5'] as const).map((run) => completedRun(run)) },
    capabilities: { processes: ready, files: ready, canaries: ready, http: { measured: true, how: 'sinkhole' } },
    environment,
    timings: {
      resolve: 80,
      fetch: 40,
      static: 60,
      runs: { r0: { install: 430, import: 80, execute: 120 } },
      report: 12,
      total: 1740,
    },
    artifacts: [{ name: 'trace.ndjson.gz', sha256: sha256('trace'), size_bytes: 4021 }],
    truncation: [],
  });
}
