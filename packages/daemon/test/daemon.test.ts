import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import {
  type Agent,
  type Host,
  MemoryBroker,
  MemoryTransport,
  parsePresence,
  Topics,
  type TroupeError,
} from '@troupe/core';
import { actorProgram, openFiles, skip, until } from '@troupe/test-support';
import { expect } from 'chai';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { parseDaemonConfig } from '../src/config.js';
import { type Daemon, type DaemonOptions, startDaemon } from '../src/daemon.js';
import { ddlOf, keptLog } from './agents/external/actor.js';
import { Realm } from './realm.js';
import { requestOf } from './request/request.js';

const identity = 'web1.lab';
const rip = 'rip.mcollective';

describe('a daemon', () => {
  let realm: Realm;
  let folder: string;
  let broker: MemoryBroker;
  let daemon: Daemon | undefined;
  let events: string[];
  let wanted: Parameters<NonNullable<DaemonOptions['connect']>>[0] | undefined;
  let transport: MemoryTransport | undefined;
  let kept: ReturnType<typeof keptLog>;
  before(async () => {
    realm = await Realm.create(identity, rip);
  });
  after(() => realm.remove());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'troupe-daemon-'));
    broker = new MemoryBroker();
    events = [];
    kept = keptLog();
    wanted = undefined;
    transport = undefined;
  });
  const stop = async () => {
    const ending = daemon;
    daemon = undefined;
    await ending?.close();
  };
  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true });
  });

  const none = 'security: { mode: none }';
  async function start(text: string, options: Partial<DaemonOptions> = {}): Promise<Daemon> {
    const config = parseDaemonConfig(`{ state_dir: ${folder}/state, facts: { paths: [] }, ${text} }`);
    daemon = await startDaemon({
      config,
      configFile: join(folder, 'mcod.yaml'),
      log: kept.log,
      connect: (options) => {
        wanted = options;
        transport = broker.connect({ will: options.will });
        return transport;
      },
      ...options,
    });
    return daemon;
  }
  const refusal = async (text: string, options: Partial<DaemonOptions> = {}) =>
    start(text, options).then(
      () => 'it started',
      ({ code, message }: TroupeError) => `${code}: ${message}`,
    );
  /** An agent that notes when it is closed. */
  const probe = (setup: (host: Host) => void = () => {}): Agent => ({
    ddl: ddlOf('probe', {}),
    setup: async (_, host) => {
      host.onClose(() => void events.push('agent closed'));
      setup(host);
      return {};
    },
  });

  it('removes from its state folder what a daemon left that was killed while it replaced a file', async () => {
    const state = join(folder, 'state');
    mkdirSync(join(state, 'agents'), { recursive: true });
    for (const name of ['.requests.jsonl.0123456789ab.tmp', '.facter.json.0123456789ab.tmp', 'own.tmp'])
      writeFileSync(join(state, name), '');
    await start(`identity: ${identity}, ${none}`);
    expect(readdirSync(state).sort()).to.deep.equal(['agents', 'own.tmp']);
  });

  describe('takes its identity', () => {
    it('from its configuration, and shows it to the broker', async () => {
      const { node } = await start(`identity: ${identity}, ${none}`);
      expect(node).to.include({ identity, mainCollective: 'mcollective', configFile: `${folder}/mcod.yaml` });
      expect(wanted?.clientId).to.equal(identity);
      expect(wanted?.will.topic).to.equal(`mco/mcollective/presence/${identity}`);
      expect(parsePresence(wanted?.will.payload ?? new Uint8Array())).to.deep.include({
        v: 2,
        identity,
        online: false,
        since: node.startedAt,
        version: node.version,
        protocol: 2,
      });
    });

    it('from its certificate if the configuration has none', async () => {
      const { node, status } = await start(realm.x509(identity));
      expect(node.identity).to.equal(identity);
      expect(wanted?.security.signer.name).to.equal(identity);
      expect(wanted?.security.credentials.tls?.certificate).to.equal(
        readFileSync(realm.file(`${identity}.pem`), 'utf8'),
      );
      expect(status().certificateExpires).to.be.above(Date.now());
    });

    it('from the host name if it has no certificate', async () => {
      expect((await start(none)).node.identity).to.equal(hostname().toLowerCase());
    });

    it('from nothing that is not a valid topic level', async () => {
      expect(await refusal(`identity: web1., ${none}`)).to.equal(
        'IDENTITY_INVALID: identity: "web1." is not a valid identity: use a-z, 0-9, ".", "_" and "-", with a letter or digit at both ends',
      );
    });

    for (const more of ['', 'identity: web1.lab, ']) {
      it(`from no certificate with capitals${more && ` (${more.slice(0, -2)})`}, and advises a new one`, async () => {
        await realm.issue('WEB1.lab');
        expect(await refusal(`${more}${realm.x509('WEB1.lab')}`)).to.match(
          /^IDENTITY_INVALID: the common name of the certificate is not a valid identity: "WEB1\.lab"; .* request a certificate for "web1\.lab"$/,
        );
      });
    }

    it('from its configuration only if its certificate has the same name', async () => {
      expect(await refusal(`identity: web2.lab, ${realm.x509(identity)}`)).to.include('CONFIG_INVALID');
    });
  });

  it('keeps its state folder from other users', async () => {
    await start(none);
    expect(statSync(join(folder, 'state')).mode & 0o777).to.equal(0o700);
  });

  it('publishes presence in its main collective, and subscribes to requests in all', async () => {
    const subscribed: string[] = [];
    const subscribe = MemoryTransport.prototype.subscribe;
    await start(`identity: ${identity}, ${none}, collectives: [eu, us], main_collective: us`, {
      connect: ({ will }) => {
        const own = broker.connect({ will });
        own.subscribe = (filter, ...rest) => {
          subscribed.push(filter);
          return subscribe.call(own, filter, ...rest);
        };
        return own;
      },
    });
    expect(daemon?.node.mainCollective).to.equal('us');
    expect([...broker.retained()].map(([topic]) => topic)).to.deep.equal([`mco/us/presence/${identity}`]);
    expect(subscribed.sort()).to.deep.equal([
      'mco/eu/agent/discovery',
      'mco/eu/agent/node',
      'mco/eu/agent/rpcutil',
      'mco/eu/agent/v2-discovery',
      'mco/eu/agent/v2-node',
      'mco/eu/agent/v2-rpcutil',
      `mco/eu/node/${identity}`,
      'mco/us/agent/discovery',
      'mco/us/agent/node',
      'mco/us/agent/rpcutil',
      'mco/us/agent/v2-discovery',
      'mco/us/agent/v2-node',
      'mco/us/agent/v2-rpcutil',
      `mco/us/node/${identity}`,
      // Its own, in which it recognizes another machine with its identity.
      `mco/us/presence/${identity}`,
    ]);
  });

  it('subscribes to external agents in all its collectives until they are removed', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      mkdirSync(join(folder, 'agents'));
      const file = join(folder, 'agents/actor.json');
      writeFileSync(file, JSON.stringify(ddlOf('actor', { show: {} })));
      copyFileSync(actorProgram, join(folder, 'agents/actor'));
      await start(`${none}, collectives: [eu, us], external_agents: [{ folder: agents }]`, {
        connect: ({ will }) => {
          const own = broker.connect({ will });
          const { subscribe } = MemoryTransport.prototype;
          own.subscribe = async (filter, ...rest) => {
            const unsubscribe = await subscribe.call(own, filter, ...rest);
            if (filter.endsWith('actor')) events.push(`subscribe ${filter}`);
            return async () => {
              events.push(`stop ${filter}`);
              await unsubscribe();
            };
          };
          return own;
        },
      });
      const topics = ['eu', 'us'].flatMap((collective) =>
        ['actor', 'v2-actor'].map((name) => `mco/${collective}/agent/${name}`),
      );
      expect(events).to.deep.equal(topics.map((topic) => `subscribe ${topic}`));
      events.splice(0);
      rmSync(file);
      await until('it is gone', () => {
        mock.timers.tick(2000);
        return events.length > 3;
      });
      expect(events).to.deep.equal(topics.map((topic) => `stop ${topic}`));
    } finally {
      mock.timers.reset();
    }
  });

  it('escapes dots in topics if configured', async () => {
    await start(`identity: ${identity}, ${none}, topics: { escape: true }`);
    expect(wanted?.will.topic).to.equal('mco/mcollective/presence/web1%2Elab');
  });

  it('does not start with a main collective that it does not belong to', async () => {
    expect(await refusal(`${none}, collectives: [eu, us], main_collective: asia`)).to.equal(
      'CONFIG_INVALID: main_collective "asia" is not in collectives (eu, us)',
    );
  });

  const presence = () => {
    const [[, payload] = []] = [...broker.retained()];
    return payload && parsePresence(payload);
  };

  it('is online after its start and offline after its end', async () => {
    const { node } = await start(`identity: ${identity}, ${none}`);
    const record = { v: 2, identity, since: node.startedAt, version: node.version, protocol: 2 };
    const online = presence();
    expect(online).to.deep.include({ ...record, online: true });
    expect(online?.digests?.ddls).to.match(/^[0-9a-f]{32}$/);
    expect(online?.digests?.facts).to.match(/^[0-9a-f]{32}$/);
    await stop();
    expect(presence()).to.deep.equal({ ...online, online: false });
    expect(transport?.connected).to.equal(false);
  });

  it('is offline when its connection breaks', async () => {
    await start(none);
    transport?.drop();
    expect(presence()).to.include({ online: false });
  });

  describe('with an enrolment token', () => {
    it('uses the collective of the token, and removes its presence when it ends', async () => {
      const token = await realm.token(rip);
      const { node } = await start(
        `identity: ${identity}, ${token}, collectives: [mcollective], main_collective: mcollective`,
      );
      expect(node.mainCollective).to.equal('provisioning');
      expect(node.config.collectives).to.deep.equal(['provisioning']);
      expect(wanted?.will.topic).to.equal(`mco/provisioning/presence/${identity}`);
      expect(wanted?.security.credentials.username).to.equal(identity);
      expect(presence()).to.include({ online: true });
      await stop();
      expect([...broker.retained()]).to.deep.equal([]);
    });

    it('removes the token when it has connected with a certificate, and not before', async () => {
      const token = await realm.token(rip);
      await start(`identity: ${identity}, ${token}`);
      await stop();
      const { folder: realmFolder } = realm;
      const isThere = () => existsSync(join(realmFolder, 'token'));
      await start(`identity: ${identity}, ${realm.x509(identity)}`, {
        connect: () => {
          transport = broker.connect();
          // It has not connected yet.
          transport.onConnect = () => {};
          return transport;
        },
      });
      await stop();
      expect(isThere()).to.equal(true);
      await start(`identity: ${identity}, ${realm.x509(identity)}`);
      expect(isThere()).to.equal(false);
      expect(existsSync(join(folder, 'state', 'enrolment.key'))).to.equal(false);
    });

    it('takes its identity from the host name', async () => {
      expect((await start(await realm.token(rip))).node.identity).to.equal(hostname().toLowerCase());
    });

    for (const [what, broker, url] of [
      ['the broker of the token', '', 'mqtts://127.0.0.1:1'],
      [
        'the broker of its configuration',
        ', broker: { urls: ["mqtts://127.0.0.2:1"] }',
        'mqtts://127.0.0.2:1',
      ],
    ] as const) {
      it(`connects to ${what}`, async () => {
        const text = `{ state_dir: ${folder}/state, facts: { paths: [] }, ${await realm.token(rip)} ${broker} }`;
        daemon = await startDaemon({ config: parseDaemonConfig(text), configFile: 'none', log: kept.log });
        const refused = () => kept.lines.find(({ msg }) => msg === 'cannot connect to the broker');
        await until('it tries to connect', () => refused() !== undefined);
        expect(refused()).to.include({ url });
      });
    }

    it('escapes dots in topics if the token says so', async () => {
      await start(`identity: ${identity}, ${await realm.token(rip, { escape: true })}`);
      expect(wanted?.will.topic).to.equal('mco/provisioning/presence/web1%2Elab');
    });

    it('checks its policies against the callers of the token', async () => {
      const policies = join(folder, 'policies');
      mkdirSync(policies);
      writeFileSync(join(policies, 'rpcutil.policy'), `policy default deny\nallow\t${rip}\t*\t*\t*\n`);
      const token = await realm.token(rip, {}, ', callers: { match: "/^nobody$/" }');
      await start(`${token}, authorization: { policies: ${policies} }`);
      expect(kept.lines.filter(({ level }) => level === 50)).to.deep.equal([]);
    });

    it('does not start under a name that the token is not for', async () => {
      const token = await realm.token(rip, { names: '/^db/' });
      expect(await refusal(`identity: ${identity}, ${token}`)).to.equal(
        'TOKEN_INVALID: the enrolment token is only for names that match /^db/, and the name of this machine is ' +
          `${identity}: use a token for this name, or change identity in the configuration`,
      );
    });

    it('does not start if the facts do not match the token', async () => {
      writeFileSync(join(folder, 'facts.yaml'), 'region: us\n');
      const token = await realm.token(rip, { facts: ['region=eu'] });
      const text = `facts: { paths: [${folder}/facts.yaml] }, ${token}`;
      const config = parseDaemonConfig(`{ state_dir: ${folder}/state, ${text} }`);
      expect(await refusal(token, { config })).to.equal(
        'TOKEN_INVALID: the enrolment token is only for machines with region=eu, and this machine does not match',
      );
      writeFileSync(join(folder, 'facts.yaml'), 'region: eu\n');
      expect(await refusal(token, { config })).to.equal('it started');
    });
  });

  describe('does not start', () => {
    for (const more of ['events: true', 'on_failure: refuse']) {
      it(`with audit.${more} but no audit file`, async () => {
        expect(await refusal(`${none}, audit: { ${more} }`, { agents: [probe()] })).to.equal(
          'CONFIG_INVALID: audit.file is missing: audit.events and audit.on_failure refuse require it',
        );
        expect(events, 'no agent was loaded').to.deep.equal([]);
        expect(transport).to.equal(undefined);
      });
    }

    it('with a faulty agent, and closes what it has opened', async () => {
      const faulty: Agent = {
        ddl: ddlOf('faulty', {}),
        setup: () => Promise.reject(new Error('no such device')),
      };
      expect(await refusal(none, { agents: [probe(), faulty] })).to.equal(
        'AGENT_INVALID: faulty: setup failed: no such device',
      );
      expect(events).to.deep.equal(['agent closed']);
    });
  });

  it('writes its audit, and publishes it only if configured', async () => {
    const told: string[] = [];
    const collector = broker.connect();
    await collector.subscribe(new Topics().events('mcollective'), (_, topic) => void told.push(topic));
    const file = join(folder, 'audit.jsonl');
    const topic = new Topics().node('mcollective', identity);
    for (const isTold of [false, true]) {
      await start(`identity: ${identity}, ${none}, audit: { file: ${file}, events: ${isTold} }`);
      await broker.connect().publish(topic, Buffer.from('nonsense'));
      await until(
        'the audit has a line',
        () => readFileSync(file, 'utf8').split('\n').length > (isTold ? 2 : 1),
      );
      await stop();
      await new Promise((resolve) => setImmediate(resolve));
      expect(told).to.have.length(isTold ? 1 : 0);
    }
    expect(told).to.deep.equal([`mco/mcollective/event/${identity}`]);
    expect(readFileSync(file, 'utf8').trim().split('\n')).to.have.length(2);
  });

  for (const [mode, faults] of [
    ['none', ['default.policy:1']],
    ['x509', ['default.policy:1', 'rpcutil.policy:2']],
  ] as const) {
    it(`logs faults of its policies at its start, in mode ${mode}`, async () => {
      const policies = join(folder, 'policies');
      mkdirSync(policies);
      writeFileSync(join(policies, 'default.policy'), 'nonsense\n');
      // No certificate could have this name.
      writeFileSync(join(policies, 'rpcutil.policy'), 'policy default deny\nallow\tnobody\t*\t*\t*\n');
      writeFileSync(join(policies, 'rpcutil.policy.rpmsave'), '');
      const security = mode === 'none' ? none : realm.x509(identity);
      await start(`${security}, authorization: { policies: ${policies} }`);
      const reasons = (wanted: string) =>
        kept.lines
          .filter(({ level, msg }) => `${level} ${msg}` === wanted)
          .map(({ reason }) => `${reason}`.slice(policies.length + 1).split(': ')[0]);
      expect(reasons('50 invalid policy: every call that it covers is denied')).to.deep.equal(faults);
      expect(reasons('50 a file that looks like a policy is not read')).to.deep.equal([
        'rpcutil.policy.rpmsave looks like a policy, but is not read',
      ]);
    });
  }

  it('logs which lines of its policies can never match, by the DDLs of its agents', async () => {
    const policies = join(folder, 'policies');
    mkdirSync(policies);
    writeFileSync(join(policies, 'rpcutil.policy'), 'policy default deny\ndeny\tRIP.mcollective\tpnig\t*\n');
    writeFileSync(join(policies, 'elsewhere.policy'), 'policy default deny\ndeny\t*\tpnig\t*\n');
    writeFileSync(join(policies, 'default.policy'), 'policy default deny\ndeny\t*\tpnig ping\t*\n');
    await start(`${realm.x509(identity)}, authorization: { policies: ${policies} }`);
    const warnings = kept.lines.filter(({ msg }) => msg === 'policy warning');
    expect(warnings.map(({ reason }) => `${reason}`.slice(policies.length + 1))).to.deep.equal([
      'default.policy:2: "pnig" never matches: no agent on this host has such an action (did you mean "ping"?)',
      'elsewhere.policy: no agent "elsewhere" is known here',
      'rpcutil.policy:2: "RIP.mcollective" never matches: caller names consist of a-z, 0-9, ".", "_" and "-" (did you mean "rip.mcollective"?)',
      'rpcutil.policy:2: "pnig" never matches: the DDL of the agent has no such action (did you mean "ping"?)',
    ]);
  });

  it('logs at its start that it has no policies, and what to write', async () => {
    await start(realm.x509(identity));
    const warnings = kept.lines.filter(({ msg }) => msg === 'policy warning');
    expect(warnings.map(({ reason }) => reason)).to.deep.equal([
      'authorization.policies is not set: every agent except rpcutil and discovery refuses all calls: write a first policy with "mco policy init"',
    ]);
  });

  it('logs that it is ready, with its identity, collectives and agents', async () => {
    await start(`identity: ${identity}, ${none}, collectives: [eu]`, { agents: [probe()] });
    const { level, msg, identity: name, collectives, agents } = kept.lines.at(-1) ?? { level: 0, msg: '' };
    expect({ level, msg, name, collectives, agents }).to.deep.equal({
      level: 30,
      msg: 'ready',
      name: identity,
      collectives: ['eu'],
      agents: ['discovery', 'node', 'probe', 'rpcutil'],
    });
  });

  it('provides filters and agents with facts, classes and data', async () => {
    writeFileSync(join(folder, 'facts.yaml'), 'region: eu\n');
    writeFileSync(join(folder, 'classes.txt'), 'role::web\n');
    const config = parseDaemonConfig(
      `{ ${none}, state_dir: ${folder}/state, facts: { paths: [${folder}/facts.yaml] }, classes_file: ${folder}/classes.txt }`,
    );
    let host: Host | undefined;
    const setup = (given: Host) => {
      host = given;
      given.provideData('probe', () => ({ is: true }));
    };
    const { node } = await start('', { config, agents: [probe(setup)] });
    for (const who of [node, host]) {
      expect(who?.facts()).to.include({ region: 'eu' });
      expect(who?.classes()).to.deep.equal(['role::web']);
    }
    expect([...node.data.keys()].sort()).to.deep.equal(['agent', 'collective', 'fact', 'fstat', 'probe']);
  });

  it('passes on the reload that an agent requests', async () => {
    let host: Host | undefined;
    const agents = [
      probe((given) => {
        host = given;
      }),
    ];
    await start(none, { agents, onReload: () => events.push('reload') });
    host?.reload();
    expect(events).to.deep.equal(['reload']);
    await stop();
    await start(none, { agents });
    host?.reload();
  });

  describe('reports its status', () => {
    it('from its start to its end', async () => {
      const { status, node } = await start(`identity: ${identity}, ${none}, status_interval: 7`, {
        agents: [probe()],
        onChange: () => events.push('change'),
      });
      const now = status();
      expect(now).to.deep.include({
        v: 1,
        state: 'running',
        interval: 7,
        pid: process.pid,
        version: node.version,
        identity,
        collectives: ['mcollective'],
        config: `${folder}/mcod.yaml`,
        since: node.startedAt,
        broker: { connected: true },
      });
      expect(now.facts.faults).to.deep.equal([]);
      expect(now.agents).to.include({ probe: '1.0.0' });
      expect(now.counts).to.deep.equal({
        ...node.stats,
        running: 0,
        queued: 0,
        kept: 0,
        keptBytes: 0,
        connects: 1,
      });
      expect(now.memory).to.be.above(1_000_000);
      expect(now).to.not.have.any.keys('lastRequest', 'clockSkew', 'certificateExpires');
      await stop();
      expect(events).to.deep.equal(['change', 'agent closed']);
      expect(status()).to.deep.include({ state: 'ended', broker: { connected: false } });
    });

    it('with the clock skew of callers and the state of the connection', async () => {
      const link = { connected: false, since: 5, reason: 'no route' };
      let changed = () => {};
      const { status, node } = await start(none, {
        onChange: () => events.push('change'),
        connect: ({ will }) =>
          Object.assign(broker.connect({ will }), {
            link,
            onChange: (listener: () => void) => {
              changed = listener;
            },
          }),
      });
      node.clockSkew.note(1000, 4000);
      expect(status()).to.deep.include({ lastRequest: 4000, clockSkew: 3, broker: link });
      changed();
      expect(events).to.deep.equal(['change']);
    });
  });

  it('closes its files when it ends', async function () {
    await start(`${none}, audit: { file: ${join(folder, 'audit.jsonl')} }`);
    const now = Date.now();
    const job = daemon?.jobs.begin(requestOf({ time: now }), identity, now);
    job?.add({ kind: 'result', outcome: 'ok', statuscode: 0, statusmsg: 'OK', data: {} }, now);
    const files = openFiles(folder);
    if (files === undefined) skip(this, 'this system does not tell which files are open');
    expect(files).to.deep.equal([join(folder, 'audit.jsonl'), join(folder, 'state/requests.jsonl')]);
    await stop();
    expect(openFiles(folder)).to.deep.equal([]);
  });
});
