import type { ActionError, Context } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import {
  activationRequest,
  answerOf,
  rpcRequest,
  saysActive,
} from '../../../src/agents/external/protocol.js';

describe('the protocol of external agents', () => {
  it('describes the activation request', () => {
    expect(activationRequest('work')).to.deep.equal({
      $schema: 'https://choria.io/schemas/mcorpc/external/v1/activation_request.json',
      protocol: 'io.choria.mcorpc.external.v1.activation_request',
      agent: 'work',
    });
  });

  it('describes a call, with its time in whole seconds', () => {
    const context = {
      caller: 'rip.mcollective',
      requestId: 'a'.repeat(32),
      requestedAt: 1_700_000_000_999,
      ttlSeconds: 60,
      collective: 'eu',
    } as Context;
    expect(rpcRequest('work', 'do', { a: 1 }, context)).to.deep.equal({
      $schema: 'https://choria.io/schemas/mcorpc/external/v1/rpc_request.json',
      protocol: 'io.choria.mcorpc.external.v1.rpc_request',
      agent: 'work',
      action: 'do',
      requestid: 'a'.repeat(32),
      senderid: 'rip.mcollective',
      callerid: 'choria=rip.mcollective',
      collective: 'eu',
      ttl: 60,
      msgtime: 1_700_000_000,
      data: { a: 1 },
    });
  });

  for (const [reply, says] of [
    [{ activate: true }, true],
    [{ activate: false }, false],
    [{ activate: 'true' }, false],
    [{ activate: 1 }, false],
    [{}, false],
    [[true], false],
    [null, false],
    [true, false],
  ] as const) {
    it(`reads the activation reply ${JSON.stringify(reply)} as ${says ? 'yes' : 'no'}`, () => {
      expect(saysActive(reply)).to.equal(says);
    });
  }

  for (const [reply, answer] of [
    [{}, { statusmsg: '', data: {} }],
    [
      { statuscode: null, statusmsg: null, data: null },
      { statusmsg: '', data: {} },
    ],
    [
      { statuscode: 0, statusmsg: 'two', data: { out: 1 } },
      { statusmsg: 'two', data: { out: 1 } },
    ],
  ] as const) {
    it(`reads ${JSON.stringify(reply)} as a success`, () => {
      expect(answerOf('work', reply)).to.deep.equal(answer);
    });
  }

  const said = 'the external agent "work" wrote an invalid reply: ';
  for (const [reply, status, message, data] of [
    [{ statuscode: 4, statusmsg: 'no', data: { out: 1 } }, 4, 'no', { out: 1 }],
    [{ statuscode: 5 }, 5, 'the external agent "work" failed without giving a reason', {}],
    [{ statuscode: 6, statusmsg: 'odd' }, 5, 'odd', {}],
    [[], 1, `${said}it is not a JSON object`, {}],
    [null, 1, `${said}it is not a JSON object`, {}],
    ['text', 1, `${said}it is not a JSON object`, {}],
    [{ statuscode: -1 }, 1, `${said}statuscode is not a status`, {}],
    [{ statuscode: 1.5 }, 1, `${said}statuscode is not a status`, {}],
    [{ statuscode: '0' }, 1, `${said}statuscode is not a status`, {}],
    [{ statusmsg: 7 }, 1, `${said}statusmsg is not a string`, {}],
    [{ data: [] }, 1, `${said}data is not a JSON object`, {}],
    [{ data: 'x' }, 1, `${said}data is not a JSON object`, {}],
  ] as const) {
    it(`reads ${JSON.stringify(reply)} as a failure with status ${status}`, () => {
      let error: ActionError | undefined;
      try {
        answerOf('work', reply);
      } catch (cause) {
        error = cause as ActionError;
      }
      expect(error).to.deep.include({ name: 'ActionError', status, message, data });
    });
  }
});
