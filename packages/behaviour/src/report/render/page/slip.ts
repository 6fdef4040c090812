import type { TraceEvent } from '@assay/kernel';
import type { Child, Page } from './types.ts';

/** The slip: one piece of evidence with all that is known of it, and the way back to the findings that cite it. */
export function slip(page: Page, place: HTMLElement): void {
  const { kit, model, data, document } = page;
  const { el } = kit;
  let before: Element | null = null;
  const close = () => {
    place.hidden = true;
    if (before instanceof HTMLElement) before.focus();
  };
  const pair = (name: string, value: Child) => [el('dt', {}, name), el('dd', {}, value)];
  const citing = (id: string) =>
    (model.citedBy.get(id) ?? []).map((index) =>
      el('li', {}, el('a', { href: `#finding-${index}` }, kit.text(data.findings[index]?.title ?? ''))),
    );
  const members = (value: object) =>
    Object.entries(value).flatMap(([name, member]) => {
      if (member === undefined) return [];
      const words = typeof member === 'object' ? JSON.stringify(member, null, 1) : String(member);
      return pair(
        name,
        el(
          'code',
          {},
          words
            .split('\n')
            .map((line) => kit.text(line, 2000))
            .join(' '),
        ),
      );
    });
  const chain = (event: TraceEvent) =>
    model.ancestry(event.process).map((process) =>
      el(
        'li',
        {},
        kit.button(model.command(process, 120), () => page.showEventsOf(process), { class: 'link code' }),
      ),
    );
  const neighbours = (event: TraceEvent) => {
    const own = model.eventsOf.get(event.process) ?? [];
    const at = own.indexOf(event);
    const go = (label: string, to: TraceEvent | undefined) => {
      const button = kit.button(label, () => to !== undefined && page.select(to.id));
      button.disabled = to === undefined;
      return button;
    };
    return el(
      'div',
      { class: 'bar' },
      go('← before', own[at - 1]),
      go('after →', own[at + 1]),
      kit.chip(`${at + 1} of ${own.length} of this process`),
    );
  };
  const heading = (title: string) => {
    const text = el('h2', { id: 'slip-title' }, title);
    text.tabIndex = -1;
    return el('div', { class: 'slip-head' }, text, kit.button('Close', close, { label: 'Close evidence' }));
  };
  const cites = (id: string) => {
    const list = citing(id);
    return list.length === 0
      ? el('p', { class: 'faint' }, 'No finding cites it.')
      : el('div', {}, el('h3', {}, 'Cited by'), el('ul', {}, ...list));
  };
  const fill = (id: string): void => {
    const event = model.events.get(id);
    const signal = data.signals.find((one) => one.id === id);
    if (event !== undefined) {
      const { verb, what, note } = page.words(event);
      const request = data.hosts.flatMap(({ requests }) => requests).find((one) => one.event === id);
      place.replaceChildren(
        heading(`${id} · ${verb}`),
        el('p', { class: 'said' }, el('code', {}, what), note === '' ? undefined : ` ${note}`),
        el('p', { class: 'faint' }, `${event.run} · ${event.phase} · ${kit.time(event.t_ms)}`),
        cites(id),
        el('h3', {}, 'Started by'),
        el('ol', { class: 'chain' }, ...chain(event)),
        neighbours(event),
        el('h3', {}, 'Recorded'),
        el('dl', {}, ...members(event)),
        ...(request === undefined ? [] : [el('h3', {}, 'Request'), el('dl', {}, ...members(request))]),
      );
    } else if (signal !== undefined) {
      place.replaceChildren(
        heading(`${id} · in a file`),
        el('p', { class: 'said' }, el('code', {}, `${kit.text(signal.file)}:${signal.line}:${signal.column}`)),
        el('pre', {}, kit.text(signal.snippet)),
        cites(id),
        el('h3', {}, 'Recorded'),
        el('dl', {}, ...members(signal)),
      );
    } else {
      place.replaceChildren(heading(kit.text(id, 20)), el('p', {}, 'It is not in this report: see Not measured.'));
    }
  };
  // On a small screen the slip would cover the finding it leads to.
  place.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a[href^="#finding-"]') : null;
    if (link !== null && globalThis.matchMedia('(max-width: 860px)').matches) close();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !place.hidden) close();
  });
  page.onSelect((id) => {
    if (place.hidden) before = document.activeElement;
    fill(id);
    place.hidden = false;
    place.scrollTop = 0;
    document.getElementById('slip-title')?.focus({ preventScroll: true });
  });
}
