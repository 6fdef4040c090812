import { base64, charCodes, deflated64, encrypted, hex, reversed, xored } from './encode.ts';
import { armed, finding, fires, hooked, pkg, quiet, type Simulant, text } from './simulant.ts';

const where = { phase: ['static', 'install', 'import', 'execute'] } as const;
const decodedRan = finding('exec.encoded-payload', 'high', ['signal', 'runtime.hook'], where);
const decodedOnly = finding('exec.encoded-payload', 'high', ['signal'], { ...where, confidenceAtMost: 'medium' });
const gated = finding('evade.target-gate', 'high', ['signal'], where);

/** What every decoded payload of this file does. */
const marker = `require('node:fs').writeFileSync(require('node:os').tmpdir() + '/simulant-marker', 'decoded');`;
/** The marker with `require` reached from inside a Function, which has no module scope. */
const globalMarker = `process.getBuiltinModule('node:fs').writeFileSync(process.getBuiltinModule('node:os').tmpdir() + '/simulant-marker', 'decoded');`;

/** B11–B12: encoded text becomes code, for everyone or for one consumer. */
export const decode: readonly Simulant[] = [
  {
    id: 'b11-keyed-to-consumer-description',
    row: 'B11',
    kind: 'positive',
    form: 'light',
    packages: [
      hooked(
        'b11-description',
        armed`
          const c = require('node:crypto'), fs = require('node:fs'), path = require('node:path');
          let text = '';
          try { text = JSON.parse(fs.readFileSync(path.join(process.env.INIT_CWD ?? '.', 'package.json'), 'utf8')).description ?? ''; } catch { text = ''; }
          const blob = '${encrypted(globalMarker, 'A ledger for simulants that nobody has')}';
          try {
            const d = c.createDecipheriv('aes-256-cbc', c.createHash('sha256').update(text).digest(), Buffer.alloc(16));
            new Function(d.update(blob, 'hex', 'utf8') + d.final('utf8'))();
          } catch { process.exitCode = 0; }
        `,
      ),
    ],
    expect: fires('suspicious', [gated, decodedOnly]),
    note: 'The key is the description of one consumer’s manifest, so the payload never opens here.',
  },
  {
    id: 'b11-evasion-key-from-dependency-list',
    row: 'B11',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b11-list', {
        'index.js': armed`
          const [pick, open] = [require('./lib/pick'), require('./lib/open')];
          for (const word of pick()) open(word);
          module.exports = (rows) => rows;
        `,
        'lib/pick.js': text`
          const at = [process.cwd(), process.env.INIT_CWD, require.main?.path].filter(Boolean);
          module.exports = () => at.flatMap((folder) => {
            try { return Object.keys(require(folder + '/package.json')['dep' + 'endencies'] ?? {}); } catch { return []; }
          });
        `,
        'lib/open.js': text`
          const c = require('node:crypto'), v = require('node:vm');
          const blob = require('./blob.json').join('');
          module.exports = (word) => {
            const d = c['createDecipher' + 'iv']('aes-256-cbc', c.createHash('sha256').update(word).digest(), Buffer.alloc(16));
            try { v.runInThisContext(d.update(blob, 'hex', 'utf8') + d.final('utf8')); } catch { return; }
          };
        `,
        'lib/blob.json': JSON.stringify(encrypted(globalMarker, 'simulant-target-ledger').match(/.{1,40}/g)),
      }),
    ],
    expect: fires('suspicious', [gated, decodedOnly]),
    note: 'Each of the consumer’s dependency names is tried as the key; blob in a JSON file, three modules.',
  },
  {
    id: 'b11-neighbour-reads-consumer-manifest',
    row: 'B11',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n11-config', {
        'index.js': text`
          const fs = require('node:fs'), path = require('node:path');
          exports.config = function config(folder = process.cwd()) {
            try {
              const manifest = JSON.parse(fs.readFileSync(path.join(String(folder), 'package.json'), 'utf8'));
              return { width: 80, ...manifest.columns };
            } catch {
              return { width: 80 };
            }
          };
        `,
      }),
    ],
    expect: quiet(['evade.', 'exec.']),
    note: 'Settings from a member of the consumer’s manifest.',
  },
  {
    id: 'b12-base64-into-eval',
    row: 'B12',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b12-eval', {
        'index.js': armed`
          eval(Buffer.from('${base64(marker)}', 'base64').toString());
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('suspicious', [decodedRan]),
    note: 'One layer.',
  },
  {
    id: 'b12-layers-into-function',
    row: 'B12',
    kind: 'positive',
    form: 'light',
    packages: [
      hooked(
        'b12-layers',
        armed`
          const zlib = require('node:zlib');
          const layer = Buffer.from('${deflated64(base64(xored(globalMarker, 77)))}', 'base64');
          const bytes = Buffer.from(zlib.inflateRawSync(layer).toString(), 'base64').map((byte) => byte ^ 77);
          new Function(bytes.toString())();
        `,
      ),
    ],
    expect: fires('suspicious', [decodedRan]),
    note: 'base64 of deflate of base64 of XOR.',
  },
  {
    id: 'b12-evasion-async-constructor',
    row: 'B12',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b12-constructor', {
        'index.js': armed`
          const _0 = [${charCodes(reversed(globalMarker))}];
          const _1 = Object.getPrototypeOf(async () => {})['const' + 'ructor'];
          _1(String.fromCharCode(..._0.reverse()))().catch(() => {});
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('suspicious', [decodedRan]),
    note: 'Character codes backwards into the constructor of async functions; neither eval nor Function is named.',
  },
  {
    id: 'b12-evasion-module-compile',
    row: 'B12',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b12-compile', {
        'index.js': armed`
          const M = require('node:module');
          const m = new M(__filename + '.map', module);
          m._compile(Buffer.from(require('./dist/index.map.json').mappings.split(';').reverse().join(''), 'hex') + '', __filename + '.map');
          module.exports = m.exports;
        `,
        'dist/index.map.json': JSON.stringify({
          version: 3,
          mappings: (hex(`${marker}module.exports = (r) => r;`).match(/.{1,24}/g) ?? []).reverse().join(';'),
        }),
      }),
    ],
    expect: fires('suspicious', [decodedRan]),
    note: 'A source map’s mappings are hex in reverse order and compiled as a module.',
  },
  {
    id: 'b12-evasion-worker-and-data-url',
    row: 'B12',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b12-worker',
        {
          'index.mjs': text`
            import '@assay-simulant/latch';
            import { Worker } from 'node:worker_threads';
            const plain = atob('${base64(marker)}');
            new Worker(plain, { eval: true, execArgv: [], env: {} });
            await import('data:text/javascript,' + encodeURIComponent(plain.replaceAll('require(', 'process.getBuiltinModule(')));
            export default (rows) => rows;
          `,
        },
        { type: 'module', exports: './index.mjs' },
      ),
    ],
    expect: fires('suspicious', [decodedRan]),
    note: 'A worker from text, and a module from a data address.',
  },
  {
    id: 'b12-evasion-encrypted-child',
    row: 'B12',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b12-child', {
        'index.js': armed`
          const c = require('node:crypto');
          const d = c.createDecipheriv('aes-256-cbc', c.createHash('sha256').update(require('./package.json').name).digest(), Buffer.alloc(16));
          const code = d.update('${encrypted(marker, 'simulant-b12-child')}', 'hex', 'utf8') + d.final('utf8');
          const child = require('node:child_process').spawn(process.execPath, ['-'], { env: { PATH: '' }, stdio: ['pipe', 'ignore', 'ignore'] });
          child.stdin.end(code);
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('suspicious', [
      finding('exec.encoded-payload', 'high', ['signal', ['runtime.hook', 'process.exec']], where),
    ]),
    note: 'AES under the package’s own name, run by a child through standard input.',
  },
  {
    id: 'b12-neighbour-template-compiler',
    row: 'B12',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n12-template', {
        'index.js': text`
          exports.compile = function compile(source) {
            const body = JSON.stringify(String(source)).replace(/\{\{(\w+)\}\}/g, '" + (data["$1"] ?? "") + "');
            return new Function('data', 'return ' + body + ';');
          };
          exports.hello = exports.compile('Hello {{name}}');
        `,
      }),
    ],
    expect: quiet(['exec.', 'evade.']),
    note: 'Makes functions from readable templates, at import too.',
  },
  {
    id: 'b12-neighbour-embedded-data',
    row: 'B12',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n12-data', {
        'index.js': text`
          const zlib = require('node:zlib');
          const table = JSON.parse(zlib.inflateRawSync(Buffer.from('${deflated64(JSON.stringify(Array.from({ length: 200 }, (_, i) => [i, i * i])))}', 'base64')));
          const wasm = Buffer.from('AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=', 'base64');
          exports.square = (value) => new Map(table).get(value);
          exports.add = (a, b) => new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports.add(a, b);
        `,
      }),
    ],
    expect: quiet(['exec.', 'evade.']),
    note: 'base64 holds a compressed table and a WebAssembly module that adds two numbers.',
  },
];
