// SPDX-License-Identifier: Apache-2.0
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { AppError, KernelError } from '@assay/kernel/errors';
import { Command, CommanderError, Option } from 'commander';
import { exitCode, exitCodeFor } from './exit.ts';

// What was compiled once is not compiled again: most of a start is that.
enableCompileCache(path.join(import.meta.dirname, '.cache'));

const failLevels = ['inconclusive', 'suspicious', 'malicious', 'never'];

/** Commands are loaded when they are run: `--help` must not pay for the sandbox. */
function program(): Command {
  const assay = new Command('assay')
    .description('Runs an open-source package in a sandbox and says what it does, with evidence.')
    .version('0.1.0')
    .exitOverride()
    // Said by `explain`, like every other error.
    .configureOutput({ outputError: () => undefined });

  assay
    .command('analyze')
    .description('run a package and report what it does')
    .argument('[target]', 'package URL (pkg:npm/name@version) or a .tgz file')
    .option('--archive <file>', 'analyse this archive …')
    .option('--purl <purl>', '… as this package')
    .option('--previous <file>', 'archive of the version before, to compare with')
    .addOption(
      new Option('--runs <runs>', 'r0 measures less: the answer is inconclusive or worse')
        .choices(['all', 'r0'])
        .default('all'),
    )
    .addOption(
      new Option('--fail-on <level>', 'exit 1 at this level or above').choices(failLevels).default('suspicious'),
    )
    .option('--accept-inconclusive', 'exit 0 instead of 3 when the analysis is incomplete but shows nothing alarming')
    .option('--json', 'print only the report, as JSON')
    .option('--html <file>', 'write the report as one HTML file')
    .option('--sarif <file>', 'write the findings as SARIF')
    .option('--trace <file>', 'write the raw trace (gzip-compressed NDJSON)')
    .option('--cache-dir <dir>', 'folder of downloads (ASSAY_CACHE_DIR)')
    .addOption(new Option('--isolation <mode>', 'sandbox (ASSAY_ISOLATION)').choices(['bubblewrap', 'gvisor']))
    .option('--no-color', 'no colours')
    .option('--verbose', 'one line of progress per step, also when not on a terminal')
    .action(async (target: string | undefined, options: Record<string, unknown>) => {
      const { analyzeCommand } = await import('./analyze.ts');
      const ended = analyzeCommand(target, options);
      // The command now ends what it starts. Not before: a signal that is under way is lost with its last listener.
      process.off('SIGINT', quit);
      process.exitCode = await ended;
    });

  assay
    .command('doctor')
    .description('tell what this machine can do, and the fix of each gap')
    .option('--json', 'as JSON')
    .option('--cache-dir <dir>', 'folder of downloads (ASSAY_CACHE_DIR)')
    .option('--no-color', 'no colours')
    .action(async (options: Record<string, unknown>) => {
      const { doctorCommand } = await import('./doctor-command.ts');
      process.exitCode = await doctorCommand(options);
    });
  return assay;
}

/** One clear line; with `--json` an object, so that a pipe always gets JSON. */
function explain(error: unknown, json: boolean): void {
  const code = error instanceof AppError ? error.code : 'INTERNAL';
  const message = oneLine(error instanceof Error ? error.message : String(error));
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  else process.stderr.write(`assay: ${message}\n`);
  if (process.env.ASSAY_DEBUG !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

/** Line breaks become `; `; other control characters, which could rewrite what a terminal shows, become visible. */
function oneLine(text: string): string {
  const line = text.trim().replace(/\s*[\r\n]+\s*/g, '; ');
  return line.replace(/\p{Cc}/gu, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
}

/** Commander's complaint as ours; undefined when it only showed what was asked for. */
function usageError(error: CommanderError): KernelError | undefined {
  if (/^commander\.(help|version)/.test(error.code)) return undefined;
  return new KernelError('USAGE', `${error.message.replace(/^error: /, '').replace(/\.$/, '')} (try --help)`);
}

function quit(): never {
  process.exit(exitCode.interrupted);
}

process.on('SIGINT', quit);
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Who read us has seen enough; the exit code is still for whoever asks.
  if (error.code !== 'EPIPE') throw error;
});
try {
  await program().parseAsync();
} catch (error) {
  const shown = error instanceof CommanderError ? usageError(error) : error;
  if (shown !== undefined) explain(shown, process.argv.includes('--json'));
  const isDone = error instanceof CommanderError && error.exitCode === 0;
  process.exitCode = isDone ? exitCode.done : shown === undefined ? exitCode.usage : exitCodeFor(shown);
}
