import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { makeReducer, origin } from './tape.ts';

const total = 1_000_000;
const maxGrowthBytes = 96 * 1024 * 1024;

/** A million lines of a package that does everything it can to be large: new names, new processes, new addresses each time. */
function* flood(): Generator<string> {
  const stamp = (index: number) =>
    `${1_795_200_000 + Math.floor(index / 20_000)}.${String((index % 20_000) * 50).padStart(6, '0')}`;
  yield `10  ${stamp(0)} clone(flags=SIGCHLD) = 2 /* 100 in strace's PID NS */\n`;
  yield `100  ${stamp(0)} execve("/usr/local/bin/node", ["node", "/home/dev/x.js"], ["HOME=/home/dev"]) = 0\n`;
  for (let index = 0; index < total; index += 8) {
    const at = stamp(index);
    const child = 1000 + index;
    const ip = `${1 + (index % 200)}.${(index >> 8) % 256}.${(index >> 16) % 256}.${index % 251}`;
    yield `100  ${at} clone(flags=SIGCHLD) = ${3 + index} /* ${child} in strace's PID NS */\n`;
    yield `${child}  ${at} execve("/usr/bin/tool${index}", ["tool", "${'x'.repeat(40)}${index}"], ["A${index}=B"]) = 0\n`;
    yield `${child}  ${at} openat(AT_FDCWD</home/dev>, "f", O_WRONLY|O_CREAT, 0644) = 3</home/dev/some/folder/file-${index}>\n`;
    yield `${child}  ${at} openat(AT_FDCWD</home/dev>, "f", O_RDONLY) = 4</home/dev/project/node_modules/p${index}/index.js>\n`;
    yield `${child}  ${at} socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 5<socket:[${index}]>\n`;
    yield `${child}  ${at} connect(5<socket:[${index}]>, {sa_family=AF_INET, sin_port=htons(443), sin_addr=inet_addr("${ip}")}, 16) = 0\n`;
    yield `${child}  ${at} sendto(5<socket:[${index}]>, "x" <unfinished ...>\n`;
    // One in a hundred stays: a sandbox bounds how many live at a time.
    yield index % 800 !== 0
      ? `${child}  ${at} +++ exited with 0 +++\n`
      : `${child}  ${at} unlink("/home/dev/some/${index}") = 0\n`;
  }
}

function usedBytes(): number {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
}

it('a million events of new names, processes and addresses do not make the reducer grow', { timeout: 120_000 }, () => {
  let streamed = 0;
  const before = usedBytes();
  const { reducer, parser } = makeReducer({
    sink: () => {
      streamed += 1;
    },
    onFileOpened: undefined,
    onWrittenFileRun: undefined,
  });
  let chunk = '';
  let halfway = 0;
  let lines = 0;
  for (const line of flood()) {
    chunk += line;
    lines += 1;
    if (lines % 100 === 0) {
      const at = origin.monotonicMs + lines / 20;
      reducer.sinkhole({
        kind: 'dns',
        at,
        name: `${lines}.test`,
        type: 'A',
        rcode: 'NOERROR',
        address: '203.0.113.9',
        sourcePort: 1,
        transport: 'udp',
        canaryHits: [],
      });
      reducer.hook({ kind: 'call', pid: 3, at, seq: lines, thread: 0, api: 'eval', detail: `${lines}` });
    }
    if (chunk.length > 60_000) {
      parser.write(Buffer.from(chunk, 'latin1'));
      chunk = '';
    }
    if (lines === total >> 1) halfway = usedBytes();
  }
  parser.write(Buffer.from(chunk, 'latin1'));
  const after = usedBytes();
  parser.end();
  reducer.finish(origin.epochMs + 100_000);
  // When the phase is over only what is reported stays.
  expect(usedBytes() - before).toBeLessThan(maxGrowthBytes / 3);
  expect(lines).toBeGreaterThanOrEqual(total);
  expect(streamed).toBeGreaterThan(400_000);
  expect(reducer.events().length).toBeLessThan(8000);
  expect(after - before).toBeLessThan(maxGrowthBytes);
  // The second half adds nothing that stays but what is bounded by the number of living processes.
  expect(after - halfway).toBeLessThan(maxGrowthBytes / 2);
});
