import { type AuditVerdict, verifyAudit } from '@troupe/daemon';
import type { GlobalOptions } from '../../command-line/options.js';
import { neededOfNode, nodeConfigIfAny } from '../../config/node-config.js';
import { ExitCode } from '../../exit.js';
import { UsageError } from '../../failure.js';
import { counted } from '../../output/wording.js';
import type { Screen } from '../../terminal/screen.js';

/** The options of mco audit verify. */
export interface AuditOptions extends GlobalOptions {
  readonly json?: true;
  readonly mcod?: string;
  readonly last?: string;
}

/** Verifies each audit log and prints the result. */
export async function verifyAudits(
  screen: Screen,
  given: readonly string[],
  options: AuditOptions,
): Promise<ExitCode> {
  const { last } = options;
  if (last !== undefined && !/^[0-9a-f]{64}$/i.test(last))
    throw new UsageError(`--last: "${last}" is not a SHA-256 hash of 64 hexadecimal digits`);
  if (last !== undefined && given.length > 1)
    throw new UsageError('--last applies to one audit log: name one file only');
  const audits: VerifiedAudit[] = [];
  for (const file of given.length > 0 ? given : [ownFile(options)])
    audits.push({ audit: file, ...verificationOf(await verifyAudit(file), last?.toLowerCase()) });
  for (const audit of audits) {
    if (screen.json) screen.json.result(resultOf(audit));
    else printAudit(screen, audit);
  }
  return audits.every(({ ok }) => ok) ? ExitCode.ok : ExitCode.failed;
}

interface VerifiedAudit extends AuditVerdict {
  readonly audit: string;
  readonly ok: boolean;
  /** What is wrong with it, for people. */
  readonly problem?: string;
}

function verificationOf(verdict: AuditVerdict, last: string | undefined): Omit<VerifiedAudit, 'audit'> {
  const { fault, lastHash } = verdict;
  if (fault) return { ...verdict, ok: false, problem: `${fault.file}:${fault.line}: ${fault.reason}` };
  if (last !== undefined && last !== lastHash) {
    const problem = `the hash of the last line is not ${last}: lines at the end are missing, or were added since`;
    return { ...verdict, ok: false, problem };
  }
  return { ...verdict, ok: true };
}

function resultOf({
  audit,
  ok,
  problem,
  files,
  lines,
  isWhole,
  isAnchored,
  lastHash,
  fault,
}: VerifiedAudit): object {
  return {
    audit,
    ok,
    problem: problem ?? null,
    files,
    lines,
    from_start: isWhole,
    anchored: isAnchored === true,
    last_hash: lastHash,
    fault: fault ?? null,
  };
}

function printAudit(
  screen: Screen,
  { audit, ok, problem, files, lines, isWhole, isAnchored, lastHash }: VerifiedAudit,
): void {
  if (!ok) {
    screen.print(`${screen.paint('red', 'failed')}: ${audit}: ${problem}`);
    screen.note(`   The ${counted(lines, 'line')} before it ${lines === 1 ? 'is' : 'are'} valid`);
    return;
  }
  const where = files.length > 1 ? ` in ${counted(files.length, 'file')}` : '';
  screen.print(`${screen.paint('green', 'ok')}: ${audit}: ${counted(lines, 'line')}${where}`);
  if (!isWhole)
    screen.print(
      '   The oldest files were deleted (audit.keep): lines before the first one cannot be verified',
    );
  screen.print(`   hash of the last line: ${lastHash}`);
  if (!isAnchored)
    screen.note(
      `   No anchor (${audit}.end): missing lines at the end, or an altered last line, cannot be detected`,
    );
}

function ownFile({ mcod }: AuditOptions): string {
  return neededOfNode(nodeConfigIfAny(mcod)?.audit.file, mcod, 'audit log file');
}
