import type { Page } from './types.ts';

/** Dependencies: those that are new or bring hooks first. */
export function dependencies(page: Page, place: HTMLElement): void {
  const { kit, data } = page;
  const rank = ({ new: isNew, hooks }: { new?: boolean | undefined; hooks: string[] }) =>
    (isNew ? 2 : 0) + (hooks.length > 0 ? 1 : 0);
  const rows = [...data.dependencies]
    .sort((a, b) => rank(b) - rank(a))
    .slice(0, 500)
    .map(({ purl, hooks, new: isNew, imported }) => [
      kit.el('code', {}, kit.name(purl)),
      hooks.length === 0 ? '' : kit.text(hooks.join(', ')),
      isNew === undefined ? 'not compared' : isNew ? kit.chip('new', 'warn') : '',
      imported === undefined ? 'not measured' : imported ? 'imported' : 'not imported',
    ]);
  place.append(kit.table('Installed packages', ['package', 'hooks', 'baseline', 'imported'], rows));
  if (data.dependencies.length > rows.length) {
    place.append(kit.el('p', { class: 'faint' }, `${data.dependencies.length - rows.length} more in the JSON report`));
  }
}

/** Signals that static reading gave: cited ones first. */
export function signals(page: Page, place: HTMLElement): void {
  const { kit, model, data } = page;
  const { el } = kit;
  const cited = (id: string) => (model.citedBy.has(id) ? 1 : 0);
  const sorted = [...data.signals].sort((a, b) => cited(b.id) - cited(a.id));
  const rows = sorted
    .slice(0, 500)
    .map(({ id, rule, file, line, column, snippet }) => [
      kit.evidence(id),
      rule,
      el('code', {}, `${kit.text(file)}:${line}:${column}`),
      el('code', { class: cited(id) ? 'bad' : 'faint' }, kit.text(snippet)),
    ]);
  place.append(
    rows.length === 0
      ? el('p', { class: 'faint' }, 'None.')
      : kit.table('Signals', ['id', 'rule', 'place', 'text'], rows),
  );
  if (sorted.length > rows.length)
    place.append(el('p', { class: 'faint' }, `${sorted.length - rows.length} more in the JSON report`));
}

/** What the phases of the first run printed, control characters made visible. */
export function output(page: Page, place: HTMLElement): void {
  const { kit, data } = page;
  const { el } = kit;
  for (const { phase, stream, text } of data.output) {
    const shown = text
      .split('\n')
      .map((line) => kit.text(line, 4096))
      .join('\n');
    const frame = el('pre', { label: `${phase} ${stream}`, role: 'region' }, shown);
    frame.tabIndex = 0;
    place.append(el('h3', {}, `${phase} · ${stream}`), frame);
  }
  if (data.output.length === 0) place.append(el('p', { class: 'faint' }, 'Nothing was printed.'));
}
