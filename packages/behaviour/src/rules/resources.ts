import { ancestry, type Draft, evidenceOf, ownerOf, type RunRule } from './rule.ts';

/** `resource.cpu-spin` and `resource.fork-bomb`, from what the watchdog saw. */
export const resources: RunRule = (run, all) => {
  const drafts: Draft[] = [];
  for (const event of run.events) {
    if (event.type !== 'resource') continue;
    const base = {
      phase: event.phase,
      package: ownerOf(run, all, event),
      evidence: evidenceOf(ancestry(run, event.process), event.id),
    };
    if (event.api === 'processes') {
      drafts.push({ ...base, id: 'resource.fork-bomb', summary: `${event.detail ?? 'too many processes'} at once` });
    } else if (event.api === 'spin' && event.phase !== 'execute') {
      // In execute a function that was handed nonsense may loop; at install and import nobody asked for it.
      drafts.push({ ...base, id: 'resource.cpu-spin', summary: `used the processor until the deadline` });
    }
  }
  return drafts;
};
