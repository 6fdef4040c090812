import { type Finding, sha256 } from '@assay/kernel';
import type { Canary, DroppedFile } from '../schema/trace.ts';
import type { DynamicAnalysisReport } from '../schema.ts';
import { base64, completedRun, environment, finding, reportOf } from './common.ts';
import { Tape } from './tape.ts';

const name = '@example/columns';
/** Package text that tries to act on whoever looks at it. */
const hostile = {
  ansi: '{pkg}/\u001b[2K\u001b[31mREADME.md',
  bidi: '~/Documents/invoice_\u202efdp.exe',
  html: '~/</script><img src=x onerror=alert(1)>.txt',
  hidden: 'ad\u200bmin\ufe01\u{e0041}',
};

/** A hook that steals, fetches, drops, persists, hides its traces, and waits in other runs: nearly every member filled. */
export function maliciousReport(): DynamicAnalysisReport {
  const tape = new Tape();
  const install = installPhase(tape);
  const load = importPhase(tape);
  const execute = executePhase(tape);
  const later = laterRuns(tape);
  const ids = { ...install, ...load, ...execute, ...later };
  return reportOf(tape, {
    task_id: 456,
    purl: 'pkg:npm/%40example/columns@3.2.1',
    requested_purl: 'pkg:npm/@example/columns',
    Package: { Ecosystem: 'npm', Name: name, Version: '3.2.1' },
    CreatedTimestamp: 1775730042,
    findings: findings(ids),
    ...observed(ids),
    ...surroundings(ids),
  });
}

type Ids = ReturnType<typeof installPhase> &
  ReturnType<typeof importPhase> &
  ReturnType<typeof executePhase> &
  ReturnType<typeof laterRuns>;

function installPhase(tape: Tape) {
  tape.at('r0', 'install');
  const npm = tape.start(undefined, ['npm', 'install', '--foreground-scripts', '--no-audit'], { toolchain: true });
  tape.add(npm, 'phase.start');
  for (const path of [
    '/@example%2fcolumns',
    '/@example/columns/-/columns-3.2.1.tgz',
    '/ansi-lite',
    '/ansi-lite/-/ansi-lite-1.0.4.tgz',
  ]) {
    tape.request(npm, 'mirror.test', { path, egress: 'mirror' });
  }
  for (let index = 0; index < 40; index += 1) {
    tape.add(npm, 'file.write', { path: `{pkg}/lib/part-${index}.js`, bytes: 800 + index * 13 });
  }
  const gyp = tape.exec(npm, ['node', 'node-gyp.js', 'rebuild'], { toolchain: true });
  for (const file of ['a.cc', 'b.cc', 'c.cc'])
    tape.end(tape.exec(gyp.key, ['cc', '-c', file], { toolchain: true }).key);
  tape.end(gyp.key);
  tape.wait(900);
  const shell = tape.exec(npm, ['sh', '-c', 'node setup.js'], { package: name });
  const node = tape.exec(shell.key, ['node', 'setup.js'], { package: name });
  tape.add(node.key, 'file.read', { path: hostile.ansi, bytes: 120 });
  const readNpmrc = tape.add(node.key, 'canary.read', { canary: 'c1', path: '~/.npmrc' });
  const readAws = tape.add(node.key, 'canary.read', { canary: 'c2', path: '~/.aws/credentials' });
  tape.add(node.key, 'file.read', { path: '~/.kube/config', outcome: 'error:ENOENT' });
  tape.wait(60);
  const post = tape.request(node.key, 'collect.invalid', {
    method: 'POST',
    path: `/u?who=${hostile.hidden}`,
    body_bytes: 212,
    body_sha256: sha256('body'),
    canary_hits: [
      { canary: 'c1', encoding: 'base64', where: 'body' },
      { canary: 'c2', encoding: 'gzip+hex', where: 'header:x-id' },
    ],
  });
  const sentNpmrc = tape.add(node.key, 'canary.egress', {
    canary: 'c1',
    encoding: 'base64',
    where: 'body',
    host: 'collect.invalid',
    request: post,
  });
  const sentAws = tape.add(node.key, 'canary.egress', {
    canary: 'c2',
    encoding: 'gzip+hex',
    where: 'header:x-id',
    host: 'collect.invalid',
    request: post,
  });
  const fetched = tape.request(node.key, 'cdn.stage.invalid', { path: '/s/2.sh' });
  const dropped = tape.add(node.key, 'file.write', { path: '{tmp}/.cache/upd', bytes: 18_233, sha256: sha256('upd') });
  const marked = tape.add(node.key, 'file.chmod', { path: '{tmp}/.cache/upd', mode: '0755' });
  const upd = tape.exec(node.key, ['{tmp}/.cache/upd', '--quiet', '--token=canary:c1'], {
    package: name,
    pwd: '{tmp}',
  });
  const profile = tape.add(upd.key, 'file.write', { path: '~/.bashrc', bytes: 71 });
  tape.add(upd.key, 'file.write', { path: hostile.bidi, bytes: 5 });
  tape.add(upd.key, 'file.write', { path: hostile.html, bytes: 5 });
  for (let index = 0; index < 6; index += 1) tape.end(tape.exec(upd.key, ['uname', '-a'], { package: name }).key);
  const erased = tape.add(upd.key, 'file.delete', { path: '{tmp}/.cache/upd' });
  const rewritten = tape.add(upd.key, 'file.write', { path: '{pkg}/package.json', bytes: 640 });
  tape.end(upd.key);
  tape.end(node.key);
  tape.end(shell.key);
  tape.add(npm, 'phase.end');
  tape.end(npm);
  return {
    hook: shell.event,
    setup: node.event,
    readNpmrc,
    readAws,
    post,
    sentNpmrc,
    sentAws,
    fetched,
    dropped,
    marked,
    ran: upd.event,
    profile,
    erased,
    rewritten,
  };
}

