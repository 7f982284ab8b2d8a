import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ClassSource } from '../../src/daemon/classes.js';
import { parseFactText } from '../../src/daemon/fact-text.js';
import { FactSource } from '../../src/daemon/facts.js';
import { silentLogger } from '../../src/log.js';

describe('parseFactText', () => {
  for (const [what, text, message] of [
    ['what nests without end', 'a: &a [*a]', 'nests deeper than 32 levels'],
    ['what nests too deeply', `a: ${'['.repeat(40)}${']'.repeat(40)}`, 'nests deeper than 32 levels'],
    ['what overflows the parser', `${'- '.repeat(20_000)}x`, /nests too deeply|call stack/],
    [
      'aliases that multiply',
      `a: &a [${'x,'.repeat(9)}x]\nb: &b [${'*a,'.repeat(20)}*a]\nc: [${'*b,'.repeat(20)}*b]`,
      'alias',
    ],
    ['keys that are collections', `${'? '.repeat(150)}x`, 'keys must be strings'],
    ['a list', '- a', 'does not hold names and values'],
    ['a text', 'hello', 'does not hold names and values'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => parseFactText(text, 'x.yaml'))
        .to.throw(message)
        .and.include({ code: 'FILE_UNREADABLE' });
    });
  }

  it('takes a fact named __proto__ as a fact', () => {
    const folder = mkdtempSync(join(tmpdir(), 'facts-'));
    try {
      writeFileSync(join(folder, 'x.json'), '{"__proto__":{"admin":true},"a":1}');
      const facts = new FactSource([folder], silentLogger).read();
      expect(Object.getPrototypeOf(facts)).to.equal(Object.prototype);
      expect((facts as { admin?: unknown }).admin).to.equal(undefined);
      expect(facts.a).to.equal(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('FactSource', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'facts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

  it('reads files of all kinds in the order of their names, later ones over earlier ones', () => {
    write('1.yaml', 'a: yaml\nb: { c: [1, 2] }');
    write('2.json', '{"a":"json","d":true}');
    write('3.txt', 'a=text\ne = f = g\nnothing');
    write('4.md', 'a: no facts');
    const facts = new FactSource([folder], silentLogger).read();
    expect(facts).to.deep.include({ a: 'text', b: { c: [1, 2] }, d: true, e: 'f = g' });
    expect(facts).to.have.property('kernel');
  });

  it('keeps the last good facts of a file that is damaged, and says so once; forgets those of one that is gone', () => {
    const warnings: unknown[] = [];
    const log = { ...silentLogger, warn: (what: unknown) => warnings.push(what) } as typeof silentLogger;
    write('a.yaml', 'a: 1');
    write('b.yaml', 'b: 1');
    const facts = new FactSource([folder], log);
    expect(facts.read(0)).to.deep.include({ a: 1, b: 1 });
    write('a.yaml', 'a: [');
    rmSync(join(folder, 'b.yaml'));
    for (const time of [10_000, 20_000, 30_000]) expect(facts.read(time).a).to.equal(1);
    expect(facts.read(30_000)).to.not.have.property('b');
    expect(warnings).to.have.length(1);
    expect(facts.status().faults.map(({ source }) => source)).to.deep.equal([join(folder, 'a.yaml')]);
    write('a.yaml', 'a: 22');
    expect(facts.read(40_000).a).to.equal(22);
    expect(facts.status().faults).to.deep.equal([]);
  });

  it('looks at files again after ten seconds, and when the clock was set back', () => {
    write('a.yaml', 'a: 1');
    const facts = new FactSource([folder], silentLogger);
    facts.read(1_000_000);
    write('a.yaml', 'a: two');
    expect(facts.read(1_009_000).a).to.equal(1);
    expect(facts.read(500_000).a).to.equal('two');
  });

  it('has none of a path that is not there', () => {
    const facts = new FactSource([join(folder, 'none'), join(folder, 'none.yaml')], silentLogger);
    expect(facts.read()).to.have.property('kernel');
    expect(facts.status().faults).to.deep.equal([]);
  });
});

describe('ClassSource', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'classes-'));
    file = join(folder, 'classes.txt');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('reads one class from each line, again when the file has changed, and none where there is no file', () => {
    const classes = new ClassSource(file, silentLogger);
    expect(classes.read()).to.deep.equal([]);
    writeFileSync(file, 'settings\n  role::web \n\n');
    expect(classes.read()).to.deep.equal(['settings', 'role::web']);
    writeFileSync(file, 'settings\nrole::database\n');
    expect(classes.read()).to.deep.equal(['settings', 'role::database']);
    rmSync(file);
    expect(classes.read()).to.deep.equal([]);
  });

  it('keeps the last good ones when the file cannot be read, and says so once', () => {
    let warnings = 0;
    const log = { ...silentLogger, warn: () => (warnings += 1) } as typeof silentLogger;
    writeFileSync(file, 'settings\n');
    const classes = new ClassSource(file, log);
    classes.read();
    rmSync(file);
    mkdirSync(file);
    expect(classes.read()).to.deep.equal(['settings']);
    expect(classes.read()).to.deep.equal(['settings']);
    expect(warnings).to.equal(1);
  });
});
