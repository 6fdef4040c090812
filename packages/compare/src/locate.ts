import { type Forge, parseNpmRepository, parseRepositoryLink, publicForges } from '@assay/vcs';

/** Who names the repository, most to be believed first. */
export type CandidateOrigin = 'user' | 'attestation' | 'manifest' | 'homepage' | 'bugs';

export type RepositoryCandidate = {
  url: string;
  origin: CandidateOrigin;
  /** Folder of the package inside the repository, as far as the origin says. */
  directory?: string;
};

export type LocateInput = {
  /** The artifact's own `package.json`. */
  manifest: Readonly<Record<string, unknown>>;
  /** Repository of a verified provenance attestation. */
  attested?: string | undefined;
  /** What the user says; taken as it is, for local repositories too. */
  source?: string | undefined;
  forges?: readonly Forge[];
};

/**
 * Repositories a package may come from, each once, in the order in which they are to be tried. Naming is not proof: every one,
 * the user's too, must be validated by what it holds.
 *
 * *Shape:* all of it package text but `source`. Empty when nothing names a repository of a known forge.
 */
export function locateNpm({ manifest, attested, source, forges = publicForges }: LocateInput): RepositoryCandidate[] {
  const candidates: RepositoryCandidate[] = [];
  const declared = parseNpmRepository(manifest.repository, forges);
  const add = (origin: CandidateOrigin, url: string | undefined, directory: string | undefined): void => {
    if (url === undefined || candidates.some((known) => known.url === url)) return;
    candidates.push({ url, origin, ...(directory === undefined ? {} : { directory }) });
  };
  const linked = (origin: CandidateOrigin, link: unknown): void => {
    const parsed = parseRepositoryLink(link, forges);
    // A folder that the manifest declares holds for its repository, whoever names that.
    const directory = parsed?.directory ?? (parsed?.url === declared?.url ? declared?.directory : undefined);
    add(origin, parsed?.url, directory);
  };
  if (source !== undefined) {
    const parsed = parseRepositoryLink(source, forges);
    add('user', parsed?.url ?? source, parsed?.directory ?? declared?.directory);
  }
  linked('attestation', attested);
  add('manifest', declared?.url, declared?.directory);
  linked('homepage', manifest.homepage);
  const { bugs } = manifest;
  linked('bugs', typeof bugs === 'object' && bugs !== null ? (bugs as { url?: unknown }).url : bugs);
  return candidates;
}