function importPhase(tape: Tape) {
  tape.at('r0', 'import').wait(120);
  const driver = tape.exec(undefined, ['node', 'drive-import.mjs', name], { package: name });
  tape.add(driver.key, 'phase.start');
  tape.add(driver.key, 'runtime.hook', {
    api: 'process.env',
    detail: 'AWS_SECRET_ACCESS_KEY',
    caller: '{pkg}/lib/part-3.js:1:220',
  });
  const evaluated = tape.add(driver.key, 'runtime.hook', {
    api: 'Function',
    detail: 'return globalThis.fetch=((o)=>(u,i)=>o(u,{...i,body:swap(i&&i.body)}))(fetch)',
    caller: '{pkg}/lib/part-3.js:1:884',
    package: name,
  });
  const patched = tape.add(driver.key, 'runtime.hook', {
    api: 'globalThis.fetch',
    detail: 'replaced',
    caller: '{pkg}/lib/part-3.js:1:901',
    package: name,
  });
  tape.add(driver.key, 'phase.end');
  tape.end(driver.key);
  return { evaluated, patched };
}

function executePhase(tape: Tape) {
  tape.at('r0', 'execute').wait(80);
  const driver = tape.exec(undefined, ['node', 'drive-exports.mjs', name], { package: name });
  tape.add(driver.key, 'phase.start');
  const call = tape.add(driver.key, 'runtime.hook', {
    api: 'exports.sign',
    detail: 'canary:c3',
    caller: 'drive-exports.mjs:40:3',
  });
  const request = tape.request(driver.key, '203.0.113.9', {
    method: 'PUT',
    path: '/k',
    body_bytes: 64,
    canary_hits: [{ canary: 'c3', encoding: 'hex', where: 'body' }],
  });
  const sent = tape.add(driver.key, 'canary.egress', {
    canary: 'c3',
    encoding: 'hex',
    where: 'body',
    host: '203.0.113.9',
    request,
  });
  tape.add(driver.key, 'sleep', { ms: 600_000, api: 'setTimeout' });
  tape.wait(60_000);
  tape.add(driver.key, 'phase.end', { detail: 'deadline', outcome: 'error:ETIME' });
  return { argumentCall: call, argumentRequest: request, argumentSent: sent };
}

