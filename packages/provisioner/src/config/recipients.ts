import { type LocalConfig, LocalDelivery } from '@troupe/agent-notify/local';
import { isProtocol, protocolNames, retirementOf } from '@troupe/agent-notify/protocols';
import { messageOf, TroupeError } from '@troupe/core';

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

/** How notifications are sent without a notifier. */
export interface FallbackConfig extends LocalConfig {
  readonly targets: readonly string[];
  /** Seconds for which notifiers are tried first. */
  readonly after: number;
}

/** Checks whom the fallback notifies. Throws CONFIG_INVALID. */
export function readFallback(raw: FallbackConfig, where: string): FallbackConfig {
  const key = `${where}: notify.fallback`;
  const local = ['mailto', 'exec'] as const;
  for (const target of raw.targets) {
    const protocol = local.find((name) => name === protocolOf(target));
    if (protocol === undefined)
      throw new TroupeError(
        'CONFIG_INVALID',
        `${key}.targets: ${target}: only mailto and exec work without a notifier`,
      );
    if (raw[protocol] === undefined)
      throw new TroupeError(
        'CONFIG_INVALID',
        `${key}: ${target} needs the section notify.fallback.${protocol}`,
      );
  }
  return raw;
}

/** Opens the files and programs of a fallback. Throws CONFIG_INVALID. */
export function openFallback(config: FallbackConfig): LocalDelivery {
  try {
    const delivery = new LocalDelivery(config);
    const faults = config.targets.flatMap((target) => delivery.faultOf(target) ?? []);
    if (faults.length > 0) throw new TroupeError('CONFIG_INVALID', `targets: ${faults.join('; ')}`);
    return delivery;
  } catch (cause) {
    throw new TroupeError('CONFIG_INVALID', `notify.fallback.${messageOf(cause)}`, { cause });
  }
}
