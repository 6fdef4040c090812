import { compareSeverity, type Finding, type Severity } from '@assay/kernel';
import type { ReportingDescriptor } from 'sarif';
import { visible } from '../../visible.ts';
import { message } from './message.ts';

/** SARIF has three levels. What is only information is told as such (`kind`), without a level. */
export const levelOf = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  info: 'none',
} as const satisfies Record<Severity, string>;

/** Scale of code-scanning services: above 9 critical, 7 high, 4 medium, below low. */
const securitySeverity: Record<Severity, string> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.0',
  info: '0.0',
};

/** One rule for each claim that occurs, described by its first finding; the heaviest severity is its default. */
export function rulesOf(findings: readonly Finding[]): ReportingDescriptor[] {
  const heaviest = new Map<string, Finding>();
  for (const finding of findings) {
    const known = heaviest.get(finding.id);
    if (known === undefined || compareSeverity(finding.severity, known.severity) > 0) {
      heaviest.set(finding.id, finding);
    }
  }
  return [...heaviest.values()].map(ruleOf);
}

function ruleOf({ id, title, severity, confidence, category, mitre }: Finding): ReportingDescriptor {
  const techniques = mitre.length === 0 ? '' : ` MITRE ATT&CK: ${mitre.join(', ')}.`;
  const help =
    `${title}. Category ${category}. A claim of Assay's dynamic analysis: the package was run in a sandbox, and the code flow ` +
    `of each result lists the recorded events in the order they happened.${techniques}`;
  return {
    id,
    name: id.replace(/(^|[.-])([a-z])/g, (_match, _separator, letter: string) => letter.toUpperCase()),
    shortDescription: message(title),
    fullDescription: message(`${title} (${category}).`),
    help: message(help),
    defaultConfiguration: { level: levelOf[severity] },
    properties: {
      tags: [
        ...new Set([
          'security',
          visible(category),
          ...mitre.map((technique) => `external/attack/${visible(technique)}`),
        ]),
      ],
      precision: confidence,
      'security-severity': securitySeverity[severity],
    },
  };
}
