import path from 'node:path';
import type { Call } from './call.ts';
import type { Worth } from './keeper.ts';
import type { Place } from './layout.ts';
import type { TracedProcess } from './process.ts';
import { outcomeOf, record, type Scene } from './scene.ts';
import { memberOf } from './structure.ts';

const maxWritten = 20_000;
/** Files that programs and their libraries ask for as they start; reading them says nothing about anybody. */
const ordinaryFiles = [
  // Matches `/etc/ld.so.cache`, `/etc/ssl/certs/ca.pem`; not `/etc/passwd`, `/etc/hosts.deny`.
  /^\/etc\/(ld\.so\.(cache|preload)|locale\.alias|localtime|timezone|nsswitch\.conf|host\.conf|hosts|resolv\.conf|gai\.conf)$/,
  /^\/etc\/(services|protocols|mime\.types|inputrc|gitconfig|bash\.bashrc|profile|ssl\/openssl\.cnf|(ssl\/certs|alternatives|terminfo)\/.*)$/,
  /^\/dev\/(null|tty|u?random|zero|full|ptmx|pts\/.*|shm|fd)$/,
  /^\/proc\/((self|[0-9]+)\/(fd|task|stat|exe)(\/.*)?|stat|meminfo|version_signature|filesystems|sys\/vm\/overcommit_memory)$/,
  /^\/sys\/(devices\/system\/cpu|kernel\/mm\/transparent_hugepage)(\/.*)?$/,
];

/** Matches `/dev/shm/faketime_shm_12`, `/dev/shm/sem.faketime_sem_12`, `/dev/shm/sem.aB3dE5`; not `/dev/shm/payload`. */
const clockLibraryFile = /^\/dev\/shm\/(faketime_shm_\d+|sem\.faketime_sem_\d+|sem\.[A-Za-z0-9]{6})$/;

/**
 * Files: who read, wrote, deleted, renamed, linked or changed what.
 *
 * Paths of successful opens are the kernel's answer (links resolved); all others are what the call named, resolved against
 * the working directory word by word. A thread that changes its memory while a call is under way can make the second kind
 * lie, never the first.
 */
export class FileWatch {
  readonly #scene: Scene;
  /** Last writing event of files made or changed in this phase, by path. */
  readonly #written = new Map<string, string>();
  /** Decoys that were renamed or linked go on being decoys under the new path. */
  readonly #aliases = new Map<string, string>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Handles the call if it is one about files. */
  call(call: Call, process: TracedProcess): boolean {
    if (this.#isClockLibrarys(call, process)) return true;
    switch (call.name) {
      case 'openat':
        this.#open(call, process, 1, call.raw(2), call.raw(3));
        return true;
      case 'open':
        this.#open(call, process, 0, call.raw(1), call.raw(2));
        return true;
      case 'creat':
        this.#open(call, process, 0, 'O_WRONLY|O_CREAT|O_TRUNC', call.raw(1));
        return true;
      case 'openat2':
        this.#open(call, process, 1, memberOf(call.raw(2), 'flags') ?? '', memberOf(call.raw(2), 'mode') ?? '');
        return true;
      case 'open_by_handle_at':
        this.#open(call, process, 1, call.raw(2), '');
        return false;
      case 'unlink':
      case 'rmdir':
        this.#delete(call, process, this.#named(call, process, 0));
        return true;
      case 'unlinkat':
        this.#delete(call, process, this.#named(call, process, 1, 0));
        return true;
      case 'rename':
        this.#rename(call, process, this.#named(call, process, 0), this.#named(call, process, 1));
        return true;
      case 'renameat':
      case 'renameat2':
        this.#rename(call, process, this.#named(call, process, 1, 0), this.#named(call, process, 3, 2));
        return true;
      case 'link':
        this.#link(call, process, this.#named(call, process, 1), this.#named(call, process, 0), 'hard');
        return true;
      case 'linkat':
        this.#link(call, process, this.#named(call, process, 3, 2), this.#named(call, process, 1, 0), 'hard');
        return true;
      case 'symlink':
        this.#link(call, process, this.#named(call, process, 1), call.text(0), 'symbolic');
        return true;
      case 'symlinkat':
        this.#link(call, process, this.#named(call, process, 2, 1), call.text(0), 'symbolic');
        return true;
      case 'chmod':
        this.#chmod(call, process, this.#named(call, process, 0), call.raw(1));
        return true;
      case 'fchmod':
        this.#chmod(call, process, call.fdPath(0), call.raw(1));
        return true;
      case 'fchmodat':
      case 'fchmodat2':
        this.#chmod(call, process, this.#named(call, process, 1, 0), call.raw(2));
        return true;
      case 'truncate':
        this.#write(call, process, this.#named(call, process, 0), 'O_WRONLY|O_TRUNC', '');
        return true;
      case 'mknod':
        this.#write(call, process, this.#named(call, process, 0), 'O_CREAT', call.raw(1));
        return true;
      case 'mknodat':
        this.#write(call, process, this.#named(call, process, 1, 0), 'O_CREAT', call.raw(2));
        return true;
      default:
        return false;
    }
  }

  /**
   * The library that shifts the clock of a process keeps a semaphore and a page of shared memory, made as the process starts
   * and removed as it ends. Both are ours, unless the package made a file of that name.
   */
  #isClockLibrarys(call: Call, process: TracedProcess): boolean {
    if (!process.starting && !call.name.startsWith('unlink')) return false;
    // The path is the first, second or (target of a link at a folder) fourth argument.
    const at = [0, 1, 3].find((index) => call.raw(index).startsWith('"/dev/shm/'));
    const named = at === undefined ? undefined : call.text(at);
    if (named === undefined || !clockLibraryFile.test(named)) return false;
    return !this.#written.has(named);
  }

