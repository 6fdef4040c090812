import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkArrows, importsOf } from './arrows.ts';

const made: string[] = [];
afterEach(async () => {
  for (const path of made.splice(0)) await rm(path, { recursive: true, force: true });
});

interface FakeRoom {
  /** Our packages it declares; its tsconfig references the same ones. */
  uses?: string[];
  dependencies?: string[];
  devDependencies?: string[];
  references?: string[];
  files: Record<string, string>;
}

async function makeHouse(rooms: Record<string, FakeRoom>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'assay-arrows-'));
  made.push(root);
  const write = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  };
  const table = (names: string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, '1.0.0']));
  const up = (path: string): string => path.replace(/[^/]+/g, '..');
  await write('package.json', JSON.stringify({ name: 'root', devDependencies: table(['vitest']) }));
  await write('tsconfig.json', JSON.stringify({ references: Object.keys(rooms).map((path) => ({ path })) }));
  for (const [path, room] of Object.entries(rooms)) {
    const ours = (room.uses ?? []).map((used) => `@assay/${used.split('/').pop()}`);
    const references = (room.references ?? room.uses ?? []).map((used) => ({ path: `${up(path)}/${used}` }));
    await write(`${path}/tsconfig.json`, JSON.stringify({ references }));
    await write(
      `${path}/package.json`,
      JSON.stringify({
        name: `@assay/${path.split('/').pop()}`,
        dependencies: table([...ours, ...(room.dependencies ?? [])]),
        devDependencies: table(room.devDependencies ?? []),
      }),
    );
    for (const [file, text] of Object.entries(room.files)) await write(`${path}/${file}`, text);
  }
  return root;
}

const kernel: FakeRoom = { files: { 'src/index.ts': 'export const a = 1;' } };

