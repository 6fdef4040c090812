import { expect, it } from 'vitest';
import { previousVersion } from './previous.ts';

const at = (day: number) => new Date(Date.UTC(2024, 0, day)).toISOString();

function packument(times: Record<string, string | undefined>) {
  const versions = Object.fromEntries(Object.keys(times).map((version) => [version, { name: 'x', version }]));
  return { versions, time: times };
}

it('the previous version is the highest lower one', () => {
  const all = packument({ '1.0.0': at(1), '1.10.0': at(2), '1.9.0': at(3), '2.0.0': at(4), '3.0.0': at(5) });
  expect(previousVersion(all, '2.0.0')).toBe('1.10.0');
  expect(previousVersion(all, '3.0.0')).toBe('2.0.0');
});

it('a lower version that was published later is no predecessor', () => {
  const all = packument({ '1.0.0': at(1), '2.0.0': at(2), '1.0.1': at(3) });
  expect(previousVersion(all, '2.0.0')).toBe('1.0.0');
  expect(previousVersion(all, '1.0.1')).toBe('1.0.0');
});

it('the first version has none', () => {
  expect(previousVersion(packument({ '1.0.0': at(1), '2.0.0': at(2) }), '1.0.0')).toBeUndefined();
});

it('a pre-release precedes its release', () => {
  expect(previousVersion(packument({ '1.0.0': at(1), '2.0.0-rc.1': at(2), '2.0.0': at(3) }), '2.0.0')).toBe(
    '2.0.0-rc.1',
  );
});

it('without times the order of versions decides', () => {
  expect(previousVersion(packument({ '1.0.0': undefined, '1.1.0': undefined, '2.0.0': undefined }), '2.0.0')).toBe(
    '1.1.0',
  );
});

it('a version that was removed is no predecessor, though its time is still listed', () => {
  const { versions, time } = packument({ '1.0.0': at(1), '1.1.0': at(2), '2.0.0': at(3) });
  delete versions['1.1.0'];
  expect(previousVersion({ versions, time }, '2.0.0')).toBe('1.0.0');
});

it('versions that are none are passed over', () => {
  expect(previousVersion(packument({ garbage: at(1), '1.0.0': at(1), '2.0.0': at(2) }), '2.0.0')).toBe('1.0.0');
  expect(previousVersion(packument({ '1.0.0': at(1) }), 'garbage')).toBeUndefined();
});
