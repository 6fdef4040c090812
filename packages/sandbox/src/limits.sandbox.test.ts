import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type Trial, type TrialCommand, trialHome } from './trial.ts';
import { starters, startTrial } from './trial-start.ts';

const MiB = 1024 ** 2;

async function command(
  trial: Omit<Trial, 'commands'>,
  script: string,
  times: { deadlineMs?: number; lingerMs?: number } = {},
): Promise<TrialCommand> {
  const { commands } = await startTrial(starters[0] ?? 'an ordinary user', {
    ...trial,
    commands: [{ script, ...times }],
  });
  return commands[0] as TrialCommand;
}

/** Command lines on the host that hold this text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        // Ended meanwhile.
        return '';
      }
    })
    .filter((line) => line.includes(text));
}

const daemons = `setsid sleep 7123 & (setsid sh -c 'setsid sleep 7123 &' &) ; nohup sh -c 'trap "" TERM HUP INT; sleep 7123' >/dev/null 2>&1 &`;

it('a deadline ends the whole tree, daemons among it, long before they would end themselves', async () => {
  const ended = await command({}, `${daemons} sleep 7123`, { deadlineMs: 1500 });
  expect(ended.ended).toBe('deadline');
  expect(ended.peakProcesses).toBeGreaterThan(5);
  expect(processesWith('sleep 7123')).toEqual([]);
});

it('what outlives its command is ended after its time, and the command counts as exited', async () => {
  const ended = await command({}, `${daemons} exit 4`, { deadlineMs: 60_000, lingerMs: 500 });
  expect(ended).toMatchObject({ ended: 'exit', exitCode: 4, lingered: true });
  expect(processesWith('sleep 7123')).toEqual([]);
});

it('a command without anything left behind does not linger', async () => {
  expect(await command({}, 'true')).toMatchObject({ ended: 'exit', exitCode: 0, lingered: false });
});

it('a deadline that is over before the command begins ends it all the same', async () => {
  expect(await command({}, 'sleep 7124', { deadlineMs: 1 })).toMatchObject({ ended: 'deadline' });
  expect(processesWith('sleep 7124')).toEqual([]);
});

it('a first process that has been stopped from inside is ended at the deadline', async () => {
  expect(await command({}, 'kill -STOP 1; sleep 7125', { deadlineMs: 1500 })).toMatchObject({ ended: 'deadline' });
  expect(processesWith('sleep 7125')).toEqual([]);
});

it('an abort ends the tree', async () => {
  expect(await command({ abortAfterMs: 700 }, `${daemons} sleep 7126`)).toMatchObject({ ended: 'aborted' });
  expect(processesWith('sleep 7126')).toEqual([]);
});

it('a fork bomb is ended at the limit of processes', async () => {
  const ended = await command({ limits: { maxProcesses: 100 } }, 'bomb() { bomb | bomb & }; bomb; sleep 60', {
    deadlineMs: 40_000,
  });
  expect(ended.ended).toBe('processes');
  expect(ended.peakProcesses).toBeGreaterThan(100);
});

it('processes made by other threads than the first count', async () => {
  const script = `exec node -e "
    const { Worker } = require('worker_threads');
    new Worker('for (let i = 0; i < 120; i++) require(\\"child_process\\").spawn(\\"sleep\\", [\\"7127\\"]); setTimeout(() => {}, 60000)', { eval: true });"`;
  expect(await command({ limits: { maxProcesses: 60 } }, script)).toMatchObject({ ended: 'processes' });
});

it('memory beyond the limit ends the command', async () => {
  const script = `exec node -e "const all = []; setInterval(() => all.push(Buffer.alloc(8 * 1024 * 1024, 1)), 5)"`;
  expect(await command({ limits: { maxMemoryBytes: 300 * MiB } }, script)).toMatchObject({ ended: 'memory' });
});

it('a flood of output ends the command, and its last bytes are kept', async () => {
  const ended = await command({ limits: { maxOutputBytes: 2 * MiB } }, 'yes flood');
  expect(ended.ended).toBe('output');
  expect(ended.stdout.length).toBe(4096);
});

it('a full disk is an error inside and no byte on the disk of the host', async () => {
  const free = () => statfsSync('/').bfree * statfsSync('/').bsize;
  const before = free();
  const script = `for place in ${trialHome} /tmp /var/tmp /dev/shm project; do head -c 200M /dev/zero > $place/filler; done; true`;
  const ended = await command({ maxDiskBytes: 64 * MiB }, script);
  expect(ended).toMatchObject({ ended: 'exit', exitCode: 0 });
  expect(ended.stderr.match(/No space left on device/g)).toHaveLength(5);
  // Others write as well meanwhile; a filler of ours would be 64 MiB at least, five times.
  expect(before - free()).toBeLessThan(300 * MiB);
});

it('no memory file system but the box is there to be filled', async () => {
  const { report } = await command(
    {},
    `awk '$4 ~ /(^|,)rw(,|$)/ && $3 == "tmpfs" { print $2, $4 }' /proc/mounts > report`,
  );
  const sizes = report.trim().split('\n');
  expect(sizes.length).toBeGreaterThan(3);
  expect(sizes.filter((line) => !line.includes(`size=${256 * 1024}k`))).toEqual([]);
});
