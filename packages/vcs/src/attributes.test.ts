import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGitRepository } from '@assay/testing';
import { expect, it } from 'vitest';
import { AttributeReader } from './attributes.ts';
import { ObjectReader } from './blobs.ts';
import { Git } from './git.ts';
import { vcsLimits } from './limits.ts';
import { readTree } from './tree.ts';

it('attributes are those git would see at that commit: folders, macros, negations and order count', async () => {
  const root = await mkdtemp(join(tmpdir(), 'assay-attributes-test-'));
  const dir = join(root, 'repo');
  const files = {
    '.gitattributes':
      '* text=auto\n*.bat eol=crlf\n*.png binary\n/tests export-ignore\nversion.py export-subst ident\nbig filter=lfs\n',
    'sub/.gitattributes': '*.bat -text\nversion.py -export-subst\n',
    'a.bat': 'x\n',
  };
  const { commits } = await buildGitRepository(dir, { commits: [{ id: 'x', files }] });
  const git = new Git({ limits: vcsLimits });
  const reader = new ObjectReader(git, dir);
  const tree = (await readTree(git, dir, commits.x ?? '')).filter(({ path }) => path.endsWith('.gitattributes'));
  const paths = ['a.bat', 'sub/a.bat', 'i.png', 'tests', 'version.py', 'sub/version.py', 'big', 'ä\n"odd'];
  const found = await new AttributeReader(git, dir, reader).read(tree, paths);
  const none = { exportIgnore: false, exportSubst: false, ident: false };
  expect(Object.fromEntries(found)).toEqual({
    'a.bat': { ...none, text: 'auto', eol: 'crlf' },
    'sub/a.bat': { ...none, text: 'unset', eol: 'crlf' },
    'i.png': { ...none, text: 'unset' },
    tests: { ...none, text: 'auto', exportIgnore: true },
    'version.py': { ...none, text: 'auto', exportSubst: true, ident: true },
    'sub/version.py': { ...none, text: 'auto', ident: true },
    big: { ...none, text: 'auto', filter: 'lfs' },
    'ä\n"odd': { ...none, text: 'auto' },
  });
  const tight = new AttributeReader(new Git({ limits: { ...vcsLimits, maxAttributesBytes: 10 } }), dir, reader);
  await expect(tight.read(tree, paths)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  await reader.close();
  await rm(root, { recursive: true, force: true });
});
