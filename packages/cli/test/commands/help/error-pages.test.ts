import { readdirSync, readFileSync } from 'node:fs';
import { states } from '@troupe/client';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { entryOf, explanations, sections } from '../../../src/commands/help/explanations/index.js';
import { mco } from '../../mco.js';

const packages = new URL('../../../../../', import.meta.url);
const codes = Object.keys(explanations);

describe('mco help errors', () => {
  it('lists every code once, in one line of 80 columns', async () => {
    const { code, stdout } = await mco('help', 'errors');
    expect(code).to.equal(0);
    const listed = [...stdout.matchAll(/^ {2}([A-Z_]{2,}) {2,}\S/gm)].map(([, name]) => name);
    expect(listed).to.have.members(codes);
    expect(stdout.split('\n').filter((line) => line.length > 80)).to.deep.equal([]);
  });
});

describe('mco help CODE', () => {
  for (const { entries } of sections())
    for (const { name } of entries)
      it(`explains ${name}`, async () => {
        const { code, stdout } = await mco('help', ...name.split(' '));
        expect(code).to.equal(0);
        expect(stdout.startsWith(`${name}: `)).to.equal(true);
        expect(stdout)
          .to.match(/^Likely causes:\n {2}- /m)
          .and.match(/^What to do:\n {2}- /m);
        expect(stdout.split('\n').filter((line) => line.length > 80)).to.deep.equal([]);
      });

  for (const [words, name] of [
    [['not_connected'], 'NOT_CONNECTED'],
    [['[NOT_CONNECTED]'], 'NOT_CONNECTED'],
    [['not-connected'], 'NOT_CONNECTED'],
    [['no-reply'], 'No Reply'],
    [['timeout'], 'Timed Out'],
    [['outcome', 'unknown'], 'Outcome Unknown'],
  ] as const)
    it(`takes ${words.join(' ')} for ${name}`, async () => {
      expect((await mco('help', ...words)).stdout.startsWith(`${name}: `)).to.equal(true);
    });

  it('explains how a node can end, by the state of the JSON', () => {
    const silent = states.filter((state) => entryOf(state) === undefined);
    expect(silent).to.deep.equal(['ok', 'failed']);
  });

  for (const [word, meant] of [
    ['not_conected', 'NOT_CONNECTED'],
    ['BROKER_UNREACHABL', 'BROKER_UNREACHABLE'],
    ['error', 'errors'],
  ])
    it(`suggests ${meant} for ${word}`, async () => {
      const { code, stderr } = await mco('help', String(word));
      expect(code).to.equal(1);
      expect(stderr).to.include(`no help on "${word}" (did you mean "${meant}"?)`);
    });
});

// An application may show codes of its own, so its codes are strings for the compiler.
it('each code that a package of Troupe shows is explained', () => {
  const shown = new Set<string>();
  for (const name of readdirSync(new URL('.', packages)))
    for (const file of sourcesOf(name))
      for (const [, code = ''] of readFileSync(file, 'utf8').matchAll(
        /\b(?:fail|printFailure)\([^)]*?code: '(\w+)'/g,
      ))
        shown.add(code);
  expect([...shown]).to.include.members(['NO_NODES', 'MESSAGE_UNKNOWN', 'REQUEST_UNKNOWN']);
  expect([...shown].filter((code) => !codes.includes(code))).to.deep.equal([]);
});

function sourcesOf(name: string): readonly URL[] {
  const folder = new URL(`${name}/src/`, packages);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => new URL(file, folder));
}
