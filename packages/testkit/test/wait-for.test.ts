import { expect } from 'chai';
import { describe, it } from 'mocha';
import { waitFor } from '../src/index.js';

const rejection = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error('It did not reject');
    },
    (error: Error) => error,
  );

describe('waitFor', () => {
  it('returns the first thing that is true', async () => {
    let looks = 0;
    const value = await waitFor('three looks', () => (++looks === 3 ? looks : undefined), { intervalMs: 1 });
    expect(value).to.equal(3);
  });

  it('takes a condition that throws for one that is not met yet', async () => {
    let looks = 0;
    const value = await waitFor(
      'a second look',
      async () => {
        if (++looks < 2) throw new Error('not there');
        return 'there';
      },
      { intervalMs: 1 },
    );
    expect(value).to.equal('there');
  });

  it('says at the deadline what it awaited, and why that was not so', async () => {
    const error = await rejection(
      waitFor(
        'the broker',
        () => {
          throw new Error('connection refused');
        },
        { timeoutSeconds: 0.01, intervalMs: 1 },
      ),
    );
    expect(error.message).to.equal('timeout: waited 0.01 s for the broker: connection refused');
    expect(error.cause).to.be.instanceOf(Error);
  });

  it('ends when it is aborted', async () => {
    const controller = new AbortController();
    const waiting = rejection(waitFor('nothing', () => false, { signal: controller.signal }));
    controller.abort();
    expect((await waiting).name).to.equal('AbortError');
  });
});
