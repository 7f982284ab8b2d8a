import type { Client } from '@troupe/client';
import { protocolVersion } from '@troupe/core';
import { nameList } from '../../output/naming.js';
import { about, type Finding } from './finding.js';

/** Which nodes speak only version 1 of the protocol; if none does, and the configuration allows it still, that it need not. */
export async function protocolFindings(
  client: Client,
  collective: string,
  nodes: readonly string[],
): Promise<readonly Finding[]> {
  const report = about('protocol');
  const presence = await client.presence(collective);
  const claims = nodes.map((node) => [node, presence.protocolOf(node)] as const);
  const old = claims.filter(([, v]) => v !== undefined && v < protocolVersion).map(([node]) => node);
  if (old.length > 0)
    return [
      report.warn(
        `protocol version 1 on ${nameList(old, false)}: it does not carry secrets, and does not protect against a changed DDL; upgrade their daemons`,
      ),
    ];
  if (claims.length === 0 || claims.some(([, v]) => v === undefined)) return [];
  const all = `protocol version ${protocolVersion} on all nodes`;
  return client.config.security.minimum_protocol >= protocolVersion
    ? [report.ok(all)]
    : [
        report.ok(
          `${all}: set security.minimum_protocol: ${protocolVersion} in all configurations when all clients are upgraded`,
        ),
      ];
}
