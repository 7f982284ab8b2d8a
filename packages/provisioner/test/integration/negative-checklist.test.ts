import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import provisionDdl from '@troupe/ddl/provision.json' with { type: 'json' };
import { expect } from 'chai';
import { describe, it } from 'mocha';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const page = readFileSync(`${root}docs/reference/provisioner.md`, 'utf8');

interface Row {
  readonly number: string;
  readonly file: string;
  readonly title: string;
}

const rows = page.split('\n').flatMap((line): Row[] => {
  const [, number, file, title] = /^\| (C?\d+) .*\| `([^`]+\.test\.ts)`: (.+?) *\|$/.exec(line) ?? [];
  return number && file && title ? [{ number, file, title }] : [];
});

describe('the defects that cannot happen here', () => {
  it('are all in the table: 21 of 2010 and 13 of Choria', () => {
    const numbers = (prefix: string, count: number) =>
      Array.from({ length: count }, (_, n) => `${prefix}${n + 1}`);
    expect(rows.map(({ number }) => number)).to.deep.equal([...numbers('', 21), ...numbers('C', 13)]);
  });

  for (const { number, file, title } of rows) {
    it(`${number} has its test`, () => {
      const text = readFileSync(`${root}${file}`, 'utf8');
      const starts = ["it('", 'it(`', "it(\n    '", 'it(\n    `'];
      const isThere = starts.some((start) => text.includes(start + title.replaceAll('\n', '\\n')));
      expect(isThere, `${file} has a test "${title}"`).to.equal(true);
    });
  }

  it('no input of the provision agent carries a configuration, token or key', () => {
    // What starts Puppet decides nothing but master, environment and lease; Puppet brings the rest.
    const inputs = new Set(provisionDdl.actions.flatMap(({ input }) => Object.keys(input)));
    expect([...inputs].sort()).to.deep.equal([
      'attempt',
      'ca_fingerprint',
      'data',
      'environment',
      'fresh',
      'ipaddress',
      'master',
      'next',
      'next_attempt',
      'notify',
      'outcome',
      'owner',
      'reason',
      // Signed for the key and the name of the one machine, and of no use to others.
      'receipt',
      'run',
      'seconds',
      'step',
      'token',
    ]);
    const tokens = provisionDdl.actions.flatMap(({ input }) => ('token' in input ? [input.token.type] : []));
    // The number of a lease, which opens nothing.
    expect(new Set(tokens)).to.deep.equal(new Set(['integer']));
  });
});
