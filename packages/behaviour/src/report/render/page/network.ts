import type { PageHost, PageRequest } from './data.ts';
import type { Page } from './types.ts';

/** Hosts, what each was asked and what it was sent. */
export function network(page: Page, place: HTMLElement): void {
  const { kit, data } = page;
  const { el } = kit;
  const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
  const row = (request: PageRequest) => [
    kit.evidence(request.event),
    `${request.run} ${request.phase}`,
    kit.time(request.t_ms),
    el(
      'code',
      {},
      `${kit.name(request.method ?? '?')} ${kit.text(request.scheme)} :${request.port} ${kit.text(request.path ?? '')}`,
    ),
    request.body_bytes === undefined ? '' : kit.bytes(request.body_bytes),
    request.response === undefined ? 'none' : `${request.response.status} (${kit.text(request.response.profile)})`,
    el(
      'span',
      {},
      ...request.canary_hits.map(({ canary, encoding, where }) =>
        kit.chip(
          `${canary} ${kit.text(data.decoys[canary] ?? '')} · ${kit.text(encoding)} · ${kit.text(where)}`,
          'bad',
        ),
      ),
      ...(request.decrypted ? [] : [kit.chip('not decrypted', 'gap')]),
      ...(request.egress === 'blocked' ? [kit.chip('refused', 'warn')] : []),
    ),
  ];
  const card = (host: PageHost) => {
    const summary = [
      el('code', { class: 'host' }, kit.name(host.host)),
      ...host.decoys.map((id) => kit.chip(`decoy ${kit.text(data.decoys[id] ?? id)}`, 'bad')),
      el(
        'span',
        { class: 'faint' },
        [
          plural(host.requests.length, 'request'),
          plural(host.connections, 'connection'),
          plural(host.lookups, 'lookup'),
        ]
          .filter((words) => !words.startsWith('0 '))
          .concat([...host.runs].sort().join(' '), host.phases.join(' '))
          .join(' · '),
      ),
    ];
    if (host.requests.length === 0) return el('div', { class: 'card leaf' }, ...summary);
    const head = ['event', 'run', 'time', 'request', 'body', 'answer', 'carried'];
    const build = () => [
      kit.table(`Requests to ${kit.name(host.host)}`, head, host.requests.slice(0, 200).map(row)),
      host.requests.length > 200
        ? el('p', { class: 'faint' }, `${host.requests.length - 200} more in the list of events`)
        : undefined,
    ];
    const folded = kit.fold(summary, build, host.decoys.length > 0);
    folded.className = 'card';
    return folded;
  };
  const isMirror = (host: PageHost) => host.egress.length === 1 && host.egress[0] === 'mirror';
  const own = data.hosts.filter((host) => !isMirror(host));
  place.append(
    own.length === 0
      ? el('p', { class: 'faint' }, 'No host was contacted besides the registry mirror.')
      : el('p', { class: 'faint' }, 'Nothing left the sandbox: a sinkhole answered in the place of every host.'),
    ...own.slice(0, 300).map(card),
    ...data.hosts.filter(isMirror).map(card),
  );
}
