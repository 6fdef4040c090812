import { type Finding, sha256 } from '@assay/kernel';
import type { Location, Log, Notification, Result, Run } from 'sarif';
import type { DynamicAnalysisReport } from '../schema.ts';
import { visible } from '../visible.ts';
import { gapsOf } from './gaps.ts';
import { evidenceOf, type Lookup, lookupOf } from './lookup.ts';
import { evidenceLocation, packageRoot } from './sarif/locations.ts';
import { message } from './sarif/message.ts';
import { levelOf, rulesOf } from './sarif/rules.ts';
import { storyOf } from './story.ts';

/** Most steps of a code flow; a result whose evidence is longer says so. */
const maxFlowSteps = 200;

/**
 * The report as SARIF 2.1.0, for code-scanning services and editors.
 *
 * *Shape:* one result per finding, in the order things happened. Places in files are relative to the package's root
 * (`PACKAGE`); events are logical locations (run, phase, process) in a code flow. A finding without any file points at the
 * manifest, because services drop results that point nowhere. What was not measured is a notification; the verdict stands in
 * `properties.verdict`.
 */
export function renderSarif(report: DynamicAnalysisReport): string {
  const lookup = lookupOf(report);
  const { reasons, others } = storyOf(report, lookup);
  const rules = rulesOf(report.findings);
  const ruleIndex = new Map(rules.map(({ id }, index) => [id, index]));
  const run: Run = {
    tool: {
      driver: {
        name: 'Assay',
        semanticVersion: visible(report.environment.assay_version),
        rules,
        properties: { ruleset: report.environment.ruleset },
      },
    },
    automationDetails: { id: `assay/dynamic-analysis/${visible(report.purl, 'ascii')}` },
    originalUriBaseIds: { [packageRoot]: { description: message(`Root of the package in ${report.purl}`) } },
    artifacts: report.source.files.map(({ name, sha256: digest, size_bytes }) => ({
      location: { uri: encodeURIComponent(name.toWellFormed()) || 'unnamed' },
      length: size_bytes,
      hashes: { 'sha-256': digest },
    })),
    invocations: [
      {
        executionSuccessful: true,
        endTimeUtc: new Date(report.CreatedTimestamp * 1000).toISOString(),
        toolExecutionNotifications: gapsOf(report).map(notificationOf),
      },
    ],
    results: [...reasons, ...others].map(({ finding }) => ({
      ...resultOf(report, finding, lookup),
      ruleIndex: ruleIndex.get(finding.id) ?? -1,
    })),
    columnKind: 'utf16CodeUnits',
    properties: { verdict: verdictOf(report), purl: visible(report.purl, 'ascii'), engine: report.engine },
  };
  const log: Log = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
  return `${JSON.stringify(log, null, 2)}\n`;
}

/** The verdict without its sentences, which hold package text and stand in the results. */
function verdictOf({ verdict: { level, score, coverage, reasons } }: DynamicAnalysisReport) {
  const cited = reasons.map(({ finding, weight }) => ({ finding: visible(finding), weight }));
  return { level, score, coverage, reasons: cited };
}

function resultOf(report: DynamicAnalysisReport, finding: Finding, lookup: Lookup): Result {
  const steps = evidenceOf(finding, lookup).map((item) => evidenceLocation(item, lookup));
  const inFiles = steps.filter(({ physicalLocation }) => physicalLocation !== undefined);
  const level = levelOf[finding.severity];
  const cut =
    steps.length > maxFlowSteps ? ` (${steps.length - maxFlowSteps} more pieces of evidence in the report)` : '';
  return {
    ruleId: finding.id,
    level,
    kind: level === 'none' ? 'informational' : 'fail',
    message: message(`${finding.summary}${cut}`),
    locations: [inFiles[0] ?? manifestOf(report, steps[0])],
    relatedLocations: inFiles.slice(1, 20),
    codeFlows: [
      {
        message: message('Evidence in the order it happened'),
        threadFlows: [
          {
            locations: steps.slice(0, maxFlowSteps).map((location, index) => ({
              location,
              executionOrder: index + 1,
              importance: 'essential',
            })),
          },
        ],
      },
    ],
    // Per report one finding per (claim, package): the pair names it again in the next version's report.
    partialFingerprints: { 'assayClaim/v1': sha256(`${finding.id}\0${finding.package}`) },
    ...(finding.baseline === 'not_compared' ? {} : { baselineState: finding.baseline === 'new' ? 'new' : 'unchanged' }),
    properties: {
      severity: finding.severity,
      confidence: finding.confidence,
      category: visible(finding.category),
      phase: finding.phase,
      runs: finding.runs?.map((run) => visible(run)) ?? [],
      package: visible(finding.package, 'ascii'),
      evidence: finding.evidence,
    },
  };
}

function manifestOf(report: DynamicAnalysisReport, first: Location | undefined): Location {
  const uri = report.Package.Ecosystem === 'pypi' ? 'PKG-INFO' : 'package.json';
  return {
    physicalLocation: { artifactLocation: { uri, uriBaseId: packageRoot } },
    ...(first?.logicalLocations === undefined ? {} : { logicalLocations: first.logicalLocations }),
  };
}

function notificationOf({ blocking, where, what, text }: ReturnType<typeof gapsOf>[number]): Notification {
  return {
    level: blocking ? 'warning' : 'note',
    message: message(`Not measured: ${where}, ${what}: ${text}`),
    properties: { rulesOutBenign: blocking },
  };
}
