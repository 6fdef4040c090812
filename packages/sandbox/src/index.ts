/**
 * Runs commands of untrusted packages inside namespaces and says what they did. Promises: nothing of the host but the
 * toolchain is readable, nothing leaves, every process ends with its phase, and what cannot be isolated is not run. Does not
 * promise: protection against kernel vulnerabilities (choose the second isolation for that).
 */
export * from './box.ts';
export type { Mount } from './bubblewrap.ts';
export { type CapturedFile, entropyOf, FileCapture, kindOf } from './capture.ts';
export * from './channels.ts';
export * from './decoys/index.ts';
export { type Capability, defaultProbeOptions, isReady, type ProbeOptions, probeCapabilities } from './doctor.ts';
export * from './errors.ts';
export type { Inhabitant } from './etc.ts';
export { resolverAddress } from './etc.ts';
export { bundleInside } from './inside/bundle.ts';
export type { DriverHandle, HookConfig, Missing, Outcome, StepFacts } from './inside/kit.ts';
export { hookEnvironment, hookFile, hookSources, hookVariable, writeHook } from './inside/launch.ts';
export { identityOf, makePersona, type Persona, type PersonaName, personasVersion } from './persona.ts';
export * from './run.ts';
export { type CertificateAuthority, encodeConfig, issueLeaf, makeCa, sinkholeArguments } from './sinkhole/index.ts';
export { answerMarker } from './sinkhole/marker.ts';
export { LineBuffer } from './streams.ts';
export type { PhaseExit } from './supervise.ts';
export * from './tools.ts';
export * from './trace/index.ts';
export type { ResourceLimits, ResourceUse } from './watchdog.ts';
