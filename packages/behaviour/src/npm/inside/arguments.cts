import type { ArgumentMaker, Callable, ExecuteInput, World } from './drive.ts';

/**
 * Arguments guided by the names of parameters: a decoy where a key is asked for, an address where money goes, a URL of the
 * driver's host, a callback, an options object that holds all of it.
 */
function makeArguments(_world: World, execute: ExecuteInput): ArgumentMaker {
  const { host, addresses, canaries } = execute;
  const ids = canaries.map((canary) => canary.id);
  const values = canaries.flatMap((canary) => canary.values);
  const key = values[0] ?? 'sk_example';
  const privateKey = values[1] ?? key;
  const callback = (...given: unknown[]): unknown => given[0];

  function options(): Record<string, unknown> {
    return {
      apiKey: key,
      token: key,
      accessToken: key,
      secret: privateKey,
      privateKey,
      password: key,
      mnemonic: privateKey,
      username: 'dev',
      name: 'sample',
      url: `http://api.${host}/v1`,
      host: `api.${host}`,
      headers: { authorization: `Bearer ${key}` },
      to: addresses.ethereum,
      data: 'sample text',
      timeout: 400,
    };
  }

  /** First match decides. Each pattern is read against the name in lower case without separators. */
  const makers: [RegExp, () => unknown, boolean?][] = [
    [/priv(ate)?key|mnemonic|seed|^secret|^sk$|wallet/, () => privateKey, true],
    [/apikey|token|secret|passw|passphrase|credential|^auth|bearer|^pat$/, () => key, true],
    [/^(to|recipient|address|addr|payee|receiver|beneficiary|account)$/, () => addresses.ethereum],
    [/^(btc|bitcoin)/, () => addresses.bitcoin],
    [/url|uri|endpoint|href|link|origin/, () => `http://api.${host}/v1`],
    [/host|domain/, () => `api.${host}`],
    [
      /^(cb|callback|done|next|fn|func|function|handler|listener|iteratee|predicate|mapper|visitor|resolve|reject|on[a-z]+|.*(callback|fn|handler|listener))$/,
      () => callback,
    ],
    [
      /^(opts?|options?|config|conf|settings|params|props|init|ctx|context|args?|credentials|spec)$|options|config/,
      options,
      true,
    ],
    [
      /^(req|request)$/,
      () => ({
        method: 'POST',
        url: '/v1',
        headers: { host: `api.${host}`, authorization: `Bearer ${key}` },
        body: options(),
        on: callback,
        query: {},
      }),
      true,
    ],
    [
      /^(res|response)$/,
      () => ({
        setHeader: callback,
        writeHead: callback,
        write: callback,
        end: callback,
        send: callback,
        json: callback,
        status: callback,
        on: callback,
      }),
    ],
    [/buf|bytes|chunk|binary|tarball/, () => Buffer.from('sample bytes')],
    [/json/, () => '{"a":1,"b":["two"]}'],
    [/path|file|dir|folder/, () => './notes.txt'],
    [
      /^(n|num|number|count|size|len|length|index|idx|i|j|ms|timeout|delay|limit|max|min|start|end|from|offset|width|height|x|y|a|b|port|year|month|day|times|depth|level)$|count$|size$|index$/,
      () => 3,
    ],
    [/^(arr|array|list|items|values|collection|rows|elements|arrays|entries|keys)$|s$/, () => ['alpha', 'beta', 3]],
    [/^(obj|object|map|target|source|record|model|state|node|schema|tree)$/, () => ({ a: 1, b: 'two', c: [3] })],
    [/^(is|has|should|enable|disable|force|verbose|strict|flag|bool)/, () => true],
    [/date|time/, () => new Date(0)],
    [/regex|pattern|^re$/, () => /a+/g],
    [/err/, () => new Error('sample')],
  ];

  function valueFor(name: string): { value: unknown; isSecret: boolean } {
    if (name.startsWith('{')) {
      const inner = name
        .slice(1, -1)
        .split(',')
        .filter((one) => one !== '');
      const fields = inner.map((one) => [one, valueFor(one).value] as const);
      return { value: { ...options(), ...Object.fromEntries(fields) }, isSecret: true };
    }
    const plain = name.toLowerCase().replaceAll(/[_$]/g, '');
    for (const [pattern, make, isSecret] of makers) {
      if (pattern.test(plain)) return { value: make(), isSecret: isSecret === true };
    }
    return { value: 'sample text', isSecret: false };
  }

  return {
    ids,
    make({ parameters }: Callable, variant) {
      if (variant === 1) return { values: [options(), callback], canaries: ids };
      const made = parameters.slice(0, 8).map(valueFor);
      return { values: made.map(({ value }) => value), canaries: made.some(({ isSecret }) => isSecret) ? ids : [] };
    },
  };
}

module.exports = makeArguments;
