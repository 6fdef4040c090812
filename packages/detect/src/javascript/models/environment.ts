import type { Node } from '@babel/types';
import { hasLabel } from '../abstract/taint.ts';
import { join, make, taintOf, unknown, type Value } from '../abstract/value.ts';
import type { Machine } from '../interpreter/machine.ts';

/** Variables whose value is a place that paths are made of. */
const folders: Readonly<Record<string, string>> = {
  HOME: '~',
  USERPROFILE: '~',
  HOMEPATH: '~',
  APPDATA: '~/AppData/Roaming',
  LOCALAPPDATA: '~/AppData/Local',
  XDG_CONFIG_HOME: '~/.config',
  TMPDIR: '/tmp',
  TEMP: '/tmp',
  TMP: '/tmp',
  PWD: '{cwd}',
  INIT_CWD: '{consumer}',
  npm_config_local_prefix: '{consumer}',
  npm_package_json: '{pkg}/package.json',
};

/** Variables by which a package sees the project that installs it. */
const consumers = /^(INIT_CWD|npm_config_local_prefix|npm_config_prefix|npm_config_dir|PROJECT_CWD)$/;

/**
 * One variable. A name that nobody knows stands for one variable, too, unless it came from the list of all names: then it
 * is all of them.
 */
export function environmentMember(m: Machine, name: string | undefined, key: Value, node: Node): Value {
  if (name === undefined) {
    const all = hasLabel(taintOf(key), 'names');
    return make(unknown, [
      m.source(all ? 'environment' : 'setting', node, all ? 'process.env' : 'process.env[…]', '*'),
    ]);
  }
  const stored = m.stores.get(`env:${name}`);
  const label = consumers.test(name) ? 'consumer' : 'setting';
  const value = make((Object.hasOwn(folders, name) ? folders[name] : undefined) ?? unknown, [
    m.source(label, node, `process.env.${name}`, name),
  ]);
  return stored === undefined ? value : join(value, stored);
}
