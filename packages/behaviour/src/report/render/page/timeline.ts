import type { TraceEvent } from '@assay/kernel';
import type { PageProcess } from './data.ts';
import type { Page } from './types.ts';

/**
 * One run over time: a lane per process, a mark per event, on a canvas so that 5,000 events cost nothing.
 *
 * Idle stretches are squeezed (and marked), else a minute of waiting would hide the second in which everything happened.
 */
export function timeline(page: Page, place: HTMLElement): void {
  const { kit, model, data, document } = page;
  const { el } = kit;
  const laneHeight = 22;
  const axisHeight = 40;
  const view = { from: 0, to: 1, tools: false, hover: '', marked: '' };
  let lanes: { process: PageProcess; depth: number; events: TraceEvent[] }[] = [];
  let scale = page.makeTimescale([]);
  let phases: { phase: string; u: number }[] = [];
  let shown: TraceEvent[] = [];

  const canvas = el('canvas', {
    label: 'Timeline of the run. Arrow keys go from event to event, Enter opens one, plus and minus zoom.',
  });
  canvas.tabIndex = 0;
  canvas.setAttribute('role', 'img');
  const axis = el('canvas', { class: 'axis' });
  axis.setAttribute('aria-hidden', 'true');
  const frame = el('div', { class: 'lanes' }, axis, canvas);
  const readout = el('p', { class: 'readout', role: 'status' }, 'Point at a mark, or use the arrow keys.');
  const probe = el('span', { class: 'unseen' });

  /** Colours of the theme, asked for once: asking makes the browser lay out the page. */
  const palette = new Map<string, string>();
  const colour = (name: string) => {
    const known = palette.get(name);
    if (known !== undefined) return known;
    probe.style.color = `var(--${name})`;
    const { color } = getComputedStyle(probe);
    palette.set(name, color);
    return color;
  };
  const gutter = () => (canvas.clientWidth < 620 ? 96 : 230);
  const xOf = (u: number) =>
    gutter() + ((u - view.from) / (view.to - view.from)) * (canvas.clientWidth - gutter() - 12);

  const measure = () => {
    const inRun = data.processes.filter(({ run }) => run === page.run);
    lanes = [];
    const visit = (process: PageProcess, depth: number, above: Set<string>) => {
      if (above.has(process.key)) return;
      if (view.tools || model.matters(process)) {
        lanes.push({ process, depth, events: model.eventsOf.get(process.key) ?? [] });
      }
      const seen = new Set([...above, process.key]);
      for (const child of model.children.get(process.key) ?? []) visit(child, depth + 1, seen);
    };
    for (const process of model.children.get('') ?? []) if (process.run === page.run) visit(process, 0, new Set());
    lanes = lanes.slice(0, 300);
    shown = lanes.flatMap((lane) => lane.events).sort((a, b) => a.t_ms - b.t_ms);
    scale = page.makeTimescale([
      ...shown.map(({ t_ms }) => t_ms),
      ...inRun.flatMap((process) => [process.start_ms, process.exit_ms ?? process.start_ms]),
    ]);
    const first = new Map<string, number>();
    for (const event of shown) first.set(event.phase, Math.min(first.get(event.phase) ?? Infinity, event.t_ms));
    phases = [...first].map(([phase, t]) => ({ phase, u: scale.placeOf(t) })).sort((a, b) => a.u - b.u);
  };

  const surface = (target: HTMLCanvasElement, height: number) => {
    const ratio = globalThis.devicePixelRatio || 1;
    target.style.height = `${height}px`;
    const width = target.clientWidth;
    target.width = Math.round(width * ratio);
    target.height = Math.round(height * ratio);
    const context = target.getContext('2d');
    context?.setTransform(ratio, 0, 0, ratio, 0, 0);
    context?.clearRect(0, 0, width, height);
    return context;
  };
  const drawAxis = () => {
    const context = surface(axis, axisHeight);
    if (context === null) return;
    const width = axis.clientWidth;
    const [left, right] = [gutter(), width - 12];
    context.font = '11px ui-monospace, monospace';
    for (const [index, { phase, u }] of phases.entries()) {
      const from = Math.max(left, xOf(u));
      const to = Math.min(right, xOf(phases[index + 1]?.u ?? 1));
      if (to <= from) continue;
      context.fillStyle = colour(index % 2 === 0 ? 'lane-tool' : 'lane');
      context.fillRect(from, 0, to - from, 16);
      context.fillStyle = colour('brass');
      if (to - from > context.measureText(phase).width + 6) context.fillText(phase, from + 4, 12);
    }
    context.fillStyle = colour('faint');
    context.textAlign = 'center';
    for (const gap of scale.gaps) {
      const [from, to] = [Math.max(left, xOf(gap.from)), Math.min(right, xOf(gap.to))];
      const words = `${(gap.ms / 1000).toFixed(1)} s idle`;
      if (to - from > context.measureText(words).width + 70) context.fillText(words, (from + to) / 2, 12);
    }
    const steps = Math.max(2, Math.floor((right - left) / 96));
    for (let step = 0; step <= steps; step += 1) {
      const u = view.from + ((view.to - view.from) * step) / steps;
      const ms = scale.timeAt(u);
      const isLast = step === steps;
      context.textAlign = isLast ? 'right' : 'left';
      context.fillText(
        ms < 10_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`,
        xOf(u) + (isLast ? -3 : 3),
        32,
      );
      context.fillRect(xOf(u), 22, 1, axisHeight - 22);
    }
  };
  const drawLane = (context: CanvasRenderingContext2D, index: number) => {
    const lane = lanes[index];
    if (lane === undefined) return;
    const { process, depth, events } = lane;
    const y = index * laneHeight;
    const left = gutter();
    const right = canvas.clientWidth - 12;
    context.fillStyle = colour('line');
    context.fillRect(0, y + laneHeight - 1, canvas.clientWidth, 1);
    const from = Math.max(left, xOf(scale.placeOf(process.start_ms)));
    const last = events.at(-1)?.t_ms ?? process.start_ms;
    const to = Math.min(
      right,
      xOf(
        process.exit_ms === undefined
          ? Math.max(scale.placeOf(last), scale.placeOf(process.start_ms))
          : scale.placeOf(process.exit_ms),
      ),
    );
    context.fillStyle = colour(process.toolchain ? 'lane-tool' : 'lane');
    if (to >= left && from <= right) context.fillRect(from, y + 5, Math.max(2, to - from), laneHeight - 11);
    for (const event of events) {
      const x = xOf(scale.placeOf(event.t_ms));
      if (x < left || x > right) continue;
      const cited = model.citedBy.has(event.id);
      context.fillStyle = colour(`kind-${model.kindOf(event)}`);
      if (event.id === view.marked || event.id === view.hover) {
        context.fillRect(x - 3, y + 1, 6, laneHeight - 3);
      } else if (cited) {
        context.beginPath();
        context.moveTo(x, y + 3);
        context.lineTo(x + 6, y + laneHeight / 2 - 0.5);
        context.lineTo(x, y + laneHeight - 4);
        context.lineTo(x - 6, y + laneHeight / 2 - 0.5);
        context.fill();
      } else context.fillRect(x - 0.75, y + 6, 1.5, laneHeight - 13);
    }
    context.fillStyle = colour('card');
    context.fillRect(0, y, left - 6, laneHeight - 1);
    context.fillStyle = colour(process.toolchain ? 'faint' : 'ink');
    const indent = 4 + Math.min(depth, 8) * (left < 100 ? 3 : 9);
    const letters = Math.max(4, Math.floor((left - 12 - indent) / (context.measureText('0').width || 7)));
    context.fillText(model.command(process, letters), indent, y + 15);
  };
  const draw = () => {
    const context = surface(canvas, Math.max(1, lanes.length) * laneHeight);
    if (context === null) return;
    const height = lanes.length * laneHeight;
    context.font = '11px ui-monospace, monospace';
    for (const gap of scale.gaps) {
      const [from, to] = [Math.max(gutter(), xOf(gap.from)), xOf(gap.to)];
      if (to <= gutter()) continue;
      context.fillStyle = colour('idle');
      context.fillRect(from + 2, 0, Math.max(0, to - from - 4), height);
    }
    for (let index = 0; index < lanes.length; index += 1) drawLane(context, index);
    for (const { u } of phases) {
      if (xOf(u) < gutter()) continue;
      context.fillStyle = colour('brass');
      context.fillRect(xOf(u), 0, 1, height);
    }
    drawAxis();
  };

  const zoom = (factor: number, around = (view.from + view.to) / 2) => {
    const span = Math.min(1, Math.max(0.0005, (view.to - view.from) * factor));
    const share = (around - view.from) / (view.to - view.from);
    view.from = Math.max(0, Math.min(1 - span, around - span * share));
    view.to = view.from + span;
    draw();
  };
  const pan = (by: number) => {
    const span = view.to - view.from;
    view.from = Math.max(0, Math.min(1 - span, view.from + by));
    view.to = view.from + span;
    draw();
  };
  const point = (event: TraceEvent | undefined) => {
    view.hover = event?.id ?? '';
    if (event === undefined) return draw();
    const { verb, what, note } = page.words(event);
    readout.replaceChildren(
      kit.evidence(event.id),
      ` ${kit.time(event.t_ms)} `,
      el('b', {}, verb),
      ' ',
      el('code', {}, what),
      ` ${note}`,
    );
    const top = lanes.findIndex(({ process }) => process.key === event.process) * laneHeight;
    const below = frame.scrollTop + frame.clientHeight - axisHeight - laneHeight;
    if (top < frame.scrollTop || top > below) frame.scrollTop = top - laneHeight;
    const u = scale.placeOf(event.t_ms);
    if (u < view.from || u > view.to) pan(u - (view.from + view.to) / 2);
    draw();
  };
  const under = (pointer: MouseEvent): TraceEvent | undefined => {
    const box = canvas.getBoundingClientRect();
    const x = pointer.clientX - box.left;
    const lane = lanes[Math.floor((pointer.clientY - box.top) / laneHeight)];
    const near = (lane?.events ?? []).map((event) => ({ event, off: Math.abs(xOf(scale.placeOf(event.t_ms)) - x) }));
    const best = near
      .filter(({ off }) => off < 7)
      .sort((a, b) => a.off - b.off || Number(model.citedBy.has(b.event.id)) - Number(model.citedBy.has(a.event.id)));
    return best[0]?.event;
  };
  let drag: { x: number; moved: boolean } | undefined;
  canvas.addEventListener('pointerdown', (pointer) => {
    drag = { x: pointer.clientX, moved: false };
  });
  canvas.addEventListener('pointermove', (pointer) => {
    if (drag === undefined || pointer.buttons === 0) {
      const event = under(pointer);
      if (event !== undefined && event.id !== view.hover) point(event);
      canvas.style.cursor = event === undefined ? 'grab' : 'pointer';
      return;
    }
    const by = drag.x - pointer.clientX;
    if (!drag.moved && Math.abs(by) < 4) return;
    drag = { x: pointer.clientX, moved: true };
    pan((by / (canvas.clientWidth - gutter())) * (view.to - view.from));
  });
  canvas.addEventListener('pointerup', (pointer) => {
    const event = drag?.moved ? undefined : under(pointer);
    drag = undefined;
    if (event !== undefined) page.select(event.id);
  });
  canvas.addEventListener(
    'wheel',
    (wheel) => {
      if (!wheel.ctrlKey && !wheel.metaKey) return;
      wheel.preventDefault();
      const share =
        (wheel.clientX - canvas.getBoundingClientRect().left - gutter()) / (canvas.clientWidth - gutter() - 12);
      zoom(wheel.deltaY > 0 ? 1.25 : 0.8, view.from + share * (view.to - view.from));
    },
    { passive: false },
  );
  canvas.addEventListener('keydown', (key) => {
    const at = shown.findIndex(({ id }) => id === view.hover);
    const moves: Record<string, () => void> = {
      ArrowRight: () => point(shown[Math.min(shown.length - 1, at + 1)]),
      ArrowLeft: () => point(shown[Math.max(0, at - 1)]),
      '+': () => zoom(0.7),
      '-': () => zoom(1.4),
      Home: () => zoom(1e6),
      Enter: () => view.hover !== '' && page.select(view.hover),
    };
    const move = moves[key.key];
    if (move === undefined) return;
    key.preventDefault();
    move();
  });

  const refresh = () => {
    Object.assign(view, { from: 0, to: 1, hover: '' });
    measure();
    draw();
  };
  const tools = kit.button('Toolchain', () => {
    view.tools = !view.tools;
    tools.setAttribute('aria-pressed', String(view.tools));
    refresh();
  });
  tools.setAttribute('aria-pressed', 'false');
  const legend = ['decoy', 'net', 'run', 'file', 'read', 'hook', 'other'].map((kind) =>
    el('span', { class: `kind ${kind}` }, kind),
  );
  place.append(
    el(
      'div',
      { class: 'bar' },
      kit.choice('Run', data.runs, page.run, (run) => page.chooseRun(run)),
      kit.button('Zoom in', () => zoom(0.5)),
      kit.button('Zoom out', () => zoom(2)),
      kit.button('All', () => zoom(1e6)),
      tools,
      el('span', { class: 'legend' }, ...legend, el('span', { class: 'faint' }, '◆ cited by a finding')),
    ),
    frame,
    readout,
    probe,
  );
  page.onRun(refresh);
  page.onSelect((id) => {
    view.marked = id;
    const event = model.events.get(id);
    if (event !== undefined && event.run !== page.run) page.chooseRun(event.run);
    draw();
  });
  const recolour = () => {
    palette.clear();
    draw();
  };
  document.addEventListener('themechange', recolour);
  globalThis.matchMedia?.('(prefers-color-scheme: dark)').addEventListener('change', recolour);
  if (typeof ResizeObserver === 'function') new ResizeObserver(draw).observe(frame);
  refresh();
}
