import type { NetworkRequest } from '../../schema/trace.ts';
import { visible } from '../../visible.ts';
import { type HostSummary, hostsOf } from '../hosts.ts';
import { cutTo, pad, widthOf } from './layout.ts';
import { bytes, paragraph, plural, type Sheet, section, some, timeOf } from './sheet.ts';

export function networkLines(sheet: Sheet): string[] {
  const hosts = hostsOf(sheet.report);
  const mirror = hosts.filter(isMirror);
  const lines = hosts.filter((host) => !isMirror(host)).flatMap((host) => hostLines(sheet, host));
  const listeners = sheet.report.network.listeners.map(({ ip, port, protocol, run, phase }) =>
    cutTo(`  listened on ${visible(ip)}:${port} ${protocol} · ${run} ${phase}`, sheet.width),
  );
  const all = [...some(sheet, lines, 30, 'lines'), ...some(sheet, listeners, 5, 'listeners')];
  const fetched = mirror.reduce((sum, host) => sum + host.requests.length, 0);
  if (fetched > 0) {
    all.push(...paragraph(sheet, `registry mirror: ${plural(fetched, 'request')} by the package manager`, 2, 'dim'));
  }
  return section(sheet, 'NETWORK', all.length > 0 ? all : [sheet.paint('dim', '  none')], 'nothing left the sandbox');
}

function isMirror({ egress }: HostSummary): boolean {
  return egress.size === 1 && egress.has('mirror');
}

function hostLines(sheet: Sheet, host: HostSummary): string[] {
  const { paint, width, lookup } = sheet;
  const facts = [
    plural(host.requests.length, 'request'),
    plural(host.connections, 'connection'),
    plural(host.lookups, 'lookup'),
    [...host.runs].sort().join(' '),
    [...host.phases].join(' '),
    host.egress.has('blocked') ? 'refused' : '',
  ].filter((fact) => fact !== '' && !fact.startsWith('0 '));
  const decoys = [...host.decoys].map((id) => `${id} ${lookup.canaries.get(id)?.kind ?? ''}`.trim()).join(', ');
  const name = cutTo(visible(host.host, 'ascii'), Math.max(20, width - 50));
  const told = cutTo(facts.join(' · '), Math.max(0, width - widthOf(name) - 4));
  const head = `  ${paint(decoys === '' ? 'bold' : ['bold', 'red'], name)}  ${paint('dim', told)}`;
  return [
    head,
    ...(decoys === '' ? [] : [`    ${paint('red', cutTo(`received decoys: ${decoys}`, width - 4))}`]),
    ...some(
      sheet,
      host.requests.map((request) => requestLine(sheet, request)),
      6,
      'requests',
    ),
  ];
}

function requestLine({ paint, width }: Sheet, request: NetworkRequest): string {
  const { run, t_ms, method, scheme, path, port, body_bytes, response, decrypted, canary_hits } = request;
  const what = `${visible(method ?? '?')} ${visible(scheme)} :${port} ${visible(path ?? '')}`;
  const facts = [
    body_bytes === undefined ? '' : `body ${bytes(body_bytes)}`,
    response === undefined ? 'no answer' : `answered ${response.status}`,
    decrypted ? '' : 'not decrypted',
    ...canary_hits.map(({ canary, encoding, where }) => `${canary} as ${visible(encoding)} in ${visible(where)}`),
  ].filter((fact) => fact !== '');
  const line = `${run} ${pad(timeOf(t_ms), 9)} ${what} · ${facts.join(' · ')}`;
  return `    ${paint(canary_hits.length > 0 ? 'red' : 'dim', cutTo(line, width - 4))}`;
}
