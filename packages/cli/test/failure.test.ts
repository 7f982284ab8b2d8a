import { TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { reportFailure, UsageError } from '../src/failure.js';
import { captured } from './captured.js';

describe('errors', () => {
  const lineOf = (error: unknown) => {
    const { screen, stderr } = captured();
    reportFailure(screen, error, true);
    return stderr();
  };

  it('are one line', () => {
    expect(lineOf(new UsageError('first\n  second\n'))).to.equal('mco: first second\n');
    expect(lineOf(new TroupeError('INPUT_INVALID', 'not so'))).to.equal('mco: not so\n');
    expect(lineOf('text')).to.equal('mco: text\n');
  });

  it('come with their stack when asked for', () => {
    const { screen, stderr } = captured({ isVerbose: true });
    reportFailure(screen, new Error('why'), true);
    expect(stderr()).to.match(/^mco: why\nError: why\n {4}at /);
  });
});
