import { expect, test } from 'vitest';
import type { Connection } from './runtime.ts';
import { replyOf, talkOf } from './talkers.ts';

const connection = { ip: '198.18.0.9', port: 21 } as Connection;

function converse(port: number, lines: string[], first?: string): string[] {
  const talk = talkOf(port, first === undefined ? undefined : Buffer.from(first));
  return lines.map((line) => replyOf(talk, Buffer.from(line), connection) ?? '');
}

test('a mail server takes a message to its end', () => {
  const replies = converse(25, [
    'EHLO me\r\n',
    'MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\n',
    'DATA\r\n',
    'Subject: x\r\nQUIT\r\n',
    '.\r\n',
  ]);
  expect(replies[0]).toContain('AUTH PLAIN LOGIN');
  expect(replies[1]).toBe('250 2.1.0 Ok\r\n250 2.1.0 Ok\r\n');
  expect(replies[2]).toMatch(/^354/);
  expect(replies[3]).toBe('');
  expect(replies[4]).toMatch(/^250/);
});

test('a file server lets in and names an address for data', () => {
  expect(converse(21, ['USER x\r\n', 'PASS y\r\n', 'PASV\r\n']).map((reply) => reply.slice(0, 3))).toEqual([
    '331',
    '230',
    '227',
  ]);
});

test('a pool subscribes, authorises and gives work', () => {
  const subscribe = '{"id":1,"method":"mining.subscribe","params":[]}\n';
  const [first = '', second = ''] = converse(14_444, [subscribe, '{"id":2,"method":"mining.authorize"}\n'], subscribe);
  expect(JSON.parse(first).error).toBeNull();
  expect(second).toContain('mining.notify');
  const login = '{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"x"}}\n';
  expect(JSON.parse(converse(3333, [login], login)[0]!).result.job.algo).toBe('rx/0');
});

test('an unknown port says nothing, and an endless line is not kept', () => {
  expect(talkOf(4711, Buffer.from('hello'))).toBeUndefined();
  const talk = talkOf(25);
  for (let turn = 0; turn < 50; turn++) replyOf(talk, Buffer.alloc(4000, 'x'), connection);
  expect(talk?.state.rest.length).toBeLessThanOrEqual(4096);
});
