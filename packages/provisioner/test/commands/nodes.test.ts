import { writeFileSync } from 'node:fs';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, beforeEach, describe, it } from 'mocha';
import { runProgram } from '../../src/commands/program.js';
import { recorded, statusWith } from '../fixtures/node-record.js';
import { infoOf } from '../fixtures/step-context.js';
import { StubIo } from '../fixtures/stub-io.js';
import { ends, StubNetwork, says } from '../fixtures/stub-network.js';

const status = 'provision status';
const line = (step: string, outcome: string, more: object = {}) => {
  return { time: '2030', step, outcome, attempt: 1, reason: null, seconds: 1.26, owner: 'prov/1', ...more };
};

describe('a command about nodes', () => {
  let folder: TempFolder;
  let network: StubNetwork;
  let io: StubIo;
  before(async () => {
    folder = await createTempFolder();
  });
  after(() => folder.close());
  beforeEach(() => {
    network = new StubNetwork();
    network.answers['puppetca info'] = ({ target }) => ({ data: infoOf(target) });
    network.answers['rpcutil ping'] = ends('no-reply');
    network.answers['rpcutil get_facts'] = says({ values: { region: 'eu' } });
    network.answers['provision has_cert'] = says({ has_cert: false, certname: 'web1.example.net' });
    io = new StubIo(async () => network.client);
  });

  const call = async (yaml: string, ...args: readonly string[]) => {
    const file = folder.join('provisioner.yaml');
    writeFileSync(
      file,
      `security: { mode: none }\nmaster: { criteria: [region] }\njournal: ${folder.join('journal')}\n${yaml}`,
    );
    io.stdout = '';
    io.stderr = '';
    const before = network.closed;
    const code = await runProgram([...args, '--config', file], io);
    expect(network.closed - before, 'it takes its leave').to.equal(1);
    return code;
  };
  /** The node is in one collective, and says this. */
  const isIn = (collective: string, given: object) => {
    network.answers[status] = ({ options }) =>
      options.collective === collective
        ? { data: statusWith({ ...given }) }
        : { state: 'offline', statusmsg: 'it is offline' };
  };

  describe('explain', () => {
    it('tells all that the node says', async () => {
      isIn('mcollective', {
        master: { identity: 'puppet1', address: '192.0.2.1', reason: 'the only master' },
        lease: { owner: 'prov/1', token: 7, seconds: 60, expires: '2031' },
        run: { id: 'r1', stage: 'bootstrap', since: '2030', running: true },
        damaged: { file: '/a/file', reason: 'it is empty' },
        done: true,
        finished: { since: '2029' },
        steps: [recorded('notify', 'started')],
        history: [
          line('lock', 'ok', { reason: 'fine' }),
          line('quarantine', 'released', { attempt: null, seconds: null, owner: null }),
        ],
      });
      expect(await call('', 'explain', 'web1')).to.equal(0);
      expect(io.stdout.split('\n')).to.deep.equal([
        'web1 in mcollective: done since 2029',
        '  master: puppet1 (192.0.2.1): the only master',
        '  lease: held by prov/1 until 2031',
        '  notification: not sent yet',
        '  Puppet run in progress: bootstrap since 2030 (r1)',
        '  damaged record: it is empty; kept as /a/file',
        'TIME  STEP        ATTEMPT  OUTCOME   DURATION  OWNER   REASON',
        '2030  lock        #1       ok        1.3 s     prov/1  fine',
        '2030  quarantine           released',
        '',
      ]);
    });

    it('has the full name of a machine that has not been handed over', async () => {
      isIn('provisioning', { certname: 'web1.example.net' });
      await call('', 'explain', 'web1');
      expect(io.stdout).to.equal(
        'web1.example.net in provisioning: new\n  identity until it has a certificate: web1\n  no history yet\n',
      );
      await call('', 'explain', 'web1', '--json');
      expect(JSON.parse(io.stdout)).to.include({ identity: 'web1.example.net', node: 'web1' });
    });

    it('says that the provisioning is over if the provision agent is gone', async () => {
      network.nodes = ['web1.example.net'];
      network.answers[status] = ({ target }) =>
        target === 'web1.example.net'
          ? { state: 'failed', statuscode: 2, statusmsg: 'no agent' }
          : { state: 'offline', statusmsg: 'it is offline' };
      expect(await call('collectives: { enrolment: mcollective }', 'explain', 'web1')).to.equal(0);
      expect(io.stdout).to.equal(
        'web1.example.net in mcollective: done\n  it has no provision agent: its provisioning has ended, and its history is in the logs of the provisioners\n',
      );
    });

    it('shows what provisioners owe to masters for the node', async () => {
      isIn('provisioning', {});
      network.nodes = ['prov1'];
      const debt = { identity: 'web1', certname: 'web1.example.net', master: 'puppet1', since: '2030' };
      const debts = [
        { ...debt, reason: 'it is away' },
        { ...debt, identity: 'web2', certname: 'web2.example.net', reason: 'it is away' },
      ];
      network.answers['provisioner status'] = says({ running: true, nodes: [], debts, debts_total: 2 });
      await call('', 'explain', 'web1');
      expect(io.stdout.split('\n').filter((text) => text.includes('to be cleaned'))).to.deep.equal([
        '  to be cleaned on puppet1: web1.example.net, since 2030: it is away',
      ]);
    });

    it('shows how many notifications wait at a provisioner, and why', async () => {
      network.nodes = ['prov1'];
      const notifications = { waiting: 3, oldest_since: '2030', reason: 'cannot notify mailto://ops: no' };
      network.answers['provisioner status'] = says({ running: true, nodes: [], notifications });
      await call('', 'status');
      expect(io.stdout).to.include(
        'provisioner on prov1: 0 nodes in progress\n  3 notifications wait since 2030: cannot notify mailto://ops: no\n',
      );
    });

    it('tells of a node to which nothing has happened', async () => {
      isIn('provisioning', {});
      await call('', 'explain', 'web1');
      expect(io.stdout).to.equal('web1 in provisioning: new\n  no history yet\n');
    });

    it('tells what is not known, and of no run that is over', async () => {
      isIn('provisioning', {
        master: { identity: null, address: null, reason: null },
        run: { id: 'r1', stage: 'bootstrap', since: '2030', running: false },
        history: [line('lock', 'failed', { reason: 'no' })],
      });
      await call('', 'explain', 'web1');
      expect(io.stdout).to.match(
        /^web1 in provisioning: waiting since 2030\n {2}failed once: no\n {2}master: unknown \(no address\): \n(?!.*Puppet run in progress)/,
      );
    });

    it('says why where it does not answer, in each collective', async () => {
      network.answers[status] = ({ options }) => ({
        state: 'offline',
        statusmsg: `not in ${options.collective}`,
      });
      expect(await call('', 'explain', 'web1')).to.equal(3);
      expect(io.stderr).to.equal(
        'mcprovision: cannot read the provisioning state of web1 (provisioning: status on web1: not in provisioning; ' +
          'mcollective: status on web1: not in mcollective) [NODE_SILENT]\n',
      );
      expect(network.asked.map(({ options }) => options.answerWithin)).to.deep.equal([3, 3]);
    });

    it('asks once in a network with one collective', async () => {
      network.answers[status] = ends('offline');
      await call('collectives: { enrolment: mcollective, main: mcollective }', 'explain', 'web1');
      expect(network.asked).to.have.length(1);
    });
  });

  for (const [command, fresh, released, words] of [
    ['release', false, true, 'web1: released; provisioning continues at the step where it stopped\n'],
    [
      'release',
      false,
      false,
      'web1: was not in quarantine; provisioning continues at the step where it stopped\n',
    ],
    ['retry', true, true, 'web1: released; provisioning starts again at the first step\n'],
  ] as const) {
    it(`${command} says: ${words.trim()}`, async () => {
      isIn('provisioning', {});
      network.answers['provision release'] = says({ released });
      expect(await call('', command, 'web1')).to.equal(0);
      expect(io.stdout).to.equal(words);
      expect(network.of('provision release')[0]?.input).to.deep.equal({ fresh });
      await call('', command, 'web1', '--json');
      expect(JSON.parse(io.stdout)).to.deep.equal({
        identity: 'web1',
        collective: 'provisioning',
        fresh,
        wasQuarantined: released,
      });
    });
  }

  it('says why a node cannot be released, as provisioners know it', async () => {
    network.answers[status] = ends('no-reply', 'silence');
    const about = { collective: 'provisioning', since: '2030', count: 1 };
    io.served = { arrivals: [{ identity: 'web1', state: 'offline', reason: 'it went offline', ...about }] };
    expect(await call('', 'release', 'web1')).to.not.equal(0);
    expect(io.stderr).to.include('the provisioner knows it as offline since 2030: it went offline');
  });

  it('releases a node whose quarantine only the provisioner knows', async () => {
    network.answers['provision release'] = says({ released: false });
    const about = { collective: 'provisioning', since: '2030', count: 1, reason: 'ENOSPC' };
    io.served = { arrivals: [{ identity: 'web1', state: 'quarantined', ...about }] };
    await call('', 'release', 'web1');
    expect(io.stdout).to.include('web1: released;');
  });

  it('explains a machine that does not reply by what provisioners know', async () => {
    network.answers[status] = ends('no-reply', 'silence');
    const about = { collective: 'provisioning', since: '2030', count: 3 };
    io.served = {
      arrivals: [{ identity: 'web1', state: 'clock-wrong', reason: 'its clock is 1 d behind', ...about }],
    };
    expect(await call('', 'explain', 'web1')).to.equal(0);
    expect(io.stdout.split('\n').slice(0, 2)).to.deep.equal([
      'web1 in provisioning: clock-wrong since 2030',
      '  its clock is 1 d behind (3 times)',
    ]);
    expect(io.stdout).to.include('status on web1: silence');
  });

  describe('simulate', () => {
    beforeEach(() => {
      network.nodes = ['puppet1'];
      isIn('provisioning', {});
    });
    const changes = () =>
      network.whats().filter((what) => !/status|info|ping|get_|has_cert|inventory/.test(what));
    const verdicts = () =>
      io.stdout
        .split('\n')
        .slice(1)
        .filter((each) => /^[a-z]/.test(each));

    it('says what would be done, and does nothing', async () => {
      expect(await call('', 'simulate', 'web1')).to.equal(0);
      expect(io.stdout).to.match(
        /^web1 \(web1\.example\.net\) would be provisioned against puppet1 \(192\.0\.2\.1\): region eu matches\n/,
      );
      expect(io.stdout).to.not.match(/quarantine/);
      expect(verdicts().every((each) => / +run$/.test(each))).to.equal(true);
      expect(verdicts()).to.have.length(10);
      expect(changes()).to.deep.equal([]);
    });

    it('says what is on record, and what would be left out and why', async () => {
      isIn('provisioning', {
        steps: [recorded('lock'), recorded('set_puppet_hostname', 'skipped'), recorded('verify', 'failed')],
      });
      network.answers['rpcutil inventory'] = says({ facts: {} });
      await call('step_settings: { puppet_final_run: { condition: "tier=web" } }', 'simulate', 'web1');
      expect(verdicts().map((each) => each.replace(/ +/g, ' '))).to.include.members([
        'lock run',
        'set_puppet_hostname already done skipped at 2030-01-01T00:00:00.000Z',
        'puppet_final_run skip the node does not match the condition: tier=web',
        'verify run',
      ]);
    });

    it('counts nothing that was done with another master', async () => {
      const steps = [recorded('set_puppet_hostname')];
      isIn('provisioning', { steps, master: { identity: 'puppet7', address: '192.0.2.7', reason: 'r' } });
      await call('', 'simulate', 'web1');
      expect(io.stdout).to.match(/its previous master puppet7 has not replied since/);
      expect(io.stdout).to.match(/^set_puppet_hostname +run$/m);
    });

    it('leaves out what has to do with certificates if the node has a good one', async () => {
      network.answers['provision has_cert'] = says({
        has_cert: true,
        usable: true,
        fingerprint: 'AA',
        certname: 'w',
      });
      network.answers['puppetca status'] = says({ state: 'signed', fingerprint: 'AA' });
      expect(await call('', 'simulate', 'web1')).to.equal(0);
      expect(io.stdout).to.match(
        /^sign_node_csr +skip +the node already has a valid certificate from puppet1/m,
      );
    });

    for (const [what, given, words] of [
      [
        'the name is protected',
        'protected: [web1.example.net]',
        /it would be quarantined: the name .* is refused: it is protected/,
      ],
      [
        'the certificate is refused',
        'policy: { certificates: { good: refuse } }',
        /it would be quarantined: the node has a certificate/,
      ],
    ] as const) {
      it(`says by its exit code that the node would end in quarantine because ${what}`, async () => {
        network.answers['provision has_cert'] = says({
          has_cert: true,
          usable: true,
          fingerprint: 'AA',
          certname: 'web1.example.net',
        });
        network.answers['puppetca status'] = says({ state: 'signed', fingerprint: 'AA' });
        expect(await call(given, 'simulate', 'web1')).to.equal(2);
        expect(io.stdout).to.match(words);
        expect(changes()).to.deep.equal([]);
      });
    }

    it('has no objection to a name if nothing is cleaned or signed', async () => {
      expect(
        await call('protected: [web1.example.net]\nsteps: { set_puppet_hostname: true }', 'simulate', 'web1'),
      ).to.equal(0);
      expect(network.of('rpcutil ping')).to.deep.equal([]);
    });

    it('objects if a name may be that of a silent host', async () => {
      network.online.set('web1.example.net', true);
      expect(await call('', 'simulate', 'web1')).to.equal(2);
    });

    it('fails if what it must know cannot be asked', async () => {
      network.answers['puppetca status'] = ends('no-reply');
      network.answers['provision has_cert'] = says({
        has_cert: true,
        usable: true,
        fingerprint: 'AA',
        certname: 'w',
      });
      expect(await call('', 'simulate', 'web1')).to.equal(3);
      expect(io.stderr).to.match(/^mcprovision: puppetca status on puppet1: /);
    });

    it('says why nothing would be done', async () => {
      isIn('provisioning', { done: true, disabled: true, finished: { since: '2030' } });
      expect(await call('', 'simulate', 'web1')).to.equal(0);
      expect(io.stdout).to.equal('web1 would not be provisioned: already provisioned at 2030\n');
      await call('', 'simulate', 'web1', '--json');
      expect(JSON.parse(io.stdout)).to.deep.equal({
        identity: 'web1',
        collective: 'provisioning',
        refusal: 'already provisioned at 2030',
        steps: [],
      });
    });
  });

  describe('status', () => {
    const rows = () => io.stdout.split('\n').map((row) => row.replace(/ +/g, ' '));
    beforeEach(() => {
      const { discover } = network.client;
      network.client.discover = async (options) => {
        const { collective, filter } = options ?? {};
        await discover(options);
        const isForNodes = filter?.agents.includes('provision') === true;
        const nodes = isForNodes
          ? collective === 'provisioning'
            ? ['web2', 'web1', 'mute']
            : ['web9']
          : provisioners;
        const silent = isForNodes && collective === 'provisioning' ? ['deaf'] : [];
        return { nodes, silent } as unknown as Awaited<ReturnType<typeof discover>>;
      };
      provisioners = [];
      network.answers[status] = ({ target }) => {
        if (target === 'mute') return { state: 'no-reply' };
        const master = target === 'web1' ? { identity: 'puppet1' } : null;
        const lease = target === 'web2' ? { owner: 'prov/1' } : null;
        return {
          data: statusWith({ master, lease, history: target === 'web1' ? [line('lock', 'ok')] : [] }),
        };
      };
    });
    let provisioners: string[];

    it('shows the nodes that wait, by name, and who is silent', async () => {
      expect(await call('', 'status')).to.equal(0);
      expect(rows()).to.deep.equal([
        'NODE STATE STEP MASTER SINCE',
        'web1 waiting lock puppet1 2030',
        'web2 working - - - lease held by prov/1',
        'online, but did not reply: deaf, mute',
        '',
      ]);
      expect(network.of(status)[0]?.options).to.include({ answerWithin: 5, collective: 'provisioning' });
    });

    const arrival = (identity: string, state: string, more: object = {}) => {
      return { identity, collective: 'provisioning', state, reason: 'r', since: '2030', count: 1, ...more };
    };

    it('shows machines that do not reply, or cannot say what keeps them, as provisioners know them', async () => {
      provisioners = ['prov1'];
      const arrivals = [
        arrival('deaf', 'silent', { count: 7 }),
        arrival('web1', 'quarantined', { reason: 'ENOSPC' }),
        arrival('web2', 'working'),
      ];
      network.answers['provisioner status'] = () => ({ data: { running: true, arrivals } });
      io.served = {
        arrivals: [arrival('gone', 'offline'), arrival('web7', 'refused', { address: '192.0.2.7' })],
      };
      expect(await call('', 'status')).to.equal(0);
      expect(rows()).to.deep.equal([
        'provisioner on prov1: 0 nodes in progress',
        'NODE STATE STEP MASTER SINCE',
        'deaf silent - - 2030 r (7 times)',
        'gone offline - - 2030 r',
        'web1 quarantined lock puppet1 2030 ENOSPC',
        'web2 working - - - lease held by prov/1',
        'web7 refused - - 2030 from 192.0.2.7: r',
        'online, but did not reply: mute',
        '',
      ]);
    });

    it('shows by how much a clock is wrong, also if no provisioner runs', async () => {
      const { discover } = network.client;
      network.client.discover = async (options) => {
        const found = await discover(options);
        const isForNodes = options?.filter?.agents.includes('provision') === true;
        return { ...found, refused: isForNodes ? [{ sender: 'late', statusmsg: 'expired' }] : [] };
      };
      const { [status]: others } = network.answers;
      network.answers[status] = (asked) =>
        asked.target === 'late' ? { state: 'expired', clockOffset: -600_000 } : (others?.(asked) ?? {});
      await call('', 'status');
      expect(rows()).to.include('late clock-wrong - - - its clock is 10 min behind: check NTP on it');
    });

    it('shows those of the main collective too if all are wanted, and each once', async () => {
      await call('', 'status', '--all');
      expect(rows().map((row) => row.split(' ')[0])).to.include.members(['web1', 'web2', 'web9']);
      await call('collectives: { enrolment: mcollective, main: mcollective }', 'status', '--all');
      expect(rows().filter((row) => row.startsWith('web9'))).to.have.length(1);
    });

    it('shows each provisioner that its host tells of', async () => {
      provisioners = ['prov1', 'prov2', 'prov3', 'prov4'];
      network.answers['provisioner status'] = ({ target }) => {
        if (target === 'prov3') return { state: 'no-reply', data: { running: true } };
        if (target === 'prov4') return { data: { running: true, paused: true } };
        const running = target === 'prov1';
        return {
          data: {
            running,
            nodes: running ? [{}, {}] : [],
            paused: !running,
            by: 'ops',
            since: '2030',
            reason: 'r',
          },
        };
      };
      await call('', 'status');
      expect(io.stdout.split('\n').slice(0, 4)).to.deep.equal([
        'provisioner on prov1: 2 nodes in progress',
        'provisioner on prov2: not running, or not responding, paused by ops since 2030: r',
        'provisioner on prov3: not running, or not responding',
        'provisioner on prov4: 0 nodes in progress, paused',
      ]);
      expect(network.of('provisioner status')[0]?.options).to.include({
        answerWithin: 5,
        collective: 'mcollective',
      });
    });

    it('shows masters that are away and what is owed to them, the first ten', async () => {
      provisioners = ['prov1'];
      const debt = { identity: 'web1', master: 'puppet1', since: '2030', reason: 'it is away' };
      const debts = Array.from({ length: 12 }, (_, index) => ({ ...debt, certname: `web${index}` }));
      network.answers['provisioner status'] = () => ({
        data: {
          running: true,
          nodes: [],
          masters_away: [{ identity: 'puppet1', since: '2030' }],
          debts,
          debts_total: 150,
        },
      });
      await call('', 'status');
      const shown = io.stdout.split('\n').slice(0, 14);
      expect(shown.slice(0, 3)).to.deep.equal([
        'provisioner on prov1: 0 nodes in progress',
        '  master puppet1 does not reply since 2030',
        '  to be cleaned on puppet1: web0, since 2030: it is away',
      ]);
      expect(shown[12]).to.equal('  … and 140 more, see --json and the metric troupe_provisioner_debts');
    });
  });
});
