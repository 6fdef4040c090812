import type { Limitation } from '@assay/kernel';
import type { Evidence, RunEvidence } from './evidence.ts';

const program = /\.([cm]?js|node|wasm|so|dll|exe|sh|py)$|(^|\/)[^./]+$/;
const kinds = new Set(['elf', 'pe', 'macho', 'script', 'archive']);

/**
 * `payload_not_served`: a package fetched a program and kept it, and what it got was the sinkhole's inert stand-in. What the
 * real file does was not seen, so there is no benign verdict; an artifact that ships digests would have refused a wrong file
 * and is taken at its word.
 */
export function unservedPayloads(run: RunEvidence, all: Evidence): Limitation[] {
  if (all.subject.shipsDigests) return [];
  const kept = run.dropped.find(
    ({ isAnswer, deleted, path, kind }) => isAnswer && !deleted && (kinds.has(kind) || program.test(path)),
  );
  if (kept === undefined) return [];
  return [
    {
      code: 'payload_not_served',
      channel: 'http',
      run: run.run,
      effect: 'blocks_benign',
      text: `${kept.path} was fetched from the network; the sandbox answered with a stand-in, so what the real file does is unknown`,
    },
  ];
}
