import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { onAbort } from '../../src/async/index.js';

describe('onAbort', () => {
  it('calls all that wait, with one listener on the signal', () => {
    const abort = new AbortController();
    const heard: string[] = [];
    onAbort(abort.signal, () => heard.push('a'));
    onAbort(abort.signal, () => heard.push('b'))();
    onAbort(abort.signal, () => heard.push('c'));
    expect(getEventListeners(abort.signal, 'abort')).to.have.length(1);
    abort.abort();
    expect(heard).to.deep.equal(['a', 'c']);
    expect(getEventListeners(abort.signal, 'abort')).to.have.length(0);
  });

  it('removes its listener when no caller waits, and can start again', () => {
    const abort = new AbortController();
    const stops = [1, 2].map(() => onAbort(abort.signal, () => {}));
    for (const stop of stops) stop();
    for (const stop of stops) stop();
    expect(getEventListeners(abort.signal, 'abort')).to.have.length(0);
    let calls = 0;
    const stop = onAbort(abort.signal, () => {
      calls += 1;
    });
    abort.abort();
    stop();
    expect(calls).to.equal(1);
  });

  it('needs no signal', () => onAbort(undefined, () => {})());
});
