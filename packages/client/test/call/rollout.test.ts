import { expect } from 'chai';
import { describe, it } from 'mocha';
import { checkRollout, Rollout, toleratedFailures } from '../../src/call/rollout.js';

describe('Rollout', () => {
  for (const [share, total, tolerated] of [
    [0, 10, 0],
    [3, 10, 3],
    [{ percent: 10 }, 25, 2],
    [{ percent: 10 }, 9, 0],
    [{ percent: 100 }, 9, 9],
  ] as const) {
    it(`tolerates ${tolerated} failures of ${total} with ${JSON.stringify(share)}`, () =>
      expect(toleratedFailures(share, total)).to.equal(tolerated));
  }

  it('cuts targets into batches, and counts silence as a failure but not who was never asked', () => {
    const rollout = new Rollout(['a', 'b', 'c'], { batch: 2, maxFailures: 1 });
    expect(rollout.batches).to.deep.equal([['a', 'b'], ['c']]);
    rollout.count({ ok: true, state: 'ok' });
    rollout.count({ ok: false, state: 'no-reply' });
    rollout.count({ ok: false, state: 'not-asked' });
    expect(rollout.stopped).to.equal(undefined);
    rollout.count({ ok: false, state: 'denied' });
    expect(rollout.stopped).to.equal('2 nodes failed; the limit is 1');
  });

  it('never stops without maxFailures', () => {
    const rollout = new Rollout(['a', 'b'], { batch: 1 });
    for (let count = 0; count < 9; count += 1) rollout.count({ ok: false, state: 'failed' });
    expect(rollout.stopped).to.equal(undefined);
  });

  it('stops at the first failure if none is allowed', () => {
    const rollout = new Rollout(['a', 'b'], { batch: 1, maxFailures: 0 });
    expect(rollout.stopped).to.equal(undefined);
    rollout.count({ ok: false, state: 'failed' });
    expect(rollout.stopped).to.equal('1 node failed; the limit is 0');
  });

  it('tolerates a share of all targets, not of a batch', () => {
    const rollout = new Rollout(['a', 'b', 'c', 'd'], { batch: 1, maxFailures: { percent: 50 } });
    for (let count = 0; count < 2; count += 1) rollout.count({ ok: false, state: 'failed' });
    expect(rollout.stopped).to.equal(undefined);
    rollout.count({ ok: false, state: 'failed' });
    expect(rollout.stopped).to.equal('3 nodes failed; the limit is 2');
  });

  it('is one batch by default, and no batch without targets', () => {
    expect(new Rollout(['a', 'b'], {}).batches).to.deep.equal([['a', 'b']]);
    expect(new Rollout([], {}).batches).to.deep.equal([]);
    expect(new Rollout(['a', 'b', 'c'], { batch: { percent: 50 } }).batches).to.deep.equal([
      ['a', 'b'],
      ['c'],
    ]);
  });

  for (const [options, isWrong] of [
    [{}, false],
    [{ batch: 1 }, false],
    [{ batch: 1, maxFailures: 0 }, false],
    [{ maxFailures: 0 }, true],
  ] as const)
    it(`is ${isWrong ? 'refused' : 'taken'} with ${JSON.stringify(options)}`, () => {
      if (isWrong)
        expect(() => checkRollout(options))
          .to.throw('maxFailures requires batch')
          .with.property('code', 'INPUT_INVALID');
      else checkRollout(options);
    });
});
