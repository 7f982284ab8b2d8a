import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mutatingIds } from '../../src/judge/audited.js';

describe('the mutating requests of an audit log', () => {
  const line = (request: string, agent: string, action: string) => ({ request, agent, action, seconds: 1 });

  it('are those that ran, as often as they did', () => {
    const change = line('r1', 'provision', 'run_puppet');
    expect(mutatingIds([change, change])).to.deep.equal(['r1', 'r1']);
    const { seconds: _, ...refused } = change;
    expect(mutatingIds([refused])).to.deep.equal([]);
  });

  it('are not those that only read', () => {
    const lines = [
      line('r1', 'provision', 'has_cert'),
      line('r2', 'rpcutil', 'ping'),
      line('r3', 'discovery', 'ping'),
    ];
    expect(mutatingIds(lines)).to.deep.equal([]);
  });

  it('are also those of an agent or action that is not known', () => {
    const lines = [line('r1', 'provision', 'explode'), line('r2', 'dice', 'throw')];
    expect(mutatingIds(lines)).to.deep.equal(['r1', 'r2']);
  });
});
