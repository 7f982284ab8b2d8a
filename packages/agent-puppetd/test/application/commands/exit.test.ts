import { expect } from 'chai';
import { describe, it } from 'mocha';
import { exitCodeOfCall, exitCodeOfRuns } from '../../../src/application/commands/exit.js';

describe('the exit code of a call', () => {
  for (const [targets, answered, ok, isNamed, code] of [
    [0, 0, 0, false, 1],
    [2, 0, 0, false, 3],
    [2, 0, 0, true, 4],
    [2, 1, 0, false, 2],
    [2, 2, 1, false, 2],
    [2, 1, 1, false, 5],
    [2, 2, 2, false, 0],
    [2, 2, 2, true, 0],
  ] as const)
    it(`is ${code} if ${ok} of ${answered} that answered of ${targets} are ok${isNamed ? ', all named' : ''}`, () =>
      expect(exitCodeOfCall({ targets, answered, ok }, isNamed)).to.equal(code));
});

describe('the exit code of runs', () => {
  const none = {
    nodes: 2,
    ok: [],
    failed: [],
    skipped: [],
    notBegun: [],
    silent: [],
    unheard: [],
    offline: [],
    most: 1,
    seconds: 1,
  };
  for (const [what, stats, isNamed, code] of [
    ['there were none', { nodes: 0 }, false, 1],
    ['all is well', {}, false, 0],
    ['nodes are offline of which nothing is known', { offline: ['a'] }, false, 0],
    ['one has failed', { failed: ['a'] }, false, 2],
    ['one did not begin', { notBegun: ['a'] }, false, 2],
    ['one has failed and one is silent', { failed: ['a'], silent: ['b'] }, false, 2],
    ['all are silent', { silent: ['a', 'b'] }, false, 3],
    ['all are silent that were named', { silent: ['a', 'b'] }, true, 4],
    ['one is silent', { silent: ['a'] }, false, 5],
    ['one was not heard when nodes were looked for', { unheard: ['a'] }, false, 5],
    ['one that replied earlier is out of reach', { unreachable: ['a'] }, false, 5],
  ] as const)
    it(`is ${code} if ${what}`, () => expect(exitCodeOfRuns({ ...none, ...stats }, isNamed)).to.equal(code));
});
