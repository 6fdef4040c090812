import { describe, expect, it } from 'vitest';
import { planLimits, planSteps } from './plan.ts';

const loads = (manifest: unknown, files: string[]) => planSteps(manifest, files).loads;

describe('planSteps', () => {
  it('a CommonJS package is required once and not imported: the same file would run', () => {
    expect(loads({ name: 'a', main: './lib/index' }, ['lib/index.js'])).toEqual([
      { mode: 'require', specifiers: ['a'] },
    ]);
    expect(loads({ name: 'a' }, ['index.js'])).toEqual([{ mode: 'require', specifiers: ['a'] }]);
  });

  it('a package of modules only is imported and not required', () => {
    expect(loads({ name: '@s/a', type: 'module', main: 'index.js' }, ['index.js'])).toEqual([
      { mode: 'import', specifiers: ['@s/a'] },
    ]);
    expect(loads({ name: 'a', exports: './m.mjs' }, ['m.mjs'])).toEqual([{ mode: 'import', specifiers: ['a'] }]);
    expect(loads({ name: 'a', exports: { import: './m.js' }, type: 'module' }, ['m.js'])).toEqual([
      { mode: 'import', specifiers: ['a'] },
    ]);
  });

  it('two builds are both loaded, each its own way', () => {
    const exports = {
      '.': { types: './i.d.ts', node: { import: './m.mjs', require: './c.cjs' }, default: './b.js' },
      './sub': './sub.js',
      './package.json': './package.json',
      './closed': null,
    };
    expect(loads({ name: 'a', exports }, ['m.mjs', 'c.cjs', 'b.js', 'sub.js'])).toEqual([
      { mode: 'require', specifiers: ['a', 'a/sub'] },
      { mode: 'import', specifiers: ['a'] },
    ]);
  });

  it('a pattern is expanded to its first files, within the bound', () => {
    const files = Array.from({ length: 20 }, (_, index) => `lib/f${String(index).padStart(2, '0')}.js`);
    const [step] = loads({ name: 'a', exports: { './*': './lib/*.js', './styles/*': './css/*.css' } }, [
      ...files,
      'css/x.css',
    ]);
    expect(step?.specifiers).toEqual(['a/f00', 'a/f01', 'a/f02', 'a/f03']);
  });

  it('no manifest, however large or wrong, makes more steps than the bounds allow', () => {
    const exports = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`./s${index}`, './i.js']));
    const plan = planSteps(
      { name: 'a', exports, bin: Object.fromEntries(Array.from({ length: 99 }, (_, i) => [`b${i}`, `b${i}.js`])) },
      ['i.js', ...Array.from({ length: 99 }, (_, i) => `b${i}.js`)],
    );
    expect(plan.loads[0]?.specifiers.length).toBeLessThanOrEqual(planLimits.maxSubpaths + 1);
    expect(plan.bins.length).toBe(planLimits.maxBins * 2);
    for (const wrong of [
      null,
      3,
      [],
      { exports: [[[[]]]] },
      { exports: { '.': { node: { node: {} } } } },
      { main: {}, bin: [1], exports: '../../etc/passwd' },
    ]) {
      expect(planSteps(wrong, []).loads).toEqual([]);
    }
  });

  it('a target that leads out of the package is not loaded', () => {
    expect(loads({ name: 'a', exports: { '.': './lib/../../x.js', './b': '/etc/passwd' } }, ['x.js'])).toEqual([]);
  });

  it('every program is started for help and then without arguments, each file once', () => {
    const plan = planSteps({ name: '@s/tool', bin: { one: './cli.js', alias: 'cli.js', gone: 'missing.js' } }, [
      'cli.js',
    ]);
    expect(plan.bins).toEqual([
      { name: 'one', path: 'cli.js', argv: ['--help'] },
      { name: 'one', path: 'cli.js', argv: [] },
    ]);
    expect(planSteps({ name: '@s/tool', bin: 'cli.js' }, ['cli.js']).bins[0]?.name).toBe('tool');
    expect(planSteps({ name: 'x', directories: { bin: './bin/' } }, ['bin/y.js']).bins[0]).toEqual({
      name: 'y.js',
      path: 'bin/y.js',
      argv: ['--help'],
    });
  });

  it('a package without code to load says so instead of having an empty plan without a word', () => {
    expect(planSteps({ name: '@types/a', main: '' }, ['index.d.ts', 'package.json']).notes).toEqual([
      'there is no file that a consumer would load',
    ]);
    expect(
      planSteps({ name: 'a', main: 'data.json', browser: './b.js', module: 'm.mjs' }, ['data.json', 'b.js', 'm.mjs'])
        .notes,
    ).toEqual([
      'what a consumer would load is no code',
      'the field "browser" is for bundlers; what only it names was not loaded',
      'the field "module" is for bundlers; what only it names was not loaded',
    ]);
  });
});
