import type { PackageArchive } from '@assay/archive';
import { anomalyGravity } from '@assay/archive';
import {
  type Detection,
  declaredHosts,
  invisibleText,
  join,
  manifestConfusion,
  npmManifest,
  readJavaScript,
  reviewerText,
  type SourceFile,
  shipsDigests,
} from '@assay/detect';
import type { Limitation, Signal, StaticClaim } from '@assay/kernel';
import type { StaticReading } from './report/index.ts';

/** Static evidence about one artifact. */
export interface StaticFacts {
  reading: StaticReading;
  claims: StaticClaim[];
  declaredHosts: Set<string>;
  shipsDigests: boolean;
  limitations: Limitation[];
}

const textual = /\.([cm]?[jt]sx?|json|md|markdown|txt|rst|sh|py|ya?ml|html?|css)$|(^|\/)(readme|license|[^./]+)$/i;

/**
 * Reads every file of the artifact without running anything.
 *
 * *Shape:* `registryManifest` is what the registry tells of this version, if it was asked; `others` is what was found outside
 * the files.
 */
export function readStatically(
  archive: PackageArchive,
  registryManifest: Readonly<Record<string, unknown>> | undefined,
  others: readonly Detection[] = [],
): StaticFacts {
  const members = archive.kept?.members ?? new Map();
  const files: SourceFile[] = [...members].map(([path, member]) => ({
    path,
    bytes: member.bytes,
    truncated: member.truncated,
  }));
  const manifest = archive.manifest.manifest;
  const manifestText = Buffer.from(files.find(({ path }) => path === 'package.json')?.bytes ?? '').toString('utf8');
  const javascript = readJavaScript(files);
  const found = join([
    npmManifest(manifest, manifestText),
    ...(registryManifest === undefined ? [] : [manifestConfusion(registryManifest, manifest)]),
    ...files.filter(({ path }) => textual.test(path)).flatMap((file) => [invisibleText(file), reviewerText(file)]),
    javascript,
    archiveOddities(archive),
    ...others,
  ]);
  const signals: Signal[] = found.signals.map((signal, index) => ({ ...signal, id: `s${index + 1}` }));
  const truncated = files.filter((file) => file.truncated);
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
    limitations: truncated.map((file) => ({
      code: 'static_truncated',
      channel: 'static_js',
      effect: 'note',
      text: `${file.path}: only its first ${file.bytes.length} bytes were read statically`,
    })),
  };
}

/** Archive oddities that no ordinary tool writes are signals of their own; what they mean together is for the verdict. */
function archiveOddities({ reading }: PackageArchive): Detection {
  const telling = reading.anomalies.filter(({ code }) => anomalyGravity[code] === 'attack').slice(0, 20);
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
