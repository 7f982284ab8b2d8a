import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { AttackNetwork } from '../attack-network.js';
import type { Attack } from './attack.js';
import { ask } from './victim.js';

const victim = 'web3.lab';
const topic = `mco/mcollective/node/${victim}`;
const mcod = fileURLToPath(new URL('../../../../daemon/bin/mcod.js', import.meta.url));

const ddl = {
  metadata: {
    name: 'outside',
    description: 'An agent in another language',
    author: 'x',
    license: 'x',
    version: '1.0.0',
    url: 'https://example.com',
    timeout: 5,
  },
  actions: [{ action: 'run', description: 'Runs', input: {}, output: {} }],
};

/** A folder with an external agent. */
function writeAgent(network: AttackNetwork): { readonly folder: string; readonly program: string } {
  const folder = network.folder.join('outside');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o755 });
  const program = `${folder}/outside`;
  writeFileSync(`${folder}/outside.json`, JSON.stringify(ddl), { mode: 0o644 });
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  chmodSync(folder, 0o755);
  return { folder, program };
}

type Written = ReturnType<typeof writeAgent>;

/** Somebody else can write an external agent of a node that runs as root: it must not be loaded. */
function isLeftOut(name: string, spoil: (agent: Written) => void): Attack {
  return {
    name,
    run: async (network) => {
      const agent = writeAgent(network);
      spoil(agent);
      await network.addNode(victim, { external_agents: [{ folder: agent.folder }] });
      return ask(
        network,
        network.request2({ caller: 'alice.mcollective', agent: 'outside', action: 'run' }),
        'alice.mcollective',
        { topic },
      );
    },
    refused: [/failed: agent "outside" not found on this node/, /FILE_UNSAFE/],
  };
}

/** A daemon as a process of its own, which must not start. */
function doesNotStart(
  name: string,
  spoil: (paths: { config: string; state: string; policies: string }) => void,
  refused: RegExp,
): Attack {
  return {
    name,
    run: async (network) => {
      const folder = network.folder.join('mcod');
      await network.addNode(victim).then((daemon) => network.stopNode(daemon));
      rmSync(folder, { recursive: true, force: true });
      const paths = {
        config: `${folder}/mcod.yaml`,
        state: `${folder}/state`,
        policies: `${folder}/policies`,
      };
      for (const path of [folder, paths.state, paths.policies]) mkdirSync(path, { mode: 0o755 });
      writeFileSync(`${paths.policies}/default.policy`, 'policy default deny\n', { mode: 0o644 });
      const config = {
        identity: victim,
        broker: { urls: [network.broker.url] },
        security: network.securityOf(victim),
        state_dir: paths.state,
        authorization: { policies: paths.policies },
      };
      writeFileSync(paths.config, JSON.stringify(config), { mode: 0o600 });
      spoil(paths);
      try {
        await promisify(execFile)(process.execPath, [mcod, '--config', paths.config], { timeout: 30_000 });
        return 'it ended without an error';
      } catch (error) {
        const { stdout, stderr, killed } = error as { stdout: string; stderr: string; killed: boolean };
        return `${stdout}${stderr}${killed ? 'it started' : 'it did not start'}`;
      }
    },
    refused: [refused, /it did not start/],
  };
}

/** Attacks of another user of a host, who can write files of the daemon. */
export const fileAttacks: readonly Attack[] = [
  isLeftOut('every user can write the program of an agent', ({ program }) => chmodSync(program, 0o777)),
  isLeftOut('every user can write the folder of an agent', ({ folder }) => chmodSync(folder, 0o777)),
  isLeftOut('every user can write the DDL of an agent', ({ folder }) =>
    chmodSync(`${folder}/outside.json`, 0o666),
  ),
  doesNotStart(
    'every user can write the configuration',
    ({ config }) => chmodSync(config, 0o666),
    /the configuration: any user can write/,
  ),
  doesNotStart(
    'every user can write the state of a node',
    ({ state }) => chmodSync(state, 0o777),
    /state_dir: any user can write/,
  ),
  doesNotStart(
    'every user can write a policy of a node that starts',
    ({ policies }) => chmodSync(`${policies}/default.policy`, 0o666),
    /authorization\.policies: any user can write/,
  ),
];
