import type { Confidence, Severity } from '@assay/kernel';

/** What is always true of a claim, whichever rule makes it. */
export interface Claim {
  title: string;
  severity: Severity;
  confidence: Confidence;
  /** MITRE ATT&CK technique ids. */
  mitre: readonly string[];
}

const claim = (
  severity: Severity,
  title: string,
  mitre: readonly string[],
  confidence: Confidence = 'high',
): Claim => ({
  title,
  severity,
  confidence,
  mitre,
});

/**
 * Every finding id that this engine can give (package-analysis contract §5), with its usual severity. A rule may state a
 * different severity or confidence where the contract does.
 */
export const claims = {
  'ai.cli-abuse': claim('critical', 'AI command-line tool started with its permission checks off', [
    'T1059',
    'T1588.007',
  ]),
  'ai.reviewer-injection': claim('medium', 'Text addressed to reviewers or language models', ['T1656']),
  'c2.dead-drop': claim('high', 'Address of a server read from a public page', ['T1102.001']),
  'c2.reverse-shell': claim('critical', 'Shell bound to a network connection', ['T1059.004', 'T1571']),
  'cred.decoy-read': claim('medium', 'Decoy credential read', ['T1552.001']),
  'cred.metadata-service': claim('high', 'Cloud metadata or cluster credentials asked for', ['T1552.005']),
  'dep.new-unused': claim('high', 'New dependency that nothing imports acts at install', ['T1195.001']),
  'dep.url-source': claim('low', 'Dependency from a URL or a git repository', ['T1195.001']),
  'destroy.mass-delete': claim('critical', 'Many files outside its folder deleted or overwritten', ['T1485']),
  'evade.blocked-egress': claim('high', 'Acts only when the network is blocked', ['T1480']),
  'evade.env-gate': claim('high', 'Acts only in certain surroundings', ['T1480.001']),
  'evade.escape-attempt': claim('critical', 'Tried to leave the sandbox', ['T1611']),
  'evade.hook-bypass': claim('medium', 'Instrumentation of the runtime was removed', ['T1562.001']),
  'evade.sandbox-probe': claim('medium', 'Looks for a sandbox, tracer or virtual machine', ['T1497.001']),
  'evade.target-gate': claim('high', 'Payload unlocked only by a certain consumer', ['T1480.001', 'T1027.013']),
  'evasion.archive-anomaly': claim('high', 'Archive built to mislead its reader', ['T1036']),
  'evade.time-gate': claim('high', 'Acts only after a date or a delay', ['T1497.003']),
  'exec.dropped-binary': claim('high', 'Runs an executable that it wrote', ['T1105', 'T1204.002']),
  'exec.encoded-payload': claim('high', 'Code decoded at run time and executed', ['T1027', 'T1140']),
  'exec.fetched-code': claim('critical', 'Runs code that it downloaded', ['T1105', 'T1059']),
  'exec.fixture-to-exec': claim('high', 'Data file turned into an executed object', ['T1027.009']),
  'exec.foreign-runtime': claim('high', 'Brings and runs another runtime', ['T1105', 'T1059']),
  'exec.hidden-unicode': claim('high', 'Code hidden in invisible characters', ['T1027.010']),
  'exec.media-payload': claim('critical', 'Code hidden in image or audio bytes', ['T1027.003']),
  'exfil.argument-egress': claim('critical', 'Key given to an exported function left the sandbox', ['T1041']),
  'exfil.canary-egress': claim('critical', 'Decoy credential left the sandbox', ['T1552.001', 'T1041']),
  'exfil.dns-chunked': claim('high', 'Data sent in pieces through DNS names', ['T1048.003']),
  'exfil.host-info': claim('high', 'Identity of the host sent out', ['T1082', 'T1041']),
  'flow.secret-to-network': claim('high', 'Secrets flow to the network', ['T1552.001', 'T1041'], 'medium'),
  'hook.address-rewrite': claim('critical', 'Rewrites payment addresses in passing', ['T1565.002']),
  'hook.clipboard-swap': claim('critical', 'Replaces an address in the clipboard', ['T1115', 'T1565.002']),
  'hook.global-patch': claim('high', 'Patches a shared function and changes or copies what passes', [
    'T1557',
    'T1056.004',
  ]),
  'hook.instrumentation': claim('low', 'Wraps a shared function and forwards unchanged', []),
  'install.build-effect': claim('high', 'Native build does more than build', ['T1195.002', 'T1059']),
  'install.lifecycle-hook': claim('info', 'Runs a script at install', ['T1195.002']),
  'install.prebuilt-download': claim('low', 'Downloads a prebuilt binary at install', []),
  'manifest.confusion': claim('high', 'Registry and archive disagree about the manifest', ['T1195.002']),
  'manifest.identity-mismatch': claim('medium', 'Archive names another package or version', ['T1036']),
  'manifest.name-confusion': claim('medium', 'Name close to a well-known or internal one', ['T1036.005']),
  'manifest.provenance-lost': claim('medium', 'Provenance of earlier versions is missing', ['T1195.002']),
  'net.egress': claim('low', 'Talks to a host on explicit use', []),
  'net.import-egress': claim('medium', 'Contacts an undeclared host when imported', ['T1071.001']),
  'persist.agent-config': claim('high', 'Changes configuration of an AI agent or editor', ['T1546']),
  'persist.autostart': claim('high', 'Installs itself to start again', ['T1546.004', 'T1053.003', 'T1543.002']),
  'resource.cpu-spin': claim('high', 'Burns CPU until it is stopped', ['T1499']),
  'resource.fork-bomb': claim('high', 'Starts processes without end', ['T1499.001']),
  'resource.miner': claim('critical', 'Mining pool contacted under CPU load', ['T1496.001']),
  'spread.publish-attempt': claim('critical', 'Tried to publish a package', ['T1195.002', 'T1570']),
  'spread.repo-write': claim('critical', 'Tried to write to source repositories', ['T1195.002', 'T1567.001']),
  'tamper.other-extension': claim('critical', 'Changes an installed editor extension', ['T1554', 'T1176']),
  'tamper.other-package': claim('high', 'Changes another installed package', ['T1565.001', 'T1554']),
  'tamper.self-erase': claim('high', 'Erases or rewrites its own traces', ['T1070.004']),
} as const satisfies Record<string, Claim>;

export type ClaimId = keyof typeof claims;
