import { Status, TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { StepFailure } from '../../src/index.js';
import { answerTo, ask } from '../../src/rpc/ask.js';
import { asFailure, failureOf } from '../../src/rpc/failure.js';
import { failureOf as failureIn } from '../fixtures/rejection.js';
import { ends, StubNetwork } from '../fixtures/stub-network.js';

describe('the failure of a step', () => {
  for (const [state, statuscode, kind] of [
    ['failed', Status.aborted, 'failed'],
    ['failed', Status.unknownAction, 'gone'],
    ['timeout', undefined, 'failed'],
    ['denied', undefined, 'failed'],
    ['expired', undefined, 'unreachable'],
    ['offline', undefined, 'unreachable'],
    ['no-reply', undefined, 'unreachable'],
    ['cancelled', undefined, 'interrupted'],
    ['unknown', undefined, 'interrupted'],
    ['not-asked', undefined, 'interrupted'],
  ] as const) {
    it(`is ${kind} if the call ended as ${state}${statuscode === undefined ? '' : ` (${statuscode})`}`, () => {
      const about = { sender: 'web1', state, ok: false, statusmsg: 'no', data: {}, seconds: 0 };
      const failure = failureOf({ ...about, ...(statuscode === undefined ? {} : { statuscode }) }, 'restart');
      expect(failure).to.include({ kind, message: 'restart on web1: no' });
    });
  }

  it('is none if the call ended well', () => {
    const result = { sender: 'web1', state: 'ok', ok: true, statusmsg: 'OK', data: {}, seconds: 0 } as const;
    expect(failureOf(result, 'restart')).to.equal(undefined);
  });

  for (const [code, kind] of [
    ['NOT_CONNECTED', 'unreachable'],
    ['FILTER_INVALID', 'failed'],
  ] as const) {
    it(`is ${kind} if the network threw ${code}`, () => {
      const cause = new TroupeError(code, 'no');
      expect(asFailure(cause, 'restart')).to.include({ kind, message: 'restart: no', cause });
    });
  }

  it('is not made of a defect', () => {
    const defect = new TypeError('no');
    expect(asFailure(defect, 'restart')).to.equal(defect);
  });

  it('keeps what is to be done next, and what is known of the run', () => {
    const failure = new StepFailure('failed', 'no', { back: 'lock', run: 'r1', runSeconds: 3 });
    expect(failure).to.include({ back: 'lock', run: 'r1', runSeconds: 3, name: 'StepFailure' });
  });

  describe('of a call', () => {
    const options = { targets: ['web1'] };

    it('is thrown by who wants a good end, and handed out to who wants any', async () => {
      const network = new StubNetwork();
      network.answers['rpcutil ping'] = ends('failed', 'no');
      const call = () => network.peers.rpcutil.ping({}, options);
      expect(await failureIn(ask(call, 'ping'))).to.include({ kind: 'failed', message: 'ping on web1: no' });
      expect(await answerTo(call, 'ping')).to.include({ state: 'failed', statusmsg: 'no' });
      network.answers['rpcutil ping'] = () => ({});
      expect(await ask(call, 'ping')).to.include({ state: 'ok' });
    });

    it('says what was asked if it could not be made', async () => {
      const call = () => {
        throw new TroupeError('NOT_CONNECTED', 'there is no broker');
      };
      expect(await failureIn(ask(call, 'ping'))).to.include({
        kind: 'unreachable',
        message: 'ping: there is no broker',
      });
    });

    it('says what was asked if it broke off', async () => {
      const network = new StubNetwork();
      network.answers['rpcutil ping'] = () => Promise.reject(new TroupeError('NOT_CONNECTED', 'lost'));
      const call = () => network.peers.rpcutil.ping({}, options);
      expect((await failureIn(answerTo(call, 'ping'))).message).to.equal('ping: lost');
    });
  });
});
