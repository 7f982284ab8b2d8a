import { expect } from 'chai';
import Mocha, { describe, it } from 'mocha';
import { skip, skipReasonOf } from '../src/index.js';

/** Runs suites of its own in a second Mocha and returns what became pending, with its reason. */
async function pendingOf(build: (suite: Mocha.Suite) => void): Promise<Record<string, string | undefined>> {
  const mocha = new Mocha({ reporter: class {} as unknown as Mocha.ReporterConstructor });
  build(mocha.suite);
  const pending: Record<string, string | undefined> = {};
  await new Promise<void>((resolve) => {
    mocha
      .run(() => resolve())
      .on('pending', (test) => {
        pending[test.title] = skipReasonOf(test);
      });
  });
  return pending;
}

const test = (title: string, body: Mocha.AsyncFunc = async () => {}) => new Mocha.Test(title, body);

describe('skip', () => {
  it('keeps the reason of a test that skips itself', async () => {
    const pending = await pendingOf((root) => {
      root.addTest(
        test('a', async function () {
          skip(this, 'no puppet');
        }),
      );
      root.addTest(test('b'));
    });
    expect(pending).to.deep.equal({ a: 'no puppet' });
  });

  it('keeps the reason of a before hook for every test below its suite', async () => {
    const pending = await pendingOf((root) => {
      const suite = Mocha.Suite.create(root, 'suite');
      suite.beforeAll(async function () {
        skip(this, 'not root');
      });
      suite.addTest(test('a'));
      Mocha.Suite.create(suite, 'inner').addTest(test('b'));
      Mocha.Suite.create(root, 'other').addTest(test('c'));
    });
    expect(pending).to.deep.equal({ a: 'not root', b: 'not root' });
  });

  it('keeps the reason of a beforeEach hook for its test alone', async () => {
    const pending = await pendingOf((root) => {
      root.beforeEach(async function () {
        if (this.currentTest?.title === 'b') skip(this, 'only b');
      });
      root.addTest(test('a'));
      root.addTest(test('b'));
      root.addTest(test('c'));
    });
    expect(pending).to.deep.equal({ b: 'only b' });
  });

  it('knows no reason for a test that was never skipped with one', () => {
    expect(skipReasonOf(test('a'))).to.equal(undefined);
  });
});
