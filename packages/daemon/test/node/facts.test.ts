import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { arch, cpus, hostname, networkInterfaces, platform, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@troupe/core';
import { skip } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ClassSource } from '../../src/node/classes.js';
import { isFactFile, mostFactBytes, parseFactText } from '../../src/node/fact-text.js';
import { builtinFacts, FactSource } from '../../src/node/facts.js';
import { keptLog } from '../agents/external/actor.js';

describe('parseFactText', () => {
  for (const [what, text, message] of [
    ['what nests without end', 'a: &a [*a]', 'nested deeper than 32 levels'],
    ['what nests too deeply', `a: ${'['.repeat(40)}${']'.repeat(40)}`, 'nested deeper than 32 levels'],
    ['what overflows the parser', `${'- '.repeat(20_000)}x`, /nested too deeply|call stack/],
    [
      'aliases that multiply',
      `a: &a [${'x,'.repeat(9)}x]\nb: &b [${'*a,'.repeat(20)}*a]\nc: [${'*b,'.repeat(20)}*b]`,
      'alias',
    ],
    ['keys that are collections', `${'? '.repeat(150)}x`, 'keys must be strings'],
    [
      'keys that are collections with a tag',
      '!ruby/sym a: 1\n? !ruby/object:Foo {x: 1}\n: 2',
      'keys must be strings',
    ],
    ['merges without end', `a: &a {x: 1}\nb: {<<: [${'*a,'.repeat(1001)}]}`, 'more than 1000 aliases'],
    ['a list', '- a', 'not a map of names and values'],
    ['a text', 'hello', 'not a map of names and values'],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => parseFactText(text, 'x.yaml'))
        .to.throw(message)
        .and.include({ code: 'FILE_UNREADABLE' });
    });
  }

  for (const [file, text, facts] of [
    ['x.yaml', 'a: 1', { a: 1 }],
    ['x.yml', 'a: 1', { a: 1 }],
    ['x.json', '{"a":1}', { a: 1 }],
    ['x.txt', ' a = b=c \n\nnothing\n=d\ne=', { a: 'b=c', '': 'd', e: '' }],
    ['x.yaml', 'a: 18446744073709551615', { a: '18446744073709551615' }],
    ['x.json', '{"a":18446744073709551615}', { a: '18446744073709551615' }],
    ['x.json', '\uFEFF{"a":1}', { a: 1 }],
    ['x.yaml', '\uFEFFa: 1', { a: 1 }],
    ['x.txt', '\uFEFFa=1', { a: '1' }],
    ['x.yaml', 'b: &b {x: 1, y: 1}\na:\n  <<: *b\n  y: 2', { b: { x: 1, y: 1 }, a: { x: 1, y: 2 } }],
    ['x.yaml', '!ruby/sym a: !ruby/sym x\nb: {? !ruby/sym c : 1}', { a: 'x', b: { c: 1 } }],
    ['x.yaml', '!!int 3: a\nb: "!ruby/sym x: 1"', { 3: 'a', b: '!ruby/sym x: 1' }],
    ['x.yaml', 'a: 1\na: 2', { a: 2 }],
    ['x.md', 'a: 1', {}],
    ['x.yaml', '', {}],
  ] as const) {
    it(`reads ${JSON.stringify(text)} in ${file}`, () => {
      expect(parseFactText(text, file)).to.deep.equal(facts);
    });
  }

  it('reads what nests 32 levels deep, and not 33', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(parseFactText(nested(31), 'x.json')).to.have.property('a');
    expect(() => parseFactText(nested(33), 'x.json')).to.throw('x.json: it is nested deeper than 32 levels');
  });

  it('reports file and fault in one line', () => {
    expect(() => parseFactText('a: [\nb: {', 'x.yaml')).to.throw(/^x\.yaml: [^\n]+$/);
  });

  it('recognizes files of facts by their extension', () => {
    const names = ['a.yaml', 'a.yml', 'a.json', 'a.txt', 'a.b.json', 'a', 'a.md', '.json', 'a.toString'];
    expect(names.filter(isFactFile)).to.deep.equal(['a.yaml', 'a.yml', 'a.json', 'a.txt', 'a.b.json']);
  });

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

  it('reads files again after ten seconds, and after the clock was set back', () => {
    write('a.yaml', 'a: 1');
    const facts = new FactSource([folder], silentLogger);
    expect(facts.status()).to.deep.equal({ faults: [] });
    const first = facts.read(1_000_000);
    expect(facts.status()).to.deep.equal({ readAt: 1_000_000, faults: [] });
    write('a.yaml', 'a: two');
    expect(facts.read(1_009_999)).to.equal(first);
    expect(facts.read(990_001)).to.equal(first);
    expect(facts.read(1_010_000).a).to.equal('two');
    write('a.yaml', 'a: three');
    expect(facts.read(1_000_000).a).to.equal('three');
    expect(Object.isFrozen(facts.read(1_000_000))).to.equal(true);
  });

  it('reads a file again only after it has changed', () => {
    write('a.yaml', 'a: { b: 1 }');
    const facts = new FactSource([join(folder, 'a.yaml')], silentLogger);
    const first = facts.read(0).a;
    expect(facts.read(10_000).a).to.equal(first);
    utimesSync(join(folder, 'a.yaml'), 1000, 1000);
    const second = facts.read(20_000).a;
    expect(second).to.deep.equal(first);
    expect(second).to.not.equal(first);
  });

  it('reads a file of 4 MiB, and not a larger one', () => {
    const { log, lines } = keptLog();
    const text = JSON.stringify({ a: '' });
    const facts = new FactSource([folder], log);
    write('a.json', JSON.stringify({ a: 'x'.repeat(mostFactBytes - text.length) }));
    expect(`${facts.read(0).a}`).to.have.length(mostFactBytes - text.length);
    write('a.json', JSON.stringify({ a: 'y'.repeat(mostFactBytes - text.length + 1) }));
    expect(`${facts.read(10_000).a}`.startsWith('x')).to.equal(true);
    const file = join(folder, 'a.json');
    const reason = `${file}: its ${mostFactBytes + 1} bytes exceed the limit of 4194304`;
    expect(facts.status().faults).to.deep.equal([{ source: file, reason }]);
    expect(lines.map(({ level, msg, source, reason: why }) => [level, msg, source, why])).to.deep.equal([
      [40, 'cannot read facts: the last known ones of this file stay in use', file, reason],
    ]);
  });

  it('keeps the last good facts of an unreadable folder, and logs it once', () => {
    const { log, lines } = keptLog();
    mkdirSync(join(folder, 'facts.d'));
    write('facts.d/a.yaml', 'a: 1');
    write('b.yaml', 'b: 1');
    const source = join(folder, 'facts.d');
    const facts = new FactSource([source, join(folder, 'b.yaml')], log);
    facts.read(0);
    rmSync(source, { recursive: true });
    // What cannot be looked at: ELOOP.
    symlinkSync(source, source);
    for (const time of [10_000, 20_000]) expect(facts.read(time)).to.include({ b: 1 });
    expect(
      lines.filter(({ source: which }) => which === source).map(({ level, msg }) => [level, msg]),
    ).to.deep.equal([[40, 'cannot read facts: the last known ones of this folder stay in use']]);
    expect(facts.read(20_000).a).to.equal(1);
    expect(facts.status().faults.map(({ source: which }) => which)).to.include(source);
    rmSync(source);
    mkdirSync(source);
    expect(facts.read(30_000)).to.not.have.property('a');
    expect(facts.status().faults.map(({ source: which }) => which)).to.not.include(source);
  });

  it('keeps the last good facts of an inaccessible file', () => {
    const file = join(folder, 'a.yaml');
    write('a.yaml', 'a: 1');
    write('a.yaml.d', 'b: 1');
    const facts = new FactSource([file], silentLogger);
    facts.read(0);
    rmSync(file);
    symlinkSync(file, file);
    expect(facts.read(10_000)).to.include({ a: 1 }).and.not.have.property('b');
    expect(facts.status().faults.map(({ source }) => source)).to.deep.equal([file]);
    rmSync(file);
    expect(facts.read(20_000)).to.not.have.property('a');
  });

  it('logs again if the reason changes', () => {
    const { log, lines } = keptLog();
    const facts = new FactSource([folder], log);
    for (const [time, text] of ['[1]', '{', '[22]', '[333]'].entries()) {
      write('a.json', text);
      facts.read(time * 10_000);
    }
    expect(lines).to.have.length(3);
    expect(facts.read(100_000)).to.not.have.property('a');
  });

  it('provides built-in facts of the host', () => {
    const facts = builtinFacts();
    const { networking, ipaddress, ...rest } = facts;
    expect(rest).to.deep.equal({
      hostname: hostname().split('.')[0],
      kernel: platform(),
      kernelrelease: release(),
      architecture: arch(),
      processors: { count: cpus().length },
      memory: { total_bytes: totalmem() },
    });
    const outer = Object.values(networkInterfaces())
      .flat()
      .filter((address) => address && !address.internal && address.family === 'IPv4')
      .map((address) => address?.address);
    expect(ipaddress).to.equal(outer[0]);
    expect(networking).to.deep.equal(outer[0] === undefined ? undefined : { ip: outer[0] });
  });

  it('has none of a path that is not there', () => {
    const facts = new FactSource([join(folder, 'none'), join(folder, 'none.yaml')], silentLogger);
    expect(facts.read()).to.have.property('kernel');
    expect(facts.status().faults).to.deep.equal([]);
  });

  const at = (name: string) => join(folder, name);
  it('of a FIFO, a device and an endless file are left out, and nothing waits for them', function () {
    if (spawnSync('mkfifo', [at('a.yaml')]).status !== 0) skip(this, 'there is no mkfifo here');
    symlinkSync('/dev/zero', at('b.yaml'));
    writeFileSync(at('c.yaml'), 'c: 1');
    const { log, lines } = keptLog();
    const source = new FactSource([folder, at('a.yaml')], log);
    expect(source.read()).to.include({ c: 1 });
    expect(lines.map(({ source: name, reason }) => [name, reason])).to.deep.equal([
      [at('a.yaml'), 'it is a FIFO, not a regular file'],
      [at('b.yaml'), 'it is a device, not a regular file'],
    ]);
    const classes = new ClassSource(at('a.yaml'), log);
    expect(classes.read()).to.deep.equal([]);
  });

  it('that others can write are left out', () => {
    writeFileSync(at('open.yaml'), 'a: 1');
    writeFileSync(at('safe.yaml'), 'b: 1');
    chmodSync(at('open.yaml'), 0o666);
    const source = new FactSource([folder], silentLogger);
    expect(source.read()).to.include({ b: 1 }).and.not.have.property('a');
    expect(source.status().faults.map(({ source: name }) => name)).to.deep.equal([at('open.yaml')]);
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

  it('has no classes without a file', () => {
    expect(new ClassSource(undefined, silentLogger).read()).to.deep.equal([]);
  });

  it('reads the file again only after it has changed', () => {
    writeFileSync(file, 'settings\n');
    const classes = new ClassSource(file, silentLogger);
    const first = classes.read();
    expect(classes.read()).to.equal(first);
    utimesSync(file, 1000, 1000);
    const second = classes.read();
    expect(second).to.deep.equal(first);
    expect(second).to.not.equal(first);
  });

  it('keeps the last good classes if the file cannot be read, and logs it once until it can', () => {
    const { log, lines } = keptLog();
    writeFileSync(file, 'settings\n');
    const classes = new ClassSource(file, log);
    classes.read();
    for (const count of [1, 2]) {
      rmSync(file);
      mkdirSync(file);
      for (const _ of [1, 2]) expect(classes.read()).to.deep.equal(['settings']);
      expect(lines).to.have.length(count);
      rmSync(file, { recursive: true });
      writeFileSync(file, 'settings\n');
      expect(classes.read()).to.deep.equal(['settings']);
    }
    expect(lines[0]).to.include({
      level: 40,
      msg: 'cannot read the classes: the last known ones stay in use',
      file,
    });
    expect(lines[0]?.reason).to.include('EISDIR');
  });
});
