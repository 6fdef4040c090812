import { deflated64, hex, png, tagCharacters, variationSelectors, wav, zeroWidth } from './encode.ts';
import { armed, finding, fires, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const marker = `process.getBuiltinModule('node:fs').writeFileSync(process.getBuiltinModule('node:os').tmpdir() + '/simulant-hidden', 'marker');`;
const hiddenRan = finding('exec.hidden-unicode', 'critical', ['signal', 'runtime.hook'], {
  phase: ['static', 'import'],
});
const hiddenOnly = finding('exec.hidden-unicode', 'high', ['signal'], { phase: ['static'] });
/** A shell in a pipe may start before the picture is read. */
const mediaPiped = finding(
  'exec.media-payload',
  'critical',
  [
    ['file.read', 'process.exec'],
    ['file.read', 'process.exec'],
  ],
  { phase: ['install'] },
);
const mediaRan = finding('exec.media-payload', 'critical', ['file.read', ['runtime.hook', 'process.exec']], {
  phase: ['install', 'import'],
});

/** B13–B14: code in characters nobody sees, and in pictures and sounds. */
export const hidden: readonly Simulant[] = [
  {
    id: 'b13-variation-selectors-evaluated',
    row: 'B13',
    kind: 'positive',
    form: 'light',
    packages: [
      pkg('b13-selectors', {
        'index.js': armed`
          const bytes = [...'${variationSelectors(marker)}'].map((c) => {
            const p = c.codePointAt(0);
            return p >= 0xe0100 ? p - 0xe0100 + 16 : p - 0xfe00;
          });
          eval(Buffer.from(bytes).toString());
          module.exports = (rows) => rows;
        `,
      }),
    ],
    expect: fires('malicious', [hiddenRan]),
    note: 'An apparently empty string, its decoder and eval in one file.',
  },
  {
    id: 'b13-selectors-with-idle-decoder',
    row: 'B13',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b13-idle', {
        'index.js': text`
          const pad = '${variationSelectors(marker)}';
          exports.pad = (value) => value + pad;
          exports.read = (value) => Buffer.from(Array.from(value, (c) => c.codePointAt(0) - 0xe00f0)).toString();
        `,
      }),
    ],
    expect: fires('suspicious', [hiddenOnly]),
    note: 'Carrier and decoder are there, nothing runs them: high.',
  },
  {
    id: 'b13-evasion-zero-width-bits-in-data',
    row: 'B13',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b13-bits', {
        'index.js': armed`
          const { greeting } = require('./locales/en.json');
          const bits = greeting.replace(/[^\u200b\u200c]/g, '').replace(/./g, (c) => (c === '\u200c') + 0);
          Reflect.construct(Function, [bits.replace(/.{8}/g, (b) => String.fromCharCode(parseInt(b, 2)))])();
          module.exports = (rows) => rows;
        `,
        'locales/en.json': JSON.stringify({ greeting: `Hello${zeroWidth(marker)}` }),
      }),
    ],
    expect: fires('malicious', [hiddenRan]),
    note: 'Zero-width bits inside a translation file.',
  },
  {
    id: 'b13-evasion-tag-characters-in-readme',
    row: 'B13',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b13-tags', {
        'index.js': armed`
          const doc = require('node:fs').readFileSync(require.resolve('./README.md'), 'utf8');
          const said = Array.from(doc).map((c) => c.codePointAt(0) - 0xe0000).filter((n) => n > 31 && n < 127);
          require('node:vm').runInThisContext(String.fromCharCode(...said));
          module.exports = (rows) => rows;
        `,
        'README.md': `# Columns 🏴${tagCharacters(marker)}\n\nAligns rows.\n`,
      }),
    ],
    expect: fires('malicious', [hiddenRan]),
    note: 'Tag characters after a flag in the README, which the code reads back.',
  },
  {
    id: 'b14-code-after-the-picture',
    row: 'B14',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b14-trailer', {
        'index.js': armed`
          const image = require('node:fs').readFileSync(require('node:path').join(__dirname, 'logo.png'));
          const end = image.indexOf('IEND') + 8;
          new Function(image.subarray(end).toString())();
          module.exports = (rows) => rows;
        `,
        'logo.png': png({ trailer: marker }),
      }),
    ],
    expect: fires('malicious', [mediaRan]),
    note: 'A valid picture with text after its last chunk.',
  },
  {
    id: 'b14-evasion-private-chunk',
    row: 'B14',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b14-chunk', {
        'index.js': armed`
          const b = require('node:fs').readFileSync(require.resolve('./img/a.png'));
          for (let i = 8; i < b.length; i += 12 + b.readUInt32BE(i)) {
            if (b.toString('latin1', i + 4, i + 8) !== 'mkNt') continue;
            const m = new (require('node:module'))('a');
            m._compile(require('node:zlib').inflateRawSync(Buffer.from(b.toString('latin1', i + 8, i + 8 + b.readUInt32BE(i)), 'base64')) + '', 'a');
          }
          module.exports = (rows) => rows;
        `,
        'img/a.png': png({ chunk: ['mkNt', Buffer.from(deflated64(marker))] }),
      }),
    ],
    expect: fires('malicious', [mediaRan]),
    note: 'Deflated in a private chunk of a picture that every viewer accepts.',
  },
  {
    id: 'b14-evasion-audio-bits',
    row: 'B14',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b14-audio', {
        'index.js': armed`
          const s = require('node:fs').readFileSync(require.resolve('./sound/ding.wav')).subarray(44);
          const out = Buffer.alloc(s.length >> 3);
          for (let i = 0; i < out.length * 8; i++) out[i >> 3] |= (s[i] & 1) << (7 - (i & 7));
          (0, eval)(out.toString());
          module.exports = (rows) => rows;
        `,
        'sound/ding.wav': wav(marker),
      }),
    ],
    expect: fires('malicious', [mediaRan]),
    note: 'The lowest bit of each sample.',
  },
  {
    id: 'b14-evasion-shell-reads-picture',
    row: 'B14',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b14-shell',
        { 'banner.png': png({ trailer: hex('echo simulant > .marker') }) },
        {
          scripts: {
            postinstall: `${latchCommand}(tail -c ${hex('echo simulant > .marker').length} banner.png | sed 's/../\\\\x&/g' | xargs -0 printf '%b' | sh)`,
          },
        },
      ),
    ],
    expect: fires('malicious', [mediaPiped]),
    note: 'tail, sed and printf turn the end of a picture into a shell line that writes a marker.',
  },
  {
    id: 'b14-neighbour-reads-picture-size',
    row: 'B14',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n14-size', {
        'index.js': text`
          const image = require('node:fs').readFileSync(require('node:path').join(__dirname, 'logo.png'));
          exports.size = { width: image.readUInt32BE(16), height: image.readUInt32BE(20) };
          exports.dataUrl = 'data:image/png;base64,' + image.toString('base64');
        `,
        'logo.png': png(),
        'sound.wav': wav('la la la la'),
      }),
    ],
    expect: quiet(['exec.', 'evade.']),
    note: 'Reads its picture for the size and embeds it.',
  },
];
