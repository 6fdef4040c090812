import { createHash } from 'node:crypto';
import { KernelError } from '@assay/kernel';
import ssri from 'ssri';
import type { Dist } from './packument.ts';

const algorithms = ['sha512', 'sha384', 'sha256', 'sha1'] as const;

export type IntegrityCheck = {
  algorithm: string;
  update(chunk: Uint8Array): void;
  /** *Errors:* `DIGEST_MISMATCH`. */
  end(): void;
};

/**
 * Checks bytes against what the registry announced: the strongest digest of `integrity`, or the SHA-1 `shasum` of versions
 * from before there was one.
 *
 * *Errors:* `DIGEST_MISMATCH`, at once when nothing is announced that could be checked. *Source:* W3C Subresource Integrity.
 */
export function integrityCheck(dist: Dist, subject: string): IntegrityCheck {
  const announced = announcedDigests(dist);
  const algorithm = algorithms.find((name) => announced[name] !== undefined);
  if (algorithm === undefined) {
    throw new KernelError('DIGEST_MISMATCH', `the registry announces no digest of ${subject} that can be checked`, {
      subject,
    });
  }
  const wanted = announced[algorithm]?.map(({ digest }) => digest) ?? [];
  const hash = createHash(algorithm);
  return {
    algorithm,
    update: (chunk) => void hash.update(chunk),
    end: () => {
      const saw = hash.digest('base64');
      if (wanted.includes(saw)) return;
      const facts = { subject, algorithm, wanted, saw };
      throw new KernelError(
        'DIGEST_MISMATCH',
        `${subject} has ${algorithm} ${saw}, the registry announces ${wanted.join(' or ')}; it was not used`,
        facts,
      );
    },
  };
}

function announcedDigests({ integrity, shasum }: Dist): Record<string, { digest: string }[]> {
  // An announced integrity that cannot be read is not passed over for the weaker digest.
  if (integrity !== undefined) return { ...(ssri.parse(integrity) as unknown as Record<string, { digest: string }[]>) };
  if (shasum === undefined || !/^[0-9a-f]{40}$/i.test(shasum)) return {};
  return { sha1: [{ digest: Buffer.from(shasum, 'hex').toString('base64') }] };
}
