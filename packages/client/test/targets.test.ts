import { emptyFilter, parseFact } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { isForAll, mayTellThemselves } from '../src/targets.js';

const filtered = { filter: { ...emptyFilter, facts: [parseFact('os=linux')] } };
const withAgent = { filter: { ...emptyFilter, agents: ['puppetd'] } };

describe('whether nodes may tell themselves that they are targets', () => {
  for (const [what, options, expected] of [
    ['nothing said', {}, true],
    ['a filter', filtered, true],
    ['a pattern of names', { filter: { ...emptyFilter, identities: ['/^web/'] } }, true],
    ['names', { filter: { ...emptyFilter, identities: ['web1'] } }, false],
    ['targets', { targets: ['web1'] }, false],
    ['a limit', { limit: 1 }, false],
    ['batches', { batch: 1 }, false],
    ['a fixed window', { discoveryTimeout: 1 }, false],
    [
      'a source',
      { source: { name: 'x', find: () => Promise.resolve({ nodes: [], rest: emptyFilter }) } },
      false,
    ],
  ] as const)
    it(`${what}: ${expected}`, () => expect(mayTellThemselves(options)).to.equal(expected));

  for (const [online, options, expected] of [
    [0, {}, false],
    [1, {}, true],
    [2000, filtered, true],
    [2100, filtered, false],
    [2100, withAgent, false],
    [2100, {}, true],
  ] as const)
    it(`${online} online, ${'filter' in options ? 'a filter' : 'no filter'}: ${expected}`, () =>
      expect(isForAll(options, online)).to.equal(expected));
});
