import type {
  Assembly,
  Bag,
  CallFacts,
  Channel,
  HookConfig,
  Kit,
  Primordials,
  Runtime,
  SafeMap,
  Shared,
} from './kit.ts';

type Entry = { count: number; reported: number; said: SafeMap<string, true> };

/**
 * The kit that the parts share. Its invariant is cost: one (api, caller, detail) makes one line; more of the same is counted
 * and told at 10, 100, 1,000 … and at the end; and a thread writes at most `maxLines` lines of calls, after which it says
 * `hook.cap` and only counts.
 */
function assemble(p: Primordials, runtime: Runtime, config: HookConfig, out: Channel, { parts, lazy }: Assembly): Kit {
  const maxDetail = 1000;
  const maxEntries = 20_000;
  const maxSummaries = 300;
  const minTally = 10;
  const maxPatches = 500;
  const maxSteps = 5000;
  const defaultDistinct = 16;
  const freeSamples = 32;
  const { frame, caller, calledByRuntime, place } = parts.caller(p, runtime);

  const table = p.map<string, Entry>();
  let seen = 0;
  let lines = 0;
  let patches = 0;
  let steps = 0;
  let failures = 0;
  let ended = false;

  const shared: Shared = {
    files: p.map(),
    assigned: p.map(),
    onGenerate: undefined,
    decodedBy: undefined,
    onExit: undefined,
    onEnd: undefined,
    maxSyncChildMs: Number.POSITIVE_INFINITY,
    timersUntil: 0,
    isSilent: false,
    checkpoint: () => undefined,
    locate: () => undefined,
    watch: () => undefined,
  };

  function guard(work: () => void): void {
    try {
      work();
    } catch {
      // Package code goes on as if the hook were not there; that something was missed is said once.
      failures += 1;
      if (failures === 1) out.write({ kind: 'call', api: 'hook.failure', detail: '' });
    }
  }

  function line(api: string, detail: string, facts: CallFacts & { caller?: string | undefined }, count?: number): void {
    lines += 1;
    if (lines === config.maxLines) out.write({ kind: 'call', api: 'hook.cap', detail: `${config.maxLines} lines` });
    if (lines >= config.maxLines) return;
    const { distinct: _distinct, ...said } = facts;
    out.write({ kind: 'call', api, detail: p.slice(detail, 0, maxDetail), ...said, count });
  }

  function call(api: string, detail: string, facts: CallFacts = {}): void {
    if (shared.isSilent) return;
    seen += 1;
    const from = 'caller' in facts ? facts.caller : caller();
    const key = `${api}\n${from ?? ''}`;
    let entry = table.get(key);
    if (entry === undefined) {
      if (table.size() >= maxEntries) return;
      entry = { count: 0, reported: 0, said: p.map() };
      table.set(key, entry);
    }
    entry.count += 1;
    const said = p.slice(detail, 0, 200);
    const isNew = !entry.said.has(said) && entry.said.size() < (facts.distinct ?? defaultDistinct);
    if (isNew) {
      entry.said.set(said, true);
      line(api, detail, { ...facts, caller: from });
    } else if (isPowerOfTen(entry.count)) {
      entry.reported = entry.count;
      line(api, '', { caller: from }, entry.count);
    }
  }

  function isPowerOfTen(count: number): boolean {
    let rest = count;
    while (rest >= 10 && rest % 10 === 0) rest /= 10;
    return rest === 1 && count > 1;
  }

  function end(): void {
    if (ended) return;
    ended = true;
    let summaries = 0;
    table.each((entry, key) => {
      if (entry.count < minTally || entry.count === entry.reported || summaries >= maxSummaries) return;
      summaries += 1;
      const at = p.indexOf(key, '\n');
      const from = p.slice(key, at + 1);
      const record = { kind: 'call', api: p.slice(key, 0, at), detail: '', count: entry.count };
      out.write(from === '' ? record : { ...record, caller: from });
    });
    out.end();
  }

  let hash: unknown;
  function captureHash(crypto: Bag): void {
    hash ??= p.get(crypto, 'hash');
  }

  const kit: Kit = {
    p,
    runtime,
    config,
    call,
    patch(target, from, detail) {
      if (shared.isSilent) return;
      if (patches++ < maxPatches) out.write({ kind: 'patch', target: p.slice(target, 0, 80), caller: from, detail });
    },
    step(step, outcome, detail, facts = {}) {
      if (steps++ >= maxSteps) return;
      out.write({
        kind: 'driver',
        step: p.slice(step, 0, 200),
        outcome,
        detail: p.slice(detail, 0, maxDetail),
        ...facts,
      });
    },
    activity: () => seen,
    patches: () => patches,
    caller,
    place,
    calledByRuntime,
    sampled(gate, free = freeSamples) {
      gate.count += 1;
      if (gate.count <= free) return true;
      const now = runtime.now();
      if (now - gate.last < 1) return false;
      gate.last = now;
      return true;
    },
    guard,
    digest(text) {
      if (hash === undefined) captureHash(runtime.builtin('crypto'));
      return p.apply(hash, undefined, ['sha256', text, 'hex']) as string;
    },
    whenLoaded(id, apply) {
      const waiting = lazy.get(id) ?? [];
      p.push(waiting as unknown[], apply);
      lazy.set(id, waiting);
    },
    end,
    shared,
    ...parts.disguise(p, runtime, guard, (label, value) => {
      if (frame() === undefined) return;
      shared.assigned.set(label, value);
      kit.patch(label, caller(), 'assigned');
    }),
  };
  kit.whenLoaded('crypto', captureHash);
  return kit;
}

module.exports = assemble;
