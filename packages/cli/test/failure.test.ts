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

  it('are one line that ends with the code', () => {
    expect(lineOf(new UsageError('first\n  second\n'))).to.equal('mco: first second [USAGE_INVALID]\n');
    expect(lineOf(new TroupeError('INPUT_INVALID', 'not so'))).to.equal('mco: not so [INPUT_INVALID]\n');
    expect(lineOf('text')).to.equal('mco: text [INTERNAL_ERROR]\n');
  });

  it('are followed by the stack trace with --verbose', () => {
    const { screen, stderr } = captured({ isVerbose: true });
    reportFailure(screen, new Error('why'), true);
    expect(stderr()).to.match(/^mco: why \[INTERNAL_ERROR\]\nError: why\n {4}at /);
  });
});

describe('an error at a terminal', () => {
  const linesOf = (error: unknown, options: Parameters<typeof captured>[0] = {}) => {
    const { screen, stderr } = captured(options);
    screen.stderr.isTTY = true;
    reportFailure(screen, error, true);
    return stderr();
  };
  const away = new TroupeError('BROKER_UNREACHABLE', 'away');

  it('points to the help if the message cannot name the cause', () => {
    expect(linesOf(away)).to.equal(
      'mco: away [BROKER_UNREACHABLE]\nFor likely causes and solutions: mco help BROKER_UNREACHABLE\n',
    );
    expect(linesOf(new UsageError('unknown option'))).to.equal('mco: unknown option [USAGE_INVALID]\n');
  });

  it('is one line with --quiet, and for programs', () => {
    expect(linesOf(away, { isQuiet: true })).to.equal('mco: away [BROKER_UNREACHABLE]\n');
    expect(linesOf(away, { json: 'document' })).to.equal('mco: away [BROKER_UNREACHABLE]\n');
  });
});
