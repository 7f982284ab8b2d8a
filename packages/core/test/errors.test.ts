import { expect } from 'chai';
import { describe, it } from 'mocha';
import { codeOf, failureText, reasonOf, TroupeError, withCode } from '../src/errors.js';

describe('the code of an error', () => {
  const error = new TroupeError('POLICY_INVALID', 'a.policy:1: no\nb.policy:2: no');

  it('is the code of a TroupeError, and INTERNAL_ERROR for other errors', () => {
    expect(codeOf(error)).to.equal('POLICY_INVALID');
    expect([codeOf(new Error('EACCES')), codeOf('text')]).to.deep.equal(['INTERNAL_ERROR', 'INTERNAL_ERROR']);
  });

  it('ends the message in brackets', () => {
    expect(withCode('no broker', 'NOT_CONNECTED')).to.equal('no broker [NOT_CONNECTED]');
    expect(failureText('mcod', error, { isTerminal: false })).to.equal(
      'mcod: a.policy:1: no\nb.policy:2: no [POLICY_INVALID]\n',
    );
  });

  it('can be another one that a program knows better', () => {
    const shown = failureText('mcprovision', new Error('silent'), {
      code: 'NODE_SILENT',
      isTerminal: false,
    });
    expect(shown).to.equal('mcprovision: silent [NODE_SILENT]\n');
  });

  it('comes at a terminal with the place where it is explained', () => {
    expect(failureText('mcod', new Error('no'), { isTerminal: true })).to.equal(
      'mcod: no [INTERNAL_ERROR]\n' +
        'For likely causes and what to do: docs/troubleshooting.md, or mco help INTERNAL_ERROR\n',
    );
  });

  it('is a key of a log line, if there is one', () => {
    expect(reasonOf(error)).to.deep.equal({ reason: error.message, code: 'POLICY_INVALID' });
    expect(reasonOf(new Error('no'))).to.deep.equal({ reason: 'no' });
  });
});
