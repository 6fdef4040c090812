import { gapsOf } from '../gaps.ts';
import { byteCount, chip, duration, evidenceLink, type Leaf, section, table } from './leaf.ts';
import { html, type Markup, type Piece } from './markup.ts';

export function gapSection({ report }: Leaf): Markup {
  const gaps = gapsOf(report);
  const blocking = gaps.filter((gap) => gap.blocking).length;
  const items = gaps.map(
    (gap) =>
      html`<li class="${gap.blocking ? 'gap blocking' : 'gap'}"><b>${gap.where}</b> <span>${gap.what}</span> ${gap.text}${
        gap.blocking ? chip('rules out benign', 'gap') : ''
      }</li>\n`,
  );
  const body =
    gaps.length === 0
      ? html`<p class="faint">Every channel, phase and run was measured.</p>`
      : html`<ul class="gaps">${items}</ul>`;
  return section(
    'gaps',
    'Not measured',
    body,
    gaps.length === 0 ? '' : `${blocking} of ${gaps.length} rule out benign`,
  );
}

const nouns: Record<string, string> = {
  hooks: 'install hooks',
  dependencies: 'dependencies',
  files: 'files',
  commands: 'commands',
  hosts: 'hosts contacted',
  canary_reads: 'decoys read',
  writes_outside: 'writes outside its folder',
};

export function changeSection({ report: { baseline } }: Leaf): Markup {
  if (baseline.status === 'not_measured') {
    return section('changes', 'Changes', html`<p class="gap">Not compared: ${baseline.reason}</p>`);
  }
  if (baseline.status === 'no_previous_version') {
    return section('changes', 'Changes', html`<p class="faint">There is no previous version. ${baseline.reason}</p>`);
  }
  const items = (['new', 'removed'] as const).flatMap((side) =>
    Object.entries(baseline[side]).flatMap(([key, names]) =>
      names === undefined || names.length === 0
        ? []
        : [
            html`<li class="${side}"><b>${side === 'new' ? '+' : '−'} ${nouns[key] ?? key}</b> ${names
              .slice(0, 60)
              .map(
                (name) => html`<code>${name}</code> `,
              )}${names.length > 60 ? `and ${names.length - 60} more` : ''}</li>\n`,
          ],
    ),
  );
  const body =
    items.length === 0
      ? html`<p class="faint">Nothing changed in what was compared.</p>`
      : html`<ul class="changes">${items}</ul>`;
  return section('changes', 'Changes', body, `since ${baseline.previous_version}`);
}

export function runSection({ report, lookup, words }: Leaf): Markup {
  const status = (value: string | undefined): Piece => {
    if (value === undefined) return html`<span class="faint">–</span>`;
    return value === 'completed' ? chip('completed', 'good') : chip(value, value === 'not_measured' ? 'gap' : 'warn');
  };
  const rows = report.triggers.runs.map(
    ({ run, persona, clock, egress, phases, status: whole, reason, new_behaviour }) => {
      const timings = report.timings.runs[run] ?? {};
      const cell = (phase: 'install' | 'import' | 'execute'): Piece => [
        status(phases[phase] ?? (whole === 'not_measured' ? whole : undefined)),
        timings[phase] === undefined ? '' : html` <span class="faint">${duration(timings[phase])}</span>`,
      ];
      const told = new_behaviour.slice(0, 40).map((id) => {
        const event = lookup.events.get(id);
        const said = event === undefined ? undefined : words(event);
        return html`<li>${evidenceLink(id)} ${said === undefined ? 'not in this report' : html`${said.verb} <code>${said.what}</code> ${said.note}`}</li>`;
      });
      const rest = new_behaviour.length > 40 ? html`<li class="faint">${new_behaviour.length - 40} more</li>` : '';
      const news =
        new_behaviour.length === 0
          ? [
              reason === undefined
                ? html`<span class="faint">nothing new</span>`
                : html`<span class="gap">${reason}</span>`,
            ]
          : [
              html`<details data-print><summary>${chip(`${new_behaviour.length} new`, 'warn')}</summary><ul class="plain">${told}${rest}</ul></details>`,
            ];
      return [
        html`<b>${run}</b>`,
        persona,
        clock,
        egress,
        cell('install'),
        cell('import'),
        cell('execute'),
        run === 'r0' ? html`<span class="faint">what the others are held against</span>` : news,
      ];
    },
  );
  const head = ['run', 'persona', 'clock', 'network', 'install', 'import', 'execute', 'new against r0'];
  return section(
    'runs',
    'Runs',
    table('Runs and what each did that the first did not', head, rows),
    'the same package in other surroundings',
  );
}

