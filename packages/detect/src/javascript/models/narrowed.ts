import type { Node } from '@babel/types';
import { hasLabel, type Taint } from '../abstract/taint.ts';
import type { Machine } from '../interpreter/machine.ts';

/** Members by which a value is handed on as a whole. */
const whole =
  /^(?:data|body|content|contents|ciphertext|encrypted|payload|value|values|result|output|stdout|text|buffer|base64|hex|json|message|encoded|compressed|string|raw|html|env|environment|vars|variables|\d+|toString|stringify)$/i;

/**
 * What a named member of something carries of it: of an object that held the environment among other things, a member is
 * one setting, not the environment.
 */
export function narrowed(m: Machine, taint: Taint, name: string | undefined, node: Node): Taint {
  if (name === undefined || !hasLabel(taint, 'environment') || whole.test(name)) return taint;
  return taint.map((source) =>
    source.label === 'environment' ? m.source('setting', node, source.what, name) : source,
  );
}
