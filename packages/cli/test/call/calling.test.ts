import { type Client, clientSchema, connect } from '@troupe/client';
import { MemoryBroker, parseConfig, parseFilter } from '@troupe/core';
import { createTempFolder, emulateFleet, type Fleet, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, beforeEach, describe, it } from 'mocha';
import { callWork, type Steps } from '../../src/call/calling.js';
import { workOf } from '../../src/call/work.js';
import { ExitCode } from '../../src/exit.js';
import type { Presenter, Report } from '../../src/output/presenter.js';
import { captured } from '../captured.js';
import labAgent, { ddl } from '../lab-agent.js';

const broker = new MemoryBroker();
const work = workOf(ddl, 'weigh', {});

describe('a call of mco', () => {
  let home: TempFolder;
  let fleet: Fleet;
  let client: Client;
  const cache = process.env.XDG_CACHE_HOME;
  /** What became of it, in the order of events. */
  let events: string[];
  let report: Report | undefined;

  before(async () => {
    home = await createTempFolder();
    process.env.XDG_CACHE_HOME = home.path;
    fleet = await emulateFleet({ instances: 2, broker, agents: [labAgent] });
    const config = parseConfig('security: { mode: none }', clientSchema, 'the test');
    client = await connect({ config, transport: broker.connect() });
  });

  after(async () => {
    if (cache === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = cache;
    await client.close();
    await fleet.close();
    await home.close();
  });

  beforeEach(() => {
    events = [];
    report = undefined;
  });

  const presenter: Presenter = {
    isForPeople: false,
    discovered: ({ nodes }) => events.push(`found ${nodes.length}`),
    begun: () => events.push('sent'),
    progress: () => {},
    result: ({ state }) => events.push(state),
    end: (ended) => {
      events.push('shown');
      report = ended;
    },
  };

  function call(steps: Steps = {}, filter: string[] = [], options: { readonly one?: true } = {}) {
    const { screen } = captured();
    const setting = { screen, client, collective: 'mcollective', presenter };
    return callWork(
      work,
      { ...setting, filter: parseFilter({ identities: filter }), options: { ...options, progress: false } },
      steps,
    );
  }

  it('sends the request to all nodes in one round, and learns from the replies which nodes match', async () => {
    expect(await call()).to.equal(ExitCode.ok);
    expect(events).to.have.members(['sent', 'ok', 'ok', 'found 2', 'shown']);
    expect(events[0]).to.equal('sent');
    expect(report?.found.byRequest).to.equal(true);
  });

  it('discovers nodes first if the options need it', async () => {
    expect(await call({}, [], { one: true })).to.equal(ExitCode.ok);
    expect(events).to.deep.equal(['found 1', 'sent', 'ok', 'shown']);
  });

  it('discovers nodes first if a step before the call needs them, and calls those nodes', async () => {
    const steps: Steps = {
      before: async (_, { nodes }) => {
        events.push(`before ${nodes.length}`);
        return undefined;
      },
      after: () => events.push('after'),
    };
    expect(await call(steps)).to.equal(ExitCode.ok);
    expect(events).to.deep.equal(['found 2', 'before 2', 'sent', 'ok', 'ok', 'shown', 'after']);
    expect(report?.found.byRequest).to.equal(undefined);
  });

  it('calls no node if the step before the call returns an exit code', async () => {
    expect(await call({ before: async () => ExitCode.error })).to.equal(ExitCode.error);
    expect(events).to.deep.equal(['found 2']);
  });

  it('reports a call without targets if no node was found', async () => {
    expect(await call({ before: async () => undefined }, ['/^mail/'])).to.equal(ExitCode.error);
    expect(events).to.deep.equal(['found 0', 'shown']);
    expect(report?.stats.targets).to.equal(0);
  });
});