export function decoySection({ report: { canaries } }: Leaf): Markup {
  const ids = (events: readonly string[]): Piece =>
    events.length === 0
      ? html`<span class="faint">no</span>`
      : [
          events.slice(0, 12).map((id) => html`${evidenceLink(id)} `),
          events.length > 12 ? `+${events.length - 12}` : '',
        ];
  const worth = (canary: (typeof canaries)[number]) => canary.egress.length * 1000 + canary.reads.length;
  const rows = [...canaries]
    .sort((a, b) => worth(b) - worth(a))
    .map((canary) => [
      html`<b>${canary.id}</b>`,
      canary.kind,
      html`<code>${canary.location}</code>`,
      canary.placed ? 'placed' : chip('not placed', 'gap'),
      ids(canary.reads),
      canary.egress.length === 0 ? ids([]) : [chip('left', 'bad'), ' ', ids(canary.egress)],
    ]);
  const body =
    rows.length === 0
      ? html`<p class="gap">No decoy was placed.</p>`
      : table('Decoys', ['id', 'kind', 'where', '', 'read', 'left'], rows);
  const left = canaries.filter(({ egress }) => egress.length > 0).length;
  return section('decoys', 'Decoys', body, `${left} of ${canaries.length} left`);
}

export function droppedSection({ report: { dropped_files } }: Leaf): Markup {
  const rows = dropped_files.map((file) => [
    html`<code>${file.path}</code>`,
    file.kind,
    byteCount(file.size_bytes),
    file.entropy.toFixed(2),
    evidenceLink(file.created),
    file.executed === undefined
      ? html`<span class="faint">no</span>`
      : [chip('executed', 'bad'), ' ', evidenceLink(file.executed)],
    file.deleted ? chip('deleted again', 'warn') : '',
    html`<code class="faint">${file.sha256}</code>`,
  ]);
  const head = ['file', 'kind', 'size', 'entropy', 'made', 'executed', '', 'sha256'];
  const body = rows.length === 0 ? html`<p class="faint">None.</p>` : table('Dropped files', head, rows);
  return section('dropped', 'Dropped files', body, dropped_files.length === 0 ? '' : `${dropped_files.length}`);
}

export function environmentSection({ report }: Leaf): Markup {
  const { environment, timings, artifacts, source, metadata, capabilities } = report;
  const pairs = (entries: readonly (readonly [string, Piece])[]) =>
    html`<dl>${entries.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>`;
  const known = Object.entries(metadata).flatMap(([name, outcome]): [string, Piece][] => {
    if (outcome === undefined) return [];
    if (outcome.status === 'not_measured')
      return [[name, html`<span class="gap">not measured: ${outcome.reason}</span>`]];
    return [[name, typeof outcome.value === 'object' ? JSON.stringify(outcome.value) : String(outcome.value)]];
  });
  const steps = (['queued', 'resolve', 'fetch', 'static', 'baseline', 'report', 'total'] as const).flatMap(
    (step): [string, Piece][] => (timings[step] === undefined ? [] : [[step, duration(timings[step])]]),
  );
  const channels = Object.entries(capabilities).map(([channel, { measured, how, reason }]): [string, Piece] => [
    channel,
    measured ? how : html`<span class="gap">not measured: ${reason ?? how}</span>`,
  ]);
  const files = source.files.map(({ name, sha256, size_bytes, integrity }): [string, Piece] => [
    name,
    html`<code>${sha256}</code> ${byteCount(size_bytes)}, integrity ${integrity}`,
  ]);
  const { isolation, platform, ruleset } = environment;
  const machine: [string, Piece][] = [
    ['assay', environment.assay_version],
    ['ruleset', html`${ruleset.version} <code>${ruleset.digest}</code>`],
    [
      'isolation',
      `${isolation.effective} (${Object.entries(isolation.features)
        .filter(([, on]) => on)
        .map(([name]) => name)
        .join(', ')})`,
    ],
    ['platform', `${platform.os} ${platform.arch} ${platform.kernel}`],
    [
      'tools',
      Object.entries(environment.tools)
        .map((pair) => pair.join(' '))
        .join(', '),
    ],
    ['sinkhole', environment.sinkhole.profile],
    ['personas', environment.personas_version],
  ];
  const kept = artifacts.map(({ name, sha256, size_bytes }): [string, Piece] => [
    name,
    html`<code>${sha256}</code> ${byteCount(size_bytes)}`,
  ]);
  const blocks: [string, [string, Piece][]][] = [
    ['Analysed', files],
    ['Known about it', known],
    ['Measured with', machine],
    ['Channels', channels],
    ['Time', steps],
    ['Artifacts', kept],
  ];
  return section(
    'environment',
    'Environment',
    html`<div class="blocks">${blocks.filter(([, entries]) => entries.length > 0).map(([title, entries]) => html`<div><h3>${title}</h3>${pairs(entries)}</div>`)}</div>`,
  );
}
