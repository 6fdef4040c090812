import { stripVTControlCharacters, styleText } from 'node:util';
import { type Capability, isReady, type ProbeOptions, probeCapabilities } from '@assay/sandbox';

export interface DoctorInput {
  options: ProbeOptions;
  json: boolean;
  colour: boolean;
  write: (text: string) => void;
}

/**
 * `assay doctor`: tells what this machine can do, and for each gap what closes it.
 *
 * *Shape:* with `json`, writes `{ ready, capabilities: Capability[] }` and nothing else. Resolves to the exit code:
 * 0 when every required capability is there, else 3.
 */
export async function doctor({ options, json, colour, write }: DoctorInput): Promise<0 | 3> {
  const capabilities = await probeCapabilities(options);
  const ready = isReady(capabilities);
  write(json ? `${JSON.stringify({ ready, capabilities }, null, 2)}\n` : renderCapabilities(capabilities, colour));
  return ready ? 0 : 3;
}

const looks = { ok: 'green', missing: 'yellow', broken: 'red' } as const;

/** The report for a terminal: a line per capability, its fix below it, the answer at the end. */
export function renderCapabilities(capabilities: readonly Capability[], colour: boolean): string {
  const paint = (look: Parameters<typeof styleText>[0], text: string): string =>
    colour ? styleText(look, text, { validateStream: false }) : text;
  const label = ({ label, required }: Capability): string => (required ? label : `${label} (optional)`);
  const width = Math.max(...capabilities.map((capability) => label(capability).length));
  const lines = capabilities.flatMap((capability) => {
    const { status, required, detail, fix } = capability;
    // An optional gap is no alarm.
    const look = status === 'ok' || required ? looks[status] : 'dim';
    const line = `${paint(look, status.padEnd(7))}  ${label(capability).padEnd(width)}  ${plain(detail)}`;
    return fix === undefined ? [line] : [line, `         ${paint('dim', 'fix:')} ${plain(fix)}`];
  });
  const gaps = capabilities.filter(({ required, status }) => required && status !== 'ok').length;
  const answer =
    gaps === 0
      ? paint('green', 'This machine can analyse packages.')
      : paint(
          'red',
          `This machine cannot analyse packages yet: ${gaps} required ${gaps === 1 ? 'capability is' : 'capabilities are'} not there.`,
        );
  return `${[...lines, '', answer].join('\n')}\n`;
}

/** Details quote other programs' words: one line, no control characters. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
