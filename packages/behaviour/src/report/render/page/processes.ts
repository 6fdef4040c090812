import type { PageProcess } from './data.ts';
import type { Child, Page } from './types.ts';

/** The process tree of one run: nested lists, the package manager's own doings folded away. */
export function processes(page: Page, place: HTMLElement): void {
  const { kit, model, data } = page;
  const { el } = kit;
  const line = (process: PageProcess, alike = 1): Child[] => {
    const count = model.eventsOf.get(process.key)?.length ?? 0;
    const ended = process.signal ?? (process.exit_code === undefined ? undefined : `exit ${process.exit_code}`);
    const failed = process.signal !== undefined || (process.exit_code ?? 0) !== 0;
    return [
      el('code', { class: process.toolchain ? 'command tool' : 'command' }, model.command(process, 160)),
      model.isCited(process) ? kit.chip('evidence', 'bad') : undefined,
      alike > 1 ? kit.chip(`×${alike}`) : undefined,
      process.toolchain ? kit.chip('toolchain') : undefined,
      process.package === undefined || process.package === data.package
        ? undefined
        : kit.chip(kit.name(process.package)),
      ended !== undefined && failed ? kit.chip(kit.text(ended), 'warn') : undefined,
      el(
        'span',
        { class: 'faint' },
        process.exit_ms === undefined ? 'not seen ending' : `${process.exit_ms - process.start_ms} ms`,
      ),
      count === 0
        ? undefined
        : kit.button(`${count} ${count === 1 ? 'event' : 'events'}`, () => page.showEventsOf(process), {
            class: 'link',
          }),
    ];
  };
  /** Neighbours without children that ran the same command become one line; the first one's events are linked. */
  const foldAlike = (siblings: PageProcess[]) => {
    const folded: { process: PageProcess; alike: number }[] = [];
    const isLeaf = ({ key }: PageProcess) => !model.children.has(key);
    for (const process of siblings) {
      const before = folded.at(-1);
      const same =
        before !== undefined &&
        isLeaf(process) &&
        isLeaf(before.process) &&
        !model.isCited(process) &&
        !model.isCited(before.process) &&
        before.process.argv.join('\0') === process.argv.join('\0');
      if (same) before.alike += 1;
      else folded.push({ process, alike: 1 });
    }
    return folded;
  };
  const branch = (process: PageProcess, alike: number, depth: number, above: ReadonlySet<string>): HTMLElement => {
    const seen = new Set([...above, process.key]);
    const below = (model.children.get(process.key) ?? []).filter(({ key }) => !seen.has(key));
    if (below.length === 0)
      return el('li', { class: 'leaf' }, el('div', { class: 'process' }, ...line(process, alike)));
    const open = depth < 12 && model.matters(process);
    return el(
      'li',
      {},
      kit.fold([el('span', { class: 'process' }, ...line(process))], () => [list(below, depth + 1, seen)], open),
    );
  };
  const list = (siblings: PageProcess[], depth: number, above: ReadonlySet<string>): HTMLElement => {
    const told = siblings.filter(model.matters);
    const rest = siblings.filter((process) => !model.matters(process));
    const items = foldAlike(told.slice(0, 200)).map(({ process, alike }) => branch(process, alike, depth, above));
    const more = (hidden: PageProcess[], words: string) =>
      el(
        'li',
        {},
        kit.fold([el('span', { class: 'faint' }, words)], () => [
          el(
            'ul',
            { class: 'tree' },
            ...foldAlike(hidden.slice(0, 500)).map(({ process, alike }) => branch(process, alike, depth, above)),
          ),
        ]),
      );
    if (told.length > 200) items.push(more(told.slice(200), `${told.length - 200} more`));
    if (rest.length > 0) items.push(more(rest, `${rest.length} of the toolchain`));
    return el('ul', { class: 'tree' }, ...items);
  };
  const tree = el('div', {});
  const draw = (run: string) => {
    const roots = (model.children.get('') ?? []).filter((process) => process.run === run);
    tree.replaceChildren(
      roots.length === 0
        ? el('p', { class: 'faint' }, 'No process of this run is in the report.')
        : list(roots, 0, new Set()),
    );
  };
  place.append(tree);
  page.onRun(draw);
  draw(page.run);
}