  /** Id of the event that last wrote a file in this phase. */
  writer(file: string): string | undefined {
    return this.#written.get(file);
  }

  /** The phase is over. */
  release(): void {
    this.#written.clear();
    this.#aliases.clear();
  }

  #open(call: Call, process: TracedProcess, pathAt: number, flags: string, mode: string): void {
    const folderAt = pathAt === 1 ? 0 : undefined;
    if (!process.cwdIsExact && folderAt === 0 && call.fd(0) === -100) {
      process.cwd = call.fdPath(0) ?? process.cwd;
      process.cwdIsExact = true;
    }
    const file = call.ok ? call.retPath() : this.#named(call, process, pathAt, folderAt);
    if (file === undefined) return;
    if (this.#scene.ownPaths.has(file)) {
      process.starting = false;
      return;
    }
    if (
      flags.includes('O_WRONLY') ||
      flags.includes('O_RDWR') ||
      flags.includes('O_CREAT') ||
      flags.includes('O_TRUNC')
    ) {
      this.#write(call, process, file, flags, mode);
      if (flags.includes('O_RDWR') && call.ok) this.#canary(call, process, file);
    } else if (!flags.includes('O_PATH') || !call.ok) {
      this.#read(call, process, file, flags.includes('O_DIRECTORY'));
    }
  }

  #read(call: Call, process: TracedProcess, file: string, isDirectory: boolean): void {
    const { names, tables } = this.#scene;
    const place = names.locate(ownProc(file, process));
    if (call.ok) {
      tables.file(place, 'Read', process.toolchain);
      const canary = this.#canary(call, process, file);
      if (!canary && (place.zone === 'toolchain' || isOrdinary(file) || isRuntimesOwn(place, process))) return;
      process.starting = false;
    } else if (call.errno !== '' && !this.#isTellingFailure(call.errno, file, place, process)) return;
    const worth = this.#worthOfRead(place, process, call.errno);
    const draft = { type: 'file.read', outcome: outcomeOf(call.errno), path: place.report } as const;
    record(this.#scene, process, call.at, isDirectory ? { ...draft, detail: 'directory' } : draft, worth);
  }

  /** A look for something that is not there says something only outside the places where programs search by trying. */
  #isTellingFailure(errno: string, file: string, place: Place, process: TracedProcess): boolean {
    if (process.toolchain || isOrdinary(file) || isRuntimesOwn(place, process)) return false;
    const refused = errno === 'EACCES' || errno === 'EPERM';
    return refused || place.zone === 'home' || place.zone === 'elsewhere' || place.zone === 'kernel';
  }

  #worthOfRead(place: Place, process: TracedProcess, errno: string): Worth {
    if (process.toolchain) return 'noise';
    if (errno !== '') return 'detail';
    return place.zone === 'home' || place.zone === 'elsewhere' || place.zone === 'kernel' ? 'evidence' : 'detail';
  }

  #canary(call: Call, process: TracedProcess, file: string): boolean {
    const canary = this.#scene.decoyPaths.get(file) ?? this.#aliases.get(file);
    if (canary === undefined) return false;
    const place = this.#scene.names.locate(file);
    const worth = process.toolchain ? 'detail' : 'evidence';
    record(this.#scene, process, call.at, { type: 'canary.read', outcome: 'ok', path: place.report, canary }, worth);
    return true;
  }

  #write(call: Call, process: TracedProcess, file: string | undefined, flags: string, mode: string): void {
    if (
      file === undefined ||
      (!call.ok && (call.errno === 'ENOENT' || call.errno === 'EEXIST' || call.errno === 'EISDIR'))
    )
      return;
    const { names, tables, callbacks, processes } = this.#scene;
    const place = names.locate(ownProc(file, process));
    if (
      place.zone === 'kernel' &&
      /^\/dev\/(null|tty|pts\/|ptmx|shm\/?$|std(out|err)$)|^(pipe|socket|anon_inode):/.test(file)
    )
      return;
    if (call.ok) {
      tables.file(place, 'Write', process.toolchain);
      process.starting = false;
    }
    const own = this.#written.has(file);
    const event = record(
      this.#scene,
      process,
      call.at,
      {
        type: 'file.write',
        outcome: outcomeOf(call.errno),
        path: place.report,
        mode: this.#modeOf(file, flags, own),
        ...(isExecutable(mode) && flags.includes('O_CREAT') ? { detail: `executable ${mode}` } : {}),
        ...(own ? { own: true as const } : {}),
      },
      this.#worthOfWrite(place, process),
    );
    if (!call.ok || process.toolchain) return;
    this.#remember(file, event.id);
    if (place.zone === 'kernel' || !file.startsWith('/') || call.name === 'truncate') return;
    const opened = { path: file, report: place.report, pid: process.tracerPid, fd: call.ret, event: event.id };
    callbacks.onFileOpened?.({ ...opened, process: processes.keyOf(process) });
  }

  /** `create` unless the file was there before the run; then how it was opened. */
  #modeOf(file: string, flags: string, own: boolean): string {
    const existed = this.#scene.planted.has(file) || this.#scene.decoyPaths.has(file);
    if (!existed && !own && flags.includes('O_CREAT')) return 'create';
    if (own && !existed) return 'create';
    if (flags.includes('O_TRUNC')) return 'truncate';
    return flags.includes('O_APPEND') ? 'append' : 'modify';
  }

  #worthOfWrite(place: Place, process: TracedProcess): Worth {
    if (process.toolchain) return place.zone === 'home' || place.zone === 'elsewhere' ? 'detail' : 'noise';
    return place.zone === 'tmp' || place.zone === 'cache' ? 'detail' : 'evidence';
  }

  #delete(call: Call, process: TracedProcess, file: string | undefined): void {
    if (file === undefined || isMiss(call)) return;
    const place = this.#scene.names.locate(file);
    if (call.ok) this.#scene.tables.file(place, 'Delete', process.toolchain);
    const own = this.#written.has(file) ? { own: true as const } : {};
    const worth = process.toolchain ? 'noise' : place.zone === 'tmp' || place.zone === 'cache' ? 'detail' : 'evidence';
    record(
      this.#scene,
      process,
      call.at,
      { type: 'file.delete', outcome: outcomeOf(call.errno), path: place.report, ...own },
      worth,
    );
    if (call.ok) this.#written.delete(file);
  }

  #rename(call: Call, process: TracedProcess, from: string | undefined, to: string | undefined): void {
    if (from === undefined || to === undefined || isMiss(call)) return;
    const { names, tables } = this.#scene;
    const [source, target] = [names.locate(from), names.locate(to)];
    const own = this.#written.has(from) ? { own: true as const } : {};
    const worth = process.toolchain ? 'noise' : 'evidence';
    const event = record(
      this.#scene,
      process,
      call.at,
      { type: 'file.rename', outcome: outcomeOf(call.errno), path: source.report, to: target.report, ...own },
      worth,
    );
    if (!call.ok) return;
    tables.file(source, 'Delete', process.toolchain);
    tables.file(target, 'Write', process.toolchain);
    this.#alias(from, to);
    if (this.#written.delete(from)) {
      this.#remember(to, event.id);
      // Under its old name it may have been gone before anybody could open it.
      if (!process.toolchain) this.#handOver(to, target, process, event.id);
    } else this.#brought(to, target, process, event.id);
  }

  #link(call: Call, process: TracedProcess, at: string | undefined, target: string | undefined, kind: string): void {
    if (at === undefined || target === undefined || isMiss(call) || call.errno === 'EEXIST') return;
    const { names, tables } = this.#scene;
    const place = names.locate(at);
    const worth = process.toolchain ? 'noise' : 'evidence';
    const to = kind === 'hard' ? names.locate(target).report : names.report(target);
    const draft = { type: 'file.link', outcome: outcomeOf(call.errno), path: place.report, to, detail: kind } as const;
    const event = record(this.#scene, process, call.at, draft, worth);
    if (!call.ok) return;
    tables.file(place, 'Write', process.toolchain);
    // Links are resolved when they are opened; a hard link is a second name that nothing resolves.
    if (kind !== 'hard') return;
    this.#alias(target, at);
    this.#brought(at, place, process, event.id);
  }

  /** A file that package code put outside the tree by moving or linking it there is as new there as a written one. */
  #brought(file: string, place: Place, process: TracedProcess, event: string): void {
    if (process.toolchain || place.zone === 'package') return;
    this.#remember(file, event);
    this.#handOver(file, place, process, event);
  }

  #handOver(file: string, place: Place, process: TracedProcess, event: string): void {
    const { callbacks, processes } = this.#scene;
    callbacks.onFileOpened?.({
      path: file,
      report: place.report,
      process: processes.keyOf(process),
      pid: process.tracerPid,
      event,
    });
  }

  #chmod(call: Call, process: TracedProcess, file: string | undefined, mode: string): void {
    if (file === undefined || isMiss(call)) return;
    const place = this.#scene.names.locate(file);
    const inside = place.zone === 'package' || place.zone === 'tmp' || place.zone === 'cache';
    const worth: Worth = process.toolchain ? 'noise' : inside && !isExecutable(mode) ? 'detail' : 'evidence';
    record(
      this.#scene,
      process,
      call.at,
      { type: 'file.chmod', outcome: outcomeOf(call.errno), path: place.report, mode },
      worth,
    );
  }

  #alias(from: string, to: string): void {
    const canary = this.#scene.decoyPaths.get(from) ?? this.#aliases.get(from);
    if (canary !== undefined && this.#aliases.size < 1000) this.#aliases.set(to, canary);
  }

  #remember(file: string, event: string): void {
    if (this.#written.size < maxWritten || this.#written.has(file)) this.#written.set(file, event);
  }

  /** The path an argument names, absolute and normalized; undefined when strace could not read it. */
  #named(call: Call, process: TracedProcess, index: number, folderAt?: number): string | undefined {
    const folder = folderAt === undefined ? undefined : call.fdPath(folderAt);
    const text = call.text(index);
    if (text === undefined) return undefined;
    return path.posix.resolve(folder ?? process.cwd, text);
  }
}

