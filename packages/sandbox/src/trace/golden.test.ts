import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { finish, golden, makeReducer, origin, type Played } from './tape.ts';

/** What a recorded trace comes to, without what differs from recording to recording. */
function summary({ reducer, opened, ran }: Played): string {
  const rows = [
    ...reducer.events().map(({ run: _run, phase: _phase, t_ms: _t, ...event }) => event),
    ...reducer
      .nodes()
      .map(({ run: _run, phase: _phase, start_ms: _start, exit_ms: _exit, ...node }) => ({ node: node.key, ...node })),
    { facts: reducer.facts() },
    {
      files: reducer.tables
        .files()
        .map(({ Path, Read, Write, Delete }) => `${Read ? 'r' : '-'}${Write ? 'w' : '-'}${Delete ? 'd' : '-'} ${Path}`),
    },
    { opened: opened.map(({ report }) => report), ran },
    { gaps: reducer.channelGaps() },
  ];
  return `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
}

function played(name: string): Played {
  const trace = golden(name);
  const first = / (\d+\.\d+) /.exec(trace.toString('latin1', 0, 200))?.[1];
  const one = makeReducer({ origin: { epochMs: Number(first) * 1000, monotonicMs: origin.monotonicMs } });
  one.parser.write(trace);
  finish(one);
  return one;
}

/** Recorded by `testdata/record.sh`; `vitest -u` rewrites what is expected, to be read as a diff. */
describe('traces recorded from a real sandbox', () => {
  it.each(['hook-steals', 'shell-tricks', 'process-kinds', 'hostile-names'])('%s', async (name) => {
    const file = path.join(import.meta.dirname, 'testdata', name, 'expected.ndjson');
    await expect(summary(played(name))).toMatchFileSnapshot(file);
  });

  it('no line of any of them is unknown', () => {
    const all = ['hook-steals', 'shell-tricks', 'process-kinds', 'hostile-names'].map((name) =>
      played(name).reducer.facts(),
    );
    expect(all.map(({ malformedLines, foldedProcesses }) => [malformedLines, foldedProcesses])).toEqual(
      all.map(() => [0, 0]),
    );
  });

  it('files named like lines of the tracer make no event of any other file', () => {
    const { reducer } = played('hostile-names');
    const touched = reducer.events().filter(({ type }) => type.startsWith('file.') && type !== 'file.read');
    expect(touched).toHaveLength(33);
    expect(touched.every(({ path: file, process }) => file?.startsWith('{tmp}/') && process === 'p1')).toBe(true);
    expect(reducer.nodes()).toHaveLength(1);
  });
});
