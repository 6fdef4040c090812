import { spawn } from 'node:child_process';
import type { Door } from './ports.ts';

/**
 * Packet rules of the sandbox's namespace: every outgoing connection keeps its address and comes in at a door. Loopback is
 * left alone, so that a package's own server answers its own client, and a closed local port stays closed.
 *
 * *Source:* nft(8), `dnat to :<port>` in the output hook.
 */
export function redirectRules(doors: readonly Door[], catchAll: Door, ipv6: boolean): string {
  const map = doors.map(({ port, listen }) => `${port} : ${listen}`).join(', ');
  const table = (family: 'ip' | 'ip6', loopback: string) => `table ${family} sinkhole {
  map doors { type inet_service : inet_service; elements = { ${map} } }
  chain output {
    type nat hook output priority -100;
    ${family} daddr ${loopback} return
    tcp dport 53 return
    udp dport 53 return
    meta l4proto tcp dnat to :tcp dport map @doors
    meta l4proto tcp dnat to :${catchAll.listen}
    meta l4proto udp dnat to :${catchAll.listen}
  }
}
`;
  return table('ip', '127.0.0.0/8') + (ipv6 ? table('ip6', '::1') : '');
}

/** Installs rules; false when the program is missing or the kernel refuses. */
export function installRules(program: string, rules: string): Promise<boolean> {
  return new Promise((resolve) => {
    const env = { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' };
    const child = spawn(program, ['-f', '-'], { stdio: ['pipe', 'ignore', 'ignore'], env });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
    child.stdin.on('error', () => resolve(false));
    child.stdin.end(rules);
  });
}