describe('checkArrows', () => {
  it('finds nothing in a house whose imports follow the table and the manifests', async () => {
    const root = await makeHouse({
      'packages/kernel': kernel,
      'packages/archive': {
        uses: ['packages/kernel'],
        dependencies: ['tar'],
        files: {
          'src/index.ts': "import { a } from '@assay/kernel';\nimport { Parser } from 'tar';\nexport * from './b.ts';",
          'src/b.ts': "import { readFileSync } from 'node:fs';",
          'src/b.test.ts': "import { it } from 'vitest';",
        },
      },
    });
    expect(checkArrows(root)).toEqual([]);
  });

  it('refuses an import against an arrow, also of a type and also when it is declared', async () => {
    const root = await makeHouse({
      'packages/kernel': {
        uses: ['packages/archive'],
        files: { 'src/index.ts': "import type { A } from '@assay/archive';" },
      },
      'packages/archive': { files: { 'src/index.ts': '' } },
    });
    expect(checkArrows(root)).toEqual([
      'packages/kernel/src/index.ts: imports @assay/archive: packages/kernel may import nothing of ours',
    ]);
  });

  it('refuses one domain in another, by re-export and by dynamic import', async () => {
    const files = { 'src/a.ts': "export { x } from '@assay/compare';", 'src/b.ts': "await import('@assay/compare');" };
    const root = await makeHouse({
      'packages/behaviour': { uses: ['packages/compare'], files },
      'packages/compare': { files: {} },
    });
    expect(checkArrows(root)).toEqual([
      expect.stringMatching(/^packages\/behaviour\/src\/a\.ts: imports @assay\/compare/),
      expect.stringMatching(/^packages\/behaviour\/src\/b\.ts: imports @assay\/compare/),
    ]);
  });

  it('lets no room import an app', async () => {
    const root = await makeHouse({
      'apps/cli': { files: { 'src/index.ts': '' } },
      bench: { uses: ['apps/cli'], files: { 'src/main.ts': "import '@assay/cli';" } },
    });
    expect(checkArrows(root)).toEqual([
      expect.stringMatching(/^bench\/src\/main\.ts: imports @assay\/cli: bench may import/),
    ]);
  });

  it('lets tests import the doubles and nothing else', async () => {
    const text = "import { registry } from '@assay/testing';";
    const root = await makeHouse({
      'packages/registries': {
        uses: [],
        devDependencies: ['@assay/testing'],
        references: ['testing'],
        files: { 'src/a.test.ts': text, 'src/a.ts': text },
      },
      testing: { files: { 'src/index.ts': '' } },
    });
    expect(checkArrows(root)).toEqual([
      expect.stringMatching(/^packages\/registries\/src\/a\.ts: imports @assay\/testing: /),
    ]);
  });

  it('refuses what the manifest does not declare, and a development dependency outside tests', async () => {
    const root = await makeHouse({
      'packages/kernel': {
        devDependencies: ['fixtures'],
        files: {
          'src/a.ts': "import 'undeclared/deep';",
          'src/b.ts': "import 'fixtures';",
          'src/b.test.ts': "import 'fixtures';",
          'src/c.ts': "import 'vitest';",
        },
      },
    });
    expect(checkArrows(root)).toEqual([
      'packages/kernel/src/a.ts: imports undeclared, which packages/kernel/package.json does not declare under dependencies',
      'packages/kernel/src/b.ts: imports fixtures, which packages/kernel/package.json does not declare under dependencies',
      'packages/kernel/src/c.ts: imports vitest, which packages/kernel/package.json does not declare under dependencies',
    ]);
  });

  it('takes types from development dependencies, and values not', async () => {
    const root = await makeHouse({
      'packages/kernel': {
        devDependencies: ['@types/sarif', '@types/scope__log', 'tree'],
        files: {
          'src/a.ts': "import type { Log } from 'sarif';\nimport type { B } from '@scope/log';",
          'src/b.ts': "import { type Node } from 'tree';",
          'src/c.ts': "import { log } from 'sarif';\nimport { type Node, walk } from 'tree';",
        },
      },
    });
    expect(checkArrows(root)).toEqual([
      'packages/kernel/src/c.ts: imports sarif, which packages/kernel/package.json does not declare under dependencies',
      'packages/kernel/src/c.ts: imports tree, which packages/kernel/package.json does not declare under dependencies',
    ]);
  });

  it('counts samples as tests, and keeps what is no test from using them', async () => {
    const root = await makeHouse({
      'packages/kernel': {
        devDependencies: ['fixtures'],
        files: {
          'src/sample/a.ts': "import 'fixtures';\nimport 'vitest';",
          'src/b.test.ts': "import './sample/a.ts';",
          'src/c.ts': "import './sample/a.ts';",
        },
      },
    });
    expect(checkArrows(root)).toEqual(['packages/kernel/src/c.ts: imports ./sample/a.ts, which is for tests only']);
  });

  it('refuses a relative path into another room', async () => {
    const root = await makeHouse({
      'packages/kernel': kernel,
      'packages/archive': { files: { 'src/index.ts': "import { a } from '../../kernel/src/index.ts';" } },
    });
    expect(checkArrows(root)).toEqual([
      'packages/archive/src/index.ts: imports ../../kernel/src/index.ts, which is outside its room',
    ]);
  });

  it('refuses references that differ from the dependencies, in both directions, and a room without one at the root', async () => {
    const root = await makeHouse({
      'packages/kernel': kernel,
      'packages/archive': { uses: ['packages/kernel'], references: [], files: {} },
      'packages/detect': { references: ['packages/kernel'], files: {} },
    });
    await writeFile(
      join(root, 'tsconfig.json'),
      JSON.stringify({ references: [{ path: 'packages/kernel' }, { path: 'packages/detect' }] }),
    );
    expect(checkArrows(root)).toEqual([
      'packages/archive/tsconfig.json: misses a reference to kernel, one of the dependencies in package.json',
      'packages/detect/tsconfig.json: references kernel, which is not one of the dependencies in package.json',
      'tsconfig.json: misses a reference to packages/archive, one of the rooms',
    ]);
  });

  it('lets a room be made of several projects', async () => {
    const root = await makeHouse({ 'packages/behaviour': { references: ['packages/behaviour/src/page'], files: {} } });
    expect(checkArrows(root)).toEqual([]);
  });

  it('refuses a room that the table does not know', async () => {
    expect(checkArrows(await makeHouse({ 'packages/utils': { files: {} } }))).toEqual([
      'packages/utils: this room is not in tools/house.ts',
    ]);
  });
});

describe('importsOf', () => {
  it('is not fooled by comments, strings and templates', () => {
    const text = "// import 'a';\nconst b = \"import 'b'\";\nconst c = `\nimport 'c';\n`;\nimport 'd';";
    expect(importsOf('x.ts', text)).toEqual([{ specifier: 'd', typeOnly: false }]);
  });

  it.each([
    ["import type { A } from 'a';", true],
    ["import { type A, type B } from 'a';", true],
    ["export type { A } from 'a';", true],
    ["import { type A, b } from 'a';", false],
    ["import 'a';", false],
    ["export * from 'a';", false],
    ["import type { A } from 'a';\nawait import('a');", false],
  ])('tells whether anything is left at run time of %j', (text, typeOnly) => {
    expect(importsOf('x.ts', text)).toEqual([{ specifier: 'a', typeOnly }]);
  });
});
