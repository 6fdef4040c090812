import { plainOf, Thing, unknown, type Value } from '../abstract/value.ts';
import { elementsOf } from '../interpreter/elements.ts';
import type { BuiltinCall, BuiltinResult } from './builtins.ts';

const maxArguments = 20_000;

/** `call`, `apply`, `bind` and `toString` of functions. */
export function functionMethod({ m, name, args, self, node }: BuiltinCall): BuiltinResult {
  switch (name) {
    case 'call':
      return { value: m.call(self, args[0], args.slice(1), node) };
    case 'apply':
      return { value: m.call(self, args[0], spreadOf(m, args[1]), node) };
    case 'bind': {
      const [target, ...bound] = args;
      const plain = plainOf(self);
      if (plain instanceof Thing && plain.native !== undefined && bound.length === 0) return { value: self };
      return {
        value: m.newHost({
          run: (call) =>
            call.isNew
              ? m.construct(self, [...bound, ...call.args], call.node)
              : m.call(self, target, [...bound, ...call.args], call.node),
        }),
      };
    }
    case 'toString': {
      const code = plainOf(self) instanceof Thing ? m.sourceOf(plainOf(self) as Thing) : undefined;
      return { value: code ?? unknown };
    }
    default:
      return undefined;
  }
}

/** The arguments of `apply`. */
export function spreadOf(m: BuiltinCall['m'], list: Value): Value[] {
  if (list === undefined || list === null) return [];
  const { items, any } = elementsOf(m, list);
  const known = [...(items ?? [])].slice(0, maxArguments);
  return items === undefined || any !== undefined ? [...known, any === undefined ? unknown : any] : known;
}
