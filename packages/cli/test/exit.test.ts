import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ExitCode, exitCodeMeanings, exitCodeOf } from '../src/exit.js';

describe('exit codes', () => {
  const table: readonly [
    what: string,
    code: number,
    method: 'broadcast' | 'named',
    targets: number,
    answered: number,
    ok: number,
    silent: number,
  ][] = [
    ['all found are ok', 0, 'broadcast', 3, 3, 3, 0],
    ['all named are ok', 0, 'named', 3, 3, 3, 0],
    ['nothing found', 1, 'broadcast', 0, 0, 0, 0],
    ['nothing found, somebody silent', 1, 'broadcast', 0, 0, 0, 1],
    ['one of three failed', 2, 'broadcast', 3, 3, 2, 0],
    ['all failed', 2, 'named', 3, 3, 0, 0],
    ['one failed, one silent', 2, 'broadcast', 3, 2, 1, 0],
    ['found, and no answer', 3, 'broadcast', 3, 0, 0, 0],
    ['named, and no answer', 4, 'named', 1, 0, 0, 0],
    ['one found gave no answer', 5, 'broadcast', 3, 2, 2, 0],
    ['one named gave no answer', 5, 'named', 2, 1, 1, 0],
    ['one did not answer the discovery', 5, 'broadcast', 2, 2, 2, 1],
  ];
  for (const [what, code, method, targets, answered, ok, silentInDiscovery] of table) {
    it(`${code}: ${what}`, () => {
      const stats = { targets, answered, ok };
      expect(exitCodeOf({ method, stats, silentInDiscovery, interrupted: undefined })).to.equal(code);
    });
  }

  it('3: no node responded that it matches, and a node that received the request did not reply', () => {
    const none = { targets: 0, answered: 0, ok: 0 };
    const outcome = { method: 'broadcast', stats: none, byRequest: true, interrupted: undefined } as const;
    expect(exitCodeOf({ ...outcome, silentInDiscovery: 1 })).to.equal(3);
    expect(exitCodeOf({ ...outcome, silentInDiscovery: 0 })).to.equal(1);
  });

  it('5: all are ok, and nodes that replied earlier are out of reach', () => {
    const stats = { targets: 1, answered: 1, ok: 1 };
    const outcome = { method: 'broadcast', stats, silentInDiscovery: 0, interrupted: undefined } as const;
    expect(exitCodeOf({ ...outcome, unreachable: 4 })).to.equal(5);
    expect(exitCodeOf({ ...outcome, unreachable: 0 })).to.equal(0);
    expect(exitCodeOf({ ...outcome, stats: { ...stats, ok: 0 }, unreachable: 4 })).to.equal(2);
  });

  for (const interrupted of [130, 143] as const) {
    it(`${interrupted}: interrupted, whatever the replies were`, () => {
      const stats = { targets: 3, answered: 3, ok: 1 };
      expect(exitCodeOf({ method: 'named', stats, silentInDiscovery: 0, interrupted })).to.equal(interrupted);
    });
  }

  it('all have a meaning', () => {
    expect(exitCodeMeanings.map(([code]) => code)).to.have.members(Object.values(ExitCode));
  });
});
