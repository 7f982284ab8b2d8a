import { expect } from 'chai';
import { describe, it } from 'mocha';
import { table } from '../../src/commands/table.js';

describe('a table', () => {
  it('has its columns as wide as their widest cell, the last one as it is, and no blanks at the ends', () => {
    expect(
      table([
        ['NODE', 'STATE', ''],
        ['web1.example.net', 'done', 'a reason'],
        ['a', 'quarantined', ''],
        ['b', ''],
      ]),
    ).to.equal(
      [
        'NODE              STATE',
        'web1.example.net  done         a reason',
        'a                 quarantined',
        'b',
        '',
      ].join('\n'),
    );
  });

  it('is empty without rows', () => {
    expect(table([])).to.equal('');
  });
});
