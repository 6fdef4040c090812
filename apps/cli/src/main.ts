// SPDX-License-Identifier: Apache-2.0
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { AppError } from '@assay/kernel/errors';
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
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'assay: ')) })
    .showHelpAfterError('(try --help)');

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
      process.exitCode = await analyzeCommand(target, options);
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
  const message = error instanceof Error ? error.message : String(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  else process.stderr.write(`assay: ${message}\n`);
  if (process.env.ASSAY_DEBUG !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
}

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.usage;
  else {
    explain(error, process.argv.includes('--json'));
    process.exitCode = exitCodeFor(error);
  }
}
