import semver from 'semver';
import { type Packument, publishedAt } from './packument.ts';

/**
 * The version that `version` is judged against: the highest lower one that was published before it. Pre-releases count.
 * Where the registry gives no times, order of versions alone decides.
 *
 * *Source:* package-analysis contract §3, `baseline`.
 */
export function previousVersion(packument: Pick<Packument, 'versions' | 'time'>, version: string): string | undefined {
  const subject = semver.parse(version, { loose: true });
  if (subject === null) return undefined;
  const subjectAt = publishedAt(packument, version);
  let best: { text: string; parsed: semver.SemVer } | undefined;
  for (const text of Object.keys(packument.versions)) {
    const parsed = semver.parse(text, { loose: true });
    if (parsed === null || parsed.compare(subject) >= 0) continue;
    const at = publishedAt(packument, text);
    if (at !== undefined && subjectAt !== undefined && at >= subjectAt) continue;
    if (best === undefined || parsed.compare(best.parsed) > 0) best = { text, parsed };
  }
  return best?.text;
}
