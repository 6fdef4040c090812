import type { TraceEvent } from '@assay/kernel';

/** Worth of evidence that must stay. */
export const pinned = Number.POSITIVE_INFINITY;

const byType = {
  'canary.egress': 95,
  'canary.read': 90,
  'phase.start': 88,
  'phase.end': 88,
  'net.http': 80,
  'memory.exec': 78,
  ptrace: 78,
  'net.connect': 70,
  'net.dns': 68,
  'net.listen': 68,
  'net.tls': 64,
  'process.exec': 66,
  'vscode.api': 60,
  'file.link': 56,
  'file.chmod': 54,
  'file.delete': 52,
  'file.rename': 50,
  'file.write': 48,
  'runtime.hook': 46,
  resource: 44,
  'clock.read': 40,
  sleep: 40,
  'process.exit': 30,
  'file.read': 24,
} as const satisfies Record<TraceEvent['type'], number>;

/**
 * How much a reader would miss an event, 0–100: what left, then what ran, then what was written, then what was read.
 *
 * *Shape:* `toolchain` is the flag of the event's process. Work inside the package's own folders and the package manager's
 * own doings are worth least, because every installation is full of them.
 */
export function worthOfEvent(event: TraceEvent, toolchain: boolean): number {
  const base = byType[event.type];
  if (base >= 88) return base;
  const inside = event.path !== undefined && /^\{(pkg|dep:|tmp)/.test(event.path);
  const toMirror = event.egress === 'mirror';
  const again = event.run === 'r0' ? 0 : 4;
  return Math.max(1, base - (toolchain ? 20 : 0) - (inside ? 12 : 0) - (toMirror ? 40 : 0) - again);
}
