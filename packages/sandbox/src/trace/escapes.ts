import type { Call } from './call.ts';
import type { TracedProcess } from './process.ts';
import { outcomeOf, record, type Scene } from './scene.ts';
import { escapeCalls } from './strace.ts';
import { memberOf } from './structure.ts';

const maxDetail = 160;
const namespaces = /\bCLONE_(UNTRACED|NEW(NS|UTS|IPC|USER|PID|NET|CGROUP|TIME))\b/g;

/**
 * Calls aimed at something outside the process: other processes, the tracer, namespaces, the kernel. All of them are `ptrace`
 * events, with the call in `api`. Memory files and sleeps are here as well.
 */
export class EscapeWatch {
  readonly #scene: Scene;
  /** Milliseconds of CLOCK_MONOTONIC of a time in milliseconds since the epoch. */
  readonly #monotonicOf: (at: number) => number;

  constructor(scene: Scene, monotonicOf: (at: number) => number) {
    this.#scene = scene;
    this.#monotonicOf = monotonicOf;
  }

  call(call: Call, process: TracedProcess): void {
    switch (call.name) {
      case 'kill':
      case 'tkill':
      case 'rt_sigqueueinfo':
      case 'pidfd_send_signal':
        this.#signal(call, process);
        break;
      case 'memfd_create':
        this.#memoryFile(call, process);
        break;
      case 'clock_nanosleep':
        this.#sleep(call, process);
        break;
      default:
        if (escapeCalls.has(call.name)) this.#attempt(call, process, argumentsOf(call));
    }
  }

  /** New namespaces, or a child that is not to be traced. */
  clone(call: Call, process: TracedProcess): void {
    const flags = `${call.raw(0)} ${call.raw(1)}`.match(namespaces);
    if (flags !== null) this.#attempt(call, process, flags.join('|'));
  }

  #attempt(call: Call, process: TracedProcess, detail: string): void {
    // Node's event loop asks for a ring of 256 entries per thread, and the tracer refuses.
    if (call.name === 'io_uring_setup' && process.interpreter === 'node' && call.raw(0) === '256') return;
    const draft = {
      type: 'ptrace',
      outcome: outcomeOf(call.errno),
      api: call.name,
      detail: detail.slice(0, maxDetail),
    } as const;
    record(this.#scene, process, call.at, draft, process.toolchain ? 'noise' : 'evidence');
  }

  /** A signal to anybody but oneself and one's own descendants. */
  #signal(call: Call, process: TracedProcess): void {
    const signal = call.raw(1);
    const pid = call.name === 'pidfd_send_signal' ? Number.NaN : call.fd(0);
    if (signal === '0' || process.toolchain || pid === process.pid) return;
    const target = pid > 0 ? this.#scene.processes.byPid(pid, call.at) : undefined;
    for (let up = target?.parent; up !== undefined; up = up.parent) if (up === process) return;
    if (target === process || (pid === 0 && call.name === 'kill')) return;
    const name = target?.node?.key ?? (Number.isNaN(pid) ? 'a pidfd' : `pid ${pid}`);
    const draft = {
      type: 'ptrace',
      outcome: outcomeOf(call.errno),
      api: call.name,
      detail: `${signal} to ${name}`,
    } as const;
    record(this.#scene, process, call.at, draft, 'detail');
  }

  #memoryFile(call: Call, process: TracedProcess): void {
    const name = call.text(0);
    if (!call.ok || name === undefined) return;
    process.memoryFiles ??= new Map();
    if (process.memoryFiles.size < 64) process.memoryFiles.set(call.ret, name);
    const report = `memfd:${name}`;
    const worth = process.toolchain ? 'noise' : 'evidence';
    const event = record(
      this.#scene,
      process,
      call.at,
      { type: 'file.write', outcome: 'ok', path: report, mode: 'create' },
      worth,
    );
    if (process.toolchain) return;
    const key = this.#scene.processes.keyOf(process);
    this.#scene.callbacks.onFileOpened?.({
      path: `/${report}`,
      report,
      process: key,
      pid: process.tracerPid,
      fd: call.ret,
      event: event.id,
    });
  }

  /** `clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=600, tv_nsec=0}, NULL) = 0`. */
  #sleep(call: Call, process: TracedProcess): void {
    const time = call.raw(2);
    const asked = Number(memberOf(time, 'tv_sec')) * 1000 + Number(memberOf(time, 'tv_nsec')) / 1e6;
    const isAbsolute = call.raw(1).includes('TIMER_ABSTIME');
    const now = call.raw(0) === 'CLOCK_REALTIME' ? call.at : this.#monotonicOf(call.at);
    const ms = Math.round(isAbsolute ? asked - now : asked);
    if (!(ms >= this.#scene.minSleepMs)) return;
    record(
      this.#scene,
      process,
      call.at,
      { type: 'sleep', outcome: 'ok', api: call.name, ms },
      process.toolchain ? 'noise' : 'detail',
    );
  }
}

function argumentsOf(call: Call): string {
  return Array.from({ length: call.argCount }, (_, index) => call.raw(index)).join(', ');
}
