import path from 'node:path';
import type { PathNames } from './layout.ts';

/** What a successful exec is known by. */
export interface Execution {
  /** Absolute, normalized; not resolved, so a link out of a writable folder is what it is: not toolchain. */
  file: string;
  argv: readonly string[];
  env: readonly string[];
  cwd: string;
}

/** Package managers, build frontends, compilers, linkers and what they call; base names. */
const tools =
  /^(git(-[a-z0-9-]+)?|g?make|cmake|ninja|pkg-config|pkgconf|[a-z0-9_]+-linux-gnu-[a-z0-9+.-]+|cc|c\+\+|gcc(-[0-9]+)?|g\+\+(-[0-9]+)?|cpp(-[0-9]+)?|clang(\+\+)?(-[0-9]+)?|cc1|cc1plus|collect2|lto1|lto-wrapper|as|ld(\.[a-z]+)?|ar|ranlib|nm|objcopy|objdump|strip|rustc|cargo)$/;
const interpreters = /^(node|nodejs|python3?(\.[0-9]+)?|perl)$/;
/** Options of interpreters that bring code besides the script; the next word or what follows `=` is code or its file. */
const inlineCode = /^(-e|--eval|-p|--print|-pe|-c|-m|-i|--interactive|-E|-)$/;
const preloads =
  /^(-r|--require|--import|--loader|--experimental-loader|--env-file(-if-exists)?|--snapshot-blob|--experimental-(default-)?config-file)(=|$)/;
/** Variables that put code into any program. */
const injecting = /^(LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|PYTHONSTARTUP|PYTHONPATH|PERL5OPT|PERL5LIB|GCONV_PATH)=/;

/** Name of the interpreter that runs, without directories and version; undefined for any other program. */
export function interpreterOf(execution: Execution): 'node' | 'python' | 'perl' | undefined {
  const name = path.posix.basename(execution.file);
  if (!interpreters.test(name)) return undefined;
  return name.startsWith('node') ? 'node' : name.startsWith('python') ? 'python' : 'perl';
}

/**
 * Path of the script that an interpreter or shell was started with, resolved against the working directory; undefined when it
 * runs code from its command line, from standard input or from nothing.
 */
export function scriptOf(execution: Execution): string | undefined {
  const name = path.posix.basename(execution.file);
  if (!interpreters.test(name) && !/^(ba|da|z|k)?sh$/.test(name)) return undefined;
  const at = scriptIndex(execution.argv);
  return at === undefined ? undefined : path.posix.resolve(execution.cwd, execution.argv[at] ?? '');
}

/** Position of the first word after the program that is neither an option nor an option's value. */
function scriptIndex(argv: readonly string[]): number | undefined {
  for (let at = 1; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (inlineCode.test(word)) return undefined;
    if (preloads.test(word) && !word.includes('=')) at += 1;
    else if (!word.startsWith('-')) return at;
  }
  return undefined;
}

/**
 * Whether the program is part of the toolchain and interprets nothing of a package: a known tool out of a folder that nothing
 * inside can write, or an interpreter that runs a script out of one, with no code brought in by options or environment.
 *
 * Package code can start such a program (then its `package` says so) but cannot become one.
 */
export function isToolchain(execution: Execution, names: PathNames, baseline: ReadonlySet<string>): boolean {
  if (!names.isToolchain(execution.file)) return false;
  if (execution.env.some((pair) => injecting.test(pair) && !baseline.has(pair))) return false;
  if (!preloadsOnly(execution, names)) return false;
  if (interpreterOf(execution) === undefined) return tools.test(path.posix.basename(execution.file));
  const script = scriptOf(execution);
  return script !== undefined && names.isToolchain(script);
}

/** Whether everything that `-r`, `--import` and `NODE_OPTIONS` load comes from the toolchain. */
function preloadsOnly(execution: Execution, names: PathNames): boolean {
  if (interpreterOf(execution) !== 'node') return true;
  const options = execution.env.find((pair) => pair.startsWith('NODE_OPTIONS='))?.slice('NODE_OPTIONS='.length) ?? '';
  const words = [...options.split(/\s+/), ...execution.argv.slice(1, scriptIndex(execution.argv))];
  return words.every((word, at) => {
    if (!preloads.test(word)) return true;
    const file = word.includes('=') ? word.slice(word.indexOf('=') + 1) : (words[at + 1] ?? '');
    return names.isToolchain(path.posix.resolve(execution.cwd, file.replace(/^file:\/\//, '')));
  });
}

/**
 * Package whose life-cycle script or bin an exec starts, when nobody has a claim on the process yet: the package folder that
 * npm changed into, else the folder of the script.
 *
 * The folder is believed, not `npm_package_name`: a manifest can name itself anything.
 */
export function startedPackage(execution: Execution, names: PathNames): string | undefined {
  const hook = execution.env.some((pair) => pair.startsWith('npm_lifecycle_event='));
  const folder = hook ? names.locate(execution.cwd).package : undefined;
  if (folder !== undefined) return folder;
  const script = scriptOf(execution) ?? execution.file;
  return names.locate(script).package;
}

/** Entries of an environment worth showing: those that the persona does not have, without what npm sets for everybody. */
export function ownEnvironment(env: readonly string[], baseline: ReadonlySet<string>, hidden: readonly string[]): string[] {
  const noise =
    /^(npm_config_|npm_package_(?!name=)|npm_node_execpath=|npm_execpath=|npm_command=|INIT_CWD=|NODE=|COLOR=|EDITOR=|PWD=|OLDPWD=|SHLVL=|_=|PATH=.*node_modules\/\.bin)/;
  return env.filter((pair) => !baseline.has(pair) && !noise.test(pair) && !hidden.some((name) => pair.startsWith(`${name}=`)));
}