/** What the kernel calls `/proc/<pid>/…` of the process itself is `/proc/self/…` to everybody who reads about it. */
function ownProc(file: string, process: TracedProcess): string {
  const own = `/proc/${process.pid}/`;
  return process.pid !== 0 && file.startsWith(own) ? `/proc/self/${file.slice(own.length)}` : file;
}

/** Node looks at its memory map and control group before it runs anything of anybody. */
function isRuntimesOwn({ report }: Place, process: TracedProcess): boolean {
  return (
    process.starting &&
    process.interpreter === 'node' &&
    /^\/(proc\/self\/(maps|cgroup)$|sys\/fs\/cgroup\/)/.test(report)
  );
}

function isOrdinary(file: string): boolean {
  return ordinaryFiles.some((pattern) => pattern.test(file));
}

function isMiss(call: Call): boolean {
  return call.errno === 'ENOENT' || call.errno === 'ENOTDIR' || Number.isNaN(call.ret);
}

/** Any execute bit of `0755`, `S_IFREG|0755`. Matches `0700`; not `0644`. */
function isExecutable(mode: string): boolean {
  const octal = /0([0-7]{3})$/.exec(mode)?.[1];
  return octal !== undefined && (Number.parseInt(octal, 8) & 0o111) !== 0;
}
