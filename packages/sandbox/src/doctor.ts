import { broken, type Capability, type Conclusion } from './doctor/capability.ts';
import { probeDisk, probeMemory, probeProc } from './doctor/machine.ts';
import { type ProbeOptions, Surroundings } from './doctor/surroundings.ts';
import { probeClock, probeGit, probeNode, probeNpm, probePython } from './doctor/toolchain.ts';
import {
  probeBubblewrap,
  probeGvisor,
  probeNamespaces,
  probeNat,
  probeNetwork,
  probeOverlay,
  probeTmpfs,
  probeTrace,
} from './doctor/walls.ts';
import { faketimeLibraries, systemDirectories } from './tools.ts';

export type { Capability } from './doctor/capability.ts';
export type { ProbeOptions } from './doctor/surroundings.ts';

interface Probe {
  id: string;
  label: string;
  required: boolean | ((options: ProbeOptions) => boolean);
  run: (around: Surroundings) => Promise<Conclusion>;
}

const whenBubblewrap = (options: ProbeOptions): boolean => options.isolation === 'bubblewrap';
const whenGvisor = (options: ProbeOptions): boolean => options.isolation === 'gvisor';

/** In the order in which they are shown: what others stand on comes first. */
const probes: readonly Probe[] = [
  { id: 'namespaces', label: 'user, mount and PID namespaces', required: true, run: probeNamespaces },
  { id: 'bubblewrap', label: 'isolation with bubblewrap', required: whenBubblewrap, run: probeBubblewrap },
  { id: 'gvisor', label: 'isolation with gVisor', required: whenGvisor, run: probeGvisor },
  { id: 'trace', label: 'system call trace', required: true, run: probeTrace },
  { id: 'network', label: 'network namespace and sinkhole routes', required: true, run: probeNetwork },
  { id: 'nat', label: 'sinkhole on every port', required: false, run: probeNat },
  { id: 'overlay', label: 'overlay file system', required: true, run: probeOverlay },
  { id: 'tmpfs', label: 'memory file system', required: true, run: probeTmpfs },
  { id: 'clock', label: 'clock shifting', required: true, run: probeClock },
  { id: 'node', label: 'pinned Node.js', required: true, run: probeNode },
  { id: 'npm', label: 'pinned npm', required: true, run: probeNpm },
  { id: 'python', label: 'Python with venv and pip, for PyPI packages', required: false, run: probePython },
  { id: 'git', label: 'git', required: true, run: probeGit },
  { id: 'disk', label: 'disk space', required: true, run: probeDisk },
  { id: 'memory', label: 'memory', required: true, run: probeMemory },
  { id: 'proc', label: '/proc', required: true, run: probeProc },
];

/** What `doctor` asks of a machine by default; callers add the paths of the pinned Node and npm and of the data. */
export const defaultProbeOptions = {
  directories: systemDirectories,
  faketimeLibraries,
  isolation: 'bubblewrap',
  timeoutMs: 5000,
} as const satisfies Partial<ProbeOptions>;

/**
 * Finds out what this machine can do by doing it: every wall is put up, every channel is used once. Nothing of it stays.
 *
 * *Shape:* one entry per capability, always the same ones in the same order. A probe that fails in an unforeseen way is
 * `broken`, never absent and never `ok`.
 * *Units:* `timeoutMs` milliseconds per attempt; attempts run side by side.
 */
export function probeCapabilities(options: ProbeOptions): Promise<Capability[]> {
  const around = new Surroundings(options);
  return Promise.all(
    probes.map(async ({ id, label, required, run }): Promise<Capability> => {
      const conclusion = await run(around).catch((error: unknown) =>
        broken(String(error), 'report this: the probe itself failed'),
      );
      return { id, label, required: typeof required === 'boolean' ? required : required(options), ...conclusion };
    }),
  );
}

/** Whether an analysis can come to a full verdict on this machine. */
export function isReady(capabilities: readonly Capability[]): boolean {
  return capabilities.every(({ required, status }) => !required || status === 'ok');
}
