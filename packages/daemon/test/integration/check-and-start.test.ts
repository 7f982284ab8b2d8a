import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '@troupe/test-support';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { readStatusFile } from '../../src/status/status.js';
import { ddlOf } from '../agents/external/actor.js';
import { Realm } from '../realm.js';

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url));

/** What is wrong with a configuration: keys that differ from a sound one, and files that are made for it. */
interface Input {
  readonly config: Record<string, unknown>;
  readonly make?: (folder: string) => void;
  /** The beginnings of what must be said. */
  readonly says: readonly string[];
}

const ddl = (name: string) => JSON.stringify(ddlOf(name, { show: {} }));
const agentFile = (name: string, setup: string) => (folder: string) =>
  writeFileSync(
    join(folder, 'agent.mjs'),
    `export default { ddl: ${ddl(name)}, setup: async (config, host) => { ${setup} } };`,
  );
const file = (name: string, text: string) => (folder: string) => writeFileSync(join(folder, name), text);
const none = { mode: 'none' };

const inputs: Readonly<Record<string, Input>> = {
  'nothing wrong': { config: {}, says: [] },
  'an identity that ends in a dot': {
    config: { identity: 'web9.' },
    says: ['identity: "web9." is not a valid identity'],
  },
  'a main collective that is not among the others': {
    config: { main_collective: 'elsewhere' },
    says: ['main_collective "elsewhere"'],
  },
  'no broker': { config: { broker: { urls: [] } }, says: ['broker.urls is empty'] },
  'mode none with a broker elsewhere': {
    config: { security: none, broker: { urls: ['mqtts://broker.example.net'] } },
    says: ['security.mode "none" is only allowed'],
  },
  'audit events without an audit': { config: { audit: { events: true } }, says: ['audit.file is missing'] },
  'a key that is unknown': { config: { nonsense: 1 }, says: ['FOLDER/mcod.yaml'] },
  'missing files': {
    config: { security: { certificate: 'FOLDER/c', key: 'FOLDER/k', ca: 'FOLDER/a', crl: 'FOLDER/l' } },
    says: ['security.certificate: ', 'security.key: ', 'security.ca: ', 'security.crl: '],
  },
  'a key of another certificate': {
    config: { security: { certificate: 'FOLDER/web1.pem', key: 'FOLDER/web2.key', ca: 'FOLDER/ca.pem' } },
    says: ['the key FOLDER/web2.key does not match'],
  },
  'a CA that is none': {
    config: { security: { certificate: 'FOLDER/web1.pem', key: 'FOLDER/web1.key', ca: 'FOLDER/web1.key' } },
    says: [''],
  },
  'a name that is not that of the certificate': {
    config: { identity: 'other' },
    says: ['identity is "other", but the name in the certificate is "web1"'],
  },
  'a token that is none': {
    config: { security: { mode: 'token', token: 'FOLDER/ca.pem' } },
    make: (folder) => chmodSync(join(folder, 'ca.pem'), 0o600),
    says: [''],
  },
  'a state folder that others can write': {
    config: {},
    make: (folder) => {
      mkdirSync(join(folder, 'state'));
      chmodSync(join(folder, 'state'), 0o777);
    },
    says: ['state_dir: any user can write'],
  },
  'several faults at once': {
    config: { main_collective: 'elsewhere', broker: { urls: [] }, audit: { on_failure: 'refuse' } },
    says: ['main_collective', 'broker.urls', 'audit.file'],
  },
  'agents that are missing': {
    config: { agents: ['./gone.mjs', '@troupe/agent-gone'] },
    says: ['the agent ./gone.mjs', 'the agent @troupe/agent-gone'],
  },
  'an agent that cannot be parsed': {
    config: { agents: ['./agent.mjs'] },
    make: file('agent.mjs', 'export default {'),
    says: ['the agent ./agent.mjs'],
  },
  'an agent that throws': {
    config: { agents: ['./agent.mjs'] },
    make: agentFile('odd', "throw new Error('no such device');"),
    says: ['the agent ./agent.mjs'],
  },
  'an agent that exits': {
    config: { agents: ['./agent.mjs'] },
    make: agentFile('odd', 'process.exit(0);'),
    says: ['the agent ./agent.mjs'],
  },
  'an agent that throws later': {
    config: { agents: ['./agent.mjs'] },
    make: agentFile(
      'odd',
      "setTimeout(() => { throw new Error('later'); }, 1); return { show: () => ({}) };",
    ),
    says: [],
  },
  'an agent without a handler': {
    config: { agents: ['./agent.mjs'] },
    make: agentFile('odd', 'return {};'),
    says: ['the agent ./agent.mjs'],
  },
  'an agent with a name that is taken': {
    config: { agents: ['./agent.mjs'] },
    make: agentFile('rpcutil', 'return { show: () => ({}) };'),
    says: ['the agent ./agent.mjs'],
  },
  'an agent that others can write': {
    config: { agents: ['./agent.mjs'] },
    make: (folder) => {
      agentFile('odd', 'return { show: () => ({}) };')(folder);
      chmodSync(join(folder, 'agent.mjs'), 0o666);
    },
    says: ['the agent ./agent.mjs'],
  },
  'agents of Troupe without what they need': {
    config: {
      agents: ['@troupe/agent-notify', '@troupe/agent-puppetca'],
      plugins: { notify: { spool: 7 }, puppetca: { backend: 'builtin', cadir: 'FOLDER/ca' } },
    },
    says: ['the agent @troupe/agent-notify', 'the agent @troupe/agent-puppetca'],
  },
  'a built-in CA that is damaged': {
    config: {
      agents: ['@troupe/agent-puppetca'],
      plugins: {
        puppetca: { backend: 'builtin', cadir: 'FOLDER/ca', address: '127.0.0.1', port: 8140 },
      },
    },
    make: (folder) => {
      mkdirSync(join(folder, 'ca'));
      cpSync(join(folder, 'ca.pem'), join(folder, 'ca/ca_crt.pem'));
    },
    says: ['the agent @troupe/agent-puppetca'],
  },
  'external agents of all wrong kinds': {
    config: {
      external_agents: [
        { ddl: 'gone.json' },
        { ddl: 'broken.json' },
        { ddl: 'odd.json' },
        { folder: 'file' },
        { folder: 'none' },
        {},
      ],
    },
    make: (folder) => {
      file('broken.json', '{')(folder);
      file('file', '')(folder);
      file('odd.json', ddl('odd'))(folder);
    },
    says: [
      'the agent FOLDER/gone.json',
      'the agent FOLDER/broken.json',
      'the agent FOLDER/odd.json',
      'the agent FOLDER/file',
      'the agent external_agents.5',
    ],
  },
  'files that cannot be written': {
    config: {
      state_dir: 'FOLDER/file/state',
      status_file: 'FOLDER/status.json',
      pid_file: 'FOLDER/file/pid',
      log: { file: '/proc/nowhere/log' },
      audit: { file: 'FOLDER/file/audit' },
    },
    make: file('file', ''),
    says: ['state_dir', 'pid_file', 'log.file', 'audit.file'],
  },
  'facts and a policy that cannot be read': {
    config: { facts: { paths: ['FOLDER/facts.yaml'] }, authorization: { policies: 'FOLDER/policies' } },
    make: (folder) => {
      file('facts.yaml', '[ not: closed')(folder);
      mkdirSync(join(folder, 'policies'));
      file('policies/default.policy', 'nonsense\n')(folder);
    },
    says: ['facts of FOLDER/facts.yaml', 'a policy'],
  },
};

