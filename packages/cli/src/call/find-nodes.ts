import { namedNodes } from '@troupe/core';
import { InterruptedError } from '../failure.js';
import { refusalNotes } from '../output/presence.js';
import { sourceOf } from './discovery-method.js';
import { reportNoNodes } from './no-nodes.js';
import { noteUnknownReach, remember } from './reach.js';
import { type Found, picked } from './selection.js';
import type { Setting } from './setting.js';

/** Discovers the nodes of a setting, and shows that on a terminal. Throws InterruptedError. */
export async function findNodes(setting: Setting, agent: string): Promise<Found> {
  const { screen, interruption, presenter, options } = setting;
  const isSeen = presenter.isForPeople && options.progress && !screen.isQuiet && screen.stderr.isTTY === true;
  if (isSeen) screen.stderr.write('Discovering nodes .... ');
  const found = await discover(setting, agent).finally(() => isSeen && screen.stderr.write('\r\x1b[K'));
  if (interruption.exitCode !== undefined) throw new InterruptedError(interruption.exitCode);
  presenter.discovered(found);
  await reportDiscovery(setting, found, agent);
  return found;
}

// Nodes that have the agent, unless they are named, and as many of them as wanted.
async function discover(setting: Setting, agent: string): Promise<Found> {
  const { client, collective, filter, interruption, options } = setting;
  const { discoveryTimeout: window } = options;
  const source = await sourceOf(options, client);
  // A named node replies with an error if it does not have the agent.
  const isNamed = source ? source.name === 'flatfile' : namedNodes(filter) !== undefined;
  const discovery = await client.discover({
    filter: isNamed ? filter : client.filter(client.withAgent(filter, agent)),
    collective,
    ...(source ? { source } : {}),
    ...(window === undefined ? {} : { window }),
    ...(options.one ? { most: 1 } : {}),
    signal: interruption.signal,
  });
  return picked(discovery, options);
}

/** Reports refusals and an empty result of a discovery, and keeps the nodes that it found. */
export async function reportDiscovery(setting: Setting, found: Found, agent: string): Promise<void> {
  const { screen, client, collective, filter } = setting;
  noteUnknownReach(screen, client, collective, found);
  remember(client, collective, filter, found);
  refusalNotes(screen, found);
  if (found.nodes.length > 0) return;
  const rest = found.byRequest ? { silent: found.silent.length } : { before: 'request not sent: ' };
  await reportNoNodes(screen, client, collective, { agent, filter, ...rest });
}
