import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseDdl } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { type Finding, testConformance } from '../../../src/commands/plugin/conformance/conformance.js';
import { ddlFaults } from '../../../src/commands/plugin/conformance/ddl-check.js';
import { filledSection } from '../../../src/commands/plugin/conformance/section.js';

const ours = fileURLToPath(import.meta.resolve('@troupe/agent-provision'));
const example = fileURLToPath(new URL('../../../../../../examples/provision-agent-python', import.meta.url));
const sectionOfOurs = {
  puppet: { command: ['{puppet}'] },
  hosts_file: '{folder}/hosts',
  port: '{ca_port}',
  key_bits: 2048,
};

/** A DDL as JSON, to be changed. */
interface RawAction {
  action: string;
  input: Record<string, Record<string, unknown>>;
  gone?: true;
}
type Actions = Record<string, RawAction | undefined>;

const run = (path: string, section: object = {}, withHostActions = false) =>
  testConformance(path, {
    section: section as Record<string, unknown>,
    withHostActions,
    onFinding: () => {},
  });
const broken = (findings: readonly Finding[]) =>
  findings.filter(({ outcome }) => outcome === 'broken').map(({ rule, reason }) => `${rule}: ${reason}`);

describe('the conformance test of provision agents', () => {
  let folder: TempFolder;
  before(async () => {
    folder = await createTempFolder();
  });
  after(() => folder.close());

  it('finds no broken rule in the agent that comes with Troupe', async function () {
    this.timeout(180_000);
    const findings = await run(ours, sectionOfOurs, true);
    expect(broken(findings)).to.deep.equal([]);
    expect(findings.map(({ outcome }) => outcome)).to.not.include('skipped');
  });

  it('finds no broken rule in the example in Python', async function () {
    this.timeout(600_000);
    const section = { puppet: '{puppet}', hosts_file: '{folder}/hosts', ca_port: '{ca_port}' };
    const findings = await run(example, section, true);
    expect(broken(findings)).to.deep.equal([]);
    expect(findings.filter(({ outcome }) => outcome === 'skipped').map(({ reason }) => reason)).to.deep.equal(
      ['the DDL lacks the action is_locked, is_disabled'],
    );
  });

  it('finds the rules that an agent breaks, and calls no action that changes the host unless told', async function () {
    this.timeout(120_000);
    const file = folder.join('faulty.mjs');
    writeFileSync(
      file,
      `import agent from ${JSON.stringify(ours)};
       let calls = 0;
       const touched = () => { throw new Error('it touched the host'); };
       export default {
         ddl: agent.ddl,
         setup: async (config, host) => {
           const handlers = await agent.setup(config, host);
           return {
             ...handlers,
             // Whoever asks gets the lease.
             lock_deploy: (input, context) => handlers.lock_deploy({ ...input, owner: 'anybody' }, context),
             // Forgets the next step, and the attempt that was given.
             record: ({ next, next_attempt, attempt, ...input }, context) => handlers.record(input, context),
             // Keeps the attempts.
             status: async (input, context) => ({
               ...(await handlers.status(input, context)),
               contract: 2,
               // As if Puppet told the name between any two calls: this breaks no rule.
               certname: 'web' + ++calls,
             }),
             set_puppet_host: touched, request_certificate: touched, bootstrap_puppet: touched, run_puppet: touched,
             daemonize_puppet: touched, restart: touched, disable_provisioner: touched,
           };
         },
       };`,
    );
    const findings = await run(file, sectionOfOurs);
    expect(broken(findings).map((each) => each.split(':')[0])).to.deep.equal([
      'lease',
      'lease 1',
      'lease 3',
      'lease 5',
      'lease',
      'actions',
      'version',
      'record 2',
      'record 4',
    ]);
    expect(broken(findings)).to.include.members([
      'lease 1: lock_deploy {"owner":"provisioner/2"} succeeded, although provisioner/1 holds the lease',
      'version: status: contract: expected 1, got 2',
      'record 2: attempt that was given in a repeated call: expected 2, got 3',
    ]);
    const skipped = findings.filter(({ reason }) => reason === 'changes the host: use --host-actions');
    expect(skipped.map(({ rule }) => rule)).to.include.members([
      'set_puppet_host',
      'certificate 1',
      'restart',
    ]);
  });

  it('refuses agents that have no contract', async () => {
    const path = fileURLToPath(import.meta.resolve('@troupe/ddl/puppetd.json'));
    const refusal = await run(path).catch((error: Error) => error.message);
    expect(refusal).to.match(/is the agent "puppetd": a contract exists only for the agent "provision"/);
  });

  describe('of the DDL', () => {
    const contract = () =>
      JSON.parse(readFileSync(fileURLToPath(import.meta.resolve('@troupe/ddl/provision.json')), 'utf8'));
    const faultsOf = (change: (actions: Actions) => void) => {
      const ddl = contract() as { actions: RawAction[] };
      change(Object.fromEntries(ddl.actions.map((action) => [action.action, action])));
      ddl.actions = ddl.actions.filter(({ gone }) => !gone);
      return ddlFaults(parseDdl(ddl, 'test'));
    };

    it('has nothing against the DDL of the contract', () => {
      expect(faultsOf(() => {})).to.deep.equal([]);
    });

    for (const [what, change, fault] of [
      [
        'a missing action',
        (actions) => Object.assign(actions.record ?? {}, { gone: true }),
        'the DDL lacks the action record',
      ],
      [
        'a missing input',
        (actions) => delete actions.renew?.input.token,
        'the action renew lacks the input token',
      ],
      [
        'an input of another type',
        (actions) => Object.assign(actions.renew?.input.seconds ?? {}, { type: 'number' }),
        'the input seconds of renew has the type number, and must have integer',
      ],
      [
        'an input that must be given',
        (actions) => Object.assign(actions.lock_deploy?.input.owner ?? {}, { optional: false }),
        'the input owner of lock_deploy must be optional',
      ],
      [
        'an action that would run twice',
        (actions) => Object.assign(actions.run_puppet ?? {}, { mutating: false }),
        'mutating of run_puppet must be true',
      ],
    ] as readonly [string, (actions: Actions) => void, string][]) {
      it(`finds ${what}`, () => {
        expect(faultsOf(change)).to.deep.equal([fault]);
      });
    }

    it('takes a DDL without the actions that may be absent', () => {
      expect(
        faultsOf((actions) => {
          for (const name of ['is_locked', 'is_disabled', 'daemonize_puppet', 'run_puppet', 'accept_receipt'])
            Object.assign(actions[name] ?? {}, { gone: true });
        }),
      ).to.deep.equal([]);
    });
  });

  it('fills the places of the test into the section, and refuses placeholders that do not exist', () => {
    const values = { folder: '/f', ca_port: 8140 };
    expect(
      filledSection({ a: '{ca_port}', b: ['x{folder}/{ca_port}'], c: { d: true } }, values),
    ).to.deep.equal({
      a: 8140,
      b: ['x/f/8140'],
      c: { d: true },
    });
    expect(() => filledSection({ a: '{port}' }, values)).to.throw(
      '--section: unknown placeholder {port}: use {folder}, {ca_port}',
    );
  });
});
