import type { TraceEvent } from '@assay/kernel';
import type { PageProcess } from './data.ts';
import type { Page } from './types.ts';

/** All events of the report in a list that is searched and paged, never drawn whole. */
export function events(page: Page, place: HTMLElement): void {
  const { kit, model, data, document } = page;
  const { el } = kit;
  const pageSize = 100;
  const state: { text: string; kind: string; run: string; process: PageProcess | undefined; from: number } = {
    text: '',
    kind: 'all',
    run: 'all',
    process: undefined,
    from: 0,
  };
  let marked = '';
  const haystack = new Map<string, string>();
  const hay = (event: TraceEvent) => {
    let text = haystack.get(event.id);
    if (text === undefined) {
      const { verb, what, note } = page.words(event);
      text = `${event.id} ${event.type} ${verb} ${what} ${note}`.toLowerCase();
      haystack.set(event.id, text);
    }
    return text;
  };
  const matches = (event: TraceEvent) =>
    (state.run === 'all' || event.run === state.run) &&
    (state.process === undefined || event.process === state.process.key) &&
    (state.kind === 'all' ||
      (state.kind === 'cited' ? model.citedBy.has(event.id) : model.kindOf(event) === state.kind)) &&
    (state.text === '' || hay(event).includes(state.text));
  const row = (event: TraceEvent) => {
    const { verb, what, note } = page.words(event);
    const process = model.processes.get(event.process);
    const line = el(
      'tr',
      { class: `${event.id === marked ? 'marked ' : ''}${model.citedBy.has(event.id) ? 'cited' : ''}` },
      el('td', {}, kit.evidence(event.id)),
      el('td', {}, `${event.run} ${event.phase}`),
      el('td', { class: 'number' }, kit.time(event.t_ms)),
      el('td', {}, el('span', { class: `kind ${model.kindOf(event)}` }, verb)),
      el(
        'td',
        { class: 'wide' },
        el('code', {}, what),
        note === '' ? undefined : el('span', { class: 'faint' }, ` ${note}`),
      ),
      el('td', {}, el('code', { class: 'faint' }, process === undefined ? event.process : model.command(process, 28))),
    );
    return line;
  };
  const body = el('tbody', {});
  const status = el('span', { class: 'faint', role: 'status' });
  const earlier = kit.button('Earlier', () => turn(-pageSize));
  const later = kit.button('Later', () => turn(pageSize));
  const only = el('span', {});
  const draw = () => {
    const found = data.events.filter(matches);
    state.from = Math.max(0, Math.min(state.from, Math.floor((found.length - 1) / pageSize) * pageSize));
    const shown = found.slice(state.from, state.from + pageSize);
    body.replaceChildren(...shown.map(row));
    status.textContent =
      found.length === 0 ? 'no event' : `${state.from + 1}–${state.from + shown.length} of ${found.length} events`;
    earlier.disabled = state.from === 0;
    later.disabled = state.from + pageSize >= found.length;
    const { process } = state;
    if (process === undefined) only.replaceChildren();
    else only.replaceChildren(kit.button(`only ${model.command(process, 40)} ×`, () => narrow({ process: undefined })));
  };
  const narrow = (change: Partial<typeof state>) => {
    Object.assign(state, { from: 0 }, change);
    draw();
  };
  const turn = (by: number) => narrow({ from: state.from + by });
  const search = el('input', { type: 'search', label: 'Search events', id: 'search' });
  search.placeholder = 'Search events  /';
  search.addEventListener('input', () => narrow({ text: search.value.trim().toLowerCase() }));
  const head = ['event', 'run', 'time', 'what', '', 'process'].map((title) => el('th', {}, title));
  const frame = el(
    'div',
    { class: 'scroll', role: 'region', label: 'Events' },
    el('table', {}, el('thead', {}, el('tr', {}, ...head)), body),
  );
  frame.tabIndex = 0;
  const kinds = ['all', 'cited', 'decoy', 'net', 'run', 'file', 'read', 'hook', 'other'];
  place.append(
    el(
      'div',
      { class: 'bar' },
      search,
      kit.choice('Kind of event', kinds, 'all', (kind) => narrow({ kind })),
      kit.choice('Run', ['all', ...data.runs], 'all', (run) => narrow({ run })),
      only,
    ),
    frame,
    el('div', { class: 'bar' }, earlier, later, status),
  );
  page.onSelect((id) => {
    marked = id;
    const event = model.events.get(id);
    if (event !== undefined && matches(event)) state.from = data.events.filter(matches).indexOf(event);
    draw();
  });
  page.onShowEventsOf((process) => {
    narrow({ process });
    document.getElementById('events')?.scrollIntoView();
  });
  draw();
}
