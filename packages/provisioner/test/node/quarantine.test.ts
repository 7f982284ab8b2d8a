import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import { quarantineByName, quarantineNode } from '../../src/node/quarantine.js';
import { failureOf } from '../fixtures/rejection.js';
import { ends, StubNetwork, says } from '../fixtures/stub-network.js';
import { nodeOf } from '../fixtures/stub-node.js';

const quarantine = 'provision quarantine';

describe('a quarantine', () => {
  let network: StubNetwork;
  beforeEach(() => {
    network = new StubNetwork();
  });

  for (const [notify, expected] of [
    [false, { reason: 'out of luck', token: 7 }],
    [true, { reason: 'out of luck', token: 7, notify: true }],
  ] as const) {
    it(`is told to the node by whoever has its lease, ${notify ? 'with' : 'without'} people to be notified`, async () => {
      network.answers[quarantine] = says({ since: '2030' });
      const node = nodeOf(network, { token: 7 });
      expect(await quarantineNode(node, ' out of\nluck ', notify)).to.equal('2030');
      expect(network.asked[0]?.input).to.deep.equal(expected);
      expect(network.asked[0]?.options).to.include({ answerWithin: 5 });
    });
  }

  it('begins at an unknown time if the node does not say when', async () => {
    expect(await quarantineNode(nodeOf(network), 'no')).to.equal(undefined);
    expect(network.asked[0]?.input).to.deep.equal({ reason: 'no' });
  });

  it('fails if the node cannot be told', async () => {
    network.answers[quarantine] = ends('no-reply');
    expect((await failureOf(quarantineNode(nodeOf(network), 'no'))).kind).to.equal('unreachable');
  });

  describe('of whatever machine has the name now', () => {
    const target = { identity: 'web1', collective: 'provisioning' };
    const tokens = () => network.of(quarantine).map(({ input }) => input.token);
    const take = (isTaken: (token: unknown) => boolean) => {
      network.answers[quarantine] = ({ input }) => ({ state: isTaken(input.token) ? 'ok' : 'no-reply' });
    };

    for (const [what, token, isTaken, isTold, asked] of [
      ['is told with the lease', 7, (each: unknown) => each === 7, true, [7]],
      [
        'is told without the lease to one that did not give it',
        7,
        (each: unknown) => each === undefined,
        true,
        [7, undefined],
      ],
      ['is told once if no lease is held', undefined, () => true, true, [undefined]],
      ['is tried once if no lease is held', undefined, () => false, false, [undefined]],
      ['cannot be told to one that is silent', 7, () => false, false, [7, undefined]],
    ] as const) {
      it(what, async () => {
        take(isTaken);
        expect(await quarantineByName({ ...target, token }, network.peers, 'no')).to.equal(isTold);
        expect(tokens()).to.deep.equal(asked);
      });
    }

    it('is told whatever key it has', async () => {
      let count = 0;
      network.answers[quarantine] = () => {
        count += 1;
        return { key: `key ${count}`, state: count === 1 ? 'failed' : 'ok' };
      };
      expect(await quarantineByName({ ...target, token: 7 }, network.peers, 'no')).to.equal(true);
    });
  });
});
