import type { Child, Kit, Props } from './types.ts';

/** Element builders over `document`. `show` is `visible`. Self-contained: the page carries its source. */
export function makeKit(document: Document, show: (text: string, alphabet?: 'any' | 'ascii') => string): Kit {
  const clip = (value: string, max: number) => (value.length > max ? `${value.slice(0, max - 1)}…` : value);
  const el: Kit['el'] = (tag, props = {}, ...children) => {
    const element = document.createElement(tag);
    const attributes: [string, string | undefined][] = [
      ['class', props.class],
      ['title', props.title],
      ['href', props.href],
      ['id', props.id],
      ['type', props.type],
      ['aria-label', props.label],
      ['role', props.role],
    ];
    for (const [name, value] of attributes) if (value !== undefined) element.setAttribute(name, value);
    if (props.onClick !== undefined) element.addEventListener('click', props.onClick as EventListener);
    element.append(...children.filter((child): child is Node | string => child !== undefined));
    return element;
  };
  const kit: Kit = {
    el,
    text: (value, max = 300) => show(clip(value, max)),
    name: (value) => show(clip(value, 300), 'ascii'),
    evidence: (id) => el('a', { class: 'ref', href: `#${id}` }, id),
    chip: (text, kind = '') => el('span', { class: `chip ${kind}`.trim() }, text),
    button: (text, onClick, props: Props = {}) => el('button', { type: 'button', ...props, onClick }, text),
    choice: (label, options, chosen, onChoose) => {
      const group = el('div', { class: 'choice', role: 'group', label });
      for (const option of options) {
        const button = kit.button(option, () => {
          for (const other of group.children) other.setAttribute('aria-pressed', String(other === button));
          onChoose(option);
        });
        button.setAttribute('aria-pressed', String(option === chosen));
        group.append(button);
      }
      return group;
    },
    table: (caption, head, rows) => {
      const headings = head.map((title) => {
        const cell = el('th', {}, title);
        cell.setAttribute('scope', 'col');
        return cell;
      });
      const body = rows.map((row) => el('tr', {}, ...row.map((cell) => el('td', {}, cell))));
      const table = el(
        'table',
        {},
        el('caption', { class: 'unseen' }, caption),
        el('thead', {}, el('tr', {}, ...headings)),
        el('tbody', {}, ...body),
      );
      const frame = el('div', { class: 'scroll', role: 'region', label: caption }, table);
      frame.tabIndex = 0;
      return frame;
    },
    fold: (summary: Child[], build, open = false) => {
      const details = el('details', {}, el('summary', {}, ...summary));
      let built = false;
      const fill = () => {
        if (built) return;
        built = true;
        details.append(...build().filter((child): child is Node | string => child !== undefined));
      };
      details.addEventListener('toggle', () => details.open && fill());
      if (open) {
        fill();
        details.open = true;
      }
      return details;
    },
    time: (ms) => `+${(ms / 1000).toFixed(3)} s`,
    bytes: (count) => {
      if (count < 1000) return `${count} B`;
      return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
    },
  };
  return kit;
}
