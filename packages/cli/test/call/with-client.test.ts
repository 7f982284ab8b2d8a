import { clientSchema } from '@troupe/client';
import { checkConfig, defineAgent } from '@troupe/core';
import { freePort, startNetwork } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { withClient } from '../../src/call/with-client.js';
import { captured } from '../captured.js';

const echo = {
  metadata: {
    name: 'echo',
    description: 'Returns its trace',
    author: 'Test',
    license: 'Apache-2.0',
    version: '1.0.0',
    url: 'https://example.net',
    timeout: 5,
  },
  actions: [
    {
      action: 'trace',
      description: 'Returns the trace of the call',
      mutating: false,
      input: {},
      output: { trace: { description: 'The trace', display_as: 'Trace', type: 'string' } },
    },
  ],
} as const;

describe('the requests of mco', () => {
  const before = process.env.TRACEPARENT;
  afterEach(() => {
    if (before === undefined) delete process.env.TRACEPARENT;
    else process.env.TRACEPARENT = before;
  });

  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  for (const [what, text, expected] of [
    ['carry the trace of the environment', trace, trace],
    ['carry no trace if that of the environment is not valid', `${trace}-more`, 'none'],
  ] as const) {
    it(what, async () => {
      process.env.TRACEPARENT = text;
      await using network = await startNetwork({
        nodes: 1,
        agents: [
          defineAgent(echo, () => ({ trace: (_, { traceparent = 'none' }) => ({ trace: traceparent }) })),
        ],
      });
      const config = checkConfig(network.clientConfig, clientSchema, 'test');
      const { data } = await withClient(captured().screen, config, (client) =>
        client
          .agent(echo)
          .trace({}, { targets: ['node-1.fleet'] })
          .one(),
      );
      expect(data).to.deep.equal({ trace: expected });
    });
  }
});

describe('the log of a client', () => {
  const unreachable = async (log: object) => {
    const urls = [`mqtt://127.0.0.1:${await freePort()}`];
    const settings = { broker: { urls }, security: { mode: 'none' }, connect_timeout: 0.1, log };
    const { screen, stderr } = captured();
    await withClient(screen, checkConfig(settings, clientSchema, 'test'), async () => {}).then(
      () => expect.fail('it connected'),
      () => undefined,
    );
    return stderr();
  };

  for (const [what, log, expected] of [
    ['empty if the error of the command has the reason', {}, /^$/],
    [
      'text lines if the format is text',
      { format: 'text' },
      /^[-\dT:.]{23}Z WARN {2}cannot connect to the broker url=mqtt:\/\/[\d.:]+ reason=".*ECONNREFUSED.*" code=BROKER_UNREACHABLE$/m,
    ],
    [
      'JSON lines if the format is json',
      { format: 'json' },
      /^\{"level":40,"time":\d+,"url":"mqtt:.*","reason":".*","code":"BROKER_UNREACHABLE","msg":"cannot connect to the broker"\}$/m,
    ],
    ['nothing if the level is silent', { level: 'silent', format: 'text' }, /^$/],
  ] as const) {
    it(`is ${what}`, async () => expect(await unreachable(log)).to.match(expected));
  }
});