describe('mcod --check and the start', function () {
  this.timeout(60_000);
  let realm: Realm;
  before(async () => {
    realm = await Realm.create('web1', 'web2');
  });
  after(() => realm.remove());

  for (const [what, { config, make, says }] of Object.entries(inputs)) {
    it(`agree about ${what}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'troupe-check-'));
      try {
        cpSync(realm.folder, folder, { recursive: true });
        make?.(folder);
        const sound = {
          broker: { urls: ['mqtts://127.0.0.1:1'] },
          security: { certificate: 'FOLDER/web1.pem', key: 'FOLDER/web1.key', ca: 'FOLDER/ca.pem' },
          state_dir: 'FOLDER/state',
          facts: { paths: [] },
        };
        const text = JSON.stringify({ ...sound, ...config }).replaceAll('FOLDER', folder);
        writeFileSync(join(folder, 'mcod.yaml'), text);
        const checked = await checkIn(folder);
        const started = await startIn(folder);
        const heads = (lines: readonly string[] = []) =>
          lines.map((line) => line.replaceAll(folder, 'FOLDER').replace(/: .*/s, '')).sort();
        expect(started.fatal, 'what keeps it from starting').to.deep.equal(checked.fatal);
        expect(heads(started.without), 'what it starts without').to.deep.equal(heads(checked.without));
        const said = (checked.fatal ?? heads(checked.without)).map((line) =>
          line.replaceAll(folder, 'FOLDER'),
        );
        expect(said).to.have.length(says.length);
        for (const word of says)
          expect(
            said.some((line) => line.startsWith(word)),
            word,
          ).to.equal(true);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});

interface Found {
  /** What keeps it from starting. */
  readonly fatal?: readonly string[];
  /** What it starts without. */
  readonly without?: readonly string[];
}

/** What `mcod --check` says. */
async function checkIn(folder: string): Promise<Found> {
  const child = spawn(process.execPath, [main, '--check', '-c', join(folder, 'mcod.yaml')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = await once(child, 'close');
  const said = (words: string) =>
    stderr
      .split('\n')
      .filter((line) => line.startsWith(`mcod: ${words}`))
      .map((line) => line.slice(`mcod: ${words}`.length).replace(/ \[[A-Z_]+\]$/, ''));
  const [fatal, without] = [said('does not start: '), said('starts without ')];
  const isSound = fatal.length + without.length === 0;
  expect([code, stdout]).to.deep.equal(isSound ? [0, `${folder}/mcod.yaml: configuration OK\n`] : [1, '']);
  return fatal.length > 0 ? { fatal } : { without };
}

/** Starts a daemon, and ends it when it serves: what it says when it does not start, or what it runs without. */
async function startIn(folder: string): Promise<Found> {
  const status = ['state/status.json', 'status.json'].map((name) => join(folder, name));
  const child = spawn(process.execPath, [main, '-c', join(folder, 'mcod.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = once(child, 'close');
  try {
    await until('it serves or ends', () => child.exitCode !== null || status.some(existsSync));
    if (child.exitCode === null) {
      const found = status.find(existsSync) ?? '';
      await until('it serves', () => readFileSync(found, 'utf8').endsWith('\n'));
      return { without: readStatusFile(found).without.map(({ what, reason }) => `${what}: ${reason}`) };
    }
    await exited;
    const lines = stderr.split('\n').filter((line) => line.startsWith('mcod: '));
    return { fatal: lines.map((line) => line.replace(/^mcod: /, '').replace(/ \[[A-Z_]+\]$/, '')) };
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}
