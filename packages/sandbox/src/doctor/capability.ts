/**
 * Something this machine can or cannot do, found out by doing it.
 *
 * `missing`: what it needs is not there. `broken`: it is there, was tried and did not do what the sandbox needs.
 */
export interface Capability {
  id: string;
  label: string;
  /** Whether an analysis cannot come to a full verdict without it. */
  required: boolean;
  status: 'ok' | 'missing' | 'broken';
  /** One line: what was seen. */
  detail: string;
  /** One line: what to do about it. Absent when all is well. */
  fix?: string;
}

/** What a probe concludes; {@link Probe} adds the rest. */
export type Conclusion = Pick<Capability, 'status' | 'detail' | 'fix'>;

export function ok(detail: string): Conclusion {
  return { status: 'ok', detail };
}

export function missing(detail: string, fix: string): Conclusion {
  return { status: 'missing', detail, fix };
}

export function broken(detail: string, fix: string): Conclusion {
  return { status: 'broken', detail, fix };
}
