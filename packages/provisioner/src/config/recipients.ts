import { isProtocol, protocolNames, retirementOf } from '@troupe/agent-notify/protocols';
import { TroupeError } from '@troupe/core';

/** The agents whose protocols are known; a site's own agent may have others. */
const knownAgents: ReadonlySet<string> = new Set(['notify', 'angelianotify']);

/**
 * The recipients of notifications, without those whose protocol no longer exists, and warnings about these. Throws
 * CONFIG_INVALID if there is no such protocol.
 */
export function readRecipients(
  { agent, targets }: { readonly agent: string; readonly targets: readonly string[] | null },
  where: string,
): { readonly targets: readonly string[]; readonly warnings: readonly string[] } {
  const given = targets ?? [];
  if (!knownAgents.has(agent)) return { targets: given, warnings: [] };
  const unknown = given.filter((recipient) => {
    const protocol = protocolOf(recipient);
    return !isProtocol(protocol) && retirementOf(protocol) === undefined;
  });
  if (unknown.length > 0)
    throw new TroupeError(
      'CONFIG_INVALID',
      `${where}: notify.targets: unknown protocol in ${unknown.join(', ')}: the agent ${agent} supports ${protocolNames.join(', ')}`,
    );
  const warnings = given.flatMap((recipient) => {
    const retirement = retirementOf(protocolOf(recipient));
    return retirement === undefined ? [] : [`notify.targets: nothing is sent to ${recipient}: ${retirement}`];
  });
  return { targets: given.filter((recipient) => isProtocol(protocolOf(recipient))), warnings };
}

function protocolOf(recipient: string): string {
  return recipient.slice(0, recipient.indexOf('://'));
}
