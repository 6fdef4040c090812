import type { Detection } from '@assay/detect';
import { parsePurl } from '@assay/kernel/purl';
import { previousVersion } from '@assay/registries';
import type { Subject } from './npm/subject.ts';
import { mistakableFor } from './similar-names.ts';

/**
 * Claims about what is said of an artifact rather than about its files: by whoever submitted it, and by the registry.
 * `manifest.identity-mismatch` when an archive is another package or version than it was submitted as;
 * `manifest.provenance-lost` when the version before was attested and this one is not; `manifest.name-confusion` when a young
 * package can be taken for a well-known one.
 */
export function metadataClaims(subject: Subject): Detection {
  const said = [identityMismatch(subject), provenanceLost(subject), nameConfusion(subject)].filter(
    (one) => one !== undefined,
  );
  return {
    signals: said.map(({ rule, text }) => ({
      rule,
      file: 'package.json',
      line: 1,
      column: 1,
      snippet: text.slice(0, 200),
    })),
    claims: said.map(({ id, text }, index) => ({
      id,
      severity: 'medium',
      confidence: 'high',
      signals: [index],
      summary: text,
    })),
  };
}

type Said = { id: string; rule: `meta.${string}`; text: string };

function identityMismatch({ source, requestedPurl, name, version }: Subject): Said | undefined {
  if (source.kind !== 'archive') return undefined;
  const asked = parsePurl(requestedPurl, { npmNameCase: 'keep' });
  const isSame = asked.packageName === name && (asked.version === undefined || asked.version === version);
  if (isSame) return undefined;
  const text = `submitted as ${asked.packageName}@${asked.version ?? '?'}, the manifest says ${name}@${version}`;
  return { id: 'manifest.identity-mismatch', rule: 'meta.identity-mismatch', text };
}

function provenanceLost({ resolved }: Subject): Said | undefined {
  const before = resolved === undefined ? undefined : previousVersion(resolved.packument, resolved.version);
  if (resolved === undefined || before === undefined) return undefined;
  const isAttested = (manifest: Readonly<Record<string, unknown>> | undefined) => {
    const dist = manifest?.dist as { attestations?: { provenance?: unknown } | null } | undefined;
    return dist?.attestations?.provenance !== undefined;
  };
  if (!isAttested(resolved.packument.versions[before]) || isAttested(resolved.packument.versions[resolved.version]))
    return undefined;
  const text = `${before} was published with provenance, ${resolved.version} without`;
  return { id: 'manifest.provenance-lost', rule: 'meta.provenance-lost', text };
}

const youngMs = 365 * 86_400_000;

/** A name that has been around for long is known for what it is. */
function nameConfusion({ name, resolved }: Subject): Said | undefined {
  const known = mistakableFor(name);
  if (known === undefined) return undefined;
  const times = Object.values(resolved?.packument.time ?? {}).map((time) => Date.parse(String(time)));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  if (times.length > 0 && last - first > youngMs) return undefined;
  return { id: 'manifest.name-confusion', rule: 'meta.similar-name', text: `${name} can be taken for ${known}` };
}
