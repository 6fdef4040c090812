import { WordFinder } from '../words.ts';
import { looksOpaque } from './opaque.ts';

/** What a file's text mentions. Cheap, and generous: it only decides what is worth parsing. */
export interface Marks {
  /** Somebody's secrets: the whole environment, a secret variable, a credential file. */
  secret: boolean;
  network: boolean;
  decoder: boolean;
  /** Decodes text: names and addresses may be among it. */
  encoded: boolean;
  /** Runs text, or starts programs. */
  runner: boolean;
  /** Reads pictures or sounds. */
  media: boolean;
  invisible: boolean;
  /** Opaque constants: something to decode. */
  blob: boolean;
  /** Written so that words would not be found. */
  obfuscated: boolean;
}

const quoted = (names: readonly string[]): string[] =>
  names.flatMap((name) => [`'${name}'`, `"${name}"`, `\`${name}\``, `node:${name}`]);

const groups = {
  environment: ['process.env', 'process?.env'],
  secret: [
    '= process;',
    '=process;',
    '= process,',
    '=process,',
    '= process\n',
    '=process)',
    "process').env",
    'process").env',
    "from 'process'",
    'from "process"',
    "from 'node:process'",
    'from "node:process"',
    'environ',
    'printenv',
    '.npmrc',
    '.yarnrc',
    '.pypirc',
    '.netrc',
    'git-credentials',
    '.gitconfig',
    '.aws',
    '.ssh',
    'id_rsa',
    'id_ed25519',
    'id_ecdsa',
    '.kube',
    '.docker',
    '.gnupg',
    '.azure',
    'gcloud',
    'bash_history',
    'zsh_history',
    '.electrum',
    '.ethereum',
    'wallet.dat',
    'keystore',
    'eychain',
    'google-chrome',
    'Google/Chrome',
    'Google\\\\Chrome',
    'BraveSoftware',
    'Login Data',
    'logins.json',
    'key4.db',
    'leveldb',
    '/etc/passwd',
    '/etc/shadow',
    'serviceaccount',
    ".env'",
    '.env"',
    '.env`',
    'find-generic-password',
    'auth token',
    'Local State',
    '.config/solana',
    'Exodus',
    '.vault-token',
    '.claude',
    '.codex',
    '.gemini',
  ],
  network: [
    ...quoted([
      'http',
      'https',
      'http2',
      'net',
      'tls',
      'dgram',
      'dns',
      'dns/promises',
      'axios',
      'got',
      'request',
      'node-fetch',
      'superagent',
      'needle',
      'undici',
      'cross-fetch',
      'phin',
      'ws',
      'nodemailer',
      'form-data',
      'bent',
      'wretch',
      'ky',
      'ofetch',
      'request-promise',
    ]),
    'fetch(',
    'fetch.',
    'XMLHttpRequest',
    'sendBeacon',
    'WebSocket',
    'EventSource',
    'curl ',
    'wget ',
    'Invoke-WebRequest',
    '/dev/tcp/',
    'nslookup',
    'webhook',
    'telegram',
  ],
  encoded: [
    'atob',
    'base64',
    "'hex'",
    '"hex"',
    '`hex`',
    'nflate',
    'unzip',
    'rotliDecompress',
    'createDecipher',
    'decrypt',
    'fromCharCode',
    'fromCodePoint',
    'unescape(',
    'decodeURI',
    'data:text',
    'data:application',
    'decompress',
  ],
  decoder: ['charCodeAt', 'codePointAt', 'TextDecoder', '.reverse()', 'Uint8Array', 'parseInt(', '.split('],
  runner: [
    'eval(',
    'eval)',
    'eval,',
    'eval;',
    'eval.',
    "eval'",
    'eval"',
    'eval`',
    'eval]',
    'eval\n',
    'new Function',
    ' Function(',
    '=Function(',
    '(Function(',
    ',Function(',
    '.Function(',
    "Function'",
    'Function"',
    'Function]',
    'Function,',
    '.constructor(',
    "constructor'",
    'constructor"',
    'getPrototypeOf(async',
    ...quoted(['vm', 'child_process', 'worker_threads', 'module', 'execa', 'shelljs', 'cross-spawn']),
    '_compile',
    'runIn',
    'compileFunction',
    'import(',
    "setTimeout('",
    'setTimeout("',
    'Reflect.construct',
    'Reflect.apply',
    'getBuiltinModule',
  ],
  media: [
    '.png',
    '.jpg',
    '.jpeg',
    '.gif',
    '.webp',
    '.bmp',
    '.ico',
    '.wav',
    '.mp3',
    '.ogg',
    '.flac',
    '.mp4',
    '.webm',
    '.tif',
    '.avif',
  ],
  reading: ['readFile', 'ReadStream', 'openSync', 'fetch('],
  odd: [
    '_0x',
    '\\x',
    '\\u00',
    "'+'",
    '"+"',
    "' + '",
    '" + "',
    ".join('')",
    '.join("")',
    ".join('",
    '.join("',
    'Reflect.get',
    '[atob',
    '[Buffer',
    '[String.from',
    '(![]+[])',
    'node:" +',
    "node:' +",
    "'node:'",
    '"node:"',
    'getBuiltin',
  ],
} as const;
const names = Object.keys(groups) as (keyof typeof groups)[];