function laterRuns(tape: Tape) {
  const startOf = (run: 'r1' | 'r2' | 'r3') => {
    tape.at(run, 'install');
    const npm = tape.start(undefined, ['npm', 'install', '--foreground-scripts'], { toolchain: true });
    tape.add(npm, 'phase.start');
    return tape.wait(700).exec(npm, ['node', 'setup.js'], { package: name });
  };
  const ci = startOf('r1');
  const workflow = tape.add(ci.key, 'file.write', { path: '~/src/app/.github/workflows/build.yml', bytes: 411 });
  const blocked = startOf('r2');
  const refused = tape.request(blocked.key, 'collect.invalid', { method: 'POST', path: '/u', egress: 'blocked' });
  const late = startOf('r3');
  const clock = tape.add(late.key, 'clock.read', { api: 'Date.now' });
  const wiped = Array.from({ length: 12 }, (_, index) =>
    tape.add(late.key, 'file.delete', { path: `~/Documents/note-${index}.md` }),
  );
  return { workflow, refused, clock, wiped };
}

function findings(ids: Ids): Finding[] {
  const install = { phase: 'install', package: name } as const;
  return [
    finding('cred.decoy-read', 'Decoy credential read', {
      ...install,
      severity: 'high',
      category: 'credential',
      evidence: [ids.setup, ids.readNpmrc, ids.readAws],
      mitre: ['T1552.001'],
      summary: 'postinstall read ~/.npmrc and ~/.aws/credentials',
    }),
    finding('exfil.canary-egress', 'Decoy credential left the sandbox', {
      ...install,
      severity: 'critical',
      category: 'exfiltration',
      evidence: ['s1', ids.setup, ids.readNpmrc, ids.readAws, ids.post, ids.sentNpmrc, ids.sentAws],
      mitre: ['T1552.001', 'T1041'],
      summary: 'postinstall read the npm token decoy and posted it, base64, to collect.invalid',
    }),
    finding('exec.fetched-code', 'Runs code that it downloaded', {
      ...install,
      severity: 'critical',
      category: 'execution',
      evidence: [ids.fetched, ids.dropped, ids.marked, ids.ran],
      mitre: ['T1105', 'T1059'],
      summary: 'fetched cdn.stage.invalid/s/2.sh, wrote it to {tmp}/.cache/upd and ran it',
    }),
    finding('exec.dropped-binary', 'Runs an executable that it wrote', {
      ...install,
      severity: 'high',
      category: 'execution',
      evidence: [ids.dropped, ids.marked, ids.ran],
      mitre: ['T1105', 'T1204.002'],
      summary: 'wrote and ran {tmp}/.cache/upd',
    }),
    finding('persist.autostart', 'Installs itself to start again', {
      ...install,
      severity: 'high',
      category: 'persistence',
      evidence: [ids.ran, ids.profile],
      mitre: ['T1546.004'],
      summary: 'appended a line to ~/.bashrc',
    }),
    finding('tamper.self-erase', 'Erases or rewrites its own traces', {
      ...install,
      severity: 'high',
      category: 'tampering',
      evidence: [ids.erased, ids.rewritten],
      mitre: ['T1070.004'],
      summary: 'deleted its second stage and rewrote its own package.json',
    }),
    finding('exec.encoded-payload', 'Code decoded at run time and executed', {
      ...install,
      phase: 'import',
      severity: 'high',
      category: 'execution',
      evidence: ['s2', 's3', ids.evaluated],
      mitre: ['T1027', 'T1140'],
      summary: 'lib/part-3.js decodes 884 bytes and compiles them',
    }),
    finding('hook.global-patch', 'Patches a shared function and changes what passes', {
      ...install,
      phase: 'import',
      severity: 'high',
      category: 'tampering',
      evidence: [ids.evaluated, ids.patched],
      mitre: ['T1557'],
      summary: 'replaced globalThis.fetch',
    }),
    finding('exfil.argument-egress', 'Key given to an exported function left the sandbox', {
      ...install,
      phase: 'execute',
      severity: 'critical',
      category: 'exfiltration',
      evidence: [ids.argumentCall, ids.argumentRequest, ids.argumentSent],
      mitre: ['T1041'],
      summary: 'sign() sent its key argument to 203.0.113.9',
    }),
    finding('destroy.mass-delete', 'Many files outside its folder deleted', {
      ...install,
      severity: 'critical',
      category: 'destruction',
      runs: ['r3'],
      evidence: [ids.clock, ...ids.wiped],
      mitre: ['T1485'],
      summary: 'deleted 12 decoy documents',
    }),
    finding('evade.time-gate', 'Acts only after a date or a delay', {
      ...install,
      severity: 'high',
      category: 'evasion',
      runs: ['r3'],
      evidence: [ids.clock, ids.wiped[0] ?? ''],
      mitre: ['T1497.003'],
      summary: 'deletes only when the clock is 400 days ahead',
    }),
    finding('install.lifecycle-hook', 'Runs a script at install', {
      ...install,
      severity: 'medium',
      category: 'execution',
      evidence: ['s4', ids.hook],
      summary: 'postinstall is new in this version',
    }),
    finding('manifest.name-confusion', 'Name close to a well-known one', {
      ...install,
      phase: 'metadata',
      severity: 'medium',
      confidence: 'low',
      category: 'manifest',
      evidence: ['s4'],
      summary: 'one letter from a package with 2 million weekly downloads',
      baseline: 'unchanged',
    }),
  ];
}

