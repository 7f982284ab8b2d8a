import { type ConfigOf, checkConfig, messageOf, optionalSection } from '@troupe/core';
import { parseRecipient, protocolOf, type Routes } from './deliver.js';
import { kinds, type ProtocolConfigs, protocolSchemas } from './protocols/index.js';
import { type ProtocolName, protocolNames, retirementOf } from './protocols/names.js';
import type { Protocol } from './protocols/protocol.js';
import { configFault } from './section/config-fault.js';
import { type SpoolPolicy, spoolSchema } from './spool/policy.js';
import { faultOf, templateSchema, withTemplates } from './template/template.js';

/** The JSON Schema of the agent's section: a section for each protocol that is to work. */
export const notifySchema = optionalSection({
  ...protocolSchemas,
  spool: spoolSchema,
  templates: {
    type: 'object',
    additionalProperties: templateSchema,
    description:
      'Templates for single recipients, such as `mailto://ops@example.com`; they override the templates of the protocol.',
  },
});

/** The agent's section of the configuration. */
export type NotifyConfig = ConfigOf<typeof notifySchema>;

/** One level more than the section has, so that each fault names the agent. */
export const pluginsSchema = {
  type: 'object',
  properties: { notify: notifySchema },
  required: ['notify'],
} as const;

/** What the configuration sets up. */
export interface Opened extends Routes {
  readonly spool: SpoolPolicy;
  /** Sections of protocols that no longer exist, and what to use instead. */
  readonly warnings: readonly string[];
}

/** Checks the agent's section, opens the protocols it configures and tries the templates. Throws CONFIG_INVALID. */
export function openConfig(section: unknown): Opened {
  const { current, warnings } = withoutRetired(section);
  const config = checkConfig({ notify: current }, pluginsSchema, 'plugins').notify;
  const protocols = new Map<string, Protocol>();
  for (const name of protocolNames) {
    const protocol = openProtocol(name, config);
    if (protocol) protocols.set(name, protocol);
  }
  if (protocols.size === 0 && warnings.length === 0)
    throw configFault(
      '',
      `no protocol is configured: add at least one section of ${protocolNames.join(', ')}`,
    );
  const routes = { protocols, templates: new Map(Object.entries(config.templates ?? {})) };
  checkOwnTemplates(config, protocols);
  checkTemplates(routes);
  return { ...routes, spool: config.spool, warnings };
}

// A section of 2010 must not keep the notifier from delivering what the others are for.
function withoutRetired(section: unknown): { current: unknown; warnings: readonly string[] } {
  if (typeof section !== 'object' || section === null) return { current: section, warnings: [] };
  const warnings: string[] = [];
  const without = (values: object, where: string) =>
    Object.fromEntries(
      Object.entries(values).filter(([key]) => {
        const retirement = retirementOf(key.split('://', 1)[0] ?? '');
        if (retirement !== undefined)
          warnings.push(`plugins: notify.${where}${key} has no effect: ${retirement}`);
        return retirement === undefined;
      }),
    );
  const current: Record<string, unknown> = without(section, '');
  const { templates } = current;
  if (typeof templates === 'object' && templates !== null)
    current.templates = without(templates, 'templates.');
  return { current, warnings };
}

function openProtocol<N extends ProtocolName>(name: N, config: ProtocolConfigs): Protocol | undefined {
  const kind = kinds[name];
  const own = config[name];
  return own === undefined ? undefined : kind.open(own);
}

/** The templates of protocols and of what they name, such as the endpoints of webhook. */
function checkOwnTemplates(config: NotifyConfig, protocols: ReadonlyMap<string, Protocol>): void {
  for (const [name, protocol] of protocols) {
    const section = config[name as ProtocolName] as Readonly<Record<string, unknown>>;
    for (const address of [...namesIn(section), ...(sampleAddresses[name] ?? [])]) {
      const fault = faultOf(protocol.layout(address));
      if (fault !== undefined) throw configFault(name, `the template for ${name}://${address}: ${fault}`);
    }
  }
}

// An address for those protocols whose recipients the configuration does not name.
const sampleAddresses: Readonly<Record<string, readonly string[]>> = {
  mailto: ['somebody@example.com'],
  xmpp: ['somebody@example.com'],
  mastodon: ['timeline'],
  stdout: ['anything'],
};

function namesIn(section: Readonly<Record<string, unknown>>): readonly string[] {
  const named = ['endpoints', 'webhooks', 'topics', 'users', 'calendars', 'programs'];
  return named.flatMap((key) => Object.keys((section[key] as object | undefined) ?? {}));
}

function checkTemplates(routes: Routes): void {
  for (const [recipient, template] of routes.templates) {
    let fault: string | undefined;
    try {
      const { name, address } = parseRecipient(recipient);
      fault = faultOf(withTemplates(protocolOf(routes, name).layout(address), template));
    } catch (cause) {
      throw configFault(`templates.${recipient}`, messageOf(cause), cause);
    }
    if (fault !== undefined) throw configFault(`templates.${recipient}`, fault);
  }
}
