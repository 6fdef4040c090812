import type { Persona } from '../persona.ts';
import type { DecoyPart } from './plant.ts';
import { alphabets, type RandomSource, randomText } from './random.ts';

/** What names this machine and its user, and the argument that generated calls pass. */
export function identityDecoys(random: RandomSource, persona: Persona): DecoyPart[] {
  return [hostIdentity(persona), apiArgument(random)];
}

function hostIdentity(persona: Persona): DecoyPart {
  const { hardware, hostname, user, home, uid, fullName } = persona;
  // An account name that every machine of its kind has, such as `runner`, identifies nobody.
  const values = [hostname, ...(user.length >= 16 ? [user] : []), hardware.machineId, hardware.productUuid];
  const etc = (path: string, content: string) => ({ path, content, mode: 0o644 });
  return {
    kind: 'host_identity',
    location: '/etc/hostname',
    values,
    files: [
      etc('/etc/hostname', `${hostname}\n`),
      etc('/etc/hosts', `127.0.0.1\tlocalhost\n127.0.1.1\t${hostname}\n::1\tlocalhost ip6-localhost ip6-loopback\n`),
      etc('/etc/machine-id', `${hardware.machineId}\n`),
      etc('/etc/timezone', `${persona.env.TZ ?? 'UTC'}\n`),
      etc(
        '/etc/passwd',
        `root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n${user}:x:${uid}:${uid}:${fullName},,,:${home}:${persona.shell}\n`,
      ),
      etc('/etc/group', `root:x:0:\nsudo:x:27:${user}\nnogroup:x:65534:\n${user}:x:${uid}:\n`),
    ],
  };
}

/** Passed by the execute phase where an exported function asks for a key or a secret; lies in no file. */
function apiArgument(random: RandomSource): DecoyPart {
  const key = `sk_${randomText(random, 40, alphabets.alphanumeric)}`;
  const privateKey = randomText(random, 64, alphabets.hex);
  return { kind: 'api_argument', location: 'argument of an exported function', values: [key, privateKey], files: [] };
}
