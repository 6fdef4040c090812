import type { PagePath } from './data.ts';
import type { Page } from './types.ts';

/** Every path touched, as folders. Folders with evidence, or with changes outside the package, stand open while they are few. */
export function files(page: Page, place: HTMLElement): void {
  const { kit, data } = page;
  const { el } = kit;
  interface Folder {
    folders: Map<string, Folder>;
    entries: { name: string; entry: PagePath }[];
    count: number;
    alarming: boolean;
  }
  const newFolder = (): Folder => ({ folders: new Map(), entries: [], count: 0, alarming: false });
  const isOutside = (path: string) => !/^\{(pkg|dep:)/.test(path);
  const isChange = ({ write, delete: gone, mode }: PagePath) => write || gone || mode;
  const grow = (paths: PagePath[]): Folder => {
    const root = newFolder();
    for (const entry of paths) {
      const parts = entry.path.split('/');
      const name = parts.pop() ?? entry.path;
      let folder = root;
      const alarming = entry.cited || (isOutside(entry.path) && isChange(entry));
      for (const part of parts) {
        folder.count += 1;
        folder.alarming ||= alarming;
        const next = folder.folders.get(part) ?? newFolder();
        folder.folders.set(part, next);
        folder = next;
      }
      folder.count += 1;
      folder.alarming ||= alarming;
      folder.entries.push({ name, entry });
    }
    return root;
  };
  const leaf = (name: string, entry: PagePath) => {
    const [first] = entry.events;
    return el(
      'li',
      { class: 'leaf' },
      el(
        'code',
        { class: entry.cited ? 'bad' : isOutside(entry.path) && isChange(entry) ? 'warn' : '' },
        kit.text(name) || '/',
      ),
      ' ',
      entry.read ? kit.chip('read') : undefined,
      entry.write ? kit.chip('written', 'warn') : undefined,
      entry.mode ? kit.chip('mode', 'warn') : undefined,
      entry.delete ? kit.chip('deleted', 'bad') : undefined,
      el('span', { class: 'faint' }, ` ${entry.where.join(', ')} `),
      first === undefined ? undefined : kit.evidence(first),
    );
  };
  let openFolders = 0;
  const contents = (folder: Folder): HTMLElement => {
    const items: HTMLElement[] = [];
    for (const [name, below] of folder.folders) {
      let [path, inner] = [name, below];
      // A folder that holds nothing but one folder is told in one line.
      while (inner.entries.length === 0 && inner.folders.size === 1) {
        const [only] = inner.folders;
        if (only === undefined) break;
        path = `${path}/${only[0]}`;
        inner = only[1];
      }
      const summary = [el('code', {}, `${kit.text(path)}/`), ' ', el('span', { class: 'faint' }, String(inner.count))];
      const open = inner.alarming && openFolders < 30;
      if (open) openFolders += 1;
      items.push(
        el(
          'li',
          {},
          kit.fold(summary, () => [contents(inner)], open),
        ),
      );
    }
    items.push(...folder.entries.slice(0, 400).map(({ name, entry }) => leaf(name, entry)));
    if (folder.entries.length > 400) items.push(el('li', { class: 'faint' }, `${folder.entries.length - 400} more`));
    return el('ul', { class: 'tree' }, ...items);
  };
  const holder = el('div', {});
  const draw = (which: string) => {
    openFolders = 0;
    const shown = data.paths.filter((entry) => {
      if (which === 'changed outside') return isOutside(entry.path) && isChange(entry);
      return which === 'all' || isChange(entry);
    });
    holder.replaceChildren(shown.length === 0 ? el('p', { class: 'faint' }, 'None.') : contents(grow(shown)));
  };
  place.append(kit.choice('Files shown', ['changed outside', 'changed', 'all'], 'changed outside', draw), holder);
  draw('changed outside');
}
