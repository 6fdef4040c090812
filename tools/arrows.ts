import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix } from 'node:path';
import { parseSync } from 'oxc-parser';
import { type House, house } from './house.ts';
import { isOfTests, isSample, listFiles } from './tree.ts';

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

interface Room {
  path: string;
  manifest: Manifest;
}

const scope = '@assay/';
/** Only tests and benchmarks stand on doubles. */
const testsOnly = 'testing';

interface Import {
  specifier: string;
  /** Nothing of it is left when the program runs. */
  typeOnly: boolean;
}

/**
 * Holds the arrows of the house: who imports whom, that what is imported is declared, and that TypeScript's project
 * references say the same as the manifests.
 *
 * *Shape:* `root` is a checkout; returns one line per violation, `file: what is wrong`, none when all holds.
 */
export function checkArrows(root: string, table: House = house): string[] {
  const rooms = findRooms(root);
  const rootManifest = readManifest(root, '.');
  return [
    ...rooms.filter((room) => !(room.path in table)).map((room) => `${room.path}: this room is not in tools/house.ts`),
    ...rooms.flatMap((room) => checkImports(root, room, table[room.path] ?? [], rootManifest)),
    ...rooms.flatMap((room) => checkReferences(root, room)),
    ...checkRootReferences(root, rooms),
  ];
}

function findRooms(root: string): Room[] {
  const inside = (folder: string): string[] =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder)).map((name) => `${folder}/${name}`) : [];
  return [...inside('packages'), ...inside('apps'), 'testing', 'bench']
    .filter((path) => existsSync(join(root, path, 'package.json')))
    .sort()
    .map((path) => ({ path, manifest: readManifest(root, path) }));
}

function readManifest(root: string, path: string): Manifest {
  return JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8')) as Manifest;
}

function checkImports(root: string, room: Room, may: readonly string[], rootManifest: Manifest): string[] {
  const problems: string[] = [];
  const sources = listFiles(root, room.path).filter((file) => /\.[cm]?[jt]sx?$/.test(file));
  for (const file of sources) {
    for (const imported of importsOf(file, readFileSync(join(root, file), 'utf8'))) {
      const problem = checkImport(room, may, file, imported, rootManifest);
      if (problem !== undefined) problems.push(`${file}: ${problem}`);
    }
  }
  return problems;
}

/** Modules a file imports or re-exports, each once; computed ones cannot be told and are left out. */
export function importsOf(file: string, text: string): Import[] {
  const { module, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new SyntaxError(`${file}: ${errors[0].message}`);
  const found = new Map<string, boolean>();
  const add = (specifier: string, typeOnly: boolean): void => {
    found.set(specifier, typeOnly && (found.get(specifier) ?? true));
  };
  for (const { moduleRequest, entries } of module.staticImports) {
    add(moduleRequest.value, entries.length > 0 && entries.every(({ isType }) => isType));
  }
  for (const { moduleRequest, isType } of module.staticExports.flatMap(({ entries }) => entries)) {
    if (moduleRequest) add(moduleRequest.value, isType);
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const specifier = /^(['"])(.*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[2];
    if (specifier !== undefined) add(specifier, false);
  }
  return [...found].map(([specifier, typeOnly]) => ({ specifier, typeOnly }));
}

function checkImport(
  room: Room,
  may: readonly string[],
  file: string,
  { specifier, typeOnly }: Import,
  rootManifest: Manifest,
): string | undefined {
  const ofTests = isOfTests(file);
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    if (!target.startsWith(`${room.path}/`)) return `imports ${specifier}, which is outside its room`;
    return isSample(target) && !ofTests ? `imports ${specifier}, which is for tests only` : undefined;
  }
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return undefined;
  const name = packageOf(specifier);
  if (name.startsWith(scope)) {
    const target = name.slice(scope.length);
    if (!may.includes(target) && !(ofTests && target === testsOnly)) {
      return `imports ${name}: ${room.path} may import ${may.length === 0 ? 'nothing of ours' : may.join(', ')}`;
    }
  }
  if (isDeclared(room.manifest, name, ofTests, typeOnly)) return undefined;
  // What every test uses (the runner, the property library) is declared once, at the root.
  if (ofTests && !name.startsWith(scope) && isDeclared(rootManifest, name, true, false)) return undefined;
  const where = ofTests || typeOnly ? '' : ' under dependencies';
  return `imports ${name}, which ${room.path}/package.json does not declare${where}`;
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** Types are gone at run time, so that they may come from a development dependency, or exist only as declarations. */
function isDeclared(manifest: Manifest, name: string, ofTests: boolean, typeOnly: boolean): boolean {
  const declared = {
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...(ofTests || typeOnly ? manifest.devDependencies : {}),
  };
  const types = `@types/${name.replace(/^@(.+)\/(.+)$/, '$1__$2')}`;
  return name in declared || (typeOnly && types in declared);
}

function checkReferences(root: string, room: Room): string[] {
  const declared = Object.keys({ ...room.manifest.dependencies, ...room.manifest.devDependencies })
    .filter((name) => name.startsWith(scope))
    .map((name) => name.slice(scope.length));
  const referenced = readReferences(root, `${room.path}/tsconfig.json`)
    // A room may be made of several projects, such as a page for browsers.
    .filter((path) => !path.startsWith(`${room.path}/`))
    .map((path) => posix.basename(path));
  return difference(`${room.path}/tsconfig.json`, referenced, declared, 'the dependencies in package.json');
}

function checkRootReferences(root: string, rooms: Room[]): string[] {
  const paths = readReferences(root, 'tsconfig.json');
  return difference(
    'tsconfig.json',
    paths,
    rooms.map((room) => room.path),
    'the rooms',
  );
}

/** Referenced folders, relative to the root. */
function readReferences(root: string, file: string): string[] {
  const config = JSON.parse(readFileSync(join(root, file), 'utf8')) as { references?: { path: string }[] };
  return (config.references ?? []).map(({ path }) => posix.join(dirname(file), path));
}

function difference(file: string, referenced: string[], wanted: string[], what: string): string[] {
  return [
    ...wanted
      .filter((name) => !referenced.includes(name))
      .map((name) => `${file}: misses a reference to ${name}, one of ${what}`),
    ...referenced
      .filter((name) => !wanted.includes(name))
      .map((name) => `${file}: references ${name}, which is not one of ${what}`),
  ];
}
