import type { TraceEvent } from '@assay/kernel';

/** One event in words: `read decoy` · `c1 npm_token at ~/.npmrc` · `denied`. Safe to show. */
export type EventWords = { verb: string; what: string; note: string };

/** What the words need besides the event. `show` is `visible`. */
export type Vocabulary = {
  show(text: string, alphabet?: 'any' | 'ascii'): string;
  /** Kind of a decoy by its id, e.g. `npm_token`. */
  decoyKind(id: string): string | undefined;
};

/**
 * Says what an event is, for people.
 *
 * *Shape:* nothing in the result is longer than about 300 characters. The HTML page carries this very function: it may use
 * nothing from outside itself.
 */
export function describeEvent(event: TraceEvent, { show, decoyKind }: Vocabulary): EventWords {
  const clip = (text: string, max = 240): string => (text.length > max ? `${text.slice(0, max - 1)}…` : text);
  const name = (text: string | undefined): string => show(clip(text ?? '?'), 'ascii');
  const text = (value: string | undefined): string => show(clip(value ?? ''));
  const size = event.bytes === undefined ? '' : ` (${event.bytes} bytes)`;
  const endpoint = [event.ip, event.port].filter((part) => part !== undefined).join(':');
  const place = event.host === undefined ? name(endpoint) : `${name(event.host)}${endpoint && ` (${name(endpoint)})`}`;
  const decoy = [event.canary ?? '?', decoyKind(event.canary ?? '')].filter((part) => part !== undefined).join(' ');
  const call = [name(event.api), text(event.detail)].filter((part) => part !== '').join(' ');
  const caller = event.caller === undefined ? '' : ` from ${text(event.caller)}`;
  const say = (): [string, string] => {
    switch (event.type) {
      case 'process.exec':
        return ['ran', text((event.argv ?? [event.executable ?? '?']).join(' '))];
      case 'process.exit':
        return [
          'ended',
          event.signal === undefined ? `with code ${event.exit_code ?? '?'}` : `by ${name(event.signal)}`,
        ];
      case 'file.read':
        return ['read', text(event.path) + size];
      case 'file.write':
        return ['wrote', text(event.path) + size];
      case 'file.delete':
        return ['deleted', text(event.path)];
      case 'file.rename':
        return ['renamed', `${text(event.path)} → ${text(event.to)}`];
      case 'file.chmod':
        return ['set mode', `${text(event.path)} ${text(event.mode)}`];
      case 'file.link':
        return ['linked', `${text(event.path)} → ${text(event.to)}`];
      case 'net.dns':
        return ['looked up', `${name(event.host)} ${text(event.query_type)}`.trim()];
      case 'net.connect':
        return ['connected', `to ${place}${event.protocol === undefined ? '' : ` ${event.protocol}`}`];
      case 'net.listen':
        return ['listened', `on ${place}`];
      case 'net.http':
        return [
          'requested',
          `${name(event.method ?? 'GET')} ${text(event.scheme ?? 'http')}://${name(event.host)}${text(event.url_path)}${size}`,
        ];
      case 'net.tls':
        return ['spoke TLS', `with ${place}`];
      case 'canary.read':
        return ['read decoy', `${show(decoy)} at ${text(event.path ?? event.api)}`];
      case 'canary.egress':
        return [
          'sent decoy',
          `${show(decoy)}${event.encoding === undefined ? '' : `, ${text(event.encoding)}`}${
            event.where === undefined ? '' : `, in ${text(event.where)}`
          }${event.host === undefined ? '' : `, to ${name(event.host)}`}`,
        ];
      case 'memory.exec':
        return ['ran memory', call];
      case 'ptrace':
        return ['traced', call];
      case 'sleep':
        return ['waited', `${event.ms ?? '?'} ms ${event.api === undefined ? '' : name(event.api)}`.trim()];
      case 'clock.read':
        return ['read clock', call];
      case 'resource':
        return ['used', call];
      case 'runtime.hook':
      case 'vscode.api':
        return ['called', call + caller];
      case 'phase.start':
        return ['began', `${event.phase} ${text(event.detail)}`.trim()];
      case 'phase.end':
        return ['finished', `${event.phase} ${text(event.detail)}`.trim()];
    }
  };
  const [verb, what] = say();
  const notes = [
    event.outcome === 'ok' ? '' : show(event.outcome),
    event.status === undefined || event.type !== 'net.http' ? '' : `answered ${event.status}`,
    event.egress === undefined || event.egress === 'sinkhole' ? '' : event.egress,
    event.count === undefined ? '' : `×${event.count}`,
  ];
  return { verb, what, note: notes.filter((note) => note !== '').join(', ') };
}

/** What an event is about, for colours and filters. The HTML page carries this very function, too. */
export function kindOf({ type }: Pick<TraceEvent, 'type'>): EventKind {
  if (type.startsWith('canary.')) return 'decoy';
  if (type.startsWith('net.')) return 'net';
  if (type === 'file.read') return 'read';
  if (type.startsWith('file.')) return 'file';
  if (type === 'process.exec' || type === 'process.exit') return 'run';
  return type === 'runtime.hook' || type === 'vscode.api' || type === 'memory.exec' ? 'hook' : 'other';
}

export type EventKind = 'decoy' | 'net' | 'read' | 'file' | 'run' | 'hook' | 'other';
