import type { Client, Result } from '@troupe/client';
import { parseIdentity, suggestion } from '@troupe/core';
import { systemReasonOf } from '@troupe/core/internal';
import { readRegularFileSync } from '@troupe/core/regular-file';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { callWork } from '../../call/calling.js';
import { selectionOf } from '../../call/selection.js';
import { withClient } from '../../call/with-client.js';
import { workOf } from '../../call/work.js';
import type { DiscoveryOptions, FilterOptions, GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { readClientConfig } from '../../config/client-config.js';
import { ExitCode, exitCodeOf } from '../../exit.js';
import { UsageError } from '../../failure.js';
import { CollectiveMapPresenter, CollectivesPresenter } from '../../output/collectives.js';
import { cutLines } from '../../output/footer.js';
import { FormattedPresenter } from '../../output/formatted.js';
import { printInventory } from '../../output/inventory.js';
import { plainLine } from '../../output/plain.js';
import { isSilent } from '../../output/replies.js';
import { parseTemplate } from '../../output/template.js';
import { statusWord } from '../../output/wording.js';
import type { Screen } from '../../terminal/screen.js';

/** The options of mco inventory. */
export type InventoryOptions = GlobalOptions &
  FilterOptions &
  DiscoveryOptions & {
    readonly json?: true;
    readonly facts: boolean;
    readonly listCollectives?: true;
    readonly collectiveMap?: string;
    /** The names of this option in MCollective. */
    readonly collectiveGraph?: string;
    readonly map?: string;
    readonly format?: string;
  };

/** Prints the inventory of one node, or of many nodes as a list. */
export async function inventory(
  shell: Shell,
  node: string | undefined,
  options: InventoryOptions,
): Promise<ExitCode> {
  const map = options.collectiveMap ?? options.collectiveGraph ?? options.map;
  if (options.listCollectives || map !== undefined || options.format !== undefined) {
    if (node !== undefined)
      throw new UsageError(`a list of nodes takes a filter, not a node argument: use -I ${node}`);
    return ofMany(shell, options, map);
  }
  if (node === undefined)
    throw new UsageError('no node given: use mco inventory NODE; mco find lists the nodes');
  const identity = parseIdentity(node);
  if (identity.startsWith('/'))
    throw new UsageError('mco inventory takes the name of one node, not a pattern; mco find lists the nodes');
  return withClient(shell.screen, readClientConfig(options), (client) =>
    ofNode(shell.screen, client, identity, options),
  );
}

async function ofNode(
  screen: Screen,
  client: Client,
  node: string,
  options: InventoryOptions,
): Promise<ExitCode> {
  const collective = options.target ?? client.mainCollective;
  const agent = client.agent(rpcutil);
  const where = { targets: [node], collective };
  const asked = Promise.all([agent.inventory({}, where).one(), agent.daemon_stats({}, where).one()]);
  const [inventory, stats] = await asked;
  for (const part of [inventory, stats].filter(({ ok }) => !ok)) {
    screen.warn(await reason(client, collective, part));
    if (!inventory.ok) break;
  }
  if (!inventory.ok) {
    const { state, statuscode, statusmsg } = inventory;
    screen.json?.result({ sender: node, state, statuscode: statuscode ?? null, statusmsg });
    const answered = isSilent(inventory) ? 0 : 1;
    return exitCodeOf({
      method: 'named',
      stats: { targets: 1, answered, ok: 0 },
      silentInDiscovery: 0,
      interrupted: undefined,
    });
  }
  if (screen.json) {
    const { state, statuscode = null, statusmsg, cut } = inventory;
    const data = { inventory: inventory.data, ...(stats.ok && { daemon_stats: stats.data }) };
    screen.json.result({ sender: node, state, statuscode, statusmsg, ...data, ...(cut && { cut }) });
  } else printInventory(screen, { node, inventory: inventory.data, stats: stats.data }, options.facts);
  for (const line of cutLines([inventory], true)) screen.warn(line);
  return stats.ok ? ExitCode.ok : ExitCode.failed;
}

async function reason(client: Client, collective: string, failed: Result<unknown>): Promise<string> {
  const { sender, statusmsg } = failed;
  const presence = await client.presence(collective);
  const hint = presence.isStranger(sender)
    ? suggestion(sender, [...presence.online(), ...presence.offline()])
    : '';
  return `mco: ${sender}: ${statusWord(failed)}: ${plainLine(statusmsg)}${hint}`;
}

async function ofMany(
  { screen }: Shell,
  options: InventoryOptions,
  map: string | undefined,
): Promise<ExitCode> {
  const template = options.format === undefined ? undefined : parseTemplate(templateText(options.format));
  const config = readClientConfig(options);
  const filter = await selectionOf(options);
  const work = workOf(rpcutil, template ? 'inventory' : 'collective_info', {});
  const presenter = template
    ? new FormattedPresenter(screen, template)
    : map === undefined
      ? new CollectivesPresenter(screen)
      : new CollectiveMapPresenter(screen, map);
  return withClient(screen, config, (client) =>
    callWork(work, {
      screen,
      client,
      collective: options.target ?? client.mainCollective,
      filter,
      presenter,
      options: { ...options, progress: true },
    }),
  );
}

function templateText(given: string): string {
  if (!given.startsWith('@')) return given;
  const file = given.slice(1);
  try {
    return readRegularFileSync(file)
      .toString('utf8')
      .replace(/\r?\n$/, '');
  } catch (error) {
    throw new UsageError(`--format: cannot read ${file}: ${systemReasonOf(error)}`);
  }
}
