import { networkCommand, secretCommand } from '../../shell/commands.ts';
import { clean, type Taint, union, unionAll } from '../abstract/taint.ts';
import { hole, make, plainOf, Thing, textOf, unknown, type Value } from '../abstract/value.ts';
import { elementsOf } from '../interpreter/elements.ts';
import type { Machine, NativeCall } from '../interpreter/machine.ts';
import { asText } from '../interpreter/operators.ts';
import { contentOf } from './files.ts';
import type { Models } from './model.ts';

const starters = ['exec', 'execSync', 'spawn', 'spawnSync', 'execFile', 'execFileSync', 'fork'];
const libraries = [
  'require:execa',
  'require:execa.execa',
  'require:execa.execaSync',
  'require:execa.execaCommand',
  'require:execa.execaCommandSync',
  'require:shelljs.exec',
  'require:cross-spawn',
  'require:cross-spawn.sync',
  'Bun.spawn',
  'Bun.spawnSync',
  'Deno.Command',
];

/** Starting other programs: with what, and what comes back. */
export const processModels: Models = {
  ...Object.fromEntries(starters.map((name) => [`child_process.${name}`, start])),
  ...Object.fromEntries(libraries.map((name) => [name, start])),
};

function start(call: NativeCall): Value {
  const { machine: m, args, node, path } = call;
  const words = commandWords(m, args);
  const command = words.join(' ');
  const list = args[1];
  const inputs = [
    args[0],
    ...(plainOf(list) instanceof Thing && (plainOf(list) as Thing).kind === 'array' ? [list] : []),
  ];
  runFile(m, words, call);
  m.effect({
    kind: 'execute',
    node,
    what: path,
    inputs: [...inputs, ...standardInput(m, args, call)],
    destination: command,
    texts: [command],
  });
  if (networkCommand(command)) {
    const taint = unionAll(inputs.map((input) => m.holds(input)));
    const own = secretCommand(command);
    const secret: Taint = own === undefined ? clean : [m.source('credential', node, command.slice(0, 60), own)];
    m.effect({
      kind: 'network',
      node,
      what: `${path} ${words[0] ?? ''}`,
      inputs: [make(unknown, union(taint, secret))],
      destination: command,
    });
  }
  const output = outputOf(m, command, call);
  const child = m.newNative(`${path}()`, output);
  child.origin = command;
  m.callBack(args, [null, make(unknown, output), make(unknown, output)], node);
  return child;
}

/** The command line, with holes. */
function commandWords(m: Machine, args: readonly Value[]): string[] {
  const first = plainOf(args[0]);
  const head = first instanceof Thing && first.kind === 'array' ? (elementsOf(m, first).items ?? []) : [args[0]];
  const list = plainOf(args[1]);
  const rest =
    list instanceof Thing && list.kind === 'array'
      ? [...(elementsOf(m, list).items ?? []), ...(list.exact ? [] : [unknown])]
      : [];
  return [...head, ...rest].slice(0, 40).map((word) => asText(m, word).slice(0, 4000));
}

/** Code given by `node -e`, and files that the program wrote itself and now runs. */
function runFile(m: Machine, words: readonly string[], { node, path }: NativeCall): void {
  const all = words.flatMap((word) => (/\s/.test(word) && words.length === 1 ? word.split(/\s+/) : [word]));
  const inline = all.findIndex((word) => /^(?:-e|--eval|-p|--print|-c)$/.test(word));
  if (/(?:^|\/|\{)node\}?$/.test(all[0] ?? '') && inline > 0 && words.length > 1) {
    const code = all[inline + 1];
    if (code !== undefined) m.evaluateText(code.includes(hole) ? unknown : code, node, undefined, `${path} node -e`);
    return;
  }
  for (const word of all) {
    if (!word.includes('/') && !/\.(?:[cm]?js|sh|py|bat|ps1|exe)$/.test(word)) continue;
    const written = m.stores.get(`file:${word}`);
    if (written !== undefined && !isBinary(written))
      m.evaluateText(written, node, undefined, `${path} of a written file`);
    else if (word.startsWith('{pkg}/') && /\.[cm]?js$/.test(word) && m.hasPackaged(word.slice(6)))
      m.requireAny(word, node);
  }
}

/** A program for the machine is no text that somebody hid: what it does is seen when it runs. */
function isBinary(content: Value): boolean {
  const plain = plainOf(content);
  return plain instanceof Thing && plain.bytes?.subarray(0, 64).includes(0) === true;
}

/** `input` of the synchronous calls. */
function standardInput(m: Machine, args: readonly Value[], { node }: NativeCall): Value[] {
  const options = plainOf(args.at(-1));
  return options instanceof Thing && options.kind === 'object' ? [m.get(options, 'input', node)] : [];
}

/** What a command prints: secrets, or files of secrets. */
function outputOf(m: Machine, command: string, { node, path }: NativeCall): Taint {
  const kind = secretCommand(command);
  if (kind === 'environment') return [m.source('environment', node, `${path} ${command.slice(0, 60)}`, '*')];
  if (kind !== undefined) return [m.source('credential', node, `${path} ${command.slice(0, 60)}`, kind)];
  const read = /(?:^|\s)(?:cat|type|head|tail|base64|xxd|less)\s+(?:-\S+\s+)*["']?([^\s"'|;&]+)/.exec(command)?.[1];
  if (read === undefined)
    return /^(?:hostname|whoami|id|uname)\b/.test(command)
      ? [m.source('identity', node, `${path} ${command.slice(0, 60)}`, command.slice(0, 20))]
      : clean;
  return m.holds(contentOf(m, read.replace(/^\$(?:\{HOME\}|HOME)/, '~'), node, path));
}

export function isChildInput(path: string): boolean {
  return /^child_process\.\w+\(\)\.stdin\.(?:write|end)$/.test(path);
}

/** Text handed to a started program on its standard input. */
export function childInput(call: NativeCall): Value {
  const { machine: m, args, node, path, self } = call;
  const text = textOf(args[0]);
  m.effect({ kind: 'execute', node, what: path, inputs: [args[0]], texts: text === undefined ? [] : [text] });
  return self;
}
