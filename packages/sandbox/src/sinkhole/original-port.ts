import { readFileSync } from 'node:fs';

/**
 * The port that a redirected connection asked for, from the kernel's connection table. Only root of the host may read it;
 * otherwise `undefined`, and the tracer's record of the connect call says it.
 */
export class OriginalPorts {
  readonly #path: string;
  #readable = true;

  constructor(path = '/proc/net/nf_conntrack') {
    this.#path = path;
  }

  find(protocol: 'tcp' | 'udp', sourcePort: number, door: number): number | undefined {
    if (!this.#readable) return undefined;
    try {
      return portIn(readFileSync(this.#path, 'latin1'), protocol, sourcePort, door);
    } catch {
      // EACCES or ENOENT: not this time and not later.
      this.#readable = false;
      return undefined;
    }
  }
}

/**
 * A line: `ipv4 2 tcp 6 431999 ESTABLISHED src=… dst=… sport=37196 dport=7777 src=… dst=… sport=61000 dport=37196 …`: what was
 * asked for, then what the answer looks like. The newest entry of a source port wins.
 */
function portIn(table: string, protocol: string, sourcePort: number, door: number): number | undefined {
  let found: number | undefined;
  for (const line of table.split('\n')) {
    if (!line.includes(` ${protocol} `) || !line.includes(` sport=${sourcePort} `)) continue;
    const ports = [...line.matchAll(/ sport=(\d+) dport=(\d+)/g)].map(([, source, target]) => [
      Number(source),
      Number(target),
    ]);
    const [asked, answer] = ports;
    if (asked?.[0] === sourcePort && answer?.[0] === door && answer[1] === sourcePort) found ??= asked[1];
  }
  return found;
}
