import { make, plainOf, Thing, unknown, type Value } from '../abstract/value.ts';
import type { NativeCall } from '../interpreter/machine.ts';
import type { Models } from './model.ts';

/** What the host says of itself: names of its folders are known, who it is is not. */
export const systemModels: Models = {
  'os.homedir': (call) => said(call, '~'),
  'os.tmpdir': () => '/tmp',
  'os.hostname': (call) => said(call),
  'os.userInfo': (call) => {
    const { machine: m } = call;
    return m.newObject({ username: said(call), homedir: said(call, '~'), uid: unknown, gid: unknown, shell: unknown });
  },
  'os.networkInterfaces': (call) => said(call),
  'os.cpus': () => unknown,
  'os.release': () => unknown,
  'os.platform': () => unknown,
  'os.arch': () => unknown,
  'os.type': () => unknown,
  'process.cwd': () => '{cwd}',
  'process.exit': () => undefined,
  'process.uptime': () => unknown,
  'process.hrtime': () => unknown,
  'process.memoryUsage': () => unknown,
  'require:os-homedir': (call) => said(call, '~'),
  'require:home-dir': (call) => said(call, '~'),
  'require:untildify': ({ args }) => args[0],
  'require:dotenv.config': () => unknown,
  'module()': ({ args }) => args[0],
  'process.on': () => unknown,
};

function said({ machine: m, node, path }: NativeCall, known?: string): Value {
  return make(known ?? unknown, [m.source('identity', node, path, path)]);
}

export function isPipe(path: string): boolean {
  return /\.pipe$|^stream\.pipeline$/.test(path);
}

/** `source.pipe(target)`: what the one carries the other does. */
export function piped({ machine: m, path, args, self, node }: NativeCall): Value {
  const targets = path === 'stream.pipeline' ? args.slice(1) : args;
  const source = path === 'stream.pipeline' ? args[0] : self;
  const carried = m.holds(source);
  let last: Value = source;
  for (const target of targets) {
    const plain = plainOf(target);
    if (!(plain instanceof Thing) || plain.kind === 'function') continue;
    plain.taint = [...new Set([...plain.taint, ...carried])];
    if (plain.native !== undefined && /\(\)$/.test(plain.native))
      m.callMethod(target, 'write', [make(unknown, carried)], node);
    last = target;
  }
  return last;
}
