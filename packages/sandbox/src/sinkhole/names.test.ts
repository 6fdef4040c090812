import { expect, test } from 'vitest';
import { NameTable, plainAddress } from './names.ts';

test('every name has its own address, and the address says the name', () => {
  const table = new NameTable();
  const names = Array.from({ length: 5000 }, (_, at) => `host${at}.invalid`);
  const addresses = names.map((name) => table.addressesOf(name));
  expect(new Set(addresses.map(({ v4 }) => v4)).size).toBe(names.length);
  expect(addresses.map(({ v4 }) => table.nameOf(v4))).toEqual(names);
  expect(addresses.map(({ v6 }) => table.nameOf(v6))).toEqual(names);
  for (const { v4 } of addresses) expect(v4).toMatch(/^198\.1[89]\.\d+\.(?!0$|255$)\d+$/);
});

test('a name has the same address in each run, in any letter case', () => {
  expect(new NameTable().addressesOf('Collect.INVALID.')).toEqual(new NameTable().addressesOf('collect.invalid'));
});

test('metadata names lead to the metadata address and localhost stays local', () => {
  const table = new NameTable();
  expect(table.addressesOf('metadata.google.internal').v4).toBe('169.254.169.254');
  expect(table.addressesOf('db.localhost').v4).toBe('127.0.0.1');
});

test('more names than the table holds share an address and cost no memory', () => {
  const table = new NameTable(3);
  const addresses = ['a', 'b', 'c', 'd', 'e'].map((name) => table.addressesOf(`${name}.invalid`).v4);
  expect(addresses[3]).toBe(addresses[4]);
  expect(table.nameOf(addresses[3]!)).toBeUndefined();
});

test('mapped addresses and zones are read as plain addresses', () => {
  expect(plainAddress('::ffff:198.51.100.7')).toBe('198.51.100.7');
  expect(plainAddress('fe80::1%lo')).toBe('fe80::1');
  expect(plainAddress(undefined)).toBe('');
});
