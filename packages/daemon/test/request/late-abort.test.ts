import { expect } from 'chai';
import { describe, it } from 'mocha';
import { LateAbort } from '../../src/request/late-abort.js';

describe('LateAbort', () => {
  for (const isEarly of [true, false])
    it(`tells its signal, asked for ${isEarly ? 'before' : 'after'}, and its listeners the first reason`, () => {
      const abort = new LateAbort();
      const received: unknown[] = [];
      abort.onAbort((reason) => received.push(reason));
      const early = isEarly ? abort.signal : undefined;
      expect(abort.aborted).to.equal(false);
      abort.abort('first');
      abort.abort('second');
      abort.onAbort((reason) => received.push(reason));
      const { signal } = abort;
      expect(early ?? signal).to.equal(signal);
      expect([signal.aborted, signal.reason, abort.aborted]).to.deep.equal([true, 'first', true]);
      expect(received).to.deep.equal(['first', 'first']);
    });

  it('gives one signal, however often it is asked', () => {
    const abort = new LateAbort();
    expect(abort.signal).to.equal(abort.signal);
    expect(abort.signal.aborted).to.equal(false);
  });
});
