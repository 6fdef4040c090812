import type { TraceEvent } from '@assay/kernel';
import type { HookRecord } from '../channels.ts';
import type { EventDraft, Worth } from './keeper.ts';
import type { TracedProcess } from './process.ts';
import { record, type Scene } from './scene.ts';

type Of<Kind extends HookRecord['kind']> = Extract<HookRecord, { kind: Kind }>;

const timers = /^(setTimeout|setInterval|timers(\/promises)?\.(setTimeout|setInterval)|scheduler\.wait|Atomics\.wait)$/;
const clocks = /^(Date(\.now)?|new Date|performance\.now|process\.hrtime(\.bigint)?|Temporal\.Now.*)$/;
const driverOutcomes = { ok: 'ok', threw: 'error:THREW', skipped: 'error:SKIPPED', timeout: 'error:TIMEOUT' } as const;
const maxDetail = 1000;

/**
 * Runtime hook lines as events: calls become `runtime.hook`, `sleep` or `clock.read`, reads of a decoy variable a `canary.read`
 * as well. The package is that of the calling file, which is the hook's word; the process is the tracer's.
 */
export class HookWatch {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** *Shape:* `at` in milliseconds since the epoch. */
  record(process: TracedProcess, entry: HookRecord, at: number, inferred: boolean): void {
    if (entry.kind === 'call') this.#call(process, entry, at, inferred);
    else if (entry.kind === 'patch') this.#patch(process, entry, at, inferred);
    else if (entry.kind === 'driver') this.#driver(process, entry, at, inferred);
  }

  #call(process: TracedProcess, entry: Of<'call'>, at: number, inferred: boolean): void {
    const { api } = entry;
    const isSleep = timers.test(api);
    if (isSleep && (entry.ms ?? 0) < this.#scene.minSleepMs) return;
    const type = isSleep ? 'sleep' : clocks.test(api) ? 'clock.read' : 'runtime.hook';
    const worth: Worth = process.toolchain
      ? 'noise'
      : type === 'runtime.hook' && api !== 'process.env'
        ? 'evidence'
        : 'detail';
    this.#add(process, at, inferred, worth, {
      type,
      outcome: 'ok',
      api,
      ...this.#detail(entry.detail),
      ...this.#place(entry.caller),
      ...(entry.ms === undefined ? {} : { ms: Math.max(0, entry.ms) }),
      ...(entry.sha256 === undefined ? {} : { sha256: entry.sha256 }),
      ...(entry.bytes === undefined ? {} : { bytes: Math.max(0, Math.trunc(entry.bytes)) }),
    });
    if (api === 'process.env') this.#variable(process, entry, at, inferred);
  }

  /** An enumeration passes every variable by; whoever asks for one by name wants that one. */
  #variable(process: TracedProcess, entry: Of<'call'>, at: number, inferred: boolean): void {
    const { decoyVariables } = this.#scene;
    const all = entry.detail === '*';
    const found = all ? [...decoyVariables] : [...decoyVariables].filter(([name]) => name === entry.detail);
    for (const [name, canary] of found) {
      const detail = all ? 'enumerate' : name;
      const draft = { type: 'canary.read', outcome: 'ok', path: `env:${name}`, canary, detail } as const;
      this.#add(process, at, inferred, process.toolchain ? 'detail' : 'evidence', {
        ...draft,
        ...this.#place(entry.caller),
      });
    }
  }

  #patch(process: TracedProcess, entry: Of<'patch'>, at: number, inferred: boolean): void {
    const draft = {
      type: 'runtime.hook',
      outcome: 'ok',
      api: 'patch',
      detail: entry.target,
      ...this.#place(entry.caller),
    } as const;
    this.#add(process, at, inferred, process.toolchain ? 'noise' : 'evidence', draft);
  }

  #driver(process: TracedProcess, entry: Of<'driver'>, at: number, inferred: boolean): void {
    const note = entry.detail === undefined ? '' : `: ${entry.detail}`;
    const draft = {
      type: 'runtime.hook',
      outcome: driverOutcomes[entry.outcome],
      api: 'driver.step',
      ...this.#detail(`${entry.step}${note}`),
    } as const;
    const canaries = canariesOf(entry);
    if (canaries.length === 0) this.#add(process, at, inferred, 'detail', draft);
    for (const canary of canaries) this.#add(process, at, inferred, 'evidence', { ...draft, canary });
  }

  #detail(text: string): { detail?: string } {
    return text === '' ? {} : { detail: this.#scene.mask(text).slice(0, maxDetail) };
  }

  /** `file:///a/b.js:3:7` → report form and package of the file. */
  #place(caller: string | undefined): { caller?: string; package?: string } {
    if (caller === undefined) return {};
    const match = /^(?:file:\/\/)?(\/.*?)((?::\d+){0,2})$/s.exec(caller);
    if (match === null) return { caller };
    const place = this.#scene.names.locate(match[1] ?? '');
    return { caller: `${place.report}${match[2]}`, ...(place.package === undefined ? {} : { package: place.package }) };
  }

  #add(
    process: TracedProcess,
    at: number,
    inferred: boolean,
    worth: Worth,
    draft: Omit<EventDraft, 't_ms' | 'process'>,
  ): TraceEvent {
    const marked = inferred ? { ...draft, attribution: 'inferred' as const } : draft;
    return record(this.#scene, process, at, marked, worth);
  }
}

/** Decoys that a driver's step handed to the package, if the line names any. */
function canariesOf(entry: Of<'driver'>): string[] {
  const given: unknown = (entry as { canaries?: unknown }).canaries;
  return Array.isArray(given) ? given.filter((one): one is string => typeof one === 'string').slice(0, 16) : [];
}
