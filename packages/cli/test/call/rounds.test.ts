import { emptyFilter, parseFact } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { areToBeFound } from '../../src/call/rounds.js';

const names = (...identities: string[]) => ({ ...emptyFilter, identities });
const facts = { ...emptyFilter, facts: [parseFact('os=linux')] };

describe('whether a call finds its nodes first', () => {
  for (const [what, filter, options] of [
    ['no filter', emptyFilter, {}],
    ['a filter of facts', facts, {}],
    ['a pattern of names', names('/^web/'), {}],
    ['names and a fact, which a node may lack', { ...facts, identities: ['web1'] }, {}],
    ['--dm broadcast', emptyFilter, { discoveryMethod: 'broadcast' }],
    [
      '--max-failures and a pause, which are nothing without batches',
      facts,
      { maxFailures: 1, batchSleep: 2 },
    ],
  ] as const)
    it(`sends the request to all nodes at once with ${what}`, () =>
      expect(areToBeFound(filter, options, false)).to.equal(false));

  for (const [what, filter, options] of [
    ['nodes that are named', names('web1', 'web2'), {}],
    ['--limit', facts, { limit: 3 }],
    ['--limit-nodes', facts, { limitNodes: { percent: 10 } }],
    ['--one', emptyFilter, { one: true }],
    ['--batch', emptyFilter, { batch: 5 }],
    ['--discovery-timeout', emptyFilter, { discoveryTimeout: 2 }],
    ['--dm presence', emptyFilter, { discoveryMethod: 'presence' }],
    ['--disc-method puppetdb', facts, { discMethod: 'puppetdb', discOption: ['url=https://puppetdb'] }],
  ] as const)
    it(`discovers nodes first with ${what}`, () =>
      expect(areToBeFound(filter, options, false)).to.equal(true));

  it('discovers nodes first if the command needs them, whatever the options are', () =>
    expect(areToBeFound(emptyFilter, {}, true)).to.equal(true));
});
