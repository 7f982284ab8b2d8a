import { readEnds } from './file.js';

/** What the first and last lines of Puppet's `last_run_report.yaml` say of a run. */
export interface ReportHead {
  readonly status: 'unchanged' | 'changed' | 'failed';
  /** False where the catalog was not applied to its end. */
  readonly transactionCompleted: boolean;
  /** The environment in which the run ended. */
  readonly environment: string | null;
  /** When the run began, milliseconds; null where unreadable. */
  readonly time: number | null;
  readonly noop: boolean;
  /** Whether a no-op run found changes that it left undone. */
  readonly noopPending: boolean;
  /** Null where no catalog was received. */
  readonly configurationVersion: string | null;
  readonly transactionUuid: string | null;
  /** The `--job-id` of the run; null where none was given. */
  readonly jobId: string | null;
  readonly cachedCatalogStatus: string | null;
}

/** Reads the report's ends; a report may hold megabytes, and all that decides is in its outermost keys. */
export async function readReport(path: string): Promise<ReportHead | undefined> {
  const ends = await readEnds(path, 8192);
  return ends && parseReport(ends.head, ends.tail);
}

/** The report's outermost keys, or nothing where the text is no report. */
export function parseReport(head: string, tail: string): ReportHead | undefined {
  // The tail may begin within a line, whose indentation is then lost.
  const end = tail.slice(tail.indexOf('\n') + 1);
  const status = keyOf(head, 'status');
  if (status !== 'unchanged' && status !== 'changed' && status !== 'failed') return;
  const time = Date.parse(keyOf(head, 'time') ?? '');
  return {
    status,
    transactionCompleted: keyOf(head, 'transaction_completed') === 'true',
    environment: keyOf(head, 'environment'),
    time: Number.isNaN(time) ? null : time,
    noop: keyOf(head, 'noop') === 'true',
    noopPending: keyOf(head, 'noop_pending') === 'true',
    configurationVersion: keyOf(head, 'configuration_version'),
    transactionUuid: keyOf(head, 'transaction_uuid'),
    // Puppet writes these two behind the resources.
    jobId: keyOf(end, 'job_id'),
    cachedCatalogStatus: keyOf(end, 'cached_catalog_status'),
  };
}

// An outermost key of YAML stands at the start of a line; nested text is always indented.
function keyOf(text: string, key: string): string | null {
  const value = new RegExp(`^${key}: +(.+?) *$`, 'm').exec(text)?.[1];
  if (value === undefined) return null;
  return /^(['"])(.*)\1$/.exec(value)?.[2] ?? value;
}
