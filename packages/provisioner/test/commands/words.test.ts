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

  it('keeps to the width of the screen, and loses no word of the last column', () => {
    const text = table(
      [
        ['NODE', 'REASON'],
        ['web1.example.net', 'no Puppet server answered within 30 s'],
      ],
      50,
    );
    expect(text.split('\n').every((line) => line.length <= 50)).to.equal(true);
    expect(text.replace(/\s+/g, ' ')).to.include('web1.example.net no Puppet server answered within 30 s');
  });

  it('is empty without rows', () => {
    expect(table([])).to.equal('');
  });
});
