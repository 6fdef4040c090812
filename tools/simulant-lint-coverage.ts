// SPDX-License-Identifier: Apache-2.0
import { behaviours, informational, neighbours } from '../testing/src/simulants/rows.ts';
import type { Simulant } from '../testing/src/simulants/simulant.ts';

export interface Cover {
  name: string;
  title: string;
  positive: number;
  neighbour: number;
  evasion: number;
}

/** How many entries each row has, and each finding id: expected by positives and evasions, ruled out by neighbours. */
export function coverageOf(simulants: readonly Simulant[]): { rows: Cover[]; ids: Cover[] } {
  const rows = Object.entries(behaviours).map(([row, { title }]) => ({
    name: row,
    title,
    positive: count(simulants, ({ row: own, kind }) => own === row && kind === 'positive'),
    neighbour: count(
      simulants,
      ({ row: own, near, kind }) => kind === 'neighbour' && (own === row || near?.some((r) => r === row) === true),
    ),
    evasion: count(simulants, ({ row: own, kind }) => own === row && kind === 'evasion'),
  }));
  const benign = Object.entries(neighbours).map(([row, title]) => ({
    name: row,
    title,
    positive: 0,
    neighbour: count(simulants, ({ row: own }) => own === row),
    evasion: 0,
  }));
  const ids = [
    ...new Set([...Object.values(behaviours).flatMap((row): readonly string[] => row.ids), ...informational]),
  ].sort();
  return { rows: [...rows, ...benign], ids: ids.map((id) => coverOfId(simulants, id)) };
}

function coverOfId(simulants: readonly Simulant[], id: string): Cover {
  const expects = ({ expect }: Simulant): boolean => expect.findings.some((finding) => finding.id === id);
  const forbids = ({ expect }: Simulant): boolean =>
    expect.never.some((never) => (never.endsWith('.') ? id.startsWith(never) : id === never));
  const informs = (informational as readonly string[]).includes(id);
  return {
    name: id,
    title: informs ? 'informs only' : '',
    positive: count(simulants, (s) => (s.kind === 'positive' || informs || s.row.startsWith('G')) && expects(s)),
    neighbour: count(simulants, (s) => s.kind === 'neighbour' && (forbids(s) || s.expect.allowed?.[id] !== undefined)),
    evasion: count(simulants, (s) => s.kind === 'evasion' && expects(s)),
  };
}

function count(simulants: readonly Simulant[], is: (simulant: Simulant) => boolean): number {
  return simulants.filter(is).length;
}

/** Rows and ids without all that the contract asks of them. */
export function gapsIn({ rows, ids }: ReturnType<typeof coverageOf>): string[] {
  return [...rows, ...ids].flatMap(({ name, title, ...counts }) => {
    const wanted =
      name in neighbours
        ? (['neighbour'] as const)
        : title === 'informs only'
          ? (['positive', 'neighbour'] as const)
          : (['positive', 'neighbour', 'evasion'] as const);
    return wanted.filter((kind) => counts[kind] === 0).map((kind) => `${name}: has no ${kind}`);
  });
}

export function tableOf(covers: readonly Cover[]): string {
  const line = (name: string, ...cells: (string | number)[]): string =>
    `${name.padEnd(28)}${cells.map((cell) => String(cell).padStart(10)).join('')}`;
  const body = covers.map(({ name, title, positive, neighbour, evasion }) =>
    `${line(name, positive, neighbour, evasion)}  ${title}`.trimEnd(),
  );
  return [line('', 'positive', 'neighbour', 'evasion'), ...body].join('\n');
}
