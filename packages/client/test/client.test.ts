import { type Ddl, ddlHash, emptyFilter, MemoryBroker, parseConfig, type Request } from '@troupe/core';
import { waitFor } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type CallOptions, type Client, clientSchema, connect, type Discovery } from '../src/index.js';
import { connectTo } from './network.js';
import { workDdl } from './work-agent.js';

describe('the request of a client', () => {
  let broker: MemoryBroker;
  let client: Client;
  let messages: Request[];

  beforeEach(async () => {
    broker = new MemoryBroker();
    client = await connectTo(broker, 'here');
    messages = [];
    await broker.connect().subscribe('mco/#', (bytes, topic) => {
      if (!/\/(agent|node)\//.test(topic)) return;
      const [, body = ''] = Buffer.from(bytes).toString('latin1').split('.');
      messages.push(JSON.parse(Buffer.from(body, 'base64url').toString()));
    });
  });
  afterEach(() => client.close());

  const source = {
    name: 'x',
    find: async () => ({ nodes: [{ identity: 'a' }], rest: emptyFilter }),
  };
  const discoveredOver = (method: Discovery['method']): Discovery => {
    return { method, nodes: ['a'], silent: [], refused: [], offline: [], seconds: 0 };
  };
  async function requestOf(options: CallOptions, input: object = {}): Promise<Request> {
    const stop = new AbortController();
    const call = client.call(workDdl, 'echo', { ...input }, { ...options, signal: stop.signal });
    const sent = await waitFor('the request', () => messages.find(({ agent }) => agent === 'worker'), {
      intervalMs: 5,
    });
    stop.abort();
    await call.all();
    expect(call.id).to.equal(sent.id);
    return sent;
  }

  it('is of this caller and session, and may begin for a minute', async () => {
    const { id, time, targets, answerUnmatched, ...rest } = await requestOf(
      { targets: ['a'] },
      { text: 'x' },
    );
    expect(rest).to.deep.equal({
      v: 2,
      type: 'request',
      ttl: 60,
      caller: client.caller,
      session: 'here',
      collective: 'mcollective',
      agent: 'worker',
      action: 'echo',
      filter: emptyFilter,
      input: { text: 'x' },
      ddl: ddlHash(workDdl as unknown as Ddl),
    });
    expect(targets).to.deep.equal(['a']);
  });

  it('may begin, and take, as long as is wanted, in another collective', async () => {
    const options = { targets: ['a'], ttl: 5, timeout: 7, collective: 'eu' };
    expect(await requestOf(options)).to.include({ ttl: 5, timeout: 7, collective: 'eu' });
  });

  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const otherTrace = trace.replace('4bf', 'abc');

  it('carries the trace of the call', async () => {
    expect(await requestOf({ targets: ['a'], traceparent: trace })).to.include({ traceparent: trace });
  });

  it('carries the trace of the client if its call has none, and so does a discovery', async () => {
    await client.close();
    client = await connectTo(broker, 'here', '', { traceparent: trace });
    expect(await requestOf({ targets: ['a'] })).to.include({ traceparent: trace });
    await client.discover({ window: 0.05 });
    const pings = messages.filter(({ v, agent }) => v === 2 && agent === 'discovery');
    expect(pings.map(({ traceparent }) => traceparent)).to.deep.equal([trace]);
    messages = [];
    expect(await requestOf({ targets: ['a'], traceparent: otherTrace })).to.include({
      traceparent: otherTrace,
    });
  });

  it('is not sent with a trace that is not valid', async () => {
    const invalid = trace.replace('00-', '1-');
    expect(() => client.call(workDdl, 'echo', {}, { traceparent: invalid })).to.throw(
      `"${invalid}" is not a traceparent`,
    );
    const connecting = connectTo(broker, 'there', '', { traceparent: invalid });
    expect(await connecting.then(String, String)).to.contain('is not a traceparent');
    expect(messages).to.deep.equal([]);
  });

  const classes = ['web'];
  for (const [what, options, filter] of [
    ['a filter for nodes that are given', { targets: ['a'], filter: { classes } }, { classes }],
    [
      'the agents, but not the names, of a filter that names nodes',
      { filter: { identities: ['a'], agents: ['other'] } },
      { agents: ['other'] },
    ],
    [
      'no names of a filter that names all nodes that are given',
      { targets: ['a'], filter: { identities: ['a', 'b'], agents: ['other'] } },
      { agents: ['other'] },
    ],
    [
      'the names of a filter that does not name a node that is given',
      { targets: ['a', 'x'], filter: { identities: ['a', 'b'] } },
      { identities: ['a', 'b'] },
    ],
    [
      'the names of a filter with which nodes were discovered over the network',
      { discovered: discoveredOver('broadcast'), filter: { identities: ['a'] } },
      { identities: ['a'] },
    ],
    [
      'no names of a filter that named all nodes that were found',
      { discovered: discoveredOver('named'), filter: { identities: ['a'] } },
      {},
    ],
    [
      'what a source has left, and the agents that the caller named',
      { source, filter: { identities: ['a'], agents: ['other'], classes } },
      { agents: ['other'] },
    ],
  ] as const)
    it(`carries ${what}`, async () => {
      const request = await requestOf({ ...options, filter: client.filter(options.filter) });
      expect(request.filter).to.deep.equal({ ...emptyFilter, ...filter });
    });

  it('goes to all nodes with the agent if none is named', async () => {
    void client.discover({ window: 0.05 });
    const stop = new AbortController();
    const options = { limit: 1, discoveryTimeout: 0.05, filter: client.filter({ agents: ['other'] }) };
    await client.call(workDdl, 'echo', {}, { ...options, signal: stop.signal }).all();
    const filters = messages.map(({ filter }) => filter.agents);
    expect(filters).to.deep.include.members([[], ['other', 'worker']]);
  });

  it('is looked for again by its id, in the collective, from the beginning', async () => {
    const stop = new AbortController();
    const id = '0'.repeat(32);
    const call = client.attach(id, { targets: ['a'], collective: 'eu', signal: stop.signal });
    await waitFor('the question', () => messages.length > 0, { intervalMs: 5 });
    stop.abort();
    await call.all();
    const { time, ...rest } = messages[0] ?? ({} as Request);
    expect(rest).to.deep.equal({
      v: 2,
      type: 'attach',
      ttl: 60,
      id,
      after: 0,
      caller: client.caller,
      session: 'here',
      collective: 'eu',
    });
  });

  it('has no replies, or replies to another session of the caller, if it is only sent', async () => {
    const { id } = await client.send(workDdl, 'echo', {}, { targets: ['a'] });
    await client.send(workDdl, 'echo', {}, { targets: ['a'], replyTo: 'there', ttl: 9, timeout: 3 });
    await waitFor('both', () => messages.length === 2, { intervalMs: 5 });
    expect(messages[0]).to.include({ id, noReply: true, session: 'here' });
    expect(messages[1]).to.include({ session: 'there', ttl: 9, timeout: 3 });
    expect(messages[1]).to.not.have.property('noReply');
  });

  it('names an agent once, however often it is added to a filter', () => {
    const filter = client.filter({ agents: ['a'], classes });
    expect(client.withAgent(client.withAgent(filter, 'b'), 'b')).to.deep.equal({
      ...emptyFilter,
      classes,
      agents: ['a', 'b'],
    });
  });

  it('has its actions as functions', async () => {
    const agent = client.agent(workDdl);
    expect(Object.keys(agent)).to.deep.equal(['echo', 'hold']);
    expect(() => agent.echo({ text: 1 as never }))
      .to.throw('text')
      .with.property('code', 'INPUT_INVALID');
  });
});

describe('a client', () => {
  it('uses its first collective by default', async () => {
    const made = async (text: string) => {
      const config = parseConfig(text, clientSchema, 'the test');
      return connect({ config, transport: new MemoryBroker().connect() });
    };
    const first = await made('{ security: { mode: none }, collectives: [eu, us] }');
    expect(first.mainCollective).to.equal('eu');
    expect((await made('{ security: { mode: none } }')).mainCollective).to.equal('mcollective');
  });

  it('has its own session, which can be given', async () => {
    const broker = new MemoryBroker();
    const sessions = [await connectTo(broker), await connectTo(broker)].map(({ session }) => session);
    expect(new Set(sessions).size).to.equal(2);
    for (const session of sessions) expect(session).to.match(/^v2-[0-9a-f]{16}$/);
    expect((await connectTo(broker, 'mine')).session).to.equal('mine');
    const error = await connectTo(broker, 'No/good').catch((thrown: unknown) => thrown);
    expect(error).to.have.property('code', 'CONFIG_INVALID');
  });
});
