import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { root } from '../setup.mjs';

const statuses = ['there', 'differs', 'left out'];
const text = readFileSync(join(root, 'docs/parity.md'), 'utf8');
const rows = text
  .split('\n')
  .filter((line) => /^\| .*\*\*/.test(line))
  .map((line) => {
    // A bar inside of a cell is written \|.
    const [feature = '', status = '', how = '', tests = ''] = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    const files = [...tests.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file = '']) => file);
    return { feature, status: status.replaceAll('*', ''), how, tests, files };
  });

describe('docs/parity.md', () => {
  it('says of each row whether it is there, differs or is left out', () => {
    expect(rows.length).to.be.greaterThan(200);
    for (const { feature, status } of rows) expect(status, feature).to.be.oneOf(statuses);
    expect(new Set(rows.map(({ status }) => status)).size).to.equal(3);
  });

  it('names a test for all that is there or differs, and a reason for all that differs or is left out', () => {
    for (const { feature, status, how, files } of rows) {
      if (status !== 'left out') expect(files, feature).to.not.be.empty;
      if (status !== 'there') expect(how, feature).to.not.equal('');
    }
  });

  it('names tests that exist, and by their names', () => {
    for (const { feature, files, tests } of rows) {
      for (const file of files) {
        expect(existsSync(join(root, file)), `${feature}: ${file}`).to.equal(true);
        expect(file, feature).to.match(/\.test\.(ts|mjs)$/);
      }
      expect(tests.match(/\[/g)?.length ?? 0, feature).to.equal(files.length);
    }
  });

  it('counts its rows', () => {
    const count = (wanted) => rows.filter(({ status }) => status === wanted).length;
    expect(text).to.include(
      `${rows.length} rows: ${count('there')} there, ${count('differs')} differ on purpose, ${count('left out')} left out.`,
    );
  });
});
