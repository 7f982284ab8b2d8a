import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { freePort, startRabbitmq, testBrokers } from '@troupe/testkit';
import { startPeer } from './process.mjs';

const daemon = '/usr/sbin/mcollectived';
const command = '/usr/bin/mco';
const library = '/usr/lib/ruby/vendor_ruby';
const plugins = '/usr/share/mcollective/plugins';
const vhost = '/mcollective';
const user = 'mcollective';

/** Why MCollective cannot be measured here, if it cannot. */
export function missingMcollective() {
  const packages = {
    mcollective: daemon,
    'mcollective-client': command,
    'ruby-stomp': `${library}/stomp.rb`,
  };
  const absent = Object.keys(packages).filter((name) => !existsSync(packages[name]));
  if (absent.length > 0)
    return `not installed: ${absent.join(', ')} (Debian 12 is the last version with these packages)`;
  return testBrokers.rabbitmq.missing();
}

/** RabbitMQ as Troupe's networks have it, and beside that over STOMP as MCollective needs it: `stomp` is for its nodes. */
export async function startSharedRabbitmq(options) {
  const stomp = { port: await freePort(), password: secret() };
  const broker = await startRabbitmq(options, (files) =>
    files.map((file) => ({ ...file, text: withStomp(file, stomp) })),
  );
  return {
    kind: 'rabbitmq',
    url: broker.nodeUrls[0],
    escape: broker.escape,
    stomp,
    stop: () => broker.stop(),
  };
}

function withStomp({ name, text }, { port, password }) {
  if (name === 'rabbitmq.conf')
    return `${text}stomp.listeners.tcp.1 = 127.0.0.1:${port}\nstomp.default_vhost = ${vhost}\n`;
  if (name === 'enabled_plugins') return text.replace('[', '[rabbitmq_stomp,');
  if (name !== 'definitions.json') return text;
  const made = JSON.parse(text);
  const exchange = { vhost, durable: true, auto_delete: false, internal: false, arguments: {} };
  return JSON.stringify({
    ...made,
    vhosts: [...made.vhosts, { name: vhost }],
    users: [...made.users, { name: user, ...hashOf(password), tags: [] }],
    permissions: [...made.permissions, { user, vhost, configure: '.*', write: '.*', read: '.*' }],
    exchanges: [
      { ...exchange, name: 'mcollective_broadcast', type: 'topic' },
      { ...exchange, name: 'mcollective_directed', type: 'direct' },
    ],
  });
}

// Four bytes of salt, and the hash of them and the password: https://www.rabbitmq.com/passwords.html
function hashOf(password) {
  const salt = randomBytes(4);
  const hash = createHash('sha256').update(salt).update(password).digest();
  return {
    password_hash: Buffer.concat([salt, hash]).toString('base64'),
    hashing_algorithm: 'rabbit_password_hashing_sha256',
  };
}

/** MCollective's daemons, each a process with an identity of its own, and the configuration of its client. */
export class Mcollective {
  #settings;
  #folder;
  #daemons = [];

  constructor({ stomp, folder }) {
    this.#folder = `${folder}/mcollective`;
    mkdirSync(this.#folder, { mode: 0o700 });
    writeFileSync(`${this.#folder}/facts.yaml`, '---\nrole: bench\n');
    const server = 'plugin.rabbitmq.pool.1';
    this.#settings = [
      'main_collective = mcollective',
      'collectives = mcollective',
      `libdir = ${plugins}`,
      'logger_type = console',
      'securityprovider = psk',
      `plugin.psk = ${secret()}`,
      'connector = rabbitmq',
      `plugin.rabbitmq.vhost = ${vhost}`,
      'plugin.rabbitmq.pool.size = 1',
      `${server}.host = 127.0.0.1`,
      `${server}.port = ${stomp.port}`,
      `${server}.user = ${user}`,
      `${server}.password = ${stomp.password}`,
      'factsource = yaml',
      `plugin.yaml = ${this.#folder}/facts.yaml`,
    ];
    this.client = this.#write('client', ['loglevel = warn', 'color = 0']);
  }

  get nodes() {
    return this.#daemons.length;
  }

  /** Starts `count` daemons, some at a time, and no more of them when the time is over. */
  async start(count, { atATime, seconds }) {
    const end = performance.now() + seconds * 1000;
    let next = 1;
    const worker = async () => {
      while (next <= count && performance.now() < end) {
        const number = next;
        next += 1;
        const config = this.#write(`node-${number}`, [
          `identity = node-${number}.fleet`,
          'daemonize = 0',
          'loglevel = info',
        ]);
        const words = ['--config', config];
        this.#daemons.push(await startPeer(daemon, words, { node: false, ready: /Connected to stomp/ }));
      }
    };
    await Promise.all(Array.from({ length: atATime }, worker));
  }

  // Nothing that they keep is worth an orderly end.
  async close() {
    await Promise.all(this.#daemons.splice(0).map((each) => each.kill()));
  }

  #write(name, lines) {
    const file = `${this.#folder}/${name}.cfg`;
    writeFileSync(file, `${[...this.#settings, ...lines].join('\n')}\n`, { mode: 0o600 });
    return file;
  }
}

/** The program `mco` of MCollective. */
export const mcollectiveMco = command;

function secret() {
  return randomBytes(16).toString('hex');
}
