import type { DynamicAnalysisReport } from '../../schema.ts';
import { hostsOf } from '../hosts.ts';
import type { Lookup } from '../lookup.ts';
import type { PageData } from '../page/index.ts';
import { touchedPaths } from '../touched.ts';

/** What the page's script works on: the parts of a report that plain HTML does not already hold. */
export function pageData(report: DynamicAnalysisReport, lookup: Lookup): PageData {
  const tail = (phase: string, stream: 'stdout' | 'stderr', base64: string): PageData['output'] => {
    const text = Buffer.from(base64, 'base64').toString('utf8');
    return text.trim() === '' ? [] : [{ phase, stream, text }];
  };
  return {
    package: report.Package.Name,
    findings: report.findings.map(({ id, title, severity, evidence }) => ({ id, title, severity, evidence })),
    runs: [...new Set(['r0', ...report.events.map(({ run }) => run)])].sort(),
    events: report.events,
    processes: Object.values(report.process_tree.nodes),
    signals: report.static.signals,
    decoys: Object.fromEntries(report.canaries.map(({ id, kind }) => [id, kind])),
    hosts: hostsOf(report).map((host) => ({
      ...host,
      decoys: [...host.decoys],
      egress: [...host.egress],
      runs: [...host.runs],
      phases: [...host.phases],
    })),
    paths: touchedPaths(report, lookup.citedBy).map((entry) => ({ ...entry, events: entry.events.slice(0, 5) })),
    dependencies:
      report.dependencies?.packages.map(({ purl, hooks, new: isNew, imported }) => ({
        purl,
        hooks,
        new: isNew,
        imported,
      })) ?? [],
    output: Object.entries(report.Analysis).flatMap(([phase, seen]) =>
      seen.Status === 'not_measured'
        ? []
        : [...tail(phase, 'stdout', seen.Stdout), ...tail(phase, 'stderr', seen.Stderr)],
    ),
    news: Object.fromEntries(report.triggers.runs.map(({ run, new_behaviour }) => [run, new_behaviour])),
  };
}
