import { AppError } from '@assay/kernel';

export type ReportErrorCode = 'REPORT_LAW_BROKEN' | 'REPORT_TOO_LARGE';

/** Our failure to make a report, never a statement about the package. */
export class ReportError extends AppError<ReportErrorCode> {}
