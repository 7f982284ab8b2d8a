import type { Debt } from '../debts/debts.js';
import type { AwayMaster } from '../master/known-masters.js';
import type { Master } from '../master/master.js';
import { wordsOfAway } from '../master/masters.js';
import { failureOf } from '../rpc/failure.js';
import { certnameOf, checkName, checkReplacement, heldCertificates } from './ca.js';
import { goodCertificate } from './good-certificate.js';
import type { Step, StepContext } from './step.js';

/** A CA, and the masters with which it can be cleaned: the chosen one first. Compile masters may share one. */
interface CaGroup {
  readonly fingerprint: string;
  readonly masters: readonly Master[];
}

/** What became of one CA. */
interface Cleaned {
  readonly words?: string;
  /** Why it has to be cleaned later. */
  readonly owed?: Owed;
}

interface Owed {
  readonly master: string;
  readonly ca?: string;
  readonly reason: string;
}

/**
 * Removes what the CAs of all masters hold under the node's name, unless the name belongs to another host. What is held
 * by a CA that does not reply is owed, and removed when it does.
 */
export const cleanNodeCertname: Step = {
  name: 'clean_node_certname',
  needsMaster: true,
  timeoutSeconds: 60,
  leaveOut: goodCertificate,
  run: async (context) => {
    const { session, masters, master, log } = context;
    const certname = await certnameOf(context);
    const [{ here, away }] = await Promise.all([masters.look(), checkName(context, certname)]);
    if (here.length === 0) throw masters.none();
    const groups = groupsOf(master, here);
    const asked = groups.flatMap((group) => group.masters.map(({ identity }) => identity));
    const { replied, holders, failures } = await heldCertificates(context, certname, asked);
    const permission = holders.size > 0 ? checkReplacement(context, certname) : undefined;
    await session.lease?.confirm();
    if (permission?.replaces) context.replacement.revokeReceipt(certname);
    const open = groups.flatMap(({ fingerprint, masters: all }): CaGroup[] => {
      const some = all.filter(({ identity }) => replied.includes(identity));
      return some.length > 0 ? [{ fingerprint, masters: some }] : [];
    });
    const ends = await clean(context, certname, open);
    const request = session.caRequest ?? '';
    const isOpen = new Set(open.map(({ fingerprint }) => fingerprint));
    const owed = [
      ...ends.flatMap((end) => end.owed ?? []),
      ...groups.filter(({ fingerprint }) => !isOpen.has(fingerprint)).map((group) => silent(group, failures)),
      ...awayOnes(away, groups),
    ];
    for (const each of owed) {
      const debt: Debt = { ...each, certname, identity: session.identity, since: Date.now() };
      context.debts.add(debt);
      log.warn({ certname, master: each.master, reason: each.reason }, 'the CA is cleaned later');
    }
    const words = ends.flatMap((end) => end.words ?? []);
    if (permission?.replaces) {
      const { reason } = permission;
      context.replaced({ certname, masters: [...holders.keys()], reason, request });
      words.push(`replaced the certificate of another host: ${reason}`);
    }
    if (words.length === 0) words.push(nothing(certname, owed.length > 0, open));
    for (const { master: identity, reason } of owed)
      words.push(`not cleaned yet, and owed to ${identity}: ${reason}`);
    return {
      outcome: 'ok',
      reason: words.join('; '),
      ...(owed.length > 0 ? { data: { owed: owed.map(({ master: identity }) => identity) } } : {}),
    };
  },
};

function nothing(certname: string, isPart: boolean, open: readonly CaGroup[]): string {
  const what = `had a certificate or CSR for ${certname}`;
  if (!isPart) return `no CA ${what}`;
  return `no CA of ${open.map(first).join(', ')} ${what}`;
}

function groupsOf(chosen: Master, here: readonly Master[]): readonly CaGroup[] {
  const others = here.filter(({ identity }) => identity !== chosen.identity);
  const groups = new Map<string, Master[]>();
  for (const master of [chosen, ...others]) {
    const group = groups.get(master.caFingerprint) ?? [];
    groups.set(master.caFingerprint, group);
    group.push(master);
  }
  return [...groups].map(([fingerprint, masters]) => ({ fingerprint, masters }));
}

// Each CA once: at the same time, masters that share one would only disturb each other. If one of them fails, the next
// one is asked.
async function clean(
  context: StepContext,
  certname: string,
  groups: readonly CaGroup[],
): Promise<readonly Cleaned[]> {
  const { session, master, peers, signal, debts } = context;
  const [targets, others] = [groups.map(first), groups.map(({ masters }) => masters.slice(1))];
  const call = peers.puppetca.clean({ certname }, { targets, collective: peers.main, signal });
  session.caRequest = call.id;
  const results = await call.all();
  signal.throwIfAborted();
  const ends: Cleaned[] = [];
  const again: CaGroup[] = [];
  for (const [index, { fingerprint }] of groups.entries()) {
    const identity = targets[index] ?? '';
    const result = results.find(({ sender }) => sender === identity);
    const failure = result && failureOf(result, 'puppetca clean');
    // The CA that will sign must be clean.
    if (failure && identity === master.identity) throw failure;
    const left = others[index] ?? [];
    if (result && !failure) {
      debts.settle({ certname, master: identity, ca: fingerprint });
      const { deleted, revoked, out } = result.data;
      ends.push(deleted || revoked ? { words: `${identity}: ${out ?? 'cleaned'}` } : {});
    } else if (left.length > 0) again.push({ fingerprint, masters: left });
    else ends.push({ owed: { master: identity, ca: fingerprint, reason: failure?.message ?? 'no reply' } });
  }
  return again.length === 0 ? ends : [...ends, ...(await clean(context, certname, again))];
}

function first({ masters, fingerprint }: CaGroup): string {
  return masters[0]?.identity ?? fingerprint;
}

function silent(group: CaGroup, failures: ReadonlyMap<string, string>): Owed {
  const master = first(group);
  return { master, ca: group.fingerprint, reason: failures.get(master) ?? 'it does not reply' };
}

// Of a CA of which another master replies, nothing is owed.
function awayOnes(away: readonly AwayMaster[], groups: readonly CaGroup[]): readonly Owed[] {
  const seen = new Set(groups.map(({ fingerprint }) => fingerprint));
  return away.flatMap((known): Owed[] => {
    const ca = known.master?.caFingerprint;
    if (ca !== undefined && seen.has(ca)) return [];
    if (ca !== undefined) seen.add(ca);
    return [{ master: known.identity, ...(ca === undefined ? {} : { ca }), reason: wordsOfAway(known) }];
  });
}
