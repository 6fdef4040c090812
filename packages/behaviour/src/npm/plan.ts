/**
 * What the import and execute phases try, decided from the manifest and the list of files alone: which specifiers a consumer
 * could load and how, and which programs the package brings.
 */
export interface Plan {
  /** One process each, in this order. */
  loads: LoadStep[];
  /** Programs to start: with `--help`, then without arguments; standard input closed. */
  bins: BinStep[];
  /** What a consumer could also do and no step does, e.g. a field for bundlers. */
  notes: string[];
}

export interface LoadStep {
  mode: 'require' | 'import';
  specifiers: string[];
}

export interface BinStep {
  name: string;
  /** Path inside the package. */
  path: string;
  argv: string[];
}

export interface PlanLimits {
  /** Subpaths loaded besides the package itself. */
  maxSubpaths: number;
  /** Files that one pattern of `exports` is expanded to. */
  maxPerPattern: number;
  maxBins: number;
}

export const planLimits: PlanLimits = { maxSubpaths: 24, maxPerPattern: 4, maxBins: 4 };

type Conditions = { require: string[]; import: string[] };

/**
 * Plans the import and execute phases of one package.
 *
 * *Shape:* `manifest` is the parsed `package.json`, untrusted; `files` are POSIX paths inside the package, without a leading
 * `./`. Specifiers are in the order a reader of the manifest meets them. A package that nothing can be loaded from has no
 * loads and a note that says why. Pure: the same input gives the same plan.
 *
 * *Source:* Node.js documentation, "Packages": `main`, `exports` with conditions `node`, `import`, `require`, `default`,
 * `module-sync`, subpath patterns; npm documentation, `bin` and `directories.bin`.
 */
export function planSteps(manifest: unknown, files: readonly string[], limits: PlanLimits = planLimits): Plan {
  const fields = isRecord(manifest) ? manifest : {};
  const name = typeof fields.name === 'string' ? fields.name : '';
  const present = new Set(files);
  const isModule = fields.type === 'module';
  const targets = entryPoints(fields, present, limits);
  const byMode: Record<LoadStep['mode'], string[]> = { require: [], import: [] };
  for (const [subpath, conditions] of targets) {
    const specifier = subpath === '.' ? name : `${name}/${subpath.slice(2)}`;
    const required = conditions.require.some((file) => isCode(file));
    const imported = conditions.import.some((file) => isCode(file));
    // What only `import` reaches is not required: Node would load the same file, and the package never offered it that way.
    const onlyModules = conditions.require.every((file) => isEsm(file, isModule));
    const sameFile = conditions.require.join() === conditions.import.join();
    if (required && !(sameFile && onlyModules)) byMode.require.push(specifier);
    if (imported && (!sameFile || onlyModules)) byMode.import.push(specifier);
  }
  const loads: LoadStep[] = [];
  for (const mode of ['require', 'import'] as const) {
    const specifiers = [...new Set(byMode[mode])];
    if (specifiers.length > 0) loads.push({ mode, specifiers });
  }
  return { loads, bins: binSteps(fields, present, name, limits), notes: notesOf(fields, targets, loads) };
}

