import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { absent } from '@troupe/core/durable-file';
import { hostPaths, type RunLine } from '@troupe/emulator';
import type { Role } from '../cast.js';
import { type AuditedRequest, mutatingIds } from './audited.js';
import type { NodeEvidence } from './evidence.js';

type OnDisk = Omit<NodeEvidence, 'answersWith' | 'told' | 'notified'>;

/** What the disk of a node says. */
export async function readNode(siteFolder: string, { identity, behaviour }: Role): Promise<OnDisk> {
  const paths = hostPaths(join(siteFolder, 'hosts', identity), identity);
  const record = await readRecord(siteFolder, identity);
  const reported = await linesOf<{ csr_fingerprint: string }>(paths.reportedCsrs);
  const audit = await linesOf<AuditedRequest & { reason?: string }>(paths.audit);
  return {
    identity,
    behaviour,
    record,
    runs: await linesOf<RunLine>(paths.puppetRuns),
    reported: reported.map(({ csr_fingerprint }) => csr_fingerprint),
    carriedOut: mutatingIds(audit),
    fencedOff: audit.filter(({ reason }) => reason?.includes('is stale')).length,
  };
}

/** The record that a node keeps of its provisioning; nothing where it has none yet. */
export async function readRecord(siteFolder: string, identity: string): Promise<NodeEvidence['record']> {
  const { stateDir } = hostPaths(join(siteFolder, 'hosts', identity), identity);
  const text = await readFile(join(stateDir, 'agents', 'provision', 'record.json'), 'utf8').catch(absent);
  return text === undefined ? undefined : (JSON.parse(text) as NodeEvidence['record']);
}

/** What the logs of provisioners give as reasons, by node. */
export async function readReasons(logs: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const reasons = new Map<string, string[]>();
  for (const log of logs) {
    for (const line of await linesOf<{ node?: string; reason?: string; event?: string }>(log)) {
      const isReason = /^(waiting|quarantined|left)$/.test(line.event ?? '');
      if (line.node === undefined || line.reason === undefined || !isReason) continue;
      reasons.set(line.node, [...(reasons.get(line.node) ?? []), line.reason]);
    }
  }
  return reasons;
}

// Whoever wrote may have been killed in the middle of a line: that one is not counted.
async function linesOf<T>(file: string): Promise<T[]> {
  const text = (await readFile(file, 'utf8').catch(absent)) ?? '';
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as T];
    } catch {
      return [];
    }
  });
}
