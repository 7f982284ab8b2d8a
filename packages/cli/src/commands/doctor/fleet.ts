import { type Client, localDdl, type PresenceView, type Result } from '@troupe/client';
import { ddlHash, type Filter } from '@troupe/core';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { nameList, namesBy } from '../../output/naming.js';
import { plainLine } from '../../output/plain.js';
import { whyUnreachable } from '../../output/presence.js';
import { isSilent } from '../../output/replies.js';
import { counted } from '../../output/wording.js';
import { about, type Finding } from './finding.js';
import { policyFindings } from './policies.js';
import { protocolFindings } from './protocol.js';
import { unsafeFileFindings } from './unsafe-files.js';

/** Seconds of clock skew of a node from which on there is a warning; at 60 it refuses requests. */
const mostSkew = 5;

/** Checks whether nodes respond, allow this caller, agree on the time, and have the same agents. */
export async function fleetFindings(
  client: Client,
  collective: string,
  filter: Filter,
): Promise<readonly Finding[]> {
  const report = about('nodes');
  const found = await client.ping({
    collective,
    filter: client.filter(filter),
  });
  const { nodes, silent, offline, refused, unreachable = [] } = found;
  const findings: Finding[] = [];
  if (silent.length > 0) findings.push(report.warn(`online, but no response: ${nameList(silent, false)}`));
  if (unreachable.length > 0)
    findings.push(report.warn(`out of reach: ${nameList(unreachable, false)} (${whyUnreachable})`));
  for (const [reason, names] of namesBy(refused, ({ statusmsg }) => plainLine(statusmsg)))
    findings.push(report.fault(`${nameList(names, false)} refused the request: ${reason}`));
  const away = offline.length > 0 ? `, ${offline.length} offline` : '';
  if (nodes.length === 0)
    return [
      ...findings,
      ...twinFindings(await client.presence(collective), [...silent, ...offline]),
      ...leftOutFindings(await client.presence(collective), silent),
      report.fault(`no node responds in the collective "${collective}"${away}`),
    ];
  const where = { targets: nodes, collective };
  const agent = client.agent(rpcutil);
  const pings = await timed(agent.ping({}, where));
  const inventories = await agent.agent_inventory({}, where).all();
  return [
    report.ok(`${counted(nodes.length)} responded in ${Math.round(found.seconds * 1000)} ms${away}`),
    ...findings,
    ...twinFindings(await client.presence(collective), [...nodes, ...silent, ...offline]),
    ...pauseFindings(await client.presence(collective), nodes),
    ...leftOutFindings(await client.presence(collective), [...nodes, ...silent]),
    ...permissionFindings([...pings, ...inventories]),
    ...clockFindings(pings),
    ...versionFindings(await versionsOf(client, collective, nodes)),
    ...(await protocolFindings(client, collective, nodes)),
    ...(await driftFindings(client, inventories)),
    ...(await policyFindings(client, collective, inventories)),
    ...(await unsafeFileFindings(client, collective, nodes)),
  ];
}

/** Finds nodes that know of another machine with their identity. */
export function twinFindings(
  presence: Pick<PresenceView, 'get'>,
  nodes: readonly string[],
): readonly Finding[] {
  const report = about('identities');
  return [...new Set(nodes)].flatMap((node) => {
    const record = presence.get(node);
    const twin = record?.['x-twin'];
    if (typeof twin !== 'string') return [];
    const [here, there] = [String(record?.['x-address'] ?? 'unknown'), twin].map(plainLine);
    return [
      report.fault(
        `two machines use the identity ${node}: ${here} and ${there}; give each machine its own identity and certificate`,
      ),
    ];
  });
}

/** Finds nodes that are paused. */
export function pauseFindings(
  presence: Pick<PresenceView, 'get'>,
  nodes: readonly string[],
): readonly Finding[] {
  const paused = nodes.filter((node) => presence.get(node)?.paused === true);
  if (paused.length === 0) return [];
  const names = nameList(paused, false);
  return [
    about('pauses').warn(`paused, so actions that change hosts are refused: ${names} (mco node state)`),
  ];
}

/** Finds nodes that serve without an agent of their configuration, because it could not be loaded. */
export function leftOutFindings(
  presence: Pick<PresenceView, 'get'>,
  nodes: readonly string[],
): readonly Finding[] {
  const report = about('agents');
  const faults = [...new Set(nodes)].flatMap((sender) => {
    const names: unknown = presence.get(sender)?.leftOut;
    if (!Array.isArray(names)) return [];
    return names.map((name) => ({ sender, name: plainLine(String(name)) }));
  });
  return [...namesBy(faults, ({ name }) => name)].map(([name, senders]) =>
    report.fault(
      `${nameList(senders, false)}: the agent ${name} could not be loaded and is left out; run "mco doctor --local" there for the reason`,
    ),
  );
}

