import type { SourceFile } from './reading.ts';

const maxHosts = 500;
/** Matches `https://cdn.example.test/x`; not `https:///x` and not `file:///etc`. */
const urlHost =
  /\b(?:https?|wss?|git(?:\+ssh|\+https)?|ssh|ftp):\/\/(?:[^\s/@:'"`]{1,64}@)?([a-z0-9](?:[a-z0-9-]{0,62}\.)*[a-z0-9-]{0,62}[a-z0-9])(?=[:/'"`\s)\]}>,;?#]|$)/gi;

/**
 * Hosts that a package names in the open: its manifest and its documents, not its code. A host that only code names, or
 * builds from pieces, is not declared.
 */
export function declaredHosts(manifest: unknown, files: readonly SourceFile[]): Set<string> {
  const hosts = new Set<string>();
  collect(JSON.stringify(manifest) ?? '', hosts);
  for (const file of files) {
    if (
      !/^(readme|changelog|docs?\/|security|contributing)/i.test(file.path) ||
      !/\.(md|markdown|txt|rst)$|\/?readme$/i.test(file.path)
    )
      continue;
    collect(Buffer.from(file.bytes.subarray(0, 512 * 1024)).toString('utf8'), hosts);
  }
  return hosts;
}

function collect(text: string, hosts: Set<string>): void {
  for (const match of text.matchAll(urlHost)) {
    if (hosts.size >= maxHosts) return;
    if (match[1] !== undefined) hosts.add(match[1].toLowerCase());
  }
}

/** Whether the artifact ships digests that a download can be checked against: SRI, or hex of SHA-256 or longer. */
export function shipsDigests(files: readonly SourceFile[]): boolean {
  return files.some((file) => {
    if (!/\.(json|js|cjs|mjs|txt|sha256|sha512|sums?)$|SHASUMS/i.test(file.path) || file.bytes.length > 1024 * 1024)
      return false;
    const text = Buffer.from(file.bytes).toString('latin1');
    return (
      /sha(256|384|512)-[A-Za-z0-9+/]{43,}={0,2}/.test(text) ||
      /(^|[^0-9a-f])[0-9a-f]{64}([^0-9a-f]|$)|(^|[^0-9a-f])[0-9a-f]{128}([^0-9a-f]|$)/i.test(text)
    );
  });
}