/** What the execute phase loads: one way of loading is enough to call what is exported. */
export function executeLoad(plan: Plan, maxSpecifiers: number): LoadStep | undefined {
  const load = plan.loads[0];
  return load === undefined ? undefined : { mode: load.mode, specifiers: load.specifiers.slice(0, maxSpecifiers) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Loading JSON, styles or type declarations runs nothing. */
function isCode(file: string): boolean {
  return !/\.(json|css|scss|less|d\.[cm]?ts|map|md|txt|html|wasm|svg|png)$/.test(file);
}

function isEsm(file: string, isModule: boolean): boolean {
  return (
    file.endsWith('.mjs') || (isModule && !file.endsWith('.cjs') && !file.endsWith('.json') && !file.endsWith('.node'))
  );
}

function entryPoints(
  fields: Record<string, unknown>,
  present: ReadonlySet<string>,
  limits: PlanLimits,
): Map<string, Conditions> {
  const found = new Map<string, Conditions>();
  if (fields.exports !== undefined && fields.exports !== null) {
    const map = exportsMap(fields.exports);
    for (const [subpath, target] of Object.entries(map)) {
      if (found.size > limits.maxSubpaths) break;
      const conditions = {
        require: resolve(target, ['node', 'require', 'default', 'module-sync']),
        import: resolve(target, ['node', 'import', 'default', 'module-sync']),
      };
      if (!subpath.includes('*')) found.set(subpath, conditions);
      else expand(subpath, conditions, present, limits, found);
    }
    return found;
  }
  const main = mainFile(fields.main, present);
  if (main !== undefined) found.set('.', { require: [main], import: [main] });
  return found;
}

/** A string, an array or a map of conditions is the target of `.`; keys that begin with a dot are subpaths. */
function exportsMap(exports: unknown): Record<string, unknown> {
  if (!isRecord(exports)) return { '.': exports };
  const keys = Object.keys(exports);
  if (keys.some((key) => key.startsWith('.')))
    return Object.fromEntries(Object.entries(exports).filter(([key]) => key === '.' || key.startsWith('./')));
  return { '.': exports };
}

const maxDepth = 8;

/** First target that the conditions allow, as a path inside the package; none when the subpath is closed or leads outside. */
function resolve(target: unknown, conditions: readonly string[], depth = 0): string[] {
  if (depth > maxDepth) return [];
  if (typeof target === 'string')
    return target.startsWith('./') && !target.split('/').includes('..') ? [target.slice(2)] : [];
  if (Array.isArray(target)) {
    for (const one of target.slice(0, 10)) {
      const found = resolve(one, conditions, depth + 1);
      if (found.length > 0) return found;
    }
    return [];
  }
  if (!isRecord(target)) return [];
  for (const [condition, value] of Object.entries(target)) {
    if (!conditions.includes(condition)) continue;
    const found = resolve(value, conditions, depth + 1);
    if (found.length > 0) return found;
  }
  return [];
}

/** `./lib/*.js` with files `lib/a.js`, `lib/b.js`: one subpath for each of the first few that match. */
function expand(
  subpath: string,
  conditions: Conditions,
  present: ReadonlySet<string>,
  limits: PlanLimits,
  found: Map<string, Conditions>,
): void {
  const pattern = conditions.require[0] ?? conditions.import[0];
  if (pattern === undefined || !pattern.includes('*')) return;
  const [head = '', tail = ''] = pattern.split('*', 2);
  const matches = [...present]
    .filter(
      (file) => file.startsWith(head) && file.endsWith(tail) && file.length > head.length + tail.length && isCode(file),
    )
    .sort();
  for (const file of matches.slice(0, limits.maxPerPattern)) {
    if (found.size > limits.maxSubpaths) return;
    const star = file.slice(head.length, file.length - tail.length);
    const fill = (paths: string[]): string[] => paths.map((one) => one.replaceAll('*', star));
    const key = subpath.replace('*', star);
    if (!found.has(key)) found.set(key, { require: fill(conditions.require), import: fill(conditions.import) });
  }
}

/** The file that `require(name)` loads without `exports`, as Node looks for it; undefined when there is none. */
function mainFile(main: unknown, present: ReadonlySet<string>): string | undefined {
  const asked = typeof main === 'string' ? main.replace(/^(\.\/)+/, '').replace(/\/+$/, '') : '';
  const candidates =
    asked === '' || asked === '.'
      ? []
      : [
          asked,
          `${asked}.js`,
          `${asked}.json`,
          `${asked}.node`,
          `${asked}/index.js`,
          `${asked}/index.json`,
          `${asked}/index.node`,
        ];
  return [...candidates, 'index.js', 'index.json', 'index.node'].find((file) => present.has(file));
}

function binSteps(
  fields: Record<string, unknown>,
  present: ReadonlySet<string>,
  name: string,
  limits: PlanLimits,
): BinStep[] {
  const bins = new Map<string, string>();
  if (typeof fields.bin === 'string') bins.set(name.slice(name.indexOf('/') + 1), fields.bin);
  else if (isRecord(fields.bin))
    for (const [bin, file] of Object.entries(fields.bin)) if (typeof file === 'string') bins.set(bin, file);
  const directory =
    isRecord(fields.directories) && typeof fields.directories.bin === 'string'
      ? fields.directories.bin.replace(/^\.\//, '').replace(/\/$/, '')
      : undefined;
  if (bins.size === 0 && directory !== undefined) {
    for (const file of [...present].sort())
      if (file.startsWith(`${directory}/`)) bins.set(file.slice(file.lastIndexOf('/') + 1), file);
  }
  const steps: BinStep[] = [];
  const started = new Set<string>();
  for (const [bin, file] of bins) {
    const path = file.replace(/^(\.\/)+/, '');
    if (started.size >= limits.maxBins) break;
    if (started.has(path) || !present.has(path)) continue;
    started.add(path);
    steps.push({ name: bin, path, argv: ['--help'] }, { name: bin, path, argv: [] });
  }
  return steps;
}

function notesOf(
  fields: Record<string, unknown>,
  targets: ReadonlyMap<string, Conditions>,
  loads: readonly LoadStep[],
): string[] {
  const notes: string[] = [];
  if (loads.length === 0) {
    notes.push(
      targets.size === 0 ? 'there is no file that a consumer would load' : 'what a consumer would load is no code',
    );
  }
  for (const field of ['browser', 'module'] as const) {
    if (fields[field] !== undefined)
      notes.push(`the field "${field}" is for bundlers; what only it names was not loaded`);
  }
  return notes;
}
