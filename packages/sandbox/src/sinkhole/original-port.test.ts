import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { OriginalPorts } from './original-port.ts';

const folder = mkdtempSync(join(tmpdir(), 'ports-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the asked port is that of the line whose answer comes from the door', () => {
  const table = join(folder, 'table');
  writeFileSync(
    table,
    [
      'ipv4     2 tcp      6 431999 ESTABLISHED src=9.9.9.9 dst=9.9.9.9 sport=37196 dport=80 src=9.9.9.9 dst=9.9.9.9 sport=80 dport=37196 [ASSURED] mark=0 zone=0 use=2',
      'ipv4     2 tcp      6 431999 ESTABLISHED src=9.9.9.9 dst=9.9.9.9 sport=37196 dport=7777 src=9.9.9.9 dst=9.9.9.9 sport=61000 dport=37196 [ASSURED] mark=0 zone=0 use=2',
      'ipv4     2 udp      17 29 src=9.9.9.9 dst=9.9.9.9 sport=37196 dport=5555 [UNREPLIED] src=9.9.9.9 dst=9.9.9.9 sport=61000 dport=37196 mark=0 use=2',
    ].join('\n'),
  );
  const ports = new OriginalPorts(table);
  expect(ports.find('tcp', 37_196, 61_000)).toBe(7777);
  expect(ports.find('udp', 37_196, 61_000)).toBe(5555);
  expect(ports.find('tcp', 1, 61_000)).toBeUndefined();
});

test('a table that may not be read is an unknown port', () => {
  expect(new OriginalPorts(join(folder, 'absent')).find('tcp', 1, 2)).toBeUndefined();
});
