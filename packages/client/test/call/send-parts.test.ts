import { emptyFilter, type NodeMessage, type Request } from '@troupe/core';
import { expect } from 'chai';
import { beforeEach, describe, it } from 'mocha';
import type { CallParts } from '../../src/call/call-parts.js';
import { send } from '../../src/call/send.js';
import { request } from '../../src/connection/node-messages.js';
import type { CallOptions, Discovery } from '../../src/index.js';

const about = { id: '0'.repeat(32), ttl: 60, caller: 'c', session: 's', collective: 'm' };
const filter = { ...emptyFilter, classes: ['web'] };
const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

describe('a request that is sent once', () => {
  let sent: { readonly to: readonly string[] | string; readonly message: Request }[];
  beforeEach(() => {
    sent = [];
  });

  function give(options: CallOptions, found: Partial<Discovery> = {}) {
    const message = { ...request({ ...about, agent: 'work', action: 'b', filter, input: {} }), time: 0 };
    const take = async (to: readonly string[] | string, given: NodeMessage) => {
      sent.push({ to, message: given as Request });
    };
    return send({
      router: {
        direct: (given: NodeMessage, to: readonly string[]) => take(to, given),
        broadcast: (given: NodeMessage, agent: string) => take(agent, given),
      },
      finder: { find: async () => ({ method: 'broadcast', nodes: [], ...found }) },
      wanted: {},
      message,
      agents: ['own'],
      options,
    } as unknown as CallParts & { message: Request });
  }

  for (const [what, options, found, to] of [
    ['to each of ten by name', {}, { nodes: names(10) }, [names(10)]],
    ['to eleven that match by one broadcast', {}, { nodes: names(11) }, ['work']],
    ['to eleven of a source by name', {}, { nodes: names(11), method: 'named' }, [names(11)]],
    ['fifty names in a message', { targets: names(51) }, {}, [names(51).slice(0, 50), ['n50']]],
    ['to nobody where nobody matches', {}, {}, []],
  ] as const)
    it(`goes ${what}`, async () => {
      const before = Date.now();
      const { id, targets } = await give(options, found);
      expect(sent.map((one) => one.to)).to.deep.equal(to);
      expect({ id, targets }).to.deep.equal({
        id: about.id,
        targets: 'targets' in options ? options.targets : 'nodes' in found ? found.nodes : [],
      });
      for (const one of sent) {
        expect(one.message.targets).to.deep.equal(one.to === 'work' ? undefined : one.to);
        expect(one.message.time).to.be.within(before, Date.now());
        expect(one.message.filter).to.deep.equal(filter);
      }
    });

  it('carries the filter that a source has left', async () => {
    const { discovery } = await give({}, { nodes: ['a'], rest: emptyFilter });
    expect(sent[0]?.message.filter).to.deep.equal({ ...emptyFilter, agents: ['own'] });
    expect(discovery).to.deep.include({ nodes: ['a'] });
  });

  it('names no discovery where the nodes were given', async () => {
    expect(await give({ targets: ['a'] })).to.not.have.property('discovery');
  });

  it('is not sent after the signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    expect(await give({ targets: ['a'], signal }).catch(String)).to.equal('Error: enough');
    expect(sent).to.deep.equal([]);
  });
});
