import { expect } from 'chai';
import { describe, it } from 'mocha';
import { codeOf, failureText, reasonOf, systemReasonOf, TroupeError, withCode } from '../src/errors.js';

describe('the reason of an error of the operating system', () => {
  const system = (code: string, errno: number, syscall: string) =>
    Object.assign(new Error(`${code}: text, ${syscall} '/x'`), { code, errno, syscall });

  it('has the code and its meaning, without the path or the address', () => {
    expect(systemReasonOf(system('ENOENT', -2, 'open'))).to.equal('ENOENT: no such file or directory');
    expect(systemReasonOf(system('EACCES', -13, 'open'))).to.equal('EACCES: permission denied');
    expect(systemReasonOf(system('ENOTFOUND', -3008, 'getaddrinfo'))).to.equal(
      'ENOTFOUND: host name not found',
    );
  });

  it('is the message for other errors', () => {
    expect(systemReasonOf(new Error('no'))).to.equal('no');
    expect(systemReasonOf('text')).to.equal('text');
  });
});

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
