/** What a row of the package-analysis contract §5 asks of npm packages. */
interface Behaviour {
  title: string;
  /** Finding ids the row names that npm can show. */
  ids: readonly string[];
}

/** Behaviours that npm packages can show: rows B21, B35, B36 and B37 are Python's and the editor's. */
export const behaviours = {
  B01: { title: 'lifecycle hook posts decoy tokens', ids: ['cred.decoy-read', 'exfil.canary-egress'] },
  B02: { title: 'hook runs fetched code', ids: ['exec.fetched-code', 'exec.foreign-runtime'] },
  B03: { title: 'worm', ids: ['spread.publish-attempt', 'spread.repo-write'] },
  B04: { title: 'mass deletion', ids: ['destroy.mass-delete', 'evade.blocked-egress'] },
  B05: { title: 'new unused dependency', ids: ['dep.new-unused', 'tamper.self-erase'] },
  B06: { title: 'dropped executable', ids: ['exec.dropped-binary'] },
  B07: { title: 'addresses rewritten', ids: ['hook.address-rewrite', 'hook.global-patch'] },
  B08: { title: 'clipboard address replaced', ids: ['hook.clipboard-swap'] },
  B09: { title: 'key argument leaves', ids: ['exfil.argument-egress'] },
  B10: { title: 'HTTP client hook copies credentials', ids: ['hook.global-patch', 'exfil.canary-egress'] },
  B11: { title: 'payload keyed to one consumer', ids: ['evade.target-gate', 'exec.encoded-payload'] },
  B12: { title: 'decoded payload executed', ids: ['exec.encoded-payload'] },
  B13: { title: 'invisible Unicode carries code', ids: ['exec.hidden-unicode'] },
  B14: { title: 'media carries code', ids: ['exec.media-payload'] },
  B15: { title: 'dead drop', ids: ['c2.dead-drop'] },
  B16: { title: 'shell bound to a socket', ids: ['c2.reverse-shell'] },
  B17: { title: 'beacon with host identity', ids: ['exfil.host-info', 'manifest.name-confusion'] },
  B18: { title: 'chunked DNS exfiltration', ids: ['exfil.dns-chunked', 'exfil.canary-egress'] },
  B19: { title: 'cloud metadata or cluster token', ids: ['cred.metadata-service'] },
  B20: { title: 'undeclared host at import', ids: ['net.import-egress'] },
  B22: { title: 'native build with a foreign effect', ids: ['install.build-effect'] },
  B23: { title: 'payload behind a bin or plugin entry', ids: [] },
  B24: { title: 'autostart', ids: ['persist.autostart'] },
  B25: { title: 'agent or editor configuration', ids: ['persist.agent-config'] },
  B26: { title: 'AI tool without permissions', ids: ['ai.cli-abuse'] },
  B27: { title: 'text to reviewers', ids: ['ai.reviewer-injection'] },
  B28: { title: 'edits other packages', ids: ['tamper.other-package', 'tamper.other-extension'] },
  B29: { title: 'resource abuse', ids: ['resource.miner', 'resource.cpu-spin', 'resource.fork-bomb'] },
  B30: { title: 'time gate', ids: ['evade.time-gate'] },
  B31: { title: 'environment gate', ids: ['evade.env-gate'] },
  B32: { title: 'looks for the sandbox', ids: ['evade.sandbox-probe', 'evade.escape-attempt'] },
  B33: { title: 'secret flows to network, untriggered', ids: ['flow.secret-to-network'] },
  B34: { title: 'fixture becomes executable', ids: ['exec.fixture-to-exec'] },
  B38: { title: 'clean version, then a bad one', ids: ['install.lifecycle-hook'] },
  B39: {
    title: 'manifest and provenance',
    ids: ['dep.url-source', 'manifest.confusion', 'manifest.provenance-lost', 'manifest.identity-mismatch'],
  },
} as const satisfies Record<string, Behaviour>;
export type BehaviourRow = keyof typeof behaviours;

/** Benign neighbours that npm can show: G10 is Python's, G18 belongs to the source comparison. */
export const neighbours = {
  G01: 'prebuilt binary checked against a shipped digest',
  G02: 'download without digest, not run at install',
  G03: 'hook that prints, checks versions or picks a platform package',
  G04: 'installer of git hooks in the consumer project',
  G05: 'release tool on an explicit call',
  G06: 'environment reader printing to stdout',
  G07: 'wallet library using the provider unaltered',
  G08: 'instrumentation that forwards unchanged',
  G09: 'AI CLI wrapper without skip flags',
  G11: 'node-gyp with the toolchain',
  G12: 'emoji selectors and bidi translations',
  G13: 'scheduler dates, CI colours, locale formats',
  G14: 'large minified bundle with wasm',
  G15: 'package manager and git read their own configuration',
  G16: 'update check or telemetry on explicit use',
  G17: 'localhost server, temporary files, own cache',
  G19: 'security tool whose data holds payload strings',
  G20: 'README that talks to language models about its own use',
} as const satisfies Record<string, string>;
export type NeighbourRow = keyof typeof neighbours;

/** Ids that only inform: a neighbour shows them, nothing evades them. */
export const informational = ['install.prebuilt-download', 'hook.instrumentation', 'net.egress'] as const;
