import { styleText } from 'node:util';

/** What an analysis says while it works. */
export interface ProgressEvent {
  /** e.g. `resolve`, `fetch`, `r0 install`. */
  step: string;
  state: 'started' | 'completed' | 'failed';
  detail?: string;
}

/** Writes progress to a stream: one line rewritten on a terminal, nothing at all elsewhere unless asked for. */
export function progressTo(
  stream: NodeJS.WriteStream,
  options: { color: boolean; verbose: boolean },
): { report(event: ProgressEvent): void; clear(): void } {
  const active = new Map<string, number>();
  const startedAt = performance.now();
  const live = stream.isTTY === true && !options.verbose;
  let shown = false;
  const clear = () => {
    if (shown) stream.write('\r\u001b[2K');
    shown = false;
  };
  const draw = () => {
    clear();
    if (active.size === 0) return;
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const text = `${seconds}s  ${[...active.keys()].join('  ·  ')}`.slice(0, Math.max(20, (stream.columns ?? 80) - 1));
    stream.write(options.color ? styleText('dim', text) : text);
    shown = true;
  };
  return {
    report(event) {
      if (event.state === 'started') active.set(event.step, performance.now());
      else active.delete(event.step);
      if (live) draw();
      else if (options.verbose) {
        const seconds = ((performance.now() - startedAt) / 1000).toFixed(2);
        stream.write(
          `${seconds}s ${event.step} ${event.state}${event.detail === undefined ? '' : ` (${event.detail})`}\n`,
        );
      }
    },
    clear,
  };
}
