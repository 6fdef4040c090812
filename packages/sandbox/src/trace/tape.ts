import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TraceEvent } from '@assay/kernel';
import { StraceParser } from './parse.ts';
import { TraceReducer, type TraceReducerOptions } from './reduce.ts';
import type { ExecutedFile, OpenedFile } from './scene.ts';

/** Milliseconds since the epoch at which {@link lines} begins, and what the other channels call the same moment. */
export const origin = { epochMs: 1_795_200_000_000, monotonicMs: 5_000 };

/** A machine like those that packages run on, for tests: home `/home/dev`, package `target`. */
export const surroundings = {
  run: 'r0',
  phase: 'install',
  layout: {
    home: '/home/dev',
    project: '/home/dev/project',
    target: 'target',
    tmp: ['/tmp'],
    caches: ['/home/dev/.npm', '/home/dev/.cache'],
    toolchain: [
      '/usr/bin',
      '/usr/lib',
      '/bin',
      '/lib',
      '/usr/local/bin/node',
      '/usr/local/lib/node_modules/npm',
      '/usr/share',
      '/opt/hook',
    ],
  },
  origin,
  environment: { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/home/dev', LANG: 'C.UTF-8' },
  hiddenVariables: ['NODE_OPTIONS'],
  decoyPaths: new Map([
    ['/home/dev/.npmrc', 'c1'],
    ['/home/dev/.ssh/id_ed25519', 'c2'],
  ]),
  decoyVariables: new Map([['NPM_TOKEN', 'c3']]),
  planted: new Set(['/home/dev/.bashrc']),
  ownPaths: new Set(['/run/user/1000/hook']),
  resolvers: new Set(['10.0.2.3']),
  mask: (text: string) => text.replaceAll('npm_secretsecretsecret', 'canary:c1'),
} satisfies Partial<TraceReducerOptions>;

/** What came out of a reducer. */
export interface Played {
  reducer: TraceReducer;
  parser: StraceParser;
  /** Every event, in the order in which they were passed on. */
  streamed: TraceEvent[];
  opened: OpenedFile[];
  ran: ExecutedFile[];
}

export function makeReducer(options: Partial<TraceReducerOptions> = {}): Played {
  const streamed: TraceEvent[] = [];
  const opened: OpenedFile[] = [];
  const ran: ExecutedFile[] = [];
  let events = 0;
  let processes = 0;
  const reducer = new TraceReducer({
    ...surroundings,
    ids: { event: () => `e${++events}`, process: () => `p${++processes}` },
    sink: (event) => streamed.push(event),
    onFileOpened: (file) => opened.push(file),
    onWrittenFileRun: (file) => ran.push(file),
    ...options,
  });
  return { reducer, parser: new StraceParser(reducer), streamed, opened, ran };
}

/** Plays lines of the tracer without times, one millisecond apart, after a first one that starts the phase's command. */
export function play(
  rows: readonly string[],
  options: Partial<TraceReducerOptions> = {},
  more?: (played: Played) => void,
): Played {
  const played = makeReducer(options);
  played.parser.write(
    Buffer.from(lines([`10 clone(flags=SIGCHLD) = 2 /* 100 in strace's PID NS */`, ...rows]), 'utf8'),
  );
  more?.(played);
  finish(played);
  return played;
}

export function finish({ parser, reducer }: Played): void {
  parser.end();
  reducer.finish(origin.epochMs + 60_000);
}

export function lines(rows: readonly string[], firstMs = 0): string {
  return rows
    .map((row, index) => {
      const space = row.indexOf(' ');
      const ms = origin.epochMs + firstMs + index;
      return `${row.slice(0, space)}  ${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}000${row.slice(space)}\n`;
    })
    .join('');
}

export function golden(name: string): Buffer {
  return readFileSync(path.join(import.meta.dirname, 'testdata', name, 'trace.txt'));
}
