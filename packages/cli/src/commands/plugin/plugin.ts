import { dirname } from 'node:path';
import { bundledDdls, type ClientConfig, ddlCache, localDdl, localDdls, resolveDdl } from '@troupe/client';
import { type Ddl, parseDdl, suggestion, TroupeError } from '@troupe/core';
import { rowLines } from '@troupe/core/internal';
import { readRegularFile } from '@troupe/core/regular-file';
import { withClient } from '../../call/with-client.js';
import type { GlobalOptions } from '../../command-line/options.js';
import type { Shell } from '../../command-line/shell.js';
import { clientConfigIfAny, readClientConfig } from '../../config/client-config.js';
import { ExitCode } from '../../exit.js';
import { printFailure } from '../../failure.js';
import { actionDoc, agentDoc } from '../../output/agent-doc.js';
import type { Screen } from '../../terminal/screen.js';

/** The options of mco plugin. */
export type PluginOptions = GlobalOptions & { readonly json?: true; readonly target?: string };

/** Prints the documentation of an agent or of one of its actions. */
export async function document(
  screen: Screen,
  name: string,
  action: string | undefined,
  options: PluginOptions,
): Promise<ExitCode> {
  // MCollective's users write agent/NAME.
  const agent = name.replace(/^agent\//, '');
  const config = clientConfigIfAny(options);
  const ddl = (await localDdl(config, agent)) ?? (await fetched(agent));
  const found = ddl.actions.find((one) => one.action === action);
  if (action !== undefined && !found) {
    const names = ddl.actions.map((one) => one.action);
    throw new TroupeError(
      'INPUT_INVALID',
      `the agent "${agent}" has no action "${action}"${suggestion(action, names)}; its actions are: ${names.join(', ')}`,
    );
  }
  if (screen.json) screen.json.result(found ?? ddl);
  else screen.print(found ? actionDoc(ddl, found, screen.width) : agentDoc(ddl, screen.width));
  return ExitCode.ok;

  async function fetched(wanted: string): Promise<Ddl> {
    // Without a configuration no node can be queried: the missing configuration is the error.
    return withClient(screen, config ?? readClientConfig(options), (client) =>
      resolveDdl(client, wanted, options.target ?? client.mainCollective),
    );
  }
}

/** Lists the agents whose DDL is on this machine. */
export async function listAgents({ screen }: Shell, options: PluginOptions): Promise<ExitCode> {
  const agents = await localAgents(clientConfigIfAny(options));
  if (!screen.json) {
    printAgents(screen, agents);
    screen.note('\nAgents with a DDL on this machine. To list the agents of a node: mco inventory NODE');
  }
  for (const { name, ddl, path, fault } of agents) {
    if (screen.json) screen.json.result({ name, ...ddl?.metadata, path });
    if (fault !== undefined) printFailure(screen, { code: 'DDL_INVALID', message: fault });
  }
  return agents.some(({ fault }) => fault !== undefined) ? ExitCode.error : ExitCode.ok;
}

function printAgents(screen: Screen, agents: readonly LocalAgent[]): void {
  const rows = agents.flatMap(({ name, ddl, path }) => [
    [name, ddl?.metadata.version ?? '', ddl?.metadata.description ?? ''],
    ...(screen.isVerbose ? [['', '', placeOf(path)]] : []),
  ]);
  for (const line of rowLines(rows, { width: screen.rowWidth, margin: 3 })) screen.print(line);
}

interface LocalAgent {
  readonly name: string;
  readonly path: string;
  readonly ddl: Ddl | undefined;
  readonly fault: string | undefined;
}

async function localAgents(config: ClientConfig | undefined): Promise<readonly LocalAgent[]> {
  const files = [...(await localDdls(config))].sort(([a], [b]) => (a < b ? -1 : 1));
  return Promise.all(
    files.map(async ([name, path]) => {
      try {
        return {
          name,
          path,
          ddl: parseDdl((await readRegularFile(path)).toString('utf8'), path),
          fault: undefined,
        };
      } catch (error) {
        return { name, path, ddl: undefined, fault: (error as Error).message };
      }
    }),
  );
}

function placeOf(path: string): string {
  const folder = dirname(path);
  if (folder === bundledDdls) return 'included with Troupe';
  return folder.startsWith(ddlCache()) ? `fetched from a node: ${path}` : path;
}