/** Matches `process.env)`, `process.env[k]`, `process.env.NPM_TOKEN`; not `process.env.NODE_ENV`. */
const secretVariable =
  /\bprocess(?:\?)?\.env\b(?!(?:\?)?\.(?!\w*(?:TOKEN|SECRET|PASS|KEY|AUTH|CRED))\w|\[['"](?!\w*(?:TOKEN|SECRET|PASS|KEY|AUTH|CRED)))/;
/** Variation selectors, zero-width characters, tags and fillers as UTF-8 bytes. */
const invisible =
  /(?:\xef\xb8[\x80-\x8f]|\xe2\x80[\x8b-\x8f]|\xe2\x81[\xa0-\xaf]|\xf3\xa0[\x80-\x87][\x80-\xbf]|\xe3\x85\xa4|\xef\xbe\xa0|\xe1\x85[\x9f\xa0]){4}/;
/** Opaque constants: base64, hex or escapes in quotes, lists of numbers. */
const blob =
  /['"`]([A-Za-z0-9+/_-]{40,})={0,2}['"`]|['"`](?:[\\%]x?[0-9a-fA-F]{2}){12}|[[(,]\s*(?:(?:0x[0-9a-fA-F]{1,4}|\d{1,3})\s*,\s*){24}/g;
const maxBlobs = 40;
/** A decoder right at a constant, however short. */
const decodedConstant =
  /base64,[A-Za-z0-9+/]{40}|(?:\batob|Buffer\.from|unescape|decodeURIComponent|fromC(?:harCode|odePoint))\s*\(\s*(?:['"`][^'"`]{12}|\[?\s*(?:0x)?\d+\s*,)/;
const obfuscated =
  /_0x[0-9a-f]{4}|(?:\\x[2-7][0-9a-fA-F]){6}|(?:\\u00[2-7][0-9a-fA-F]){6}|\[\s*['"`][\w-]{0,12}['"`]\s*\+\s*['"`]|['"`]\s*\]\s*\.join\s*\(\s*['"`]{2}|\(\s*['"`](?:node:)?\w{1,8}['"`]\s*\+\s*['"`]\w|(?:node:['"`]|['"`]node:)\s*\+|Reflect\.get\s*\(\s*(?:process|global)|\[\s*(?:atob|Buffer\.from|String\.from)|\(!\[\]\+\[\]\)/;

/** A file's bytes as characters, one each: patterns here are about ASCII or bytes. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

export function mayHoldInvisible(bytes: Uint8Array): boolean {
  return invisible.test(latin1(bytes));
}

/** Whether there is an opaque constant among the first long ones: paths, alphabets and long names are none. */
function holdsBlob(text: string): boolean {
  let count = 0;
  for (const [, word] of text.matchAll(blob)) {
    if (word === undefined || looksOpaque(word)) return true;
    if (++count > maxBlobs) return true;
  }
  return false;
}

/** Finds the marks of one package's files; made once per package, since making it costs a millisecond. */
export class MarkFinder {
  readonly #words = new WordFinder(names.map((name) => groups[name]));

  marksOf(bytes: Uint8Array): Marks {
    const found = this.#words.find(bytes);
    const has = (name: keyof typeof groups): boolean => (found & (1 << names.indexOf(name))) !== 0;
    let text: string | undefined;
    const matches = (pattern: RegExp): boolean => {
      text ??= latin1(bytes);
      return pattern.test(text);
    };
    const encoded = has('encoded');
    const decoder = encoded || has('decoder');
    const runner = has('runner');
    const isOdd = has('odd') && matches(obfuscated);
    return {
      secret: has('secret') || (has('environment') && matches(secretVariable)),
      network: has('network'),
      decoder,
      encoded,
      runner,
      media: has('media') && has('reading'),
      invisible: matches(invisible),
      blob: decoder && (matches(decodedConstant) || holdsBlob(text ?? latin1(bytes))),
      obfuscated: isOdd,
    };
  }
}
