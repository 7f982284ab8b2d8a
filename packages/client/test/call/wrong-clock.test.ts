import type { Transport } from '@troupe/core';
import rpcutilDdl from '@troupe/ddl/rpcutil.json' with { type: 'json' };
import { withSkew } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { Client } from '../../src/index.js';
import { connectTo, Network } from '../network.js';

const day = 86_400_000;

/** What arrives is looked at by the clock of who receives it. */
function skewed(transport: Transport, milliseconds: number): Transport {
  const subscribe = transport.subscribe.bind(transport);
  transport.subscribe = (filter, listener) =>
    subscribe(filter, (...message) => withSkew(milliseconds, () => listener(...message)));
  return transport;
}

describe('a call to a node whose clock is wrong', () => {
  let network: Network;
  let client: Client;
  beforeEach(async () => {
    network = new Network();
    // What is sent at once is received in the same turn, by the clock of the sender.
    const connect = () => skewed(network.broker.connect(), 0);
    client = await connectTo({ connect });
  });
  afterEach(async () => {
    await client.close();
    await network.close();
  });

  for (const [what, offset] of [
    ['ten minutes slow', -600_000],
    ['ten minutes fast', 600_000],
    ['a day slow', -day],
    ['a day fast', day],
  ] as const)
    it(`measures by how much it is ${what}, and succeeds if it is dated by that clock`, async () => {
      await withSkew(offset, () =>
        network.node('web1', [], '', [], (will) => skewed(network.broker.connect({ will }), offset)),
      );
      const rpcutil = client.agent(rpcutilDdl);
      const options = { targets: ['web1'] };
      const refused = await rpcutil.ping({}, options).one();
      expect(refused).to.include({ state: 'expired' });
      expect(refused.clockOffset).to.be.closeTo(offset, 30_000);
      const answered = await rpcutil.ping({}, { ...options, clockOffset: refused.clockOffset ?? 0 }).one();
      expect(answered).to.include({ state: 'ok' });
      expect(answered.clockOffset).to.be.closeTo(offset, 30_000);
      const other = await rpcutil.ping({}, { ...options, clockOffset: -offset }).one();
      expect(other).to.include({ state: 'expired' });
    });
});
