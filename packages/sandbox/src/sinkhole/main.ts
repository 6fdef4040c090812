import type { SinkholeConfig } from './config.ts';
import { now } from './recorder.ts';
import { startSinkhole } from './server.ts';

/**
 * The sinkhole as a program. Started by the orchestrator inside a fresh network namespace in which every address is local.
 *
 * *Standard input:* one line of `SinkholeConfig` JSON, then nothing; its end is the order to stop. *Standard output:*
 * `SinkholeRecord` lines, `ready` first. *Exit:* 0 after the last record; 1 when it cannot start, with the reason on standard
 * error.
 *
 * The configuration comes from `encodeConfig`, which has validated it; loading the validator here as well would double the
 * start-up time.
 */
const maxConfigBytes = 4 * 1024 * 1024;

const write = (line: string) => {
  process.stdout.write(line);
};

const ended = new Promise<void>((resolve) =>
  process.stdin
    .once('end', resolve)
    .once('close', resolve)
    .once('error', () => resolve()),
);
const config = JSON.parse(await firstLine()) as SinkholeConfig;
const sinkhole = await startSinkhole(config, write, 'namespace');
// One connection's surprise must not blind the run: it is said, and the others go on.
process.on('uncaughtException', (error) => {
  write(`${JSON.stringify({ kind: 'limit', at: now(), what: 'internal', text: String(error).slice(0, 500) })}\n`);
});
process.stdin.resume();
await ended;
await sinkhole.close();
process.exit(0);

function firstLine(): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    process.stdin.setEncoding('utf8');
    const onData = (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= maxConfigBytes) return;
      process.stdin.off('data', onData);
      if (end < 0) reject(new Error(`the configuration line exceeds ${maxConfigBytes} bytes`));
      else resolve(text.slice(0, end));
    };
    process.stdin
      .on('data', onData)
      .once('end', () => reject(new Error('standard input ended before the configuration line')));
  });
}
