import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Who lives in the sandbox; comes from the persona. */
export interface Inhabitant {
  user: string;
  uid: number;
  fullName: string;
  home: string;
  hostname: string;
  timezone: string;
  machineId: string;
}

/** Host files that the toolchain needs and that say nothing about the host's people or networks. */
export const sharedEtcFiles = [
  '/etc/ld.so.cache',
  '/etc/alternatives',
  '/etc/mime.types',
  '/etc/protocols',
  '/etc/services',
  '/etc/debian_version',
];

export const resolverAddress = '10.0.2.3';
export const caFile = '/etc/ssl/certs/site-ca.pem';

/** Writes the sandbox's own `/etc` into `directory` (a host path). */
export function writeEtc(directory: string, who: Inhabitant, caPem: string, hostCaBundle: string): void {
  const files: Record<string, string> = {
    passwd: `root:x:0:0:root:/root:/bin/bash\n${who.user}:x:${who.uid}:${who.uid}:${who.fullName},,,:${who.home}:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:0:\nsudo:x:27:${who.user}\n${who.user}:x:${who.uid}:\nnogroup:x:65534:\n`,
    hostname: `${who.hostname}\n`,
    hosts: `127.0.0.1\tlocalhost\n127.0.1.1\t${who.hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n`,
    'resolv.conf': `nameserver ${resolverAddress}\n`,
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
    timezone: `${who.timezone}\n`,
    'machine-id': `${who.machineId}\n`,
    shells: '/bin/sh\n/bin/bash\n',
    'ssl/certs/site-ca.pem': caPem,
    'ssl/certs/ca-certificates.crt': `${hostCaBundle}${caPem}`,
  };
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o644 });
  }
  // Mount points: bubblewrap cannot make them in a read-only folder.
  for (const shared of sharedEtcFiles) {
    const kind = statSync(shared, { throwIfNoEntry: false });
    const file = path.join(directory, path.basename(shared));
    if (kind?.isDirectory()) mkdirSync(file, { recursive: true });
    else if (kind !== undefined) writeFileSync(file, '', { mode: 0o644 });
  }
}
