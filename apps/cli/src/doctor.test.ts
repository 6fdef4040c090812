import { tmpdir } from 'node:os';
import type { Capability } from '@assay/sandbox';
import { expect, it } from 'vitest';
import { doctor, renderCapabilities } from './doctor.ts';

const namespaces: Capability = { id: 'namespaces', label: 'namespaces', required: true, status: 'ok', detail: 'made' };
const gvisor: Capability = {
  id: 'gvisor',
  label: 'gVisor',
  required: false,
  status: 'missing',
  detail: 'no',
  fix: 'install it',
};
const git: Capability = {
  id: 'git',
  label: 'git',
  required: true,
  status: 'broken',
  detail: 'exit 1',
  fix: 'install git',
};

it('an optional gap is shown with its fix and does not make the answer no', () => {
  expect(renderCapabilities([namespaces, gvisor], false)).toBe(
    [
      'ok       namespaces         made',
      'missing  gVisor (optional)  no',
      '         fix: install it',
      '',
      'This machine can analyse packages.',
      '',
    ].join('\n'),
  );
});

it('a required gap makes the answer no', () => {
  expect(renderCapabilities([namespaces, git], false)).toContain(
    'cannot analyse packages yet: 1 required capability is not there.',
  );
});

it('colours are escape sequences and nothing else', () => {
  const plain = renderCapabilities([namespaces, gvisor, git], false);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  const coloured = renderCapabilities([namespaces, gvisor, git], true).replace(/\x1b\[\d+m/g, '');
  expect(coloured).toBe(plain);
});

it('what another program said cannot move the cursor or add a line', () => {
  const rendered = renderCapabilities([{ ...git, detail: 'a\x1b[2Jb\nc\u2028d' }], false);
  expect(rendered.split('\n')[0]).toBe('broken   git  ab c d');
});

it('with --json there is one JSON document, and a required gap exits 3', async () => {
  let text = '';
  const options = {
    directories: [],
    faketimeLibraries: [],
    node: '/nonexistent',
    dataDirectory: tmpdir(),
    timeoutMs: 10_000,
  };
  const code = await doctor({
    options: { ...options, isolation: 'bubblewrap' },
    json: true,
    colour: true,
    write: (chunk) => {
      text += chunk;
    },
  });
  expect(code).toBe(3);
  expect(JSON.parse(text)).toMatchObject({
    ready: false,
    capabilities: expect.arrayContaining([expect.objectContaining({ id: 'trace', status: 'missing' })]),
  });
});
