import type { TraceEvent } from '@assay/kernel';
import type { Place } from './layout.ts';

export interface FileAccess {
  Path: string;
  Read: boolean;
  Write: boolean;
  Delete: boolean;
  /** Accesses folded into this row. */
  Count?: number;
}
export interface SocketAccess {
  Address: string;
  Port: number;
  Hostnames: string[];
  Protocol: NonNullable<TraceEvent['protocol']>;
}
export interface CommandRun {
  Command: string[];
  Environment: string[];
}
export interface DnsClass {
  Class: string;
  Queries: { Hostname: string; Types: string[] }[];
}

export interface TableLimits {
  maxFiles: number;
  maxCommands: number;
  maxSockets: number;
  maxNames: number;
}

export const tableLimits: TableLimits = { maxFiles: 5000, maxCommands: 1000, maxSockets: 1000, maxNames: 2000 };

/** A table that could not hold everything, named as in the report's `truncation`. */
export interface TableTruncation {
  field: 'Files' | 'Commands' | 'Sockets' | 'DNS';
  kept: number;
  total: number;
}

type Access = 'Read' | 'Write' | 'Delete';

/**
 * The folded lists of `Analysis.<phase>` (package-analysis contract §3): every access counts, whether or not its event was
 * kept. Full tables count what they cannot hold.
 */
export class AccessTables {
  readonly #limits: TableLimits;
  readonly #files = new Map<string, FileAccess & { Count: number }>();
  readonly #commands = new Map<string, CommandRun>();
  readonly #sockets = new Map<string, SocketAccess>();
  readonly #names = new Map<string, Set<string>>();
  readonly #calls = new Map<string, number>();
  readonly #missed = { Files: 0, Commands: 0, Sockets: 0, DNS: 0 };

  constructor(limits: TableLimits) {
    this.#limits = limits;
  }

  /**
   * Accesses inside package folders, the toolchain and (for toolchain processes) caches are folded per directory: those by
   * tools per top folder, those by package code per folder. All others have a row each.
   */
  file(place: Place, access: Access, toolchain: boolean): void {
    const path = foldedPath(place, toolchain);
    let row = this.#files.get(path);
    if (row === undefined) {
      if (this.#files.size >= this.#limits.maxFiles) {
        this.#missed.Files += 1;
        return;
      }
      row = { Path: path, Read: false, Write: false, Delete: false, Count: 0 };
      this.#files.set(path, row);
    }
    row[access] = true;
    row.Count += 1;
  }

  command(argv: readonly string[], environment: readonly string[]): void {
    const key = JSON.stringify([argv, environment]);
    if (this.#commands.has(key)) return;
    if (this.#commands.size >= this.#limits.maxCommands) this.#missed.Commands += 1;
    else this.#commands.set(key, { Command: [...argv], Environment: [...environment] });
  }

  socket(address: string, port: number, protocol: SocketAccess['Protocol'], host: string | undefined): void {
    const key = `${protocol} ${address} ${port}`;
    let row = this.#sockets.get(key);
    if (row === undefined) {
      if (this.#sockets.size >= this.#limits.maxSockets) {
        this.#missed.Sockets += 1;
        return;
      }
      row = { Address: address, Port: port, Hostnames: [], Protocol: protocol };
      this.#sockets.set(key, row);
    }
    if (host !== undefined && row.Hostnames.length < 20 && !row.Hostnames.includes(host)) row.Hostnames.push(host);
  }

  name(name: string, type: string): void {
    let types = this.#names.get(name);
    if (types === undefined) {
      if (this.#names.size >= this.#limits.maxNames) {
        this.#missed.DNS += 1;
        return;
      }
      types = new Set();
      this.#names.set(name, types);
    }
    if (types.size < 20) types.add(type);
  }

  call(name: string): void {
    // Names that strace does not know are numbered, and the number is the package's choice.
    const known = this.#calls.size < 300 || this.#calls.has(name) ? name : 'other';
    this.#calls.set(known, (this.#calls.get(known) ?? 0) + 1);
  }

  files(): FileAccess[] {
    const rows = [...this.#files.values()].sort((a, b) => (a.Path < b.Path ? -1 : 1));
    return rows.map(({ Count, ...row }) => (Count > 1 ? { ...row, Count } : row));
  }

  commands(): CommandRun[] {
    return [...this.#commands.values()];
  }

  sockets(): SocketAccess[] {
    return [...this.#sockets.values()];
  }

  dns(): DnsClass[] {
    const queries = [...this.#names].map(([Hostname, types]) => ({ Hostname, Types: [...types].sort() }));
    return queries.length === 0
      ? []
      : [{ Class: 'IN', Queries: queries.sort((a, b) => (a.Hostname < b.Hostname ? -1 : 1)) }];
  }

  syscallCounts(): Record<string, number> {
    return Object.fromEntries([...this.#calls].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  truncation(): TableTruncation[] {
    const kept = {
      Files: this.#files.size,
      Commands: this.#commands.size,
      Sockets: this.#sockets.size,
      DNS: this.#names.size,
    };
    return (['Files', 'Commands', 'Sockets', 'DNS'] as const)
      .filter((field) => this.#missed[field] > 0)
      .map((field) => ({ field, kept: kept[field], total: kept[field] + this.#missed[field] }));
  }
}

function foldedPath({ report, zone }: Place, toolchain: boolean): string {
  if (zone === 'package') return `${toolchain ? topOf(report) : parentOf(report)}/**`;
  if (zone === 'toolchain' || (zone === 'cache' && toolchain)) return `${parentOf(report, 4)}/**`;
  return report;
}

/** `{dep:@a/b}/lib/x.js` → `{dep:@a/b}`. */
function topOf(report: string): string {
  const close = report.indexOf('}');
  return report.slice(0, close + 1);
}

/** Folder of a path, of at most `depth` parts. */
function parentOf(report: string, depth = Number.POSITIVE_INFINITY): string {
  const close = report.startsWith('{') ? report.indexOf('}') : 0;
  const slash = report.lastIndexOf('/');
  const folder = slash <= close ? report.slice(0, Math.max(slash, close + 1)) : report.slice(0, slash);
  return depth === Number.POSITIVE_INFINITY ? folder : folder.split('/').slice(0, depth).join('/');
}