function observed(ids: Ids) {
  const canaries: Canary[] = [
    {
      id: 'c1',
      kind: 'npm_token',
      location: '~/.npmrc',
      placed: true,
      reads: [ids.readNpmrc],
      egress: [ids.sentNpmrc],
    },
    {
      id: 'c2',
      kind: 'aws',
      location: '~/.aws/credentials',
      placed: true,
      reads: [ids.readAws],
      egress: [ids.sentAws],
    },
    {
      id: 'c3',
      kind: 'api_argument',
      location: 'argument of exports',
      placed: true,
      reads: [],
      egress: [ids.argumentSent],
    },
    { id: 'c4', kind: 'ssh_key', location: '~/.ssh/id_ed25519', placed: true, reads: [], egress: [] },
    { id: 'c5', kind: 'clipboard', location: 'clipboard', placed: false, reads: [], egress: [] },
  ];
  const dropped_files: DroppedFile[] = [
    {
      path: '{tmp}/.cache/upd',
      sha256: sha256('upd'),
      size_bytes: 18_233,
      kind: 'script',
      mime: 'text/x-shellscript',
      entropy: 5.12,
      created: ids.dropped,
      executed: ids.ran,
      deleted: true,
      artifact: 'dropped-1',
      signals: ['s5'],
    },
  ];
  const signal = (id: string, rule: string, file: string, line: number, snippet: string) => ({
    id,
    rule,
    file,
    line,
    column: 3,
    snippet,
  });
  return {
    canaries,
    dropped_files,
    static: {
      files_scanned: 44,
      bytes: 70_211,
      parse_failures: [{ file: 'lib/part-9.js', reason: 'unexpected end of input' }],
      signals: [
        signal('s1', 'js.https-post', 'setup.js', 14, "https.request({host: h, method: 'POST'})"),
        signal('s2', 'js.decode-chain', 'lib/part-3.js', 1, "Buffer.from(p,'base64').map(b=>b^41)"),
        signal('s3', 'js.dynamic-code', 'lib/part-3.js', 1, 'new Function(d)()'),
        signal('s4', 'meta.lifecycle-hook', 'package.json', 12, '"postinstall": "node setup.js"'),
        signal('s5', 'sh.self-delete', '{tmp}/.cache/upd', 3, 'rm -- "$0"'),
      ],
    },
    Analysis: {
      install: {
        Status: 'completed',
        Files: [
          { Path: '{pkg}/**', Read: true, Write: true, Delete: false, Count: 41 },
          { Path: '~/.aws/credentials', Read: true, Write: false, Delete: false },
          { Path: '~/.bashrc', Read: false, Write: true, Delete: false },
          { Path: '~/.npmrc', Read: true, Write: false, Delete: false },
          { Path: hostile.html, Read: false, Write: true, Delete: false },
        ],
        Sockets: [{ Address: '10.99.0.16', Port: 443, Hostnames: ['collect.invalid'], Protocol: 'tcp' }],
        Commands: [{ Command: ['node', 'setup.js'], Environment: ['npm_lifecycle_event=postinstall'] }],
        DNS: [{ Class: 'IN', Queries: [{ Hostname: 'collect.invalid', Types: ['A', 'AAAA'] }] }],
        Stdout: base64('\u001b[32madded 2 packages\u001b[0m\n'),
        Stderr: base64('npm warn deprecated ansi-lite@1.0.4\n'),
        SyscallCounts: { openat: 812, connect: 5, execve: 14 },
      },
      import: { Status: 'completed', Files: [], Sockets: [], Commands: [], DNS: [], Stdout: '', Stderr: '' },
      execute: {
        Status: 'error_timeout',
        StatusReason: 'phase deadline 60 s',
        Files: [],
        Sockets: [],
        Commands: [],
        DNS: [],
        Stdout: '',
        Stderr: '',
      },
    } satisfies DynamicAnalysisReport['Analysis'],
    source: {
      kind: 'registry',
      files: [{ name: 'columns-3.2.1.tgz', sha256: sha256('columns'), size_bytes: 18_233, integrity: 'verified' }],
    } satisfies DynamicAnalysisReport['source'],
    dependencies: {
      count: 2,
      packages: [
        {
          purl: 'pkg:npm/%40example/columns@3.2.1',
          sha256: sha256('columns'),
          hooks: ['postinstall'],
          new: false,
          imported: true,
        },
        { purl: 'pkg:npm/ansi-lite@1.0.4', sha256: sha256('ansi'), hooks: [], new: true, imported: false },
      ],
    },
    metadata: {
      published_at: { status: 'measured', value: '2026-04-08T09:00:00.000Z' },
      age_days: { status: 'measured', value: 1 },
      maintainers_changed: { status: 'measured', value: true },
      similar_names: { status: 'measured', value: ['columns'] },
      provenance: { status: 'not_measured', reason: 'registry mirror returns no attestations' },
    } satisfies DynamicAnalysisReport['metadata'],
  };
}

