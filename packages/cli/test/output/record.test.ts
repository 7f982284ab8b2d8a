import { expect } from 'chai';
import { describe, it } from 'mocha';
import { record } from '../../src/output/record.js';
import { captured } from '../captured.js';
import { result, weigh } from '../report.js';

describe('a record', () => {
  const lines = (...parts: Parameters<typeof result>) =>
    record(captured().screen, result(...parts), weigh).split('\n');

  it('names outputs as the DDL does, in its order, and undeclared ones after them', () => {
    expect(lines('web1.lab', 'ok', { data: { other: true, unit: 'kg', weight: 8 } })).to.deep.equal([
      'web1.lab',
      '           Weight: 8',
      '   Unit of Weight: kg',
      '            other: true',
      '',
    ]);
  });

  it('is one line if there are no outputs', () => {
    expect(lines('web1.lab', 'ok')).to.deep.equal(['web1.lab']);
  });

  it('indents values of several lines', () => {
    expect(lines('web1.lab', 'ok', { data: { notes: 'one\ntwo' } })).to.deep.equal([
      'web1.lab',
      '   Notes: one',
      '          two',
      '',
    ]);
  });

  it('leaves out outputs without a value', () => {
    const data = { weight: 0, unit: '', notes: null };
    expect(lines('web1.lab', 'ok', { data })).to.deep.equal(['web1.lab', '   Weight: 0', '']);
  });

  it('shows why a node failed, and the outputs of the failed reply', () => {
    const extra = { statuscode: 1, statusmsg: 'no disk\nnone at all', data: { weight: null, unit: 'kg' } };
    expect(lines('web1.lab', 'failed', extra)).to.deep.equal([
      'web1.lab                                 Request Aborted',
      '',
      '    no disk',
      '    none at all',
      '',
      '   Unit of Weight: kg',
      '',
    ]);
  });

  it('shows the state of a node in words', () => {
    const words = (state: Parameters<typeof result>[1], statuscode: number) =>
      lines('a', state, { statuscode })[0]?.slice(41);
    expect(words('failed', 2)).to.equal('Unknown Action');
    expect(words('failed', 4)).to.equal('Invalid Request Data');
    expect(words('failed', 77)).to.equal('Failed');
    expect(words('denied', 1)).to.equal('Denied');
    expect(words('timeout', 1)).to.equal('Timed Out');
    expect(words('expired', 1)).to.equal('Expired');
    expect(words('cancelled', 1)).to.equal('Cancelled');
    expect(words('unknown', 5)).to.equal('Outcome Unknown');
  });

  it('has the word and the time with --verbose', () => {
    const { screen } = captured({ isVerbose: true });
    expect(record(screen, result('web1.lab', 'ok'), weigh)).to.equal(
      'web1.lab                                 OK  250 ms',
    );
  });
});
