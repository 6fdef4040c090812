import { readFileSync } from 'node:fs';
import type { SinkholeRecord } from '@assay/sandbox';
import {
  type Box,
  canariesOf,
  type Decoy,
  encodeConfig,
  type Inhabitant,
  identityOf,
  issueLeaf,
  type Mount,
  makeCa,
  makeDecoys,
  makeHome,
  makePersona,
  type Persona,
  type PlantedFile,
  type RandomSource,
  SandboxRun,
  type SystemTools,
  sinkholeArguments,
} from '@assay/sandbox';
import type { RunPlan } from '../runs.ts';
import type { Toolchain } from './toolchain.ts';

/** One run with everything that is unique to it. */
export interface NpmSession {
  plan: RunPlan;
  run: SandboxRun;
  persona: Persona;
  decoys: Decoy[];
  /** Absolute path of the consumer project, as seen inside. */
  project: string;
  /** Files that were there before anything ran, as seen inside. */
  planted: ReadonlySet<string>;
  /** Whether every TCP port is answered. */
  anyPort: () => boolean;
  /** Sets who gets the sinkhole's records from now on. */
  onRecord: (listener: (record: SinkholeRecord) => void) => void;
  /** The whole environment that the persona's shell gives, decoy variables included. */
  env: Record<string, string>;
}

export interface SessionOptions {
  box: Box;
  tools: SystemTools;
  toolchain: Toolchain;
  plan: RunPlan;
  random: RandomSource;
  /** Address that clients inside believe the registry has. */
  registry: URL;
  /** Path in the box of the mirror's socket. */
  mirrorSocket: string;
  canaries: { adopt(decoys: readonly Decoy[]): Decoy[] };
  mounts: Mount[];
  /** Processor that the run's traced commands share with their tracer. */
  cpu?: number;
}

const limits = { maxMemoryBytes: 4 * 1024 ** 3, maxProcesses: 400, maxOutputBytes: 64 * 1024 ** 2 };

export async function openSession(options: SessionOptions): Promise<NpmSession> {
  const { box, tools, toolchain, plan, random, registry } = options;
  const persona = makePersona(plan.persona, random);
  const decoys = options.canaries.adopt(makeDecoys(random, persona, { registryHosts: { npm: registry.host } }));
  const project = `${persona.home}/${persona.project.directory}`;
  const env = {
    ...persona.env,
    ...Object.assign({}, ...decoys.map((decoy) => decoy.env ?? {})),
    PWD: project,
  } as Record<string, string>;
  const ca = makeCa();
  const flags = sinkholeArguments();
  const program = flags.pop() ?? '';
  const tag = Buffer.from(random(5)).toString('hex');
  let listener: ((record: SinkholeRecord) => void) | undefined;
  let anyPort = false;
  const files = plantedFiles(persona, decoys, makeHome(random, persona), registry);
  const run = await SandboxRun.open({
    box,
    tools,
    run: plan.run,
    inhabitant: inhabitantOf(persona),
    projectDirectory: project,
    files,
    env,
    caPem: ca.certPem,
    hostCaBundle: hostCaBundle(),
    sinkhole: {
      argv: [toolchain.nodeInBox, ...flags, toolchain.inBox(program)],
      configLine: encodeConfig({
        run: plan.run,
        egress: plan.egress,
        mirrors: [
          {
            host: registry.hostname,
            port: Number(registry.port || (registry.protocol === 'https:' ? 443 : 80)),
            tls: registry.protocol === 'https:',
            socketPath: options.mirrorSocket,
            ...(registry.protocol === 'https:' ? { leaf: issueLeaf(ca, registry.hostname) } : {}),
          },
        ],
        ca,
        canaries: canariesOf(decoys),
        planted: [`https://dd-${tag}.invalid/gate`],
        identity: identityOf(persona),
        geo: persona.geo,
        nft: tools.nft ?? null,
      }),
      onRecord: (record) => {
        if (record.kind === 'ready') anyPort = record.anyPort;
        listener?.(record);
      },
    },
    mounts: [...toolchain.mounts, ...options.mounts],
    limits,
    ...(options.cpu === undefined ? {} : { cpu: options.cpu }),
  });
  return {
    plan,
    run,
    persona,
    decoys,
    project,
    env,
    planted: new Set(files.map((file) => file.path)),
    anyPort: () => anyPort,
    onRecord: (next) => {
      listener = next;
    },
  };
}

function inhabitantOf(persona: Persona): Inhabitant {
  return {
    user: persona.user,
    uid: persona.uid,
    fullName: persona.fullName,
    home: persona.home,
    hostname: persona.hostname,
    timezone: persona.env.TZ ?? 'Etc/UTC',
    machineId: persona.hardware.machineId,
  };
}

/** Decoys win over the home's ordinary files; paths are made absolute. Files outside the home lie in the generated /etc. */
function plantedFiles(
  persona: Persona,
  decoys: readonly Decoy[],
  home: readonly PlantedFile[],
  registry: URL,
): PlantedFile[] {
  const files = new Map<string, PlantedFile>();
  for (const file of [...home, ...decoys.flatMap((decoy) => decoy.files)]) {
    const path = file.path.startsWith('/') ? file.path : `${persona.home}/${file.path}`;
    files.set(path, { ...file, path });
  }
  const npmrc = files.get(`${persona.home}/.npmrc`);
  if (npmrc !== undefined) {
    files.set(npmrc.path, { ...npmrc, content: `registry=${registry.href}\n${Buffer.from(npmrc.content).toString()}` });
  }
  return [...files.values()].filter(({ path }) => path.startsWith(`${persona.home}/`));
}

let bundle: string | undefined;

/** The machine's certificate authorities, so that the sandbox's bundle looks like one. */
function hostCaBundle(): string {
  if (bundle !== undefined) return bundle;
  try {
    bundle = readFileSync('/etc/ssl/certs/ca-certificates.crt', 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    bundle = '';
  }
  return bundle;
}
