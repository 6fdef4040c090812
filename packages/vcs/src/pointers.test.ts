import { lfsPointer } from '@assay/testing';
import { expect, it } from 'vitest';
import { Git } from './git.ts';
import { vcsLimits } from './limits.ts';
import { parseLfsPointer, parseSubmodules } from './pointers.ts';
import { parseRefs } from './refs.ts';

it('a pointer file is told from content that only talks about one', () => {
  const pointer = lfsPointer('ab'.repeat(32), 7);
  expect(parseLfsPointer(Buffer.from(pointer))).toEqual({ sha256: 'ab'.repeat(32), size: 7 });
  expect(parseLfsPointer(Buffer.from(`# ${pointer}`))).toBeUndefined();
  expect(parseLfsPointer(Buffer.from(pointer.replace('sha256:', 'md5:')))).toBeUndefined();
  expect(parseLfsPointer(Buffer.from(pointer + 'x'.repeat(1024)))).toBeUndefined();
  expect(parseLfsPointer(Buffer.from('version 1\n'))).toBeUndefined();
});

it('submodules are read with dots in their names, and a file that cannot be read is an error', async () => {
  const git = new Git({ limits: vcsLimits });
  const text =
    '[include]\n\tpath = /etc/hostname\n[submodule "a.b"]\n\turl = ../x\n\tpath = "lib/a b"\n[submodule "half"]\n\turl = y\n';
  expect(await parseSubmodules(git, Buffer.from(text))).toEqual([{ path: 'lib/a b', url: '../x' }]);
  await expect(parseSubmodules(git, Buffer.from('[submodule "a\n'))).rejects.toMatchObject({
    code: 'REPOSITORY_INVALID',
  });
});

it('a list of refs with a line that is none is refused', () => {
  const id = 'ab'.repeat(20);
  expect(parseRefs(`${id}\trefs/heads/x\n`).branches.get('x')).toBe(id);
  for (const text of [
    '<html>\n',
    `${id.slice(1)}\trefs/heads/x\n`,
    `${id}\tHEAD\n${'cd'.repeat(32)}\trefs/heads/x\n`,
  ]) {
    expect(() => parseRefs(text)).toThrow(expect.objectContaining({ code: 'REPOSITORY_INVALID' }));
  }
});
