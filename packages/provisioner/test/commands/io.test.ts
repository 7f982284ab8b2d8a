import { mock } from 'node:test';
import { expect } from 'chai';
import { afterEach, describe, it } from 'mocha';
import { processIo } from '../../src/commands/io.js';

describe('the input and output of the process', () => {
  afterEach(() => mock.restoreAll());

  it('is what goes to its standard output and its standard error', () => {
    const written: string[] = [];
    const out = mock.method(process.stdout, 'write', (text: string) => written.push(`out ${text}`));
    const err = mock.method(process.stderr, 'write', (text: string) => written.push(`err ${text}`));
    try {
      processIo.out('a');
      processIo.err('b');
      processIo.clear();
    } finally {
      out.mock.restore();
      err.mock.restore();
    }
    expect(written).to.deep.equal(['out a', 'err b', 'out \u001b[2J\u001b[H']);
  });

  for (const [what, listen, signals] of [
    ['end', processIo.onSignal, ['SIGINT', 'SIGTERM']],
    ['open the log again', processIo.onReopen, ['SIGUSR2', 'SIGWINCH']],
    ['log a rejected promise', processIo.onUnhandled, ['unhandledRejection']],
  ] as const) {
    it(`hears of each request to ${what} until it does not listen any more`, () => {
      const count = () => signals.map((signal) => process.listenerCount(signal));
      const before = count();
      const listener = () => {};
      const stop = listen(listener);
      for (const signal of signals) expect(process.listeners(signal as 'SIGINT')).to.include(listener);
      stop();
      expect(count()).to.deep.equal(before);
    });
  }
});
