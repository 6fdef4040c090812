import type { TraceEvent } from '@assay/kernel';
import type { PageData, PageProcess } from './data.ts';

export type Child = Node | string | undefined;

export interface Props {
  class?: string;
  title?: string;
  href?: string;
  id?: string;
  type?: string;
  label?: string;
  role?: string;
  onClick?: (event: MouseEvent) => void;
}

/** Builders of elements. Strings become text nodes and nothing else. */
export interface Kit {
  el<K extends keyof HTMLElementTagNameMap>(tag: K, props?: Props, ...children: Child[]): HTMLElementTagNameMap[K];
  /** Package text, made visible. */
  text(value: string, max?: number): string;
  /** A name or host: look-alike letters spelled out. */
  name(value: string): string;
  /** A link that opens an event or a signal. */
  evidence(id: string): HTMLAnchorElement;
  chip(text: string, kind?: string): HTMLElement;
  button(text: string, onClick: () => void, props?: Props): HTMLButtonElement;
  /** A group of buttons of which one is pressed. */
  choice(label: string, options: string[], chosen: string, onChoose: (option: string) => void): HTMLElement;
  table(caption: string, head: string[], rows: Child[][]): HTMLElement;
  /** Opens to what `build` makes, made when first opened. */
  fold(summary: Child[], build: () => Child[], open?: boolean): HTMLDetailsElement;
  time(ms: number): string;
  bytes(count: number): string;
}

/** The data by its ids. */
export interface Model {
  events: Map<string, TraceEvent>;
  processes: Map<string, PageProcess>;
  children: Map<string, PageProcess[]>;
  /** Indexes of the findings that cite an id. */
  citedBy: Map<string, number[]>;
  /** Events of a process. */
  eventsOf: Map<string, TraceEvent[]>;
  /** A process and its ancestors, eldest first. */
  ancestry(key: string): PageProcess[];
  command(process: PageProcess, max?: number): string;
  /** Whether it or a descendant did something that a finding cites, or is no toolchain. */
  matters(process: PageProcess): boolean;
  isCited(process: PageProcess): boolean;
  /** net, file, read, decoy, run, hook, other. */
  kindOf(event: TraceEvent): string;
}

/** Time on a strip from 0 to 1, idle stretches squeezed. */
export interface Timescale {
  /** Place of a time, 0 to 1. Never goes back when time goes on. */
  placeOf(ms: number): number;
  /** Time at a place. */
  timeAt(place: number): number;
  /** Stretches that were squeezed, by place. */
  gaps: { from: number; to: number; ms: number }[];
}

export interface Page {
  document: Document;
  data: PageData;
  kit: Kit;
  model: Model;
  words(event: TraceEvent): { verb: string; what: string; note: string };
  /** A scale over these times, ms. */
  makeTimescale(times: number[]): Timescale;
  /** Shows an event or a signal in the slip, and marks it wherever it is drawn. */
  select(id: string): void;
  onSelect(listener: (id: string) => void): void;
  /** Run shown by the timeline and the process tree. */
  run: string;
  chooseRun(run: string): void;
  onRun(listener: (run: string) => void): void;
  /** Narrows the list of events to a process and goes there. */
  showEventsOf(process: PageProcess): void;
  onShowEventsOf(listener: (process: PageProcess) => void): void;
}

/** Fills its place on the page. Self-contained: its source is what the page carries. */
export type Part = (page: Page, place: HTMLElement) => void;
