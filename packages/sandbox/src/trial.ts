import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openBox } from './box.ts';
import { SandboxRun } from './run.ts';
import { encodeConfig, makeCa, sinkholeArguments } from './sinkhole/index.ts';
import { findSystemTools } from './tools.ts';

/**
 * A program for tests: puts up one box with one run, as an analysis does, runs commands in it and prints what came of them.
 * Started as a program of its own, so that it can be started as another user. Reads a {@link Trial} from standard input.
 */
export interface Trial {
  commands: {
    /** Shell script; `$HOME` is the home, `report` in it is given back. */
    script: string;
    deadlineMs?: number;
    lingerMs?: number;
  }[];
  /** Text files put into the home, by name. */
  files?: Record<string, string>;
  limits?: { maxMemoryBytes?: number; maxProcesses?: number; maxOutputBytes?: number };
  maxDiskBytes?: number;
  /** Aborts the command this long after it began, milliseconds. */
  abortAfterMs?: number;
}

export interface TrialCommand {
  ended: string;
  exitCode?: number;
  stdout: string;
  stderr: string;
  lingered: boolean;
  /** From the start of the command to the end of its last process. */
  wholeMs: number;
  peakProcesses: number;
  report: string;
  trace: string;
  hookBytes: number;
  /** Owner of the report, as the host sees it. */
  owner: number;
  /** Bytes of the box's memory file system in use. */
  aborted: boolean;
}

export interface TrialResult {
  uid: number;
  commands: TrialCommand[];
}

export const trialHome = '/home/jo';
const root = path.join(import.meta.dirname, '../../..');

async function main(): Promise<void> {
  const trial = JSON.parse(readFileSync(0, 'utf8')) as Trial;
  const tools = findSystemTools();
  const box = await openBox({
    tools,
    maxDiskBytes: trial.maxDiskBytes ?? 256 * 1024 ** 2,
    binds: [
      { host: root, name: 'app/root' },
      { host: process.execPath, name: 'app/node' },
    ],
  });
  const limits = { maxMemoryBytes: 1024 ** 3, maxProcesses: 300, maxOutputBytes: 1024 ** 2, ...trial.limits };
  const flags = sinkholeArguments();
  const program = path.posix.join('/mnt/app/root', path.relative(root, flags.pop() ?? ''));
  const ca = makeCa();
  const run = await SandboxRun.open({
    box,
    tools,
    run: 'r0',
    inhabitant: {
      user: 'jo',
      uid: 1000,
      fullName: 'Jo',
      home: trialHome,
      hostname: 'workbench',
      timezone: 'Etc/UTC',
      machineId: '0'.repeat(32),
    },
    projectDirectory: `${trialHome}/project`,
    files: Object.entries(trial.files ?? {}).map(([name, content]) => ({
      path: `${trialHome}/${name}`,
      content,
      mode: 0o644,
    })),
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: trialHome },
    caPem: ca.certPem,
    hostCaBundle: '',
    sinkhole: {
      argv: ['/mnt/app/node', '--conditions=source', ...flags, program],
      configLine: encodeConfig({
        run: 'r0',
        egress: 'sinkhole',
        ca,
        mirrors: [],
        canaries: [],
        identity: { user: 'jo', fullName: 'Jo', email: 'jo@x.example', organisation: 'o', packages: [] },
        geo: { ip: '203.0.113.9', country: 'DE', region: 'B', city: 'B', timeZone: 'UTC', languages: 'de' },
        nft: tools.nft ?? null,
      }),
      onRecord: () => undefined,
    },
    mounts: [{ source: '/mnt/app/node', target: '/usr/local/bin/node' }],
    limits,
  });
  const results: TrialCommand[] = [];
  for (const { script, deadlineMs = 30_000, lingerMs = 300 } of trial.commands) {
    const report = run.hostPath(`${trialHome}/report`) as string;
    writeFileSync(report, '');
    chmodSync(report, 0o666);
    let trace = '';
    let hookBytes = 0;
    const stop = new AbortController();
    if (trial.abortAfterMs !== undefined) setTimeout(() => stop.abort(), trial.abortAfterMs);
    const begun = performance.now();
    const exit = await run.exec(
      {
        phase: 'install',
        argv: ['/bin/sh', '-c', script],
        cwd: trialHome,
        deadlineMs,
        lingerMs,
        traceFiles: true,
        setenv: {},
        mounts: [],
        onTrace: (chunk) => {
          if (trace.length < 4_000_000) trace += chunk.toString();
        },
        onHook: (chunk) => {
          hookBytes += chunk.length;
        },
      },
      stop.signal,
    );
    const made = run.hostPath(`${trialHome}/made`) as string;
    results.push({
      ended: exit.ended,
      ...(exit.exitCode === undefined ? {} : { exitCode: exit.exitCode }),
      stdout: exit.stdout.toString(),
      stderr: exit.stderr.toString(),
      lingered: exit.lingered,
      wholeMs: performance.now() - begun,
      peakProcesses: exit.use.peakProcesses,
      report: readFileSync(report, 'utf8'),
      trace,
      hookBytes,
      owner: statSync(made, { throwIfNoEntry: false })?.uid ?? -1,
      aborted: stop.signal.aborted,
    });
  }
  await run.close();
  await box.close();
  process.stdout.write(JSON.stringify({ uid: box.uid, commands: results } satisfies TrialResult));
}

if (process.argv[1] === import.meta.filename) await main();
