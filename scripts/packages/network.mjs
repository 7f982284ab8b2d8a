import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { CommandFailed } from '../command.mjs';

const READY_SECONDS = 30;
const IDENTITY = 'one.lab';

// A package as its author would publish it: an agent, and a command of mco that calls it.
const PROBE = {
  'package.json': JSON.stringify({
    name: 'troupe-probe',
    version: '1.0.0',
    type: 'module',
    exports: { '.': './agent.js', './application': './application.js' },
  }),
  'ddl.js': `
import discovery from '@troupe/ddl/discovery.json' with { type: 'json' };
export default {
  ...discovery,
  metadata: { ...discovery.metadata, name: 'probe' },
  actions: [{ action: 'version', description: 'The version of Troupe', display: 'always', input: {},
    output: { version: { description: 'The version', display_as: 'Version', type: 'string' } } }],
};
`,
  'agent.js': `
import { defineAgent, version } from '@troupe/core';
import ddl from './ddl.js';
export default defineAgent(ddl, () => ({ version: () => ({ version }) }));
`,
  'application.js': `
import ddl from './ddl.js';
export const name = 'probe';
export const summary = 'Asks nodes for the version of Troupe';
export function define(command, line) {
  line.withNodes(command).action(() =>
    line.run(command, async ({ client, collective, filter, signal, print }) => {
      for await (const { sender, data } of client.call(ddl, 'version', {}, { collective, filter, signal }))
        print(sender + ' ' + data.version);
      return 0;
    }),
  );
}
`,
};

const IMPORT_AGENT = `
import { importAgent } from '@troupe/daemon/agents';
const { ddl } = await importAgent(process.argv[2], './mcod.yaml');
console.log(ddl.metadata.name);
`;

/**
 * Has mcod find each of the `agents` by the name of its package, and runs a network: a broker, and mcod and mco with a
 * package of somebody else's. Returns what was tried, with the problems of each.
 */
export async function useNetwork(agents, version, installed) {
  const { folder, run } = installed;
  const write = (name, text) => writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, 'node_modules/troupe-probe'));
  for (const [name, text] of Object.entries(PROBE)) write(`node_modules/troupe-probe/${name}`, text);
  write('import-agent.mjs', IMPORT_AGENT);
  const attempts = [];
  const attempt = async (what, work) => attempts.push({ what, problems: await problemsOf(work) });

  for (const agent of agents)
    await attempt(`mcod imports the agent ${agent}`, () =>
      run(process.execPath, ['import-agent.mjs', agent]),
    );
  const local = { security: { mode: 'none' } };
  const node = (urls, names) => ({
    ...local,
    broker: { urls },
    identity: IDENTITY,
    state_dir: './state',
    agents: names,
  });
  write('all.yaml', JSON.stringify(node(['mqtt://127.0.0.1:1883'], agents)));
  await attempt('mcod --check with all agents', () => run('mcod', ['--check', '-c', 'all.yaml']));
  write('broker.yaml', JSON.stringify({ ...local, listen: ['mqtt://127.0.0.1:0'] }));
  await attempt('troupe-broker, mcod and mco, with an agent and an application of a package', () =>
    withProgram(['troupe-broker', '-c', 'broker.yaml'], installed, async (broker) => {
      const urls = await urlsOf(broker);
      write('mcod.yaml', JSON.stringify(node(urls, ['troupe-probe'])));
      write('client.yaml', JSON.stringify({ ...local, broker: { urls }, applications: ['troupe-probe'] }));
      await withProgram(['mcod', '-c', 'mcod.yaml'], installed, () => callsProbe(version, run));
    }),
  );
  return attempts;
}

async function problemsOf(work) {
  try {
    await work();
    return [];
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof NotReady) return [error.message];
    throw error;
  }
}

/** A program of the network did not become ready. */
class NotReady extends Error {
  name = 'NotReady';
}

async function callsProbe(version, run) {
  const wanted = `${IDENTITY} ${version}\n`;
  let got = '';
  for (const end = Date.now() + READY_SECONDS * 1000; Date.now() < end; await wait(250)) {
    got = await run('mco', ['-c', 'client.yaml', 'probe']);
    if (got === wanted) return;
  }
  throw new NotReady(`mco probe printed "${got}" for ${READY_SECONDS} s: see mcod.log, with --keep`);
}

// Its log stays in the folder.
async function withProgram([program, ...args], { folder, options }, work) {
  const log = openSync(join(folder, `${program}.log`), 'a');
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', log] });
  closeSync(log);
  const ended = once(child, 'close');
  try {
    await work({ child, ended });
  } finally {
    child.kill();
    await ended;
  }
}

async function urlsOf({ child, ended }) {
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  if (typeof line !== 'string')
    throw new NotReady('troupe-broker did not start: see troupe-broker.log, with --keep');
  return JSON.parse(line).urls;
}
