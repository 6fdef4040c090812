import type { Signal, TraceEvent } from '@assay/kernel';
import type { Location } from 'sarif';
import { visible } from '../../visible.ts';
import { describeEvent } from '../describe.ts';
import type { EvidenceItem, Lookup } from '../lookup.ts';
import { message } from './message.ts';

/** Where the package's own files begin; see `originalUriBaseIds`. */
export const packageRoot = 'PACKAGE';

/** A path inside the artifact as a relative URI that stays inside it. */
function uriOf(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .map((part) => encodeURIComponent(part.toWellFormed()))
    .join('/');
}

function inFile(path: string, line: number, column: number, snippet?: string): Location['physicalLocation'] {
  return {
    artifactLocation: { uri: uriOf(path) || 'unnamed', uriBaseId: packageRoot },
    region: {
      startLine: Math.max(1, line),
      startColumn: Math.max(1, column),
      ...(snippet === undefined ? {} : { snippet: { text: visible(snippet) } }),
    },
  };
}

export function signalLocation({ id, rule, file, line, column, snippet }: Signal): Location {
  return {
    physicalLocation: inFile(file, line, column, snippet),
    message: message(`${id}: ${rule} matched`),
  };
}

/** An event has no place in a file unless its caller was recorded; it has one in a run, a phase and a process. */
export function eventLocation(event: TraceEvent, lookup: Lookup): Location {
  const { verb, what, note } = describeEvent(event, {
    show: visible,
    decoyKind: (id) => lookup.canaries.get(id)?.kind,
  });
  const chain = lookup
    .ancestry(event.process)
    .map(({ argv, process_name }) => (argv.length > 0 ? argv.join(' ') : process_name));
  const command = visible(chain.at(-1) ?? event.process).slice(0, 300);
  // Matches `{pkg}/lib/a.js:3:14`; not a caller in a dependency or in the driver.
  const caller = /^\{pkg\}\/(.+?):([0-9]{1,9}):([0-9]{1,9})$/.exec(event.caller ?? '');
  const [, file, line, column] = caller ?? [];
  return {
    ...(file === undefined ? {} : { physicalLocation: inFile(file, Number(line), Number(column)) }),
    logicalLocations: [
      {
        name: command,
        fullyQualifiedName: visible([event.run, event.phase, ...chain].join(' › ')).slice(0, 1000),
        kind: 'process',
      },
    ],
    message: message(
      [`${event.id}:`, verb, what, note === '' ? '' : `(${note})`].filter((part) => part !== '').join(' '),
    ),
  };
}

export function evidenceLocation(item: EvidenceItem, lookup: Lookup): Location {
  if (item.kind === 'event') return eventLocation(item.event, lookup);
  return item.kind === 'signal'
    ? signalLocation(item.signal)
    : { message: message(`${item.id} is not in this report`) };
}