function surroundings(ids: Ids) {
  const yes = (how: string) => ({ measured: true, how });
  return {
    limitations: [
      {
        code: 'phase_deadline',
        channel: 'arguments',
        run: 'r0',
        phase: 'execute',
        effect: 'blocks_benign',
        text: 'execute stopped after 60 s; 4 of 9 exports called',
      },
      {
        code: 'tls_opaque',
        channel: 'tls_plaintext',
        run: 'r0',
        effect: 'note',
        text: 'one connection to 203.0.113.9 pinned its certificate',
      },
    ],
    baseline: {
      status: 'compared',
      previous_version: '3.2.0',
      previous_sha256: sha256('3.2.0'),
      new: {
        hooks: ['postinstall'],
        dependencies: ['ansi-lite'],
        hosts: ['collect.invalid', 'cdn.stage.invalid'],
        files: ['setup.js', hostile.ansi],
        writes_outside: ['~/.bashrc'],
      },
      removed: { files: ['docs/usage.md'] },
      findings_new: ['exfil.canary-egress', 'cred.decoy-read'],
    },
    triggers: {
      runs: [
        {
          ...completedRun('r0'),
          status: 'error_timeout',
          phases: { install: 'completed', import: 'completed', execute: 'error_timeout' },
        },
        completedRun('r1', [ids.workflow]),
        completedRun('r2', [ids.refused]),
        completedRun('r3', [ids.clock, ...ids.wiped]),
        completedRun('r4'),
        { ...completedRun('r5'), status: 'not_measured', reason: 'deadline of the task came first', phases: {} },
      ],
    },
    capabilities: {
      processes: yes('strace'),
      files: yes('strace'),
      http: yes('sinkhole'),
      tls_plaintext: yes('sinkhole CA'),
      runtime_hook: yes('preload'),
      canaries: yes('sinkhole and tracer'),
      provenance: { measured: false, how: 'none', reason: 'registry mirror returns no attestations' },
      static_binary: { measured: false, how: 'none', reason: 'no native code in the archive' },
    },
    environment,
    timings: {
      queued: 40,
      resolve: 210,
      fetch: 180,
      static: 320,
      runs: {
        r0: { install: 2280, import: 410, execute: 60_000 },
        r1: { install: 2110 },
        r2: { install: 1400 },
        r3: { install: 2600 },
      },
      baseline: 900,
      report: 30,
      total: 64_610,
    },
    artifacts: [
      { name: 'trace.ndjson.gz', sha256: sha256('trace'), size_bytes: 40_211 },
      { name: 'dropped-1', sha256: sha256('upd'), size_bytes: 18_233 },
    ],
    truncation: [{ field: 'static.parse_failures', kept: 1, total: 3 }],
  } satisfies Partial<DynamicAnalysisReport>;
}
