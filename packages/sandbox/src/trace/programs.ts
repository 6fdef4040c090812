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
const shells = /^(ba|da|z|k)?sh$/;
/** Options after which no script file follows: the code is on the command line, on standard input, or a module's name. */
const inlineCode = {
  node: /^(-e|--eval|-p|--print|-pe|-i|--interactive|--test|--run|-)(=|$)/,
  python: /^(-c|-m|-)$/,
  perl: /^(-e|-E|-)$/,
  shell: /^(-[a-z]*[cs][a-z]*|-)$/,
};
const preloads = /^(-r|--require|--import|--loader|--experimental-loader)(=|$)/;
/** Options that neither bring code nor take the next word as their value. Anything else is not known to be harmless. */
const harmless = {
  node: /^--((max-old-space-size|max-semi-space-size|stack-size|stack-trace-limit|dns-result-order|unhandled-rejections)=.*|(no-)?(warnings|deprecation)|trace-(warnings|deprecation)|enable-source-maps|expose-gc|use-(openssl|system)-ca)$/,
  python: /^-[BEISsu]+$/,
  perl: /^-w$/,
};
/** Variables that put code into any program. */
const injecting =
  /^(LD_PRELOAD|LD_AUDIT|LD_LIBRARY_PATH|OPENSSL_CONF|PYTHONSTARTUP|PYTHONPATH|PYTHONHOME|PERL5OPT|PERL5LIB|GCONV_PATH)=/;

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
  const interpreter =
    interpreterOf(execution) ?? (shells.test(path.posix.basename(execution.file)) ? 'shell' : undefined);
  if (interpreter === undefined) return undefined;
  const { argv, cwd } = execution;
  for (let at = 1; at < argv.length; at += 1) {
    const word = argv[at] ?? '';
    if (inlineCode[interpreter].test(word)) return undefined;
    if (preloads.test(word) && !word.includes('=')) at += 1;
    else if (!word.startsWith('-')) return path.posix.resolve(cwd, word);
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
  const interpreter = interpreterOf(execution);
  if (interpreter === undefined) return tools.test(path.posix.basename(execution.file));
  const { argv, env, cwd } = execution;
  const given = env.find((pair) => pair.startsWith('NODE_OPTIONS=') && !baseline.has(pair));
  const options = given?.slice('NODE_OPTIONS='.length) ?? '';
  if (interpreter === 'node' && harmlessOptions(options.split(/\s+/).filter(Boolean), 'node', cwd, names) === undefined)
    return false;
  const script = harmlessOptions(argv.slice(1), interpreter, cwd, names);
  return script !== undefined && script !== '' && names.isToolchain(path.posix.resolve(cwd, script));
}

/**
 * The first word that is not an option, empty when there is none; undefined when an option before it is not known to be
 * harmless, or loads something that is not part of the toolchain.
 */
function harmlessOptions(
  words: readonly string[],
  interpreter: keyof typeof harmless,
  cwd: string,
  names: PathNames,
): string | undefined {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) return word;
    if (interpreter === 'node' && preloads.test(word)) {
      const file = word.includes('=') ? word.slice(word.indexOf('=') + 1) : (words[++at] ?? '');
      if (!names.isToolchain(path.posix.resolve(cwd, file.replace(/^file:\/\//, '')))) return undefined;
    } else if (!harmless[interpreter].test(word)) return undefined;
  }
  return '';
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
export function ownEnvironment(
  env: readonly string[],
  baseline: ReadonlySet<string>,
  hidden: readonly string[],
): string[] {
  const noise =
    /^(npm_config_|npm_package_(?!name=)|npm_node_execpath=|npm_execpath=|npm_command=|INIT_CWD=|NODE=|COLOR=|EDITOR=|PWD=|OLDPWD=|SHLVL=|_=|PATH=.*node_modules\/\.bin)/;
  return env.filter(
    (pair) => !baseline.has(pair) && !noise.test(pair) && !hidden.some((name) => pair.startsWith(`${name}=`)),
  );
}
