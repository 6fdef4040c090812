import { PackageURL } from '@socketregistry/packageurl-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PurlError, parsePurl } from './purl.ts';

const npmNameCase = fc.constantFrom('lower' as const, 'keep' as const);
const npmPart = fc.stringMatching(/^[A-Za-z0-9-][A-Za-z0-9._-]{0,20}$/).filter((s) => s !== 'node_modules');
const semver = fc.stringMatching(
  /^(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})(-[a-z]{1,5}\.[1-9])?(\+[a-z0-9]{1,6})?$/,
);
const escapeAll = (text: string) => [...text].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');

// Text near the grammar: random strings almost never get past `pkg:`.
const nearPurl = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'pkg:',
        'npm/',
        'pypi/',
        'vscode-extension/',
        '@',
        '/',
        '%40',
        '%2F',
        '%',
        '?',
        '#',
        '=',
        '&',
        ' ',
        '..',
      ),
      fc.constantFrom(
        '1.0.0',
        'latest',
        '^1',
        'checksum',
        'repository_url',
        'https://a.example',
        'JSONStream',
        '\u0000',
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => `pkg:${parts.join('')}`);

describe('parsePurl', () => {
  it('takes any value whatever and either returns or throws PurlError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), nearPurl), npmNameCase, (input, letterCase) => {
        try {
          parsePurl(input, { npmNameCase: letterCase });
        } catch (error) {
          expect(error).toBeInstanceOf(PurlError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('reading a canonical form again gives the same package: one spelling, one key', () => {
    fc.assert(
      fc.property(nearPurl, npmNameCase, (input, letterCase) => {
        const options = { npmNameCase: letterCase };
        let first: ReturnType<typeof parsePurl>;
        try {
          first = parsePurl(input, options);
        } catch {
          return; // refused: the law is about what is accepted
        }
        expect(parsePurl(first.canonical, options)).toEqual(first);
      }),
      { numRuns: 2000 },
    );
  });

  it('every spelling of a scoped npm name is the same package', () => {
    fc.assert(
      fc.property(npmPart, npmPart, semver, npmNameCase, (scope, name, version, letterCase) => {
        const options = { npmNameCase: letterCase };
        const spellings = [
          `pkg:npm/@${scope}/${name}@${version}`,
          `pkg:npm/%40${scope}/${name}@${encodeURIComponent(version)}`,
          `pkg:npm/%40${scope}%2F${name}@${version}`,
          `pkg://NPM/%40${scope}%2f${escapeAll(name)}@${escapeAll(version)}`,
        ];
        const [first, ...others] = spellings.map((text) => parsePurl(text, options));
        for (const other of others) expect(other).toEqual(first);
        if (letterCase === 'keep') expect(first).toMatchObject({ packageName: `@${scope}/${name}`, version });
      }),
    );
  });

  it('the purl library reads our canonical npm form back as the same components', () => {
    fc.assert(
      fc.property(npmPart, npmPart, semver, (scope, name, version) => {
        const ours = parsePurl(`pkg:npm/@${scope}/${name}@${version}`, { npmNameCase: 'lower' });
        const theirs = PackageURL.fromString(ours.canonical);
        expect(theirs).toMatchObject({ type: 'npm', namespace: ours.namespace, name: ours.name, version });
        expect(theirs.toString()).toBe(ours.canonical);
      }),
    );
  });

  it('no accepted name or version needs an escape in a shell word or names a parent folder', () => {
    fc.assert(
      fc.property(nearPurl, (input) => {
        let purl: ReturnType<typeof parsePurl>;
        try {
          purl = parsePurl(input, { npmNameCase: 'keep' });
        } catch {
          return; // refused: the law is about what is accepted
        }
        expect(purl.packageName).toMatch(/^@?[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)?$/);
        expect(purl.packageName.split('/')).not.toContain('..');
        if (purl.version !== undefined) expect(purl.version).toMatch(/^[A-Za-z0-9.+!-]+$/);
      }),
      { numRuns: 2000 },
    );
  });
});
