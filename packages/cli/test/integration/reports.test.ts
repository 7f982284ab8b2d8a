import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, loadClientConfig } from '@troupe/client';
import { createCrl } from '@troupe/core/pki';
import rpcutil from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { freePort } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { ddl } from '../lab-agent.js';
import { TestNetwork } from '../network.js';

interface Finding {
  readonly level: string;
  readonly subject: string;
  readonly message: string;
}

describe('the reports of mco on a network', function () {
  this.timeout(120_000);
  let network: TestNetwork;

  before(async () => {
    network = await TestNetwork.start();
    await Promise.all([
      network.addNode('web1.lab', { facts: { os: { name: 'Debian' } }, classes: ['base', 'role::web'] }),
      network.addNode('db1.lab', { facts: { os: { name: 'Rocky' } }, isPlain: true }),
    ]);
  });
  after(() => network?.stop());

  // A configuration of the same caller, but for what is given.
  async function changed(change: Record<string, unknown>): Promise<string> {
    const config = JSON.parse(await readFile(network.configOf('rip.mcollective'), 'utf8'));
    const file = network.folder.join('changed.yaml');
    await writeFile(file, JSON.stringify({ ...config, ...change }));
    return file;
  }

  const doctor = async (...args: string[]) => {
    const { stdout, code } = await network.mco(['doctor', '--json', ...args]);
    const { results: findings, statistics } = JSON.parse(stdout);
    const { faults, warnings } = statistics;
    const bad = findings.filter(({ level }: Finding) => level !== 'ok');
    return {
      code,
      faults,
      warnings,
      subjects: [...new Set(findings.map(({ subject }: Finding) => subject))],
      bad: bad.map(({ level, subject, message }: Finding) => `${level} ${subject}: ${message}`),
    };
  };

  describe('mco inventory of many nodes', () => {
    it('prints a line for each node from a template, also from a file', async () => {
      const { stdout, code } = await network.mco([
        ...['inventory', '--format', '{identity:10}{facts.os.name}|{classes}|{collectives}', '-q'],
      ]);
      expect({ stdout, code }).to.deep.equal({
        stdout: 'db1.lab   Rocky||mcollective\nweb1.lab  Debian|base, role::web|mcollective',
        code: 0,
      });
      const file = network.folder.join('report.txt');
      await writeFile(file, '{identity}: {agents}\n');
      const fromFile = await network.mco(['inventory', '--format', `@${file}`, '-I', 'web1.lab']);
      expect(fromFile.stdout).to.equal('web1.lab: discovery, lab, node, rpcutil');
    });

    it('writes a graph of the collectives', async () => {
      const file = network.folder.join('map.dot');
      const { stderr, code } = await network.mco(['inventory', '--collective-map', file]);
      expect(code).to.equal(0);
      expect(stderr).to.include(`Graph written to ${file}; to draw it: dot -Tsvg ${file}`);
      expect(await readFile(file, 'utf8')).to.include('"collective mcollective" -- "web1.lab";');
      const piped = await network.mco(['inventory', '--cg', '-', '-q']);
      expect(piped.stdout).to.match(/^graph "collectives" \{\n[\s\S]*\n\}$/);
    });

    it('requires a filter instead of a name for a list', async () => {
      const { stderr, code } = await network.mco(['inventory', 'web1.lab', '--format', '{identity}']);
      expect({ stderr, code }).to.deep.equal({
        stderr: 'mco: a list of nodes takes a filter, not a node argument: use -I web1.lab [USAGE_INVALID]',
        code: 1,
      });
    });
  });

  describe('discovery methods', () => {
    const inventory = {
      groups: [{ name: 'malta', filter: { facts: ['country=mt'] } }],
      nodes: [
        { name: 'web1.lab', facts: { country: 'mt' } },
        { name: 'db1.lab', facts: { country: 'mt' }, agents: ['rpcutil'] },
        { name: 'never.lab', facts: { country: 'de' } },
      ],
    };
    let file: string;

    before(async () => {
      file = network.folder.join('inventory.json');
      await writeFile(file, JSON.stringify(inventory));
    });

    it('reads the nodes of a group in an inventory file, without calling them', async () => {
      const found = await network.mco([
        'find',
        '--dm',
        'inventory',
        '--do',
        `file=${file}`,
        '-I',
        'group:malta',
      ]);
      expect(found).to.deep.equal({ stdout: 'db1.lab\nweb1.lab', stderr: '', code: 0 });
      const { stdout } = await network.mco(['find', '--dm', 'inventory', '--do', file, '-F', 'country=de']);
      expect(stdout).to.equal('never.lab');
    });

    it('calls the nodes with the agent, and reports the discovery method', async () => {
      const { stdout, code } = await network.mco([
        ...['rpc', 'lab', 'weigh', '--dm', 'inventory', '--do', file, '-I', 'group:malta', '--json'],
      ]);
      expect(code).to.equal(0);
      const { results: replies, statistics: stats } = JSON.parse(stdout);
      expect(replies.map(({ sender }: { sender: string }) => sender)).to.deep.equal(['web1.lab']);
      expect(stats.discovery).to.equal('inventory');
    });

    it('exits with 3 if none of the nodes from a source replies', async () => {
      const { code } = await network.mco(['rpc', 'rpcutil', 'ping', '--dm', 'stdin', '--json'], {
        input: '["never.lab"]',
      });
      expect(code).to.equal(3);
    });

    it("reads lists in lines, JSON and YAML, and the broker's own", async () => {
      const list = network.folder.join('list.yaml');
      await writeFile(list, '- web1.lab\n');
      const runs = await Promise.all([
        network.mco(['find', '--dm', 'flatfile', '--do', list]),
        network.mco(['find', '--nodes', list, '-q']),
        network.mco(['find', '--dm', 'stdin'], { input: '# one\nweb1.lab\n' }),
        network.mco(['find', '--dm', 'presence', '-I', '/web/']),
      ]);
      expect(runs.map(({ stdout }) => stdout)).to.deep.equal(Array(4).fill('web1.lab'));
    });

    it('pings only the nodes in a list', async () => {
      const { stdout } = await network.mco(['ping', '--dm', 'stdin', '--json'], { input: 'db1.lab' });
      expect(JSON.parse(stdout).results.map(({ sender }: { sender: string }) => sender)).to.deep.equal([
        'db1.lab',
      ]);
    });
  });

  it('completes the names of nodes from earlier discoveries', async () => {
    await network.mco(['ping']);
    const { stdout } = await network.mco(['completion', '--line', 'mco rpc rpcutil ping -I ']);
    expect(stdout.split('\n').map((line) => line.trim())).to.deep.equal(['db1.lab', 'web1.lab']);
    const inventory = await network.mco(['completion', '--line', 'mco inventory we']);
    expect(inventory.stdout.trim()).to.equal('web1.lab');
  });

  it('calls every action of rpcutil, which reveals no secret', async () => {
    const client = await connect({ config: loadClientConfig(network.configOf('rip.mcollective')) });
    try {
      const agent = client.agent(rpcutil);
      const where = { targets: ['web1.lab'] };
      const data = async (call: AsyncIterable<{ readonly data: Record<string, unknown> }>) => {
        for await (const result of call) return result.data;
        throw new Error('nobody answered');
      };
      expect((await data(agent.ping({}, where))).pong).to.be.a('number');
      expect((await data(agent.inventory({}, where))).classes).to.deep.equal(['base', 'role::web']);
      expect(await data(agent.get_fact({ fact: 'os.name' }, where))).to.deep.equal({
        fact: 'os.name',
        value: 'Debian',
      });
      expect((await data(agent.get_facts({ facts: 'os.name, none' }, where))).values).to.deep.equal({
        'os.name': 'Debian',
        none: null,
      });
      expect((await data(agent.daemon_stats({}, where))).total).to.be.a('number');
      const agents = (await data(agent.agent_inventory({}, where))).agents as { agent: string }[];
      expect(agents.map((one) => one.agent).sort()).to.deep.equal(['discovery', 'lab', 'node', 'rpcutil']);
      expect((await data(agent.collective_info({}, where))).collectives).to.deep.equal(['mcollective']);
      const security = (await data(agent.get_config_item({ item: 'security' }, where))).value;
      expect(security).to.include({ mode: 'x509', key: '[redacted]' });
      const asked = async (source: string, query: string) => data(agent.get_data({ source, query }, where));
      expect(await asked('fact', 'os.name')).to.include({ exists: true, value: 'Debian' });
      expect(await asked('collective', 'mcollective')).to.include({ member: true });
      expect(await asked('agent', 'lab')).to.include({ version: '1.2.0' });
      expect(await asked('fstat', network.folder.path)).to.include({ present: 1, type: 'directory' });
    } finally {
      await client.close();
    }
    const found = await network.mco([
      'find',
      '-S',
      "agent('lab').version = 1.2.0 and collective('mcollective').member = true",
    ]);
    expect(found).to.deep.equal({ stdout: 'web1.lab', stderr: '', code: 0 });
  });

  describe('mco doctor', () => {
    it('finds no problems in a working network', async () => {
      expect(await doctor()).to.deep.equal({
        code: 0,
        faults: 0,
        warnings: 0,
        subjects: [
          ...[
            'configuration',
            'certificate',
            'CA',
            'broker',
            'nodes',
            'permissions',
            'clocks',
            'daemons',
            'protocol',
            'agents',
          ],
        ],
        bad: [],
      });
      const quiet = await network.mco(['doctor', '-q']);
      expect(quiet).to.deep.equal({ stdout: '', stderr: '', code: 0 });
    });

    it('warns about a broker that cannot be reached if another one can', async () => {
      const { broker } = JSON.parse(await readFile(network.configOf('rip.mcollective'), 'utf8'));
      const dead = `mqtts://127.0.0.1:${await freePort()}`;
      const one = await doctor('-c', await changed({ broker: { urls: [dead] }, connect_timeout: 2 }));
      expect(one.code).to.equal(1);
      expect(one.bad).to.have.length(1);
      expect(one.bad[0])
        .to.match(/^fault broker: .*127\.0\.0\.1/)
        .and.to.include('ECONNREFUSED');
      const both = await doctor(
        '-c',
        await changed({ broker: { urls: [dead, ...broker.urls] }, connect_timeout: 2 }),
      );
      expect(both).to.include({ code: 0, faults: 0, warnings: 1 });
    });

    it('reports a certificate that does not match the callers pattern', async () => {
      const { security } = JSON.parse(await readFile(network.configOf('rip.mcollective'), 'utf8'));
      const node = (name: string) => network.folder.join(name);
      const wrong = { ...security, certificate: node('web1.lab.pem'), key: node('web1.lab.key') };
      const { code, bad } = await doctor('-c', await changed({ security: wrong }));
      expect({ code, bad }).to.deep.equal({
        code: 1,
        bad: [
          'fault certificate: web1.lab does not match security.callers.match (/\\.mcollective$/): nodes refuse all its requests',
        ],
      });
    });

    it('shows when each revocation list expires', async () => {
      const { security } = JSON.parse(await readFile(network.configOf('rip.mcollective'), 'utf8'));
      const crl = network.folder.join('crl.pem');
      const listed = await changed({ security: { ...security, crl } });
      const write = (days: number) =>
        writeFile(crl, createCrl({ ca: network.ca, number: 1, revoked: [], days }));
      await write(400);
      const { stdout } = await network.mco(['doctor', '-c', listed]);
      expect(stdout).to.match(
        /^ok {5}CRL {12}the revocation list \(CRL\) of .* expires on \d{4}-\d\d-\d\d, in (399|400) days$/m,
      );
      await write(-1);
      const { code, bad } = await doctor('-c', listed);
      expect({ code, faults: bad.length }).to.deep.equal({ code: 0, faults: 1 });
      expect(bad[0]).to.match(/^warn CRL: the revocation list \(CRL\) of .* expired on .* and stays in use/);
      const { stderr } = await network.mco(['ping', '-c', listed]);
      expect(stderr).to.match(/mco: the revocation list \(CRL\) of .* expired on/);
    });

    it('warns about a local DDL that matches no node', async () => {
      const folder = network.folder.join('older-ddls');
      await mkdir(folder);
      const older = { ...ddl, metadata: { ...ddl.metadata, version: '1.1.0' } };
      await writeFile(`${folder}/lab.json`, JSON.stringify(older));
      const { code, bad } = await doctor('-c', await changed({ ddl_dirs: [folder] }));
      expect(code).to.equal(0);
      expect(bad).to.have.length(1);
      expect(bad[0]).to.match(
        /^warn agents: the local DDL for lab \(1\.1\.0, [0-9a-f]{8}\) matches no node$/,
      );
    });

    it('checks the daemon on this machine by its status file', async () => {
      const config = network.folder.join('db1.lab.yaml');
      const sound = await doctor('--local', '--daemon-config', config);
      expect(sound).to.include({ code: 0, faults: 0 });
      expect(sound.subjects).to.include.members(['daemon', 'broker', 'certificate', 'CA', 'work']);
      const missing = await doctor('--local', '--status-file', network.folder.join('none.json'));
      expect(missing.code).to.equal(1);
      expect(missing.bad[0]).to.match(/^fault daemon: cannot read the status file .*none\.json: ENOENT/);
    });

    it('lists the nodes without a policy, and says what they do now and after an upgrade', async () => {
      const policies = network.folder.join('rpcutil-only');
      await mkdir(policies);
      await writeFile(`${policies}/rpcutil.policy`, 'policy default allow\n');
      const add = (name: string, authorization: object) =>
        network.addNode(name, { config: { collectives: ['audited'], authorization } });
      await add('bare1.lab', {});
      await add('open1.lab', { without_policy: 'allow' });
      await add('part1.lab', { policies });
      const { code, bad } = await doctor('-T', 'audited');
      expect(code).to.equal(0);
      expect(bad.filter((line: string) => line.startsWith('warn policies: '))).to.deep.equal([
        'warn policies: bare1.lab: no policy, so all agents except rpcutil and discovery refuse all calls: write one with "mco policy init", and set authorization.policies in mcod.yaml',
        'warn policies: open1.lab: no policy, so every caller may call every agent. Before an upgrade, write one with "mco policy init": current versions of mcod refuse all agents except rpcutil and discovery, unless mcod.yaml sets authorization.without_policy: allow',
        `warn policies: part1.lab: ${policies} has no default.policy: current versions of mcod refuse all calls to agents that have no policy there, rpcutil included; run "mco policy init" on the node`,
      ]);
      const call = await network.mco(['rpc', 'lab', 'weigh', '-T', 'audited', '--json']);
      const ends = JSON.parse(call.stdout).results.map(
        ({ sender, state, statusmsg }: Record<string, string>) => `${sender} ${state}: ${statusmsg}`,
      );
      expect(ends.toSorted()).to.deep.equal([
        'bare1.lab denied: you are not authorized to call lab#weigh on this node: it has no policy for the agent "lab": set authorization.policies in its mcod.yaml, and write a first policy with "mco policy init"',
        'open1.lab ok: OK',
        `part1.lab denied: you are not authorized to call lab#weigh on this node: it has no policy for the agent "lab": write lab.policy or default.policy in ${policies} ("mco policy init" writes a first default.policy)`,
      ]);
      const local = await doctor('--local', '--daemon-config', network.folder.join('bare1.lab.yaml'));
      expect(local.bad).to.deep.equal([
        'warn policies: authorization.policies is not set: every agent except rpcutil and discovery refuses all calls: write a first policy with "mco policy init"',
      ]);
    });

    it('reports that no node responds', async () => {
      const { code, bad } = await doctor('-T', 'elsewhere');
      expect(code).to.equal(1);
      expect(bad).to.deep.equal(['fault nodes: no node responds in the collective "elsewhere"']);
    });
  });
});
