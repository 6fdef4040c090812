import { visible } from '../../visible.ts';
import { cutTo, pad } from './layout.ts';
import { paragraph, type Sheet, section, timeOf } from './sheet.ts';

/** The trigger matrix: each run, how it ended, and what it did that the first run did not. */
export function runLines(sheet: Sheet): string[] {
  const { report, paint, width, words, lookup } = sheet;
  const lines = report.triggers.runs.flatMap(({ run, persona, clock, egress, status, reason, new_behaviour }) => {
    const { install = 0, import: load = 0, execute = 0 } = report.timings.runs[run] ?? {};
    const ms = install + load + execute;
    const news = new_behaviour.length === 0 ? '' : `${new_behaviour.length} new`;
    const head = `${run} ${pad(persona, 10)}${pad(clock, 6)} ${pad(egress, 9)} ${pad(status, 14)} ${pad(ms === 0 ? '' : `${ms} ms`, 9, 'right')}  ${news}`;
    const tone = status === 'completed' ? (news === '' ? 'reset' : 'yellow') : 'magenta';
    const shown = new_behaviour.slice(0, sheet.full ? new_behaviour.length : 4).flatMap((id) => {
      const event = lookup.events.get(id);
      if (event === undefined) return [];
      const { verb, what, note } = words(event);
      return [
        paint('dim', `     ${cutTo(`${id} ${timeOf(event.t_ms)} ${verb} ${what} ${note}`.trimEnd(), width - 5)}`),
      ];
    });
    return [
      `  ${paint(tone, cutTo(head.trimEnd(), width - 2))}`,
      ...(reason === undefined ? [] : paragraph(sheet, visible(reason), 5, 'magenta')),
      ...shown,
    ];
  });
  return section(sheet, 'RUNS', lines, 'persona · clock · network');
}

/** Where the time went and what measured. */
export function closingLines(sheet: Sheet): string[] {
  const { timings, environment, source, artifacts } = sheet.report;
  const steps = [
    ['queued', timings.queued],
    ['resolve', timings.resolve],
    ['fetch', timings.fetch],
    ['static', timings.static],
    ['baseline', timings.baseline],
    ['report', timings.report],
    ['total', timings.total],
  ].flatMap(([name, ms]) => (ms === undefined ? [] : [`${name} ${ms} ms`]));
  const { isolation, ruleset, platform, tools } = environment;
  const facts = [
    steps.join(' · '),
    `assay ${environment.assay_version} · ruleset ${ruleset.version} ${ruleset.digest.slice(0, 19)}… · ${isolation.effective} · ` +
      `${platform.os} ${platform.arch} ${platform.kernel} · ${Object.entries(tools)
        .map((pair) => pair.join(' '))
        .join(' · ')}`,
    ...source.files.map(({ name, sha256, integrity }) => `${name} sha256 ${sha256} (${integrity})`),
    ...(artifacts.length === 0 ? [] : [`artifacts: ${artifacts.map(({ name }) => name).join(', ')}`]),
  ];
  return section(
    sheet,
    'MEASURED WITH',
    facts.flatMap((fact) => paragraph(sheet, visible(fact), 2, 'dim')),
  );
}
