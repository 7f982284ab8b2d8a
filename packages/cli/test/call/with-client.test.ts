import { clientSchema } from '@troupe/client';
import { checkConfig } from '@troupe/core';
import { freePort } from '@troupe/testkit';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { withClient } from '../../src/call/with-client.js';
import { captured } from '../captured.js';

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
