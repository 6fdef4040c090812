import type { TraceEvent } from '@assay/kernel';
import type { PageData, PageProcess } from './data.ts';
import type { Kit, Model, Page, Part, Timescale } from './types.ts';

export interface Tools {
  show(text: string, alphabet?: 'any' | 'ascii'): string;
  describe(
    event: TraceEvent,
    vocabulary: { show(text: string, alphabet?: 'any' | 'ascii'): string; decoyKind(id: string): string | undefined },
  ): { verb: string; what: string; note: string };
  makeKit(document: Document, show: Tools['show']): Kit;
  kindOf: Model['kindOf'];
  makeModel(data: PageData, text: Kit['text'], kindOf: Model['kindOf']): Model;
  makeTimescale(times: number[]): Timescale;
  parts: Record<string, Part>;
}

/** Wakes the page: fills each place that names a part, and follows links to evidence. Self-contained. */
export function boot(document: Document, tools: Tools): void {
  const data = JSON.parse(document.getElementById('data')?.textContent ?? '{}') as PageData;
  const kit = tools.makeKit(document, tools.show);
  const listeners = {
    select: [] as ((id: string) => void)[],
    run: [] as ((run: string) => void)[],
    events: [] as ((p: PageProcess) => void)[],
  };
  const page: Page = {
    document,
    data,
    kit,
    model: tools.makeModel(data, kit.text, tools.kindOf),
    words: (event) =>
      tools.describe(event, {
        show: tools.show,
        decoyKind: (id) => (Object.hasOwn(data.decoys, id) ? data.decoys[id] : undefined),
      }),
    makeTimescale: tools.makeTimescale,
    run: data.runs[0] ?? 'r0',
    select: (id) => {
      if (globalThis.location.hash === `#${id}`) for (const listener of listeners.select) listener(id);
      else globalThis.location.hash = id;
    },
    onSelect: (listener) => void listeners.select.push(listener),
    chooseRun: (run) => {
      page.run = run;
      for (const listener of listeners.run) listener(run);
    },
    onRun: (listener) => void listeners.run.push(listener),
    showEventsOf: (process) => {
      for (const listener of listeners.events) listener(process);
    },
    onShowEventsOf: (listener) => void listeners.events.push(listener),
  };
  document.documentElement.classList.add('awake');
  for (const place of document.querySelectorAll<HTMLElement>('[data-part]')) {
    const part = tools.parts[place.dataset.part ?? ''];
    if (part === undefined) continue;
    place.replaceChildren();
    part(page, place);
  }
  // One part draws the same run as another: whoever is asked, all follow.
  page.onRun((run) => {
    for (const group of document.querySelectorAll('[data-follows="run"] .choice[aria-label="Run"] button')) {
      group.setAttribute('aria-pressed', String(group.textContent === run));
    }
  });
  const follow = () => {
    const id = globalThis.location.hash.slice(1);
    if (!/^[es][0-9]+$/.test(id)) return;
    for (const listener of listeners.select) listener(id);
  };
  globalThis.addEventListener('hashchange', follow);
  // A link to what is already shown changes no hash.
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a.ref') : null;
    if (link?.getAttribute('href') === globalThis.location.hash) follow();
  });
  document.addEventListener('keydown', (event) => {
    const typing = event.target instanceof Element && event.target.matches('input, textarea');
    if (event.key !== '/' || typing) return;
    event.preventDefault();
    document.getElementById('search')?.focus();
  });
  const theme = document.getElementById('theme');
  if (theme !== null) theme.hidden = false;
  theme?.addEventListener('click', () => {
    const root = document.documentElement;
    const isDark =
      getComputedStyle(root).colorScheme === 'dark' ||
      (root.style.colorScheme === '' && globalThis.matchMedia('(prefers-color-scheme: dark)').matches);
    root.style.colorScheme = isDark ? 'light' : 'dark';
    document.dispatchEvent(new Event('themechange'));
  });
  globalThis.addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll<HTMLDetailsElement>('details[data-print]')) details.open = true;
  });
  follow();
}