interface Timed extends Result<unknown> {
  /** Milliseconds since 1970, when its reply arrived. */
  readonly at: number;
}

async function timed<Data>(call: AsyncIterable<Result<Data>>): Promise<readonly (Timed & Result<Data>)[]> {
  const results: (Timed & Result<Data>)[] = [];
  for await (const result of call) results.push({ ...result, at: Date.now() });
  return results;
}

function permissionFindings(results: readonly Result<unknown>[]): readonly Finding[] {
  const report = about('permissions');
  const notOk = results.filter(({ ok }) => !ok);
  if (notOk.length === 0) return [report.ok('you may call the agent rpcutil on all nodes')];
  return [...namesBy(notOk, (result) => `${result.state}: ${plainLine(result.statusmsg)}`)].map(
    ([reason, names]) => {
      const isUnanswered = notOk.filter(isSilent).some(({ sender }) => names.includes(sender));
      const line = `${nameList([...new Set(names)], false)}: ${reason}`;
      return isUnanswered ? report.fault(line) : report.warn(line);
    },
  );
}

/** Compares the clocks of nodes with the clock of this machine: `pong` is in whole seconds. */
export function clockFindings(
  pings: readonly {
    readonly sender: string;
    readonly ok: boolean;
    readonly at: number;
    readonly seconds: number;
    readonly data: { readonly pong?: unknown };
  }[],
): readonly Finding[] {
  const report = about('clocks');
  const skews = pings.flatMap(({ sender, ok, at, seconds, data: { pong } }) => {
    if (!ok || typeof pong !== 'number') return [];
    // The node read its clock between the request and the reply, and rounded down.
    const [early, late] = [at / 1000 - seconds - 1, at / 1000];
    const skew = pong < early ? pong - early : pong > late ? pong - late : 0;
    return [{ sender, skew }];
  });
  const off = skews.filter(({ skew }) => Math.abs(skew) > mostSkew);
  if (off.length === 0)
    return skews.length === 0
      ? []
      : [report.ok(`the clocks of all nodes are within ${mostSkew} s of this machine's clock`)];
  return off.map(({ sender, skew }) =>
    report.warn(
      `${sender}'s clock is ${Math.round(Math.abs(skew))} s ${skew < 0 ? 'behind' : 'ahead of'} this machine: check NTP`,
    ),
  );
}

async function versionsOf(client: Client, collective: string, nodes: readonly string[]) {
  const presence = await client.presence(collective);
  return nodes.flatMap((sender) => {
    const version = presence.get(sender)?.version;
    return version === undefined ? [] : [{ sender, version }];
  });
}

function versionFindings(
  versions: readonly { readonly sender: string; readonly version: string }[],
): readonly Finding[] {
  const report = about('daemons');
  const groups = [...namesBy(versions, ({ version }) => plainLine(version))];
  if (groups.length === 1) return groups.map(([version]) => report.ok(`version ${version} on all nodes`));
  return groups.map(([version, names]) => report.warn(`version ${version} on ${nameList(names, false)}`));
}

interface AgentOf {
  readonly sender: string;
  readonly agent: string;
  readonly version: string;
  readonly ddl: string;
}

async function driftFindings(
  client: Client,
  inventories: readonly Result<unknown>[],
): Promise<readonly Finding[]> {
  const report = about('agents');
  const known = inventories.flatMap(agentsOf);
  const agents = [...new Set(known.map(({ agent }) => agent))].sort();
  const findings: Finding[] = [];
  for (const agent of agents) {
    const all = known.filter((one) => one.agent === agent);
    const kinds = namesBy(all, ({ version, ddl }) => `${version} (DDL ${ddl.slice(0, 8)})`);
    if (kinds.size > 1) {
      const list = [...kinds].map(([kind, names]) => `${kind} on ${nameList(names, false)}`).join('; ');
      findings.push(report.warn(`the agent ${agent} differs between nodes: ${list}`));
    }
    const here = await localDdl(client.config, agent);
    const hash = here && ddlHash(here);
    if (hash !== undefined && all.every(({ ddl }) => ddl !== hash))
      findings.push(
        report.warn(
          `the local DDL for ${agent} (${here?.metadata.version}, ${hash.slice(0, 8)}) matches no node`,
        ),
      );
  }
  if (findings.length > 0 || agents.length === 0) return findings;
  return [
    report.ok(`${counted(agents.length, 'agent')}, each with one version and DDL on all nodes that have it`),
  ];
}

function agentsOf({ sender, ok, data }: Result<unknown>): readonly AgentOf[] {
  const { agents } = data as { readonly agents?: unknown };
  if (!ok || !Array.isArray(agents)) return [];
  return agents.map(({ agent, version, ddl }: Record<string, unknown>) => ({
    sender,
    agent: plainLine(String(agent)),
    version: plainLine(String(version)),
    ddl: plainLine(String(ddl)),
  }));
}
