import { type ArchiveAnomaly, anomalyGravity } from '@assay/archive';
import {
  type Detection,
  declaredHosts,
  invisibleText,
  javaScriptLimits,
  join,
  manifestConfusion,
  npmManifest,
  readJavaScript,
  reviewerText,
  type SourceFile,
  shipsDigests,
} from '@assay/detect';
import type { Signal } from '@assay/kernel';
import type { StaticFacts } from './static.ts';

/** What the reading thread is given; everything in it can be cloned. */
export interface StaticInput {
  files: SourceFile[];
  manifest: Record<string, unknown>;
  registryManifest: Readonly<Record<string, unknown>> | undefined;
  anomalies: readonly ArchiveAnomaly[];
  others: Detection[];
}

const textual = /\.([cm]?[jt]sx?|json|md|markdown|txt|rst|sh|py|ya?ml|html?|css)$|(^|\/)(readme|license|[^./]+)$/i;
/** A step is one expression looked at; three runs of one artifact must stop at the same one, so the bound is no clock. */
const maxSteps = 120_000;
const maxParsedBytes = 3 * 1024 * 1024;

/** All static evidence of one artifact, in one go. */
export async function readFiles({
  files,
  manifest,
  registryManifest,
  anomalies,
  others,
}: StaticInput): Promise<StaticFacts> {
  const manifestText = Buffer.from(files.find(({ path }) => path === 'package.json')?.bytes ?? '').toString('utf8');
  const javascript = await readJavaScript(files, entriesOf(manifest, files), {
    ...javaScriptLimits,
    maxSteps,
    maxParsedBytes,
  });
  const found = join([
    npmManifest(manifest, manifestText),
    ...(registryManifest === undefined ? [] : [manifestConfusion(registryManifest, manifest)]),
    ...files.filter(({ path }) => textual.test(path)).flatMap((file) => [invisibleText(file), reviewerText(file)]),
    javascript,
    archiveOddities(anomalies),
    ...others,
  ]);
  const signals: Signal[] = found.signals.map((signal, index) => ({ ...signal, id: `s${index + 1}` }));
  return {
    reading: {
      files_scanned: files.length,
      bytes: files.reduce((sum, file) => sum + file.bytes.length, 0),
      parse_failures: javascript.parseFailures,
      signals,
    },
    claims: found.claims,
    declaredHosts: declaredHosts(manifest, files),
    shipsDigests: shipsDigests(files),
    limitations: [
      ...files
        .filter((file) => file.truncated)
        .map((file) => ({
          code: 'static_truncated',
          channel: 'static_js' as const,
          effect: 'note' as const,
          text: `${file.path}: only its first ${file.bytes.length} bytes were read statically`,
        })),
      ...javascript.gaps.map((text) => ({
        code: 'static_flow_cut',
        channel: 'static_js' as const,
        effect: 'note' as const,
        text,
      })),
    ],
  };
}

/** Files that the manifest names as beginnings: main, exports, bins, and scripts of its hooks. */
function entriesOf(manifest: Readonly<Record<string, unknown>>, files: readonly SourceFile[]): Set<string> {
  const known = new Set(files.map(({ path }) => path));
  const entries = new Set<string>(['index.js']);
  const visit = (value: unknown, depth: number) => {
    if (depth > 6) return;
    if (typeof value === 'string') for (const word of value.split(/[\s"';&|]+/).slice(0, 50)) add(word);
    else if (typeof value === 'object' && value !== null)
      for (const one of Object.values(value).slice(0, 200)) visit(one, depth + 1);
  };
  const add = (word: string) => {
    const file = word.replace(/^(\.\/)+/, '');
    for (const candidate of [file, `${file}.js`, `${file}/index.js`, `${file}.mjs`, `${file}.cjs`]) {
      if (known.has(candidate)) entries.add(candidate);
    }
  };
  for (const field of ['main', 'module', 'exports', 'bin']) visit(manifest[field], 0);
  const scripts = manifest.scripts;
  if (typeof scripts === 'object' && scripts !== null) {
    for (const hook of ['preinstall', 'install', 'postinstall']) visit((scripts as Record<string, unknown>)[hook], 0);
  }
  return entries;
}

/** Archive oddities that no ordinary tool writes are signals of their own; what they mean together is for the verdict. */
function archiveOddities(anomalies: readonly ArchiveAnomaly[]): Detection {
  const telling = anomalies.filter(({ code }) => anomalyGravity[code] === 'attack').slice(0, 20);
  if (telling.length === 0) return { signals: [], claims: [] };
  return {
    signals: telling.map(({ code, path, detail }) => ({
      rule: `meta.archive-${code}`,
      file: path ?? 'package.json',
      line: 1,
      column: 1,
      snippet: detail.slice(0, 200),
    })),
    claims: [
      {
        id: 'evasion.archive-anomaly',
        severity: 'high',
        confidence: 'high',
        signals: telling.map((_, index) => index),
        summary: `the archive is built to mislead its reader: ${[...new Set(telling.map(({ code }) => code))].join(', ')}`,
      },
    ],
  };
}
