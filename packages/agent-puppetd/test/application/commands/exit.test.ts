import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ExitCode, exitCodeOfCall, exitCodeOfRuns } from '../../../src/application/commands/exit.js';

describe('the exit code of a call', () => {
  for (const [targets, answered, ok, isNamed, code] of [
    [0, 0, 0, false, ExitCode.error],
    [2, 0, 0, false, ExitCode.noAnswer],
    [2, 0, 0, true, ExitCode.noAnswerFromNamed],
    [2, 1, 0, false, ExitCode.failed],
    [2, 2, 1, false, ExitCode.failed],
    [2, 1, 1, false, ExitCode.partialSilence],
    [2, 2, 2, false, ExitCode.ok],
    [2, 2, 2, true, ExitCode.ok],
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
    ['there were none', { nodes: 0 }, false, ExitCode.error],
    ['all is well', {}, false, ExitCode.ok],
    ['nodes are offline of which nothing is known', { offline: ['a'] }, false, ExitCode.ok],
    ['one has failed', { failed: ['a'] }, false, ExitCode.failed],
    ['one did not begin', { notBegun: ['a'] }, false, ExitCode.failed],
    ['one has failed and one is silent', { failed: ['a'], silent: ['b'] }, false, ExitCode.failed],
    ['all are silent', { silent: ['a', 'b'] }, false, ExitCode.noAnswer],
    ['all are silent that were named', { silent: ['a', 'b'] }, true, ExitCode.noAnswerFromNamed],
    ['one is silent', { silent: ['a'] }, false, ExitCode.partialSilence],
    ['one was not heard when nodes were looked for', { unheard: ['a'] }, false, ExitCode.partialSilence],
  ] as const)
    it(`is ${code} if ${what}`, () => expect(exitCodeOfRuns({ ...none, ...stats }, isNamed)).to.equal(code));
});

it('exit codes are those of mco', () =>
  expect(ExitCode).to.deep.equal({
    ok: 0,
    error: 1,
    failed: 2,
    noAnswer: 3,
    noAnswerFromNamed: 4,
    partialSilence: 5,
    interrupted: 130,
  }));
