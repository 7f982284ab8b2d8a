/** The protocols, by the name that recipients and the configuration give them. */
export const protocolNames = [
  'caldav',
  'exec',
  'mailto',
  'mastodon',
  'ntfy',
  'pushover',
  'slack',
  'stdout',
  'webhook',
  'xmpp',
] as const;

export type ProtocolName = (typeof protocolNames)[number];

/** The protocols of Angelia whose services or interfaces no longer exist, and what replaces them. */
const retired: Readonly<Record<string, string>> = {
  boxcar: 'Boxcar no longer exists: use pushover or ntfy',
  clickatell: 'Clickatell is not supported: use webhook with an SMS gateway',
  gcal: "Google Calendar's interface of 2010 no longer exists: use caldav",
  opsgenie: 'OpsGenie is not supported: use webhook',
  twitter: "Twitter's interface of 2010 no longer exists: use mastodon",
};

/** Why a protocol of Angelia does not exist any more, and what to use instead; undefined for all others. */
export function retirementOf(protocol: string): string | undefined {
  return Object.hasOwn(retired, protocol) ? retired[protocol] : undefined;
}

/** Whether there is such a protocol. */
export function isProtocol(name: string): name is ProtocolName {
  return (protocolNames as readonly string[]).includes(name);
}
