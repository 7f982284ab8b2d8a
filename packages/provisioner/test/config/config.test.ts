import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { matches, parseExpression, silentLogger, type TroupeError } from '@troupe/core';
import { createTempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Io } from '../../src/commands/io.js';
import { logDestination } from '../../src/commands/log-destination.js';
import { freeNodes } from '../../src/config/schema.js';
import { clientConfigOf, loadProvisionerConfig, parseProvisionerConfig } from '../../src/index.js';
import { Masters } from '../../src/master/masters.js';
import { stepsOf } from '../../src/steps/index.js';
import { infoOf } from '../fixtures/step-context.js';
import { StubNetwork, says } from '../fixtures/stub-network.js';

const fixture = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/${name}`, import.meta.url));

function faultOf(yaml: string): string {
  try {
    parseProvisionerConfig(yaml, 'provisioner.yaml');
  } catch (error) {
    expect((error as TroupeError).code).to.equal('CONFIG_INVALID');
    return (error as TroupeError).message;
  }
  throw new Error(`this was accepted: ${yaml}`);
}

describe('the configuration', () => {
  describe('of 2010', () => {
    const config = loadProvisionerConfig(fixture('provisioner-2010.yaml'));

    it('means the steps that it names, and those that make a final run of use', () => {
      expect(stepsOf(config).map(({ name }) => name)).to.deep.equal([
        'set_puppet_hostname',
        'clean_node_certname',
        'send_node_csr',
        'sign_node_csr',
        'puppet_bootstrap_stage',
        'puppet_final_run',
        'restart',
        'verify',
        'done',
      ]);
      expect(config.steps.notify).to.equal(true);
    });

    for (const [role, agents, classes, isMeant] of [
      ['master', ['puppetca'], [], true],
      ['master', ['provision'], [], false],
      ['target', ['provision'], [], true],
      ['target', ['puppetca'], [], false],
      ['notify', ['notify'], ['role::monitor1'], true],
      ['notify', ['notify'], ['role::web'], false],
      ['notify', ['angelianotify'], ['role::monitor1'], false],
    ] as const) {
      it(`${isMeant ? 'takes' : 'does not take'} a node with ${[...agents, ...classes].join(' and ')} for its ${role}`, async () => {
        const node = { identity: 'a', facts: {}, agents: [...agents], classes: [...classes] };
        expect(await matches(config[role].filter, node)).to.equal(isMeant);
      });
    }

    it('sends nodes to the address that the named fact of their master has, by the criteria in their order', async () => {
      const network = new StubNetwork();
      network.nodes = ['puppet1'];
      network.answers['puppetca info'] = says(infoOf('puppet1'));
      network.answers['rpcutil get_facts'] = says({ values: { ipaddress: '198.51.100.7', country: 'de' } });
      const [master] = await new Masters(network.peers, config.master, silentLogger).list();
      expect(master).to.include({ address: '198.51.100.7' });
      expect(network.of('rpcutil get_facts')[0]?.input).to.deep.equal({
        facts: 'ec2_placement_region,country,ipaddress',
      });
    });

    it('logs everything to standard error in the foreground', () => {
      const err: string[] = [];
      const io = {
        err: (text: string) => err.push(text),
        outputs: { out: 'other', err: 'other' },
      } as unknown as Io;
      logDestination(io, config.log.file).destination.write('a line');
      expect(err).to.deep.equal(['a line']);
      expect([config.log.level, config.daemonize]).to.deep.equal(['debug', false]);
    });
  });

  it('says what in it is not what it seems', () => {
    const { notes, warnings, notify } = loadProvisionerConfig(fixture('provisioner-2010.yaml'));
    expect(notes).to.deep.equal([
      'steps does not list lock, puppet_daemonize: off, as in 2010; without a steps section, all steps except puppet_daemonize are on',
      'restart and verify: not in 2010, and on because puppet_final_run is on; to change that, list them in steps',
      'steps.lock is off: run only one provisioner; a provisioner that hangs cannot be fenced off',
      'notify.agent angelianotify is now called notify: the agent notify is used',
    ]);
    expect(warnings).to.deep.equal([
      'notify.targets: nothing is sent to boxcar://rip@devco.net: Boxcar no longer exists: use pushover or ntfy',
    ]);
    expect(notify.targets).to.deep.equal([]);
  });

  it('does not know the protocols of an agent of the site', () => {
    const { notify, warnings } = parseProvisionerConfig(
      'notify: { agent: pager, targets: ["sms://1", "boxcar://x"] }',
    );
    expect([notify.targets, warnings]).to.deep.equal([['sms://1', 'boxcar://x'], []]);
  });

  for (const [protocol, successor] of [
    ['boxcar', 'use pushover or ntfy'],
    ['twitter', 'use mastodon'],
    ['gcal', 'use caldav'],
    ['clickatell', 'use webhook with an SMS gateway'],
    ['opsgenie', 'use webhook'],
  ])
    it(`warns about ${protocol} and sends to the others`, () => {
      const { notify, warnings } = parseProvisionerConfig(
        `notify: { targets: ["${protocol}://me", "mailto://a@b.c"] }`,
      );
      expect(notify.targets).to.deep.equal(['mailto://a@b.c']);
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.include(`nothing is sent to ${protocol}://me`).and.include(successor);
    });

  it('reads the shipped example of 2010, in which every step is off, as one that touches nothing', () => {
    const { steps, notes, daemonize } = loadProvisionerConfig(fixture('provisioner-2010.dist.yaml'));
    const { done, ...switchable } = steps;
    expect(Object.values(switchable)).to.not.include(true);
    expect(daemonize).to.equal(true);
    expect(notes).to.include(
      'all steps that change a node are off: nodes are neither provisioned nor disabled',
    );
  });

  it('has defaults for all keys', () => {
    const config = parseProvisionerConfig('');
    expect(config.steps).to.include({
      lock: true,
      puppet_final_run: true,
      puppet_daemonize: false,
      verify: true,
    });
    expect(config.target.filter.compound).to.deep.equal([parseExpression(freeNodes)]);
    expect(config.collectives).to.deep.equal({ enrolment: 'provisioning', main: 'mcollective' });
    expect(config).to.include({
      sleeptime: 5,
      workers: 50,
      limitPerMaster: 10,
      leaseSeconds: 60,
      attempts: 3,
    });
    expect(config.notes).to.deep.equal(['notify.targets is empty: no notifications are sent']);
  });

  describe('puppet_daemonize, which could never work in 2010', () => {
    for (const key of ['puppet_daemonize', 'puppet_daemon']) {
      it(`takes effect if it is written ${key}, with a note`, () => {
        const { steps, notes } = parseProvisionerConfig(`steps: { ${key}: true }`);
        expect(steps.puppet_daemonize).to.equal(true);
        expect(notes.join()).to.match(/puppet_daemonize/);
      });
    }

    it('is refused when the two names contradict each other', () => {
      expect(faultOf('steps: { puppet_daemonize: true, puppet_daemon: false }')).to.match(
        /have different values: remove steps.puppet_daemon/,
      );
    });
  });

  it('reads the booleans of YAML 1.1', () => {
    const { steps } = parseProvisionerConfig(
      'steps: { lock: yes, set_puppet_hostname: no, notify: on, send_node_csr: off }',
    );
    expect(steps).to.include({ lock: true, set_puppet_hostname: false, notify: true, send_node_csr: false });
  });

  for (const [yaml, expected] of [
    [
      'steps: { puppet_final_rum: true }',
      'steps: unknown key "puppet_final_rum" (did you mean "puppet_final_run"?)',
    ],
    ['sleptime: 3', 'unknown key "sleptime" (did you mean "sleeptime"?)'],
    ['master: { criterion: [a] }', 'master: unknown key "criterion"'],
    ['target: { filter: "a = and" }', 'target.filter: '],
    ['target: { filter: "not (a||b)" }', 'unexpected ||: write "or"'],
    ['master: { filter: "not role=web,db" }', 'unexpected ,: '],
    ['policy: { facts: "not a&&b" }', 'policy.facts: '],
    ['policy: { deny: ["web*"] }', 'policy.deny: "web*" is neither a name'],
    ['policy: { allow: ["web1,web2"] }', 'policy.allow: "web1,web2" is neither a name'],
    ['protected: ["/^db/i"]', 'which takes no flags here'],
    ['step_settings: { verify: { condition: "(" } }', 'step_settings.verify.condition: '],
    ['step_settings: { verify: { timout: 3 } }', 'unknown key "timout" (did you mean "timeout"?)'],
    ['workers: 0', 'workers: must be >= 1'],
    ['backoff: { first: 10, most: 5 }', 'backoff.first is greater than backoff.most'],
    [
      'notify: { targets: ["sms://1", "mailto://a@b.c", "boxcars://x"] }',
      'notify.targets: unknown protocol in sms://1, boxcars://x: the agent notify supports caldav, exec, mailto,',
    ],
    ['notify: { targets: [nobody] }', 'notify.targets.0: must match pattern'],
    ['hooks: [{ name: cmdb, agent: cmdb, action: add }]', '"cmdb" must have either before or after'],
    ['hooks: [{ name: lock, after: lock, agent: a, action: b }]', 'hooks.0.name'],
    [
      'hooks: [{ name: a, after: lock, agent: a, action: b }, { name: a, after: lock, agent: a, action: b }]',
      'hooks: the name "a" is used twice',
    ],
    [
      'client: a.yaml\nbroker: { urls: [] }',
      'client cannot be combined with broker: remove client or the other keys',
    ],
    ['security: { mode: nome }', 'security.mode: must be one of x509, token, none'],
    ['protected: ["/(/"]', 'protected: /(/ is not a valid regular expression'],
  ] as const) {
    it(`refuses ${yaml.split('\n')[0]}`, () => {
      expect(faultOf(yaml)).to.contain('provisioner.yaml').and.to.contain(expected);
    });
  }

  it('tells all faults at once', () => {
    expect(faultOf('workers: 0\nattempts: 0')).to.match(/workers.*attempts/);
  });

  it('takes protected names, exact or as a pattern', () => {
    const { isProtected } = parseProvisionerConfig("protected: [db1.example.net, '/^puppet/']");
    expect(['db1.example.net', 'puppet7', 'db1xexample.net', 'web1'].map(isProtected)).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
  });

  it('takes the client from its own sections', () => {
    const config = parseProvisionerConfig(
      'broker: { urls: ["mqtt://127.0.0.1:1883"] }\nsecurity: { mode: none }',
    );
    const client = clientConfigOf(config);
    expect(client.security.mode).to.equal('none');
    expect(client.broker.urls).to.deep.equal(['mqtt://127.0.0.1:1883']);
    expect(client.collectives).to.deep.equal(['mcollective', 'provisioning']);
  });

  it('takes the client from a file beside it', async () => {
    await using folder = await createTempFolder();
    writeFileSync(folder.join('client.yaml'), 'security: { mode: none }\nconnect_timeout: 3');
    writeFileSync(folder.join('provisioner.yaml'), 'client: client.yaml');
    const client = clientConfigOf(loadProvisionerConfig(folder.join('provisioner.yaml')));
    expect(client).to.deep.include({ connect_timeout: 3 });
  });
});
